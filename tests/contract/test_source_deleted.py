"""The tenant's own list of deletions: asked for in its grammar, and never a reason to fail."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.tenant import Deletion
from connector.adapters.acumatica.deleted import MAX_PAGES
from connector.domain.list_query import DeletedIds
from connector.errors import SourceUnavailableError
from tests.contract.source_setup import FORMS, Vault, an_entity, count, open_source
from tests.stand_ins.clock import FakeClock

ORDERS = an_entity("PurchaseOrder", dac="POOrder", keys=("Type", "OrderNbr"))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    options = SandboxOptions(size="tiny", tenant="Acme Trading", tracked_deletions=("PurchaseOrder",))
    with Sandbox(options) as tenant:
        yield tenant


@pytest.mark.parametrize("form", FORMS)
def test_what_was_deleted_since_is_told(sandbox: Sandbox, form: str) -> None:
    before, after, *_ = [order.id for order in sandbox.tenant.records("PurchaseOrder")]
    sandbox.tenant.delete("PurchaseOrder", before)
    sandbox.tenant.clock.advance(60)
    since = sandbox.tenant.clock.now()
    sandbox.tenant.delete("PurchaseOrder", after)
    vault = Vault(sandbox.credentials(form))  # type: ignore[arg-type]
    with open_source(sandbox, vault) as source:
        assert source.read_deleted(ORDERS, since) == DeletedIds(ids=[after])
        assert source.read_deleted(ORDERS, since - timedelta(hours=1)) == DeletedIds(ids=[before, after])
    asked = [request for request in sandbox.requests if "GetDeletedRecords" in request.path]
    assert unquote(asked[0].path).endswith("/t/Acme Trading/api/odata/dac/POOrder/px.GetDeletedRecords()")
    assert unquote(asked[0].query).startswith("$filter=DeleteDate ge 20")
    assert unquote(asked[0].query).endswith("Z")


def test_an_entity_without_a_table_is_not_asked_about(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        assert source.read_deleted(an_entity("PurchaseOrder"), sandbox.tenant.clock.now()) is None
    assert not sandbox.requests


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_a_tenant_that_refuses_tells_nothing_and_fails_nothing(sandbox: Sandbox, status: int) -> None:
    sandbox.faults.add(path="GetDeletedRecords", status=status, times=9)
    with open_source(sandbox) as source:
        assert source.read_deleted(ORDERS, sandbox.tenant.clock.now()) is None


def test_a_table_that_is_not_tracked_tells_nothing(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        now = sandbox.tenant.clock.now()
        assert source.read_deleted(an_entity("Bill", dac="APInvoice"), now) is None


def test_a_server_that_fails_is_tried_again_like_any_other_time(sandbox: Sandbox) -> None:
    sandbox.faults.add(path="GetDeletedRecords", status=503, times=2)
    with open_source(sandbox) as source:
        assert source.read_deleted(ORDERS, sandbox.tenant.clock.now()) == DeletedIds(ids=[])
    sandbox.faults.add(path="GetDeletedRecords", status=503, times=99)
    with open_source(sandbox, clock=FakeClock()) as source, pytest.raises(SourceUnavailableError):
        source.read_deleted(ORDERS, sandbox.tenant.clock.now())


def test_an_answer_that_is_something_else_is_no_list(sandbox: Sandbox) -> None:
    page = "<html><title>Welcome</title></html>"
    sandbox.faults.add(path="GetDeletedRecords", html=page, times=1)
    with open_source(sandbox) as source:
        assert source.read_deleted(ORDERS, sandbox.tenant.clock.now()) == DeletedIds(ids=[])


def delete(sandbox: Sandbox, count: int) -> list[str]:
    """Let the tenant remember as many deletions; what they were of is of no account here."""
    now = sandbox.tenant.clock.now()
    ids = [f"{number:08d}-0000-0000-0000-000000000000" for number in range(count)]
    sandbox.tenant.deletions += [Deletion(entity="PurchaseOrder", id=i, deleted_at=now) for i in ids]
    return ids


@pytest.mark.parametrize("size", [1, 2, 7, 8])
def test_the_links_from_page_to_page_are_followed(sandbox: Sandbox, size: int) -> None:
    since, ids = sandbox.tenant.clock.now(), delete(sandbox, 7)
    sandbox.configure(deletions_page_size=size)
    with open_source(sandbox) as source:
        assert source.read_deleted(ORDERS, since) == DeletedIds(ids=ids)
    assert count(sandbox, "GetDeletedRecords") == -(-7 // size)


def test_pages_without_end_are_left_off_and_said_to_be_part_only(sandbox: Sandbox) -> None:
    since, ids = sandbox.tenant.clock.now(), delete(sandbox, MAX_PAGES + 1)
    sandbox.configure(deletions_page_size=1)
    with open_source(sandbox) as source:
        assert source.read_deleted(ORDERS, since) == DeletedIds(ids=ids[:MAX_PAGES], is_whole=False)
    assert count(sandbox, "GetDeletedRecords") == MAX_PAGES


@pytest.mark.parametrize("odd", [{}, {"RefNoteID": None}, {"RefNoteID": 7}, {"RefNoteID": ""}])
def test_a_row_without_an_id_costs_none_of_the_others(
    sandbox: Sandbox, odd: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    first, second = ("a0000000-0000-0000-0000-000000000000", "b0000000-0000-0000-0000-000000000000")
    rows = [{"RefNoteID": first, "DeleteDate": "2026-11-22T12:00:00Z"}, odd, {"RefNoteID": second}]
    sandbox.faults.add(
        path="GetDeletedRecords",
        status=200,
        headers={"Content-Type": "application/json"},
        body=json.dumps({"value": rows}),
    )
    with open_source(sandbox) as source:
        told = source.read_deleted(ORDERS, sandbox.tenant.clock.now())
    assert told == DeletedIds(ids=[first, second])
    assert dict(told.deleted_at) == {first: datetime(2026, 11, 22, 12, tzinfo=UTC)}
    assert caplog.messages == ["1 of the deleted records of POOrder have no id; a reconcile finds them."]


PLACE = "/AcmeERP/t/Acme%20Trading/api/odata/dac/POOrder/px.GetDeletedRecords()"


def a_page(link: str) -> str:
    row = {"RefNoteID": "A0000000-0000-0000-0000-000000000000", "DeleteDate": "2026-11-22T12:00:00Z"}
    return json.dumps({"@odata.context": "$metadata#POOrder", "value": [row], "@odata.nextLink": link})


@pytest.mark.parametrize(
    "link",
    [
        f"http://evil.example.com{PLACE}?$skiptoken=1",
        f"//evil.example.com{PLACE}?$skiptoken=1",
        "http://127.0.0.1/AcmeERP/entity/Default/24.200.001/Vendor?$top=1",
        "/AcmeERP/entity/auth/logout?$skiptoken=1",
        "../APInvoice/px.GetDeletedRecords()?$skiptoken=1",
        PLACE,
        "http://[broken",
        "",
    ],
)
def test_a_link_elsewhere_is_not_followed_and_the_rest_is_said_to_be_missing(
    sandbox: Sandbox, link: str
) -> None:
    json_type = {"Content-Type": "application/json"}
    sandbox.faults.add(path="GetDeletedRecords", status=200, headers=json_type, body=a_page(link))
    with open_source(sandbox) as source:
        told = source.read_deleted(ORDERS, sandbox.tenant.clock.now())
    assert told == DeletedIds(ids=["a0000000-0000-0000-0000-000000000000"], is_whole=False)
    assert [request.path.rpartition("/")[2] for request in sandbox.requests] == [
        "token", "px.GetDeletedRecords()", "logout",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "link",
    [
        "px.GetDeletedRecords()?$skiptoken=1",
        f"{PLACE}?$skiptoken=1",
        f"https://127.0.0.1{PLACE.replace('%20', ' ')}?$skiptoken=1",
    ],
)
def test_a_link_may_be_relative_or_of_the_address_behind_a_proxy(sandbox: Sandbox, link: str) -> None:
    since, ids = sandbox.tenant.clock.now(), delete(sandbox, 2)
    json_type = {"Content-Type": "application/json"}
    sandbox.faults.add(path="GetDeletedRecords", status=200, headers=json_type, body=a_page(link))
    with open_source(sandbox) as source:
        told = source.read_deleted(ORDERS, since)
    assert told == DeletedIds(ids=["a0000000-0000-0000-0000-000000000000", ids[1]])
