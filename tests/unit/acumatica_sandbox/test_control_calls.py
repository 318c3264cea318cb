"""Control calls: what another process can do to the sandbox."""

import json
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.unit.acumatica_sandbox.calls import START, Caller, a_caller, a_sandbox, references

A_BILL = {"Type": "Bill", "ReferenceNbr": "X1", "Amount": "12345678901234.5678", "Date": "2026-03-01"}


def find(caller: Caller, entity: str, keys: str) -> Any:
    return caller.send("GET", f"{caller.base}/sandbox/find/{entity}", f"keys={keys}").json()


def test_records_are_inserted_changed_renamed_and_deleted() -> None:
    caller = Caller(a_sandbox(size="empty"))
    lines = {"Details": [{"Account": "61000", "Amount": 12.10}]}
    made = caller.control("insert", entity="Bill", fields=A_BILL, details=lines)
    caller.control("change", entity="Bill", keys=["Bill", "X1"], fields={"Description": "new", "Date": None})
    caller.control("rename", entity="Bill", id=made["id"], to={"ReferenceNbr": "X2"})
    found = find(caller, "Bill", "Bill|X2")
    assert found["id"] == made["id"]
    assert found["fields"] == {
        "Type": "Bill",
        "ReferenceNbr": "X2",
        "Amount": "12345678901234.5678",
        "Description": "new",
        "LastModifiedDateTime": START,
    }
    assert found["details"]["Details"][0]["fields"] == {"Account": "61000", "Amount": "12.1"}
    caller.control("delete", entity="Bill", id=made["id"])
    assert find(caller, "Bill", "Bill|X2") is None


def test_a_silent_change_leaves_the_stamp() -> None:
    caller = Caller(a_sandbox(size="empty"))
    made = caller.control("insert", entity="Bill", fields=A_BILL)
    caller.control("clock", seconds=60)
    caller.control("change", entity="Bill", id=made["id"], fields={"Balance": 1}, touch=False)
    assert find(caller, "Bill", "Bill|X1")["stamp"] == START


def test_a_transaction_shows_its_writes_when_it_commits() -> None:
    caller = Caller(a_sandbox(size="empty"))
    number = caller.control("begin")["transaction"]
    caller.control("insert", entity="Bill", fields=A_BILL, transaction=number)
    assert find(caller, "Bill", "Bill|X1") is None
    caller.control("clock", seconds=60)
    caller.control("commit", transaction=number)
    assert find(caller, "Bill", "Bill|X1")["stamp"] == START
    dropped = caller.control("begin")["transaction"]
    caller.control("delete", entity="Bill", keys=["Bill", "X1"], transaction=dropped)
    caller.control("rollback", transaction=dropped)
    assert find(caller, "Bill", "Bill|X1")


def test_records_are_archived_and_hidden() -> None:
    caller = a_caller()
    first, second = caller.sandbox.tenant.records("Vendor")[:2]
    caller.control("archive", entity="Vendor", id=first.id)
    caller.control("hide", entity="Vendor", id=second.id)
    assert len(caller.list("Vendor")) == 10
    caller.control("archive", entity="Vendor", id=first.id, archived=False)
    caller.control("hide", entity="Vendor", id=second.id, hidden=False)
    assert len(caller.list("Vendor")) == 12


def test_every_record_can_be_read_back_whole() -> None:
    caller = Caller(a_sandbox())
    rows = caller.send("GET", "/AcmeERP/sandbox/records/Vendor").json()
    assert len(rows) == 12
    assert rows[0]["linked"]["MainContact"]["linked"]["Address"]["fields"]["City"]


def test_seats_requests_and_time_can_be_asked() -> None:
    caller = a_caller()
    caller.get("Bill", top="1")
    assert caller.send("GET", "/AcmeERP/sandbox/seats").json() == {"seats": 1}
    last = caller.send("GET", "/AcmeERP/sandbox/requests").json()[-1]
    assert (last["method"], last["path"], last["query"], last["status"]) == (
        "GET",
        "/AcmeERP/entity/Default/24.200.001/Bill",
        "%24top=1",
        200,
    )
    assert last["seat"]
    assert caller.send("GET", "/AcmeERP/sandbox/clock").json() == {"now": START}
    caller.control("sign-out-all")
    assert caller.sandbox.seats == 0


def test_control_calls_are_not_logged_as_requests() -> None:
    caller = Caller(a_sandbox())
    caller.control("clock", seconds=1)
    assert caller.sandbox.requests == []


def test_options_change_while_running() -> None:
    caller = a_caller()
    caller.control("options", seat_dialect="text", seat_limit=0, forbidden=["Vendor"], latency_seconds=1.5)
    assert caller.sandbox.options.forbidden == ("Vendor",)
    assert caller.get("Bill").status == 429
    assert caller.sandbox.options.latency_seconds == 1.5


def test_faults_are_scripted_and_cleared() -> None:
    caller = a_caller()
    caller.control("faults", path="/Bill", status=503, headers={"Retry-After": "7"}, body="busy", times=2)
    first = caller.get("Bill", top="1")
    assert (first.status, first.body, first.header("Retry-After")) == (503, b"busy", "7")
    caller.control("faults", clear=True)
    assert caller.get("Bill", top="1").status == 200


def test_a_fault_can_change_the_tenant_between_pages() -> None:
    caller = a_caller()
    first = caller.sandbox.tenant.records("Bill")[0]
    deletion = {"call": "delete", "body": {"entity": "Bill", "id": first.id}}
    caller.control("faults", path="skip=5", control=deletion)
    before = references(caller.list("Bill"))
    assert references(caller.list("Bill", top="5")) == before[:5]
    assert references(caller.list("Bill", top="5", skip="5")) == before[6:11]


def test_a_business_day_answers_what_it_did() -> None:
    activity = Caller(a_sandbox()).control("business-day")
    assert activity["Bill"] == {
        "inserted": activity["Bill"]["inserted"],
        "changed": activity["Bill"]["changed"],
        "deleted": activity["Bill"]["deleted"],
    }
    assert activity["Bill"]["inserted"] > 0


@pytest.mark.parametrize(
    ("call", "body", "status", "words"),
    [
        ("nothing", {}, 404, "nothing"),
        ("delete", {"entity": "Bill", "keys": ["Bill", "none"]}, 404, "Bill/none"),
        ("insert", {"entity": "Nothing", "fields": {}}, 404, "not found"),
        ("insert", {"entity": "Bill", "fields": {"Type": "Bill"}}, 400, "needs its key ReferenceNbr"),
        ("options", {"seat_limits": 1}, 400, "unknown sandbox options: seat_limits"),
        ("faults", {"strange": 1}, 400, "strange"),
        ("clock", {"seconds": -1}, 400, "does not go back"),
    ],
)
def test_a_call_that_cannot_be_done_says_why(call: str, body: Any, status: int, words: str) -> None:
    caller = Caller(a_sandbox(size="empty"))
    response = caller.send("POST", f"/AcmeERP/sandbox/{call}", body=json.dumps(body).encode())
    assert response.status == status
    assert words in response.json()["error"]


def test_a_taken_key_or_broken_json_is_refused() -> None:
    caller = Caller(a_sandbox(size="empty"))
    caller.control("insert", entity="Bill", fields=A_BILL)
    again = json.dumps({"entity": "Bill", "fields": A_BILL}).encode()
    assert "exists already" in caller.send("POST", "/AcmeERP/sandbox/insert", body=again).json()["error"]
    assert caller.send("POST", "/AcmeERP/sandbox/insert", body=b"{").status == 400


def test_faults_can_be_there_from_the_start() -> None:
    fault = {"path": "/connect/token", "status": 500, "times": 1}
    caller = Caller(Sandbox(SandboxOptions(size="empty", faults=(fault,))))
    assert caller.token(**caller.password_form()).status == 500
    assert caller.token(**caller.password_form()).status == 200
