"""`px.GetDeletedRecords`: deletions of tracked tables."""

import pytest

from tests.unit.acumatica_sandbox.calls import Caller, a_caller

PATH = "/AcmeERP/t/ACME/api/odata/dac/{dac}/px.GetDeletedRecords()"


def a_caller_with_deletions() -> tuple[Caller, list[str]]:
    caller = a_caller(tracked_deletions=("Bill", "Check"))
    deleted = []
    for entity in ("Bill", "Bill", "Check", "Vendor"):
        record = caller.sandbox.tenant.records(entity)[0]
        caller.sandbox.tenant.delete(entity, record.id)
        caller.sandbox.tenant.clock.advance(60)
        deleted.append(record.id)
    return caller, deleted


@pytest.mark.parametrize("dac", ["PX_Objects_AP_APInvoice", "APInvoice"])
def test_deletions_of_one_table_come_with_id_and_time(dac: str) -> None:
    caller, deleted = a_caller_with_deletions()
    body = caller.send("GET", PATH.format(dac=dac)).json()
    assert body["value"] == [
        {"RefNoteID": deleted[0], "DeleteDate": "2026-03-16T14:30:00.000Z"},
        {"RefNoteID": deleted[1], "DeleteDate": "2026-03-16T14:31:00.000Z"},
    ]


def test_only_deletions_since_the_instant_are_asked() -> None:
    caller, deleted = a_caller_with_deletions()
    query = "$filter=DeleteDate%20ge%202026-03-16T14:31:00Z"
    body = caller.send("GET", PATH.format(dac="APInvoice"), query).json()
    assert [row["RefNoteID"] for row in body["value"]] == [deleted[1]]


def test_long_lists_come_in_pages_each_with_a_link_to_the_next() -> None:
    caller, deleted = a_caller_with_deletions()
    caller.sandbox.configure(deletions_page_size=1)
    query = "$filter=DeleteDate%20ge%202026-03-16T14:00:00Z"
    first = caller.send("GET", PATH.format(dac="APInvoice"), query, headers={"Host": "127.0.0.1:80"}).json()
    assert [row["RefNoteID"] for row in first["value"]] == deleted[:1]
    start, _, following = first["@odata.nextLink"].partition("?")
    assert start == f"http://127.0.0.1:80{PATH.format(dac='APInvoice')}"
    last = caller.send("GET", PATH.format(dac="APInvoice"), following).json()
    assert [row["RefNoteID"] for row in last["value"]] == deleted[1:2]
    assert "@odata.nextLink" not in last


def test_a_table_that_is_not_tracked_is_a_400() -> None:
    caller, _ = a_caller_with_deletions()
    response = caller.send("GET", PATH.format(dac="PX_Objects_AP_Vendor"))
    assert response.status == 400
    assert "not tracked" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "query", ["$filter=DeleteDate%20lt%202026-03-16T14:31:00Z", "$filter=DeleteDate%20ge%20'x'"]
)
def test_other_conditions_are_refused(query: str) -> None:
    caller, _ = a_caller_with_deletions()
    assert caller.send("GET", PATH.format(dac="APInvoice"), query).status == 500


def test_another_tenants_table_is_out_of_reach_and_other_paths_are_unknown() -> None:
    caller, _ = a_caller_with_deletions()
    assert caller.send("GET", PATH.format(dac="APInvoice").replace("ACME", "OTHER")).status == 404
    assert caller.send("GET", "/AcmeERP/t/ACME/api/odata/gi/Something").status == 404
