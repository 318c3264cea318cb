"""What can be seen of a sandbox from outside, each as one value."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from acumatica_sandbox import Request, Response, Sandbox
from acumatica_sandbox.api import handle
from tests.unit.acumatica_sandbox.calls import Caller, a_sandbox

GUID = "6F1B1F0E-7C0A-4A5B-9D0C-3B1A5E9F2C11"


def signed_in(sandbox: Sandbox, endpoint: str = "Default", version: str = "24.200.001") -> Caller:
    caller = Caller(sandbox, version, endpoint)
    caller.sign_in()
    return caller


def lists(sandbox: Sandbox) -> Response:
    """A list of bills, asked for by somebody who has just signed in."""
    caller = Caller(sandbox)
    answer = caller.token(**caller.password_form())
    if answer.status == 200:
        caller.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return caller.get("Bill", top="1")


def list_status(sandbox: Sandbox) -> int:
    return lists(sandbox).status


def list_error(sandbox: Sandbox) -> str:
    answer = lists(sandbox)
    return "" if answer.status == 200 else answer.json()["exceptionType"].rpartition(".")[2]


def list_on(endpoint: str, version: str) -> Callable[[Sandbox], int]:
    return lambda sandbox: signed_in(sandbox, endpoint, version).get("Bill", top="1").status


def list_after(seconds: float) -> Callable[[Sandbox], int]:
    def look(sandbox: Sandbox) -> int:
        caller = signed_in(sandbox)
        sandbox.tenant.clock.advance(seconds)
        return caller.get("Bill", top="1").status

    return look


def list_beside_a_slow_one(sandbox: Sandbox) -> int:
    """What a request is answered that comes while another one is worked on; if requests may wait, that one ends then."""
    slow, other = signed_in(sandbox), signed_in(sandbox)
    arrived, let_go = threading.Event(), threading.Event()

    def hold(_: float) -> None:
        arrived.set()
        assert let_go.wait(10)

    request = Request(method="GET", path=f"{slow.endpoint}/Check", headers=slow.headers)
    with ThreadPoolExecutor(2) as pool:
        pool.submit(handle, request, sandbox.site, hold)
        assert arrived.wait(10)
        waiting = pool.submit(other.get, "Bill", top="1")
        if sandbox.options.queue_seconds:
            let_go.set()
        status = waiting.result(10).status
        let_go.set()
    return status


def offers(sandbox: Sandbox) -> Any:
    caller = signed_in(sandbox)
    return caller.send("GET", f"{caller.base}/entity").json()


def offers_below(base: str) -> Callable[[Sandbox], int]:
    return lambda sandbox: Caller(sandbox).send("GET", f"{base}/entity").status


def build(sandbox: Sandbox) -> str:
    return str(offers(sandbox)["version"]["acumaticaBuildVersion"])


def versions(sandbox: Sandbox) -> list[str]:
    return [f"{item['name']} {item['version']}" for item in offers(sandbox)["endpoints"]]


def kind_of_offers(sandbox: Sandbox) -> str:
    return type(offers(sandbox)).__name__


def body_of_nothing(sandbox: Sandbox) -> bytes:
    return signed_in(sandbox).get("Nothing").body[:19]


def custom_fields_of_bills(sandbox: Sandbox) -> Any:
    return signed_in(sandbox).get("Bill/$adHocSchema").json()["custom"]


def date_header(sandbox: Sandbox) -> str:
    return lists(sandbox).header("Date")


def names_of_cookies(sandbox: Sandbox) -> set[str]:
    cookies = {value.split("=")[0] for name, value in lists(sandbox).headers if name == "Set-Cookie"}
    return cookies - {"ASP.NET_SessionId"}


def token_for(**form: str) -> Callable[[Sandbox], str]:
    """The error code that a sign-in with the defaults of the sandbox, changed so, is answered with."""

    def look(sandbox: Sandbox) -> str:
        usual = a_sandbox(size="empty").credentials()
        defaults = usual | {"grant_type": "password", "scope": "api"}
        answer = Caller(sandbox).token(**(defaults | form))
        return "granted" if answer.status == 200 else str(answer.json()["error"])

    return look


def lifetime(sandbox: Sandbox) -> object:
    return Caller(sandbox).sign_in()["expires_in"]


def refresh_after(seconds: float) -> Callable[[Sandbox], str]:
    def look(sandbox: Sandbox) -> str:
        token = sandbox.credentials("refresh_token")["refresh_token"]
        sandbox.tenant.clock.advance(seconds)
        return token_for(grant_type="refresh_token", refresh_token=token)(sandbox)

    return look


def log_in(**form: str) -> Callable[[Sandbox], int]:
    return lambda sandbox: Caller(sandbox).log_in(**form).status


def log_in_after_a_mistake(sandbox: Sandbox) -> int:
    Caller(sandbox).log_in(password="wrong")
    return Caller(sandbox).log_in().status


def seats_of_an_idle_login(seconds: float) -> Callable[[Sandbox], int]:
    def look(sandbox: Sandbox) -> int:
        Caller(sandbox).log_in()
        sandbox.tenant.clock.advance(seconds)
        return sandbox.seats

    return look


def duration_of_a_list(sandbox: Sandbox) -> float:
    caller = signed_in(sandbox)
    return passed(sandbox, lambda: caller.get("Bill", top="1"))


def duration_of_a_deep_page(sandbox: Sandbox) -> float:
    caller = signed_in(sandbox)
    return passed(sandbox, lambda: caller.get("Bill", skip="10", top="1"))


def duration_of_the_first_call(sandbox: Sandbox) -> float:
    return passed(sandbox, lambda: Caller(sandbox).send("GET", "/AcmeERP/entity"))


def is_the_second_list_held_back(sandbox: Sandbox) -> bool:
    caller = signed_in(sandbox)
    caller.get("Bill", top="1")
    return passed(sandbox, lambda: caller.get("Bill", top="1")) > 0


def passed(sandbox: Sandbox, action: Callable[[], object]) -> float:
    """Seconds of the tenant's clock."""
    before = sandbox.tenant.clock.now()
    action()
    return (sandbox.tenant.clock.now() - before).total_seconds()


def vendor_names(sandbox: Sandbox) -> list[object]:
    return [vendor.fields["VendorName"] for vendor in sandbox.tenant.records("Vendor")]


def count_of_bills(sandbox: Sandbox) -> int:
    return len(signed_in(sandbox).list("Bill", select="ReferenceNbr"))


def count_of_filtered_bills(sandbox: Sandbox) -> int:
    condition = "LastModifiedDateTime ge datetimeoffset'1900-01-01T00:00:00Z'"
    return len(signed_in(sandbox).list("Bill", select="ReferenceNbr", filter=condition))


def listed_since_half_past_two(sandbox: Sandbox) -> int:
    """How many of one bill, stamped at 14:30 of Greenwich, pass a filter that names no zone."""
    sandbox.tenant.insert("Bill", {"Type": "Bill", "ReferenceNbr": "NOW"})
    condition = "ReferenceNbr eq 'NOW' and LastModifiedDateTime ge datetimeoffset'2026-03-16T14:30:00'"
    return len(signed_in(sandbox).list("Bill", filter=condition))


def offset_of_a_stamp(sandbox: Sandbox) -> str:
    sandbox.tenant.insert("Ledger", {"LedgerID": "NOW"})
    row = signed_in(sandbox).list("Ledger", filter="LedgerID eq 'NOW'")[0]
    return str(row["LastModifiedDateTime"]["value"])[-6:]


def is_more_than_selected_answered(sandbox: Sandbox) -> bool:
    return "Vendor" in signed_in(sandbox).list("Bill", top="1", select="ReferenceNbr")[0]


def do_line_ids_stay_in_another_session(sandbox: Sandbox) -> bool:
    one, other = (
        [line["id"] for line in signed_in(sandbox).list("Bill", top="1", expand="Details")[0]["Details"]]
        for _ in range(2)
    )
    return one == other


def do_ids_stay_in_another_session(sandbox: Sandbox) -> bool:
    one, other = (signed_in(sandbox).list("Bill", top="1")[0]["id"] for _ in range(2))
    return bool(one == other)


def deletions_told(sandbox: Sandbox) -> int:
    """How many of two deleted bills one answer tells; -1 when it is refused."""
    for bill in sandbox.tenant.records("Bill")[:2]:
        sandbox.tenant.delete("Bill", bill.id)
    path = "/AcmeERP/t/ACME/api/odata/dac/APInvoice/px.GetDeletedRecords()"
    answer = signed_in(sandbox).send("GET", path)
    return len(answer.json()["value"]) if answer.status == 200 else -1


def notifications_of_a_change(sandbox: Sandbox) -> int:
    sandbox.tenant.change("Bill", sandbox.tenant.records("Bill")[0].id, {"Description": "x"})
    sandbox.push.drain()
    return len(sandbox.push.sent)


BILLS_INQUIRY = "t/ACME/api/odata/gi/AP-Bills%20and%20Adjustments"


def _ask_inquiry(sandbox: Sandbox) -> Response:
    caller = signed_in(sandbox)
    return caller.send("GET", f"{caller.base}/{BILLS_INQUIRY}", "%24top=10")


def inquiry_status(sandbox: Sandbox) -> int:
    return _ask_inquiry(sandbox).status


def class_status(sandbox: Sandbox) -> int:
    return _ask_class(sandbox, "/PX_Objects_GL_GLTran").status


def count_of_classes(sandbox: Sandbox) -> int:
    return len(_ask_class(sandbox, "").json()["value"])


def _ask_class(sandbox: Sandbox, path: str) -> Response:
    caller = signed_in(sandbox)
    return caller.send("GET", f"{caller.base}/t/ACME/api/odata/dac{path}", "%24top=10")


def count_of_inquiry_rows(sandbox: Sandbox) -> int:
    return len(_ask_inquiry(sandbox).json()["value"])


def is_a_balance_in_the_inquiry(sandbox: Sandbox) -> bool:
    return "Balance" in _ask_inquiry(sandbox).json()["value"][0]
