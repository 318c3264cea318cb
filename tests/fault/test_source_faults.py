"""What Acumatica answers on a bad day: waited out when time helps, told when it does not, and no seat left taken."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from acumatica_sandbox import Sandbox
from connector.adapters.acumatica import AcumaticaSource
from connector.errors import (
    AccessDeniedError,
    ConfigurationError,
    EndpointVersionError,
    SourceAnswerError,
    SourceRefusedError,
    SourceSetupError,
    SourceThrottledError,
    SourceUnavailableError,
    TransientError,
)
from tests.contract.source_faults import HTML, PASSING
from tests.contract.source_setup import (
    BILLS,
    a_query,
    a_source,
    an_entity,
    count,
    ids,
    open_source,
    outcome,
    reads_a_page,
    since,
)
from tests.stand_ins.clock import FakeClock


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_passing_failure_of_a_list_is_borne(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    sandbox.faults.add(path="/Bill", times=3, **fault)
    clock = FakeClock()
    with open_source(sandbox, clock=clock) as source:
        reads_a_page(source)
    assert count(sandbox, "/Bill") <= 5, (
        "three that fail, perhaps the probe whether anything is answered, and the page"
    )
    assert clock.now() - FakeClock().now() <= timedelta(minutes=2)


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_failure_that_does_not_pass_is_given_up_and_the_seat_given_back(
    sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    sandbox.faults.add(path="/Bill", times=99, **fault)
    with open_source(sandbox) as source:
        error = outcome(lambda: reads_a_page(source))
    assert isinstance(error, TransientError)
    assert error.action
    assert "Bill" in error.message or "127.0.0.1" in error.message or "maintenance" in error.message
    assert not error.is_request_specific, "nothing else is answered either"
    assert count(sandbox, "/Bill") in (4, 6), (
        "what may be the fault of the page alone is tried twice, then the probe"
    )


@pytest.mark.parametrize(
    "read",
    [
        lambda source: source.describe(BILLS),
        lambda source: source.describe(an_entity(custom=("Document.UsrA",))),
        lambda source: source.read_list(a_query(one_by_one=True, top=2)).rows,
        lambda source: source.read_list(a_query(keys_only=True, top=2)).rows,
    ],
)
def test_every_kind_of_reading_bears_a_passing_failure(
    sandbox: Sandbox, read: Callable[[AcumaticaSource], object]
) -> None:
    sandbox.configure(custom_fields={"Bill": {"Document.UsrA": "CustomStringField"}})
    sandbox.faults.add(path="/Default/", times=2, status=503)
    sandbox.faults.add(path="/Default/", skip=1, cut_body=True)
    with open_source(sandbox) as source:
        assert read(source)


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_passing_failure_never_makes_a_record_seem_deleted(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    bill = sandbox.tenant.records("Bill")[0].id
    sandbox.faults.add(path=f"/Bill/{bill}", times=3, **fault)
    with open_source(sandbox) as source:
        assert source.read_record(BILLS, bill) is not None
        sandbox.faults.add(path=f"/Bill/{bill}", times=99, **fault)
        assert isinstance(outcome(lambda: source.read_record(BILLS, bill)), TransientError)


def test_the_delay_the_server_names_is_kept(sandbox: Sandbox) -> None:
    clock = FakeClock()
    sandbox.faults.add(path="/Bill", status=429, headers={"Retry-After": "37"})
    with open_source(sandbox, clock=clock) as source:
        reads_a_page(source)
    assert timedelta(seconds=37) in clock.sleeps


def test_a_full_queue_is_waited_for_though_no_delay_is_named(sandbox: Sandbox) -> None:
    clock = FakeClock()
    with open_source(sandbox, clock=clock) as source:
        source.describe(BILLS)
        sandbox.configure(queued_elsewhere=50)
        error = outcome(lambda: reads_a_page(source))
        assert isinstance(error, SourceThrottledError)
        assert error.retry_after is None
        sandbox.configure(queued_elsewhere=0)
        reads_a_page(source)


def test_a_wait_never_ends_after_the_deadline(sandbox: Sandbox) -> None:
    clock = FakeClock()
    sandbox.faults.add(path="/Bill", times=99, status=429, headers={"Retry-After": "50"})
    deadline = clock.now() + timedelta(seconds=45)
    with open_source(sandbox, clock=clock, deadline=deadline) as source:
        assert isinstance(outcome(lambda: reads_a_page(source)), SourceThrottledError)
        assert clock.now() < deadline
    assert count(sandbox, "/Bill") == 1


def test_a_wait_of_an_hour_is_left_to_the_caller(sandbox: Sandbox) -> None:
    clock = FakeClock()
    sandbox.faults.add(path="/Bill", times=99, status=503, headers={"Retry-After": "3600"})
    with open_source(sandbox, clock=clock) as source:
        error = outcome(lambda: reads_a_page(source))
    assert isinstance(error, SourceUnavailableError)
    assert error.retry_after == timedelta(hours=1)
    assert sum(clock.sleeps, timedelta(0)) == timedelta(0)
    assert count(sandbox, "/Bill") == 1


def test_maintenance_of_either_form_is_told_as_such(sandbox: Sandbox) -> None:
    for form in ("redirect", "html"):
        sandbox.configure(maintenance=form)
        source = a_source(sandbox)
        error = outcome(lambda source=source: source.describe(BILLS))  # type: ignore[misc]
        source.close()
        assert isinstance(error, SourceUnavailableError)
        assert "maintenance" in error.message


def test_the_form_without_rights_is_named(sandbox: Sandbox) -> None:
    sandbox.configure(forbidden=("Bill",))
    with (
        open_source(sandbox) as source,
        pytest.raises(AccessDeniedError, match=r"Bill \(AP301000\)") as caught,
    ):
        reads_a_page(source)
    assert "SM201020" in caught.value.action


def test_the_form_to_be_completed_is_named(sandbox: Sandbox) -> None:
    sandbox.configure(not_set_up={"Bill": "Accounts Payable Preferences (AP101000)"})
    with open_source(sandbox) as source, pytest.raises(SourceSetupError, match="AP101000"):
        reads_a_page(source)


def test_a_filter_acumatica_does_not_understand_makes_the_contract_be_read_afresh(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        assert source.contract_matches(BILLS, replace(source.describe(BILLS), grammar=5))
        error = outcome(lambda: source.read_list(since(sandbox.tenant.clock.now())))
    assert error is None
    assert count(sandbox, "/Bill") == 2


def test_a_redirect_elsewhere_names_the_right_address_and_is_not_followed(sandbox: Sandbox) -> None:
    location = {"Location": "https://erp.example.com/entity/Default/24.200.001/Bill?$top=3"}
    sandbox.faults.add(path="/Bill", status=301, headers=location)
    with (
        open_source(sandbox) as source,
        pytest.raises(ConfigurationError, match=r"https://erp\.example\.com/entity/.*/Bill;"),
    ):
        reads_a_page(source)


def test_html_instead_of_json_says_so(sandbox: Sandbox) -> None:
    sandbox.faults.add(path="/Bill", html="<html><title>Welcome to IIS</title></html>", times=99)
    with open_source(sandbox) as source, pytest.raises(SourceAnswerError, match="«Welcome to IIS»") as caught:
        reads_a_page(source)
    assert "ACUMATICA_URL" in caught.value.action


def test_a_404_is_explained_even_if_the_endpoints_cannot_be_listed_at_first(sandbox: Sandbox) -> None:
    sandbox.faults.add(path="/AcmeERP/entity?", status=503)
    with (
        open_source(sandbox, version="21.200.001") as source,
        pytest.raises(EndpointVersionError, match=r"24\.200\.001"),
    ):
        source.describe(BILLS)


def test_too_long_a_request_is_told_from_a_missing_entity(sandbox: Sandbox) -> None:
    entity = an_entity("Vendor", expand=("MainContact", "RemittanceContact"), select=("VendorName",))
    with open_source(sandbox) as source:
        source.describe(entity)
        sandbox.faults.add(path="/Vendor", status=404, body=b"<html>404.15</html>", headers=HTML)
        with pytest.raises(SourceRefusedError, match="long"):
            source.read_list(a_query(entity))


def test_a_session_that_died_between_pages_costs_no_row(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        first = ids(source.read_list(a_query(top=5)))
        sandbox.tenant.clock.advance(seconds=3601)
        second = ids(source.read_list(a_query(skip=5, top=5)))
    assert first + second == [bill.id for bill in sandbox.tenant.records("Bill")][:10]


def test_a_proxy_for_the_world_outside_is_not_used_on_this_machine(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with open_source(sandbox) as source:
        reads_a_page(source)
