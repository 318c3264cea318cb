"""An endpoint of the tenant's own that loses what the connector reads, under an unchanged version: it goes on with the rest."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from acumatica_sandbox import Request, Sandbox, SandboxOptions
from acumatica_sandbox.rows import Record
from tests.e2e.upgrade import Upgrade

COLUMNS = "_id, amount, description, vendor, reference_nbr"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as running:
        yield running


@pytest.fixture
def shrinking(upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch) -> Upgrade:
    """Bills are synchronised from the tenant's own endpoint, in small pages."""
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "10")
    upgrade.lose()
    upgrade.use("1.0", "Finance")
    return upgrade


def is_as_stored(row: dict[str, object], bill: Record) -> bool:
    fields = bill.fields
    shown = (row["amount"], row["description"], row["vendor"], row["reference_nbr"])
    return shown == tuple(fields.get(name) for name in ("Amount", "Description", "Vendor", "ReferenceNbr"))


def assert_all_bills_are_right(upgrade: Upgrade) -> None:
    bills = {bill.id: bill for bill in upgrade.sandbox.tenant.records("Bill")}
    rows = {row["_id"]: row for row in upgrade.rows(f"SELECT {COLUMNS} FROM invoices")}
    assert sorted(rows) == sorted(bills)
    assert [key for key, bill in bills.items() if not is_as_stored(rows[key], bill)] == []


def failures(upgrade: Upgrade, since: int) -> int:
    return sum(request.status >= 400 for request in upgrade.sandbox.requests[since:])


def change_a_bill(upgrade: Upgrade, number: int = 0) -> Record:
    upgrade.pass_an_hour()
    tenant = upgrade.sandbox.tenant
    bill = [bill for bill in tenant.records("Bill") if bill.details["Details"]][number]
    tenant.change("Bill", bill.id, {"Description": f"changed {number}", "Amount": Decimal("1.10")})
    return bill


def test_a_lost_collection_costs_one_refused_request_and_no_record(shrinking: Upgrade) -> None:
    shrinking.sync("invoices")
    lines = sum(len(bill.details["Details"]) for bill in shrinking.sandbox.tenant.records("Bill"))

    shrinking.lose(Bill=["Details", "TaxDetails"])
    change_a_bill(shrinking)
    since = len(shrinking.sandbox.requests)
    answer = shrinking.sync("invoices")
    assert (answer["records_written"], answer["records_rejected"]) == (1, 0)
    assert failures(shrinking, since) == 1
    assert_all_bills_are_right(shrinking)
    logged = "SELECT count(*) AS n FROM (SELECT unnest(details) FROM invoices_log)"
    assert shrinking.rows(logged) == [{"n": lines}], "what was read before is still there"

    change_a_bill(shrinking, 1)
    since = len(shrinking.sandbox.requests)
    assert shrinking.sync("invoices")["records_written"] == 1
    assert failures(shrinking, since) == 0, "the new contract is remembered"
    assert_all_bills_are_right(shrinking)


def test_a_run_with_nothing_to_read_learns_it_too(shrinking: Upgrade) -> None:
    shrinking.sync("invoices")
    shrinking.lose(Bill=["TaxDetails"])
    shrinking.pass_an_hour()
    for expected in (1, 0):
        since = len(shrinking.sandbox.requests)
        assert shrinking.sync("invoices")["records_read"] == 0
        assert failures(shrinking, since) == expected


def test_a_collection_lost_while_the_list_is_read_leaves_the_lines_read_before(shrinking: Upgrade) -> None:
    bills = shrinking.sandbox.tenant.records("Bill")
    kept = sum(len(bill.details["Details"]) for bill in bills[:10])

    def lose(_: Request) -> None:
        shrinking.lose(Bill=["Details"])

    shrinking.sandbox.faults.add(path="/Bill?", ordinal=2, hook=lose)
    answer = shrinking.sync("invoices")
    assert (answer["records_written"], answer["records_rejected"]) == (len(bills), 0)
    assert_all_bills_are_right(shrinking)
    logged = "SELECT count(*) AS n FROM (SELECT unnest(details) FROM invoices_log)"
    assert shrinking.rows(logged) == [{"n": kept}]


def test_a_collection_that_comes_back_is_read_again(shrinking: Upgrade) -> None:
    shrinking.lose(Bill=["Details"])
    shrinking.sync("invoices")
    shrinking.lose()
    bill = change_a_bill(shrinking)
    shrinking.sync("invoices")
    shown = shrinking.rows(f"SELECT count(*) AS n FROM invoice_lines WHERE _parent_id = '{bill.id}'")
    assert shown == [{"n": len(bill.details["Details"])}]
    shrinking.sync("invoices", mode="reconcile", depth="content")
    lines = sum(len(bill.details["Details"]) for bill in shrinking.sandbox.tenant.records("Bill"))
    assert shrinking.rows("SELECT count(*) AS n FROM invoice_lines") == [{"n": lines}]


@pytest.mark.parametrize("depth", ["keys", "content"])
def test_a_reconcile_copes_with_it_as_well(shrinking: Upgrade, depth: str) -> None:
    shrinking.sync("invoices")
    shrinking.lose(Bill=["Details", "TaxDetails"])
    change_a_bill(shrinking)
    answer = shrinking.sync("invoices", mode="reconcile", depth=depth)
    assert (answer["deleted"], answer["records_rejected"]) == (0, 0)
    assert_all_bills_are_right(shrinking)


def test_a_key_lost_together_with_a_gained_field_widens_the_table_of_a_reconcile(shrinking: Upgrade) -> None:
    shrinking.sync("invoices")
    definition = {
        "version": "1.0",
        "base": "24.200.001",
        "without": {"Bill": ["ReferenceNbr"]},
        "extra_fields": {"Bill": {"UsrNote": "string"}},
    }
    shrinking.sandbox.configure(custom_endpoints={"Finance": definition})
    shrinking.pass_an_hour()
    bill = shrinking.sandbox.tenant.records("Bill")[0]
    shrinking.sandbox.tenant.change("Bill", bill.id, {"UsrNote": "new"})
    answer = shrinking.sync("invoices", mode="reconcile")
    assert (answer["repaired"], answer["records_rejected"]) == (1, 0)
    assert shrinking.rows("SELECT _id FROM invoices WHERE usr_note = 'new'") == [{"_id": bill.id}]


def test_a_lost_field_that_the_catalogue_selects_is_left_out(shrinking: Upgrade) -> None:
    shrinking.choose("invoices", "select: [Amount, Description, Vendor, VendorRef]")
    shrinking.sync("invoices")
    shrinking.lose(Bill=["VendorRef"])
    change_a_bill(shrinking)
    assert shrinking.sync("invoices")["records_written"] == 1
    assert_all_bills_are_right(shrinking)


def test_what_stays_unknown_is_the_operators_and_names_what_is_asked_for(shrinking: Upgrade) -> None:
    shrinking.sandbox.configure(custom_fields={"Bill": {"Document.UsrRegion": "CustomStringField"}})
    shrinking.choose("invoices", "custom: [Document.UsrRegion]")
    shrinking.sync("invoices")
    unknown = '{"exceptionType": "System.Collections.Generic.KeyNotFoundException", "exceptionMessage": "?"}'
    json = {"Content-Type": "application/json"}
    shrinking.sandbox.faults.add(path="/Bill?", status=500, body=unknown, headers=json, times=99)
    since = len(shrinking.sandbox.requests)
    error = shrinking.fail("invoices")
    assert error["type"] == "SourceSetupError"
    assert "the list of Bill, which is one of Details, TaxDetails, Document.UsrRegion" in error["message"]
    assert "`custom`" in error["action"]
    assert failures(shrinking, since) == 1, "it is not tried again and again"


def test_without_the_stamp_the_whole_list_is_read_and_with_it_changes_alone(shrinking: Upgrade) -> None:
    shrinking.sync("invoices")
    bills = len(shrinking.sandbox.tenant.records("Bill"))
    shrinking.lose(Bill=["LastModifiedDateTime"])
    change_a_bill(shrinking)
    answer = shrinking.sync("invoices")
    assert (answer["records_read"], answer["stamp_lost"]) == (bills, "LastModifiedDateTime")
    since = len(shrinking.sandbox.requests)
    assert shrinking.sync("invoices")["records_read"] == bills
    assert failures(shrinking, since) == 0, "the new contract is remembered"

    shrinking.lose()
    shrinking.pass_an_hour()
    assert shrinking.sync("invoices")["records_read"] == bills
    shrinking.pass_an_hour()
    assert shrinking.sync("invoices")["records_read"] == 0
    assert_all_bills_are_right(shrinking)
