"""`check`: one line for each thing a run needs, with a remedy for each that fails."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.options import SeatDialect
from acumatica_sandbox.sandbox import CredentialKind
from connector.domain.check_line import CheckLine
from connector.domain.entity import Entity
from connector.domain.records.contract import Contract
from tests.contract.source_faults import JSON
from tests.contract.source_setup import BILLS, FORMS, Vault, a_query, an_entity, count, decoded, open_source
from tests.stand_ins.clock import FakeClock

VENDORS = an_entity("Vendor", expand=("MainContact/Address",))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        yield tenant


def lines_of(
    sandbox: Sandbox, *entities: Entity, vault: Vault | None = None, **parts: Any
) -> dict[str, CheckLine]:
    with open_source(sandbox, vault, **parts) as source:
        return {line.subject: line for line in source.check(entities or (BILLS, VENDORS))}


def test_a_healthy_tenant_passes_every_line(sandbox: Sandbox) -> None:
    lines = lines_of(sandbox)
    assert [line for line in lines.values() if not line.ok or line.remedy] == []
    assert list(lines) == [
        "acumatica sign-in", "acumatica tenant", "acumatica seat", "acumatica endpoint", "acumatica bill",
        "acumatica vendor",
    ]  # fmt: skip
    assert "ACME" in lines["acumatica tenant"].finding
    assert "Default 24.200.001, Acumatica build 26.200.0117" in lines["acumatica endpoint"].finding
    assert "ordered by LastModifiedDateTime" in lines["acumatica bill"].finding


def test_the_contract_is_read_once_for_all_entities(sandbox: Sandbox) -> None:
    lines_of(sandbox, BILLS, VENDORS, an_entity("Account"))
    assert count(sandbox, "swagger.json") == 1


@pytest.mark.parametrize("kind", ["password", "cookie"])
def test_a_refused_sign_in_ends_the_check_with_its_remedy(sandbox: Sandbox, kind: str) -> None:
    vault = Vault(sandbox.credentials(kind))  # type: ignore[arg-type]
    vault.change(password="wrong")
    lines = lines_of(sandbox, vault=vault)
    assert [(line.subject, line.ok) for line in lines.values()] == [("acumatica sign-in", False)]
    assert "SM201010" in lines["acumatica sign-in"].remedy


def test_a_secret_that_is_no_secret_is_a_finding_too(sandbox: Sandbox) -> None:
    vault = Vault({})
    assert not lines_of(sandbox, vault=vault)["acumatica sign-in"].ok


@pytest.mark.parametrize("dialect", ["json", "text", "redirect"])
@pytest.mark.parametrize("form", FORMS)
def test_a_want_of_seats_is_told_on_a_line_of_its_own_whichever_request_meets_it(
    sandbox: Sandbox, form: CredentialKind, dialect: SeatDialect
) -> None:
    sandbox.configure(seat_limit=0, seat_dialect=dialect)
    lines = lines_of(sandbox, vault=Vault(sandbox.credentials(form)))
    assert [subject for subject, line in lines.items() if not line.ok] == ["acumatica seat"]
    assert "SM604000" in lines["acumatica seat"].remedy
    assert not [line for line in lines.values() if "is held" in line.finding]


@pytest.mark.parametrize("form", FORMS)
def test_the_seat_is_said_to_be_held_once_it_is(sandbox: Sandbox, form: CredentialKind) -> None:
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        seats = {line.subject: sandbox.seats for line in source.check([BILLS])}
    assert seats["acumatica seat"] == 1


def test_a_full_queue_is_waited_for_a_minute_at_most_however_long_a_run_may_take(sandbox: Sandbox) -> None:
    clock = FakeClock()
    sandbox.configure(queued_elsewhere=50)
    lines = lines_of(sandbox, clock=clock, deadline=clock.now() + timedelta(seconds=1500))
    line = lines["acumatica endpoint"]
    assert not line.ok
    assert "queue is full" in line.finding
    assert "ACUMATICA_MAX_REQUESTS_PER_MINUTE" in line.remedy
    assert sum(clock.sleeps, timedelta(0)) <= timedelta(minutes=1)


def test_lists_that_are_declined_share_the_minute_and_each_is_told(sandbox: Sandbox) -> None:
    clock = FakeClock()
    entities = [an_entity(name) for name in ("Bill", "Vendor", "Payment", "PurchaseOrder", "StockItem")]
    for entity in entities:
        sandbox.faults.add(path=f"/{entity.acumatica_entity}", status=429, times=1000)
    lines = lines_of(sandbox, *entities, clock=clock, deadline=clock.now() + timedelta(seconds=1500))
    assert [line.ok for line in lines.values()] == [True] * 4 + [False] * 5
    assert sum(clock.sleeps, timedelta(0)) <= timedelta(minutes=1)


def test_a_wrong_version_is_a_finding_that_lists_the_offered(sandbox: Sandbox) -> None:
    line = lines_of(sandbox, version="21.200.001")["acumatica endpoint"]
    assert not line.ok
    assert "25.200.001" in line.finding
    assert "ACUMATICA_ENDPOINT_VERSION" in line.remedy


def test_missing_rights_and_modules_are_findings_of_their_entity_alone(sandbox: Sandbox) -> None:
    sandbox.configure(
        forbidden=("Vendor",), not_set_up={"Payment": "Accounts Receivable Preferences (AR101000)"}
    )
    lines = lines_of(sandbox, VENDORS, an_entity("Payment"), an_entity("Spaceship"), BILLS)
    assert not lines["acumatica vendor"].ok
    assert "AP303000" in lines["acumatica vendor"].finding
    assert "AR101000" in lines["acumatica payment"].finding
    assert "does not expose" in lines["acumatica spaceship"].finding
    assert lines["acumatica bill"].ok


def test_a_list_that_cannot_be_optimised_works_more_slowly(sandbox: Sandbox) -> None:
    sandbox.configure(not_optimizable={"Bill": {"Details": "APTranView"}})
    line = lines_of(sandbox, BILLS)["acumatica bill"]
    assert line.ok
    assert "record by record" in line.finding
    assert "APTranView" in line.finding
    read = [request for request in sandbox.requests if "/Bill/" in request.path]
    assert [(request.status, request.query) for request in read] == [(200, "$expand=Details")]


def test_a_record_that_cannot_be_read_is_a_finding_where_lists_cannot(sandbox: Sandbox) -> None:
    sandbox.configure(not_optimizable={"Bill": {"Details": "APTranView"}})
    sandbox.faults.add(path="/Bill/", status=403, times=9)
    line = lines_of(sandbox, BILLS)["acumatica bill"]
    assert not line.ok
    assert "no right" in line.finding


def test_a_filter_that_hides_every_row_is_found_out(sandbox: Sandbox) -> None:
    sandbox.configure(silently_empty={"Bill": ("LastModifiedDateTime",)})
    line = lines_of(sandbox, BILLS)["acumatica bill"]
    assert not line.ok
    assert "none of them passes a filter on LastModifiedDateTime" in line.finding


def test_an_empty_list_points_to_what_hides_rows(sandbox: Sandbox) -> None:
    for bill in sandbox.tenant.records("Bill"):
        sandbox.tenant.hide("Bill", bill.id)
    line = lines_of(sandbox, BILLS)["acumatica bill"]
    assert line.ok
    assert "restriction groups" in line.remedy


def test_a_list_of_archived_records_alone_is_read_as_a_run_reads_it(sandbox: Sandbox) -> None:
    for bill in sandbox.tenant.records("Bill"):
        sandbox.tenant.archive("Bill", bill.id)
    line = lines_of(sandbox, BILLS)["acumatica bill"]
    assert (line.ok, line.remedy) == (True, "")
    assert "without rows" not in line.finding


def test_the_contract_of_each_entity_that_has_one_is_passed_on(sandbox: Sandbox) -> None:
    told: dict[str, Contract] = {}
    sandbox.configure(forbidden=("Vendor",))
    with open_source(sandbox) as source:
        entities = [BILLS, VENDORS, an_entity("Spaceship")]
        list(source.check(entities, lambda entity, contract: told.update({entity.name: contract})))
    assert list(told) == ["bill", "vendor"]
    assert "Details" in told["bill"].root.details


def test_an_entity_without_modified_field_and_choices_not_offered_are_said(sandbox: Sandbox) -> None:
    lines = lines_of(sandbox, an_entity("Subaccount"), an_entity(expand=("Details", "RetainageDocuments")))
    assert "read whole" in lines["acumatica subaccount"].finding
    assert "left out: RetainageDocuments" in lines["acumatica bill"].finding


def test_the_tenant_reached_is_read_from_the_cookie_when_the_secret_names_none() -> None:
    with Sandbox(SandboxOptions(size="empty", real_time=True)) as sandbox:
        vault = Vault(sandbox.credentials("cookie") | {"tenant": ""})
        assert lines_of(sandbox, BILLS, vault=vault)["acumatica tenant"].finding == "tenant ACME"


def test_a_tenant_nothing_tells_is_said_to_be_the_default(sandbox: Sandbox) -> None:
    vault = Vault(
        sandbox.credentials("cookie") | {"tenant": ""}
    )  # the cookie of a clock that stands still has expired
    line = lines_of(sandbox, vault=vault)["acumatica tenant"]
    assert "default tenant" in line.finding
    assert line.remedy


def test_a_tenant_that_was_asked_for_is_not_claimed_to_be_reached(sandbox: Sandbox) -> None:
    vault = Vault(sandbox.credentials("cookie"))  # the cookie of a clock that stands still has expired
    line = lines_of(sandbox, vault=vault)["acumatica tenant"]
    assert line.ok
    assert line.finding == "asked for ACME; Acumatica did not say which one was reached"
    assert line.remedy


def test_a_site_that_is_down_is_tried_twice_not_for_long(sandbox: Sandbox) -> None:
    sandbox.configure(maintenance="html")
    lines = lines_of(sandbox)
    assert not lines["acumatica sign-in"].ok
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize("dac", ["PX_Objects_AP_APInvoice", "APInvoice"])
def test_tracked_deletions_are_tried_where_the_catalogue_names_the_table(sandbox: Sandbox, dac: str) -> None:
    bills = an_entity(expand=("Details",), dac=dac)
    untracked = lines_of(sandbox, bills)["acumatica bill"]
    assert untracked.ok, "a reconcile finds deletions all the same"
    assert f"deletions of {dac} are not told" in untracked.finding
    assert "SM207010" in untracked.remedy
    sandbox.configure(tracked_deletions=("Bill",))
    tracked = lines_of(sandbox, bills)["acumatica bill"]
    assert f"deletions of {dac} are tracked" in tracked.finding
    assert not tracked.remedy


def test_what_a_list_leaves_out_is_named(sandbox: Sandbox) -> None:
    """The list gives its first record without lines; read by its id, the record has them."""
    with open_source(sandbox) as source:
        record = decoded(source.read_list(a_query(top=1)))[0]
    assert record["Details"]
    body = msgspec.json.encode([record | {"Details": []}])
    sandbox.faults.add(path="/Bill?", times=2, status=200, headers=JSON, body=body)
    line = lines_of(sandbox, BILLS)["acumatica bill"]
    assert line.ok
    assert "its list leaves Details empty" in line.finding
    assert "Runs do so by themselves" in line.remedy


def test_values_that_a_list_gives_otherwise_are_named(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        record = decoded(source.read_list(a_query(top=1)))[0]
    body = msgspec.json.encode([record | {"Status": {"value": "odd"}}])
    sandbox.faults.add(path="/Bill?", times=2, status=200, headers=JSON, body=body)
    line = lines_of(sandbox, BILLS)["acumatica bill"]
    assert line.ok
    assert "with other values in Status than by its id" in line.finding


def test_a_list_that_gives_keys_alone_is_told_from_one_without_rows(sandbox: Sandbox) -> None:
    for part in ("$filter", "$expand"):
        sandbox.faults.add(path=part, times=9, status=200, headers=JSON, body=b"[]")
    line = lines_of(sandbox, BILLS)["acumatica bill"]
    assert line.ok
    assert "has rows, but a list of all that the catalogue asks for shows none" in line.finding
