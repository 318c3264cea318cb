"""The company that the seed makes: big enough, consistent to the cent, the same every time."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions, Tenant
from acumatica_sandbox.clock import FIXED_START
from acumatica_sandbox.contract import all_types
from acumatica_sandbox.data.business_day import business_day
from acumatica_sandbox.rows import Record


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return Sandbox(SandboxOptions()).tenant


def lines(records: list[Record], collection: str = "Details") -> Iterator[dict[str, Any]]:
    return (row.fields for record in records for row in record.details[collection])


def total(values: Iterator[Any]) -> Decimal:
    return sum(values, Decimal(0))


@pytest.mark.parametrize(
    ("entity", "least"),
    [
        ("Vendor", 500),
        ("Customer", 400),
        ("Bill", 5000),
        ("PurchaseOrder", 1500),
        ("Check", 1500),
        ("Payment", 1500),
        ("Account", 115),
        ("Subaccount", 30),
        ("Ledger", 3),
        ("StockItem", 800),
        ("NonStockItem", 100),
        ("JournalTransaction", 8000),
        ("Invoice", 1000),
        ("SalesOrder", 300),
        ("SalesInvoice", 300),
        ("PurchaseReceipt", 300),
        ("Project", 40),
    ],
)
def test_it_is_a_mid_sized_distributor(tenant: Tenant, entity: str, least: int) -> None:
    assert len(tenant.records(entity)) >= least


def test_every_batch_and_the_trial_balance_are_zero(tenant: Tenant) -> None:
    balances: Counter[str] = Counter()
    for batch in tenant.records("JournalTransaction"):
        net = Decimal(0)
        for line in lines([batch]):
            assert (line["DebitAmount"] == 0) != (line["CreditAmount"] == 0)
            amount = line["DebitAmount"] - line["CreditAmount"]
            balances[line["Account"]] += amount
            net += amount
        assert net == 0, batch.keys
    assert sum(balances.values()) == 0
    assert {batch.keys[0] for batch in tenant.records("JournalTransaction")} == {"AP", "AR", "GL", "IN"}


def test_every_account_that_is_posted_to_is_in_the_chart(tenant: Tenant) -> None:
    chart = {record.keys[0] for record in tenant.records("Account")}
    subaccounts = {record.keys[0] for record in tenant.records("Subaccount")}
    for line in lines(tenant.records("JournalTransaction")):
        assert line["Account"] in chart
        assert line["Subaccount"] in subaccounts


def check_payables(tenant: Tenant) -> None:
    """Lines and tax make the amount, applications the balance, and payables in the ledger what is owed."""
    released = ("Open", "Closed")
    owed = Decimal(0)
    for bill in tenant.records("Bill"):
        fields: Any = bill.fields
        net = total(line["Amount"] for line in lines([bill]))
        assert fields["Amount"] == net + fields["TaxTotal"]
        paid = total(line["AmountPaid"] for line in lines([bill], "Applications"))
        assert fields["Balance"] == fields["Amount"] - paid
        assert fields["DueDate"] >= fields["Date"]
        if fields["Type"] != "Prepayment" and fields["Status"] in released:
            owed += fields["Balance"] * (-1 if fields["Type"] == "Debit Adj." else 1)
    advances = total(
        record.fields["UnappliedBalance"]
        for record in tenant.records("Check")
        if record.fields["Status"] in released
    )
    payables = total(
        line["CreditAmount"] - line["DebitAmount"]
        for line in lines(tenant.records("JournalTransaction"))
        if line["Account"] == "20000"
    )
    assert payables == owed - advances


def test_bills_checks_and_the_ledger_agree(tenant: Tenant) -> None:
    check_payables(tenant)


def test_checks_pay_bills_of_their_vendor(tenant: Tenant) -> None:
    vendors = {bill.keys[1]: bill.fields["Vendor"] for bill in tenant.records("Bill")}
    for check in tenant.records("Check"):
        applied = [*check.details["History"], *check.details["Details"]]
        assert applied
        assert {vendors[str(row.fields["ReferenceNbr"])] for row in applied} == {check.fields["Vendor"]}
        amounts: Any = [row.fields["AmountPaid"] for row in applied]
        assert check.fields["PaymentAmount"] == sum(amounts) + check.fields["UnappliedBalance"]


def test_payments_settle_invoices(tenant: Tenant) -> None:
    invoices = {record.keys[1]: record for record in tenant.records("Invoice")}
    paid: Counter[Any] = Counter()
    for line in lines(tenant.records("Payment"), "ApplicationHistory"):
        paid[line["AdjustedRefNbr"]] += line["AmountPaid"]
    for number, record in invoices.items():
        fields: Any = record.fields
        assert fields["Balance"] == fields["Amount"] - paid[number]


def test_bills_of_purchase_orders_name_lines_that_exist(tenant: Tenant) -> None:
    known = {
        (record.keys[1], line["LineNbr"])
        for record in tenant.records("PurchaseOrder")
        for line in lines([record])
    }
    named = {
        (line["POOrderNbr"], line["POLine"]) for line in lines(tenant.records("Bill")) if "POOrderNbr" in line
    }
    assert named
    assert named <= known


def test_types_and_sizes_vary(tenant: Tenant) -> None:
    bills = tenant.records("Bill")
    assert {bill.keys[0] for bill in bills} == {"Bill", "Credit Adj.", "Debit Adj.", "Prepayment"}
    assert {bill.fields["Status"] for bill in bills} == {"On Hold", "Balanced", "Open", "Closed"}
    assert set(range(1, 7)) <= {len(bill.details["Details"]) for bill in bills} <= set(range(1, 10))


def test_values_that_break_careless_code_are_there(tenant: Tenant) -> None:
    values = [
        value for entity in tenant.tables for row in tenant.records(entity) for value in row.fields.values()
    ]
    text = "\x00".join(value for value in values if isinstance(value, str))
    assert all(part in text for part in ("'", '"', "\n", "\t", "\\", "ü", "東", "<EU>", "|", ";"))
    assert Decimal("12345678901234.5678") in values
    assert any(line["Amount"] < 0 for line in lines(tenant.records("Bill")))
    assert any("/" in record.keys[0] for record in tenant.records("StockItem"))


def test_no_stamp_lies_in_the_future_or_before_its_creation(tenant: Tenant) -> None:
    now = tenant.clock.now()
    for entity in tenant.tables:
        for record in tenant.records(entity):
            assert record.created <= record.stamp < now


def test_every_field_is_in_some_contract(tenant: Tenant) -> None:
    known: dict[str, set[str]] = {}
    members: dict[str, dict[str, str]] = {}
    for contract in all_types():
        known.setdefault(contract.type, set()).update(contract.fields)
        members.setdefault(contract.type, {}).update(contract.details | contract.linked)
    for entity in tenant.tables:
        for record in tenant.records(entity):
            assert set(record.fields) <= known[entity], entity
            for name, rows in record.details.items():
                for row in rows:
                    assert set(row.fields) <= known[members[entity][name]], (entity, name)


def a_fingerprint(seed: int) -> list[Any]:
    made = Sandbox(SandboxOptions(size="tiny", seed=seed)).tenant
    return [
        (row.id, row.keys, row.stamp, row.fields) for entity in made.tables for row in made.records(entity)
    ]


def test_the_same_seed_makes_the_same_company_and_another_seed_another() -> None:
    assert a_fingerprint(7) == a_fingerprint(7)
    assert a_fingerprint(7) != a_fingerprint(8)


def test_an_empty_tenant_holds_nothing() -> None:
    made = Sandbox(SandboxOptions(size="empty")).tenant
    assert all(not made.records(entity) for entity in made.tables)


@pytest.mark.parametrize("weekday", [3, 5, 6])
def test_a_bill_and_a_check_that_were_there_before_are_deleted_on_whatever_day(weekday: int) -> None:
    sandbox = Sandbox(SandboxOptions(start=FIXED_START + timedelta(days=weekday)))
    before = {row.id for entity in ("Bill", "Check") for row in sandbox.tenant.records(entity)}
    activity = business_day(sandbox.tenant, sandbox.options)
    assert [activity[entity]["deleted"] for entity in ("Bill", "Check")] == [1, 1]
    left = {row.id for entity in ("Bill", "Check") for row in sandbox.tenant.records(entity)}
    assert len(before - left) == 2


def test_a_business_day_touches_every_kind_of_document_and_leaves_the_books_consistent() -> None:
    sandbox = Sandbox(SandboxOptions(size="demo", seed=3))
    tenant = sandbox.tenant
    before = {entity: {row.id for row in tenant.records(entity)} for entity in tenant.tables}
    activity = business_day(tenant, sandbox.options)
    for entity, counts in activity.items():
        left = {row.id for row in tenant.records(entity)}
        assert len(left - before[entity]) == counts["inserted"], entity
        assert len(before[entity] - left) == counts["deleted"], f"what is deleted was there before: {entity}"
    deleted = {entity: counts["deleted"] for entity, counts in activity.items() if counts["deleted"]}
    assert deleted == {"Bill": 1, "Check": 1}
    for entity, kind in {
        "Bill": "inserted",
        "Vendor": "inserted",
        "Check": "inserted",
        "Payment": "inserted",
        "JournalTransaction": "inserted",
        "PurchaseOrder": "changed",
        "StockItem": "changed",
    }.items():
        assert activity[entity][kind] > 0, entity
    assert activity["Bill"]["changed"] >= 8
    check_payables(tenant)
    test_every_batch_and_the_trial_balance_are_zero(tenant)


def test_one_business_day_follows_the_other() -> None:
    sandbox = Sandbox(SandboxOptions(size="tiny"))
    first = business_day(sandbox.tenant, sandbox.options)
    start = sandbox.tenant.clock.now()
    second = business_day(sandbox.tenant, sandbox.options)
    assert first["Bill"]["inserted"]
    assert second["Bill"]["inserted"]
    assert sandbox.tenant.clock.now() > start
    check_payables(sandbox.tenant)


def test_what_changed_in_a_business_day_has_a_stamp_of_that_day() -> None:
    sandbox = Sandbox(SandboxOptions(size="tiny"))
    tenant = sandbox.tenant
    morning = tenant.clock.now()
    before = {row.id: row for row in tenant.records("Bill")}
    business_day(tenant, sandbox.options)
    changed = [row for row in tenant.records("Bill") if before.get(row.id) is not row]
    assert changed
    assert all(row.stamp >= morning for row in changed)
