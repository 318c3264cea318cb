"""What finance looks at first: sums to the last decimal, days that stay the tenant's, instants, drop-downs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.e2e.profiles import Function, Profile, embedded_environment, read_duckdb, set_environment

NO_FLOAT_HOLDS = [
    Decimal("12345678901234.5678"),
    Decimal("0.0001"),
    Decimal("-99999999999999.9999"),
    Decimal(9007199254740993),
    Decimal("0.1"),
    Decimal("0.2"),
    Decimal("12345678901234567890123456789.123456789"),
]
CONTRACT_5 = "26.200.001"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as running:
        yield running


def test_the_sums_are_the_tenants_to_the_last_decimal(sandbox: Sandbox, profile: Profile) -> None:
    tenant = sandbox.tenant
    for bill, amount in zip(tenant.records("Bill"), NO_FLOAT_HOLDS, strict=False):
        tenant.change("Bill", bill.id, {"Amount": amount, "Balance": -amount})
    for batch, amount in zip(tenant.records("JournalTransaction"), NO_FLOAT_HOLDS, strict=False):
        lines = batch.details["Details"]
        account = lines[0].fields["Account"]
        more = [{"Account": account, "DebitAmount": amount}, {"Account": account, "CreditAmount": amount}]
        tenant.change("JournalTransaction", batch.id, details={"Details": [*lines, *more]})
    for entity in ("invoices", "gl_entries"):
        assert profile.function.call(entity=entity).json["records_rejected"] == 0

    bills = tenant.records("Bill")
    (found,) = profile.rows("SELECT SUM(amount) AS amount, SUM(balance) AS balance FROM invoices")
    assert found == {
        "amount": _total(bill.fields["Amount"] for bill in bills),
        "balance": _total(bill.fields["Balance"] for bill in bills),
    }
    lines = [line for batch in tenant.records("JournalTransaction") for line in batch.details["Details"]]
    (found,) = profile.rows("SELECT SUM(debit_amount) AS debit, SUM(credit_amount) AS credit FROM gl_entries")
    assert found == {
        "debit": _total(line.fields.get("DebitAmount", 0) for line in lines),
        "credit": _total(line.fields.get("CreditAmount", 0) for line in lines),
    }
    assert found["debit"] == found["credit"], "the books do not balance"


def test_every_single_amount_has_the_tenants_digits(sandbox: Sandbox, embedded: Profile) -> None:
    tenant = sandbox.tenant
    amounts = dict(zip((bill.id for bill in tenant.records("Bill")), NO_FLOAT_HOLDS, strict=False))
    for record_id, amount in amounts.items():
        tenant.change("Bill", record_id, {"Amount": amount})
    embedded.function.call(entity="invoices")
    shown = {row["_id"]: row["amount"] for row in embedded.rows("SELECT _id, amount FROM invoices")}
    assert {record_id: shown[record_id] for record_id in amounts} == amounts


def test_a_trial_balance_can_be_drawn_up(sandbox: Sandbox, embedded: Profile) -> None:
    """By account, against the tenant's own lines: what an analyst does first with the copy."""
    embedded.function.call(entity="gl_entries")
    expected: dict[str, Decimal] = {}
    for batch in sandbox.tenant.records("JournalTransaction"):
        for line in batch.details["Details"]:
            account = str(line.fields["Account"])
            moved = _number(line.fields.get("DebitAmount")) - _number(line.fields.get("CreditAmount"))
            expected[account] = expected.get(account, Decimal(0)) + moved
    rows = embedded.rows(
        "SELECT account, SUM(COALESCE(debit_amount, 0) - COALESCE(credit_amount, 0)) AS balance "
        "FROM gl_entries GROUP BY account"
    )
    assert {row["account"]: row["balance"] for row in rows} == expected


ZONES = [
    ("America/New_York", date(2026, 3, 8), datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC)),
    ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)),
    ("Australia/Lord_Howe", date(2026, 4, 5), datetime(2026, 4, 4, 14, 59, 59, tzinfo=UTC)),
    ("Pacific/Kiritimati", date(2026, 1, 1), datetime(2025, 12, 31, 10, 0, 0, tzinfo=UTC)),
    ("America/Sao_Paulo", date(2018, 11, 4), datetime(2018, 11, 4, 2, 59, 59, tzinfo=UTC)),
]
"""Server zones, a day on which their clock changes (or a year begins first), and an instant beside that change."""


@pytest.mark.parametrize(("zone", "day", "instant"), ZONES, ids=[zone for zone, *_ in ZONES])
def test_days_and_instants_are_the_tenants_when_its_clock_changes(
    zone: str, day: date, instant: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = instant - timedelta(hours=1)
    with Sandbox(SandboxOptions(size="tiny", server_zone=zone, start=start)) as sandbox:
        set_environment(monkeypatch, embedded_environment(sandbox, tmp_path))
        bills = sandbox.tenant.records("Bill")
        days = [date.fromordinal(day.toordinal() + shift) for shift in (-1, 0, 1)]
        for bill, due in zip(bills, days, strict=False):
            sandbox.tenant.change("Bill", bill.id, {"Date": due, "DueDate": due})
        sandbox.tenant.clock.advance(3600)
        sandbox.tenant.change("Bill", bills[3].id, {"Description": "at the change"})
        sandbox.tenant.clock.advance(2)
        sandbox.tenant.change("Bill", bills[4].id, {"Description": "just after it"})
        Function().call(entity="invoices")

        rows = read_duckdb(tmp_path)("SELECT * FROM invoices")
        shown = {row["_id"]: row for row in rows}
        for bill in sandbox.tenant.records("Bill"):
            row = shown[bill.id]
            assert (row["date"], row["due_date"]) == (bill.fields["Date"], bill.fields["DueDate"])
            assert row["last_modified_date_time"] == row["_modified_at"] == bill.stamp
        assert shown[bills[4].id]["_modified_at"] - shown[bills[3].id]["_modified_at"] == (
            sandbox.tenant.record("Bill", bills[4].id).stamp
            - sandbox.tenant.record("Bill", bills[3].id).stamp
        )


def test_days_and_instants_are_the_same_in_both_warehouses(sandbox: Sandbox, profile: Profile) -> None:
    sandbox.configure(server_zone="Europe/Berlin")
    bill = sandbox.tenant.records("Bill")[0]
    sandbox.tenant.change("Bill", bill.id, {"DueDate": date(2026, 3, 29)})
    profile.function.call(entity="invoices")
    rows = profile.rows("SELECT _id, date, due_date, _modified_at FROM invoices")
    assert {row["_id"]: (row["date"], row["due_date"], row["_modified_at"]) for row in rows} == {
        bill.id: (bill.fields["Date"], bill.fields["DueDate"], bill.stamp)
        for bill in sandbox.tenant.records("Bill")
    }


def test_drop_downs_of_contract_5_read_as_before_with_their_code_beside(
    sandbox: Sandbox, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that filters on `status = 'Open'` goes on working after the upgrade, for old rows and new."""
    sandbox.configure(endpoint_versions=("25.200.001", CONTRACT_5))
    set_environment(monkeypatch, {"ACUMATICA_ENDPOINT_VERSION": CONTRACT_5})
    answer = profile.function.call(entity="invoices").json
    assert answer["status"] == "succeeded", answer
    rows = profile.rows("SELECT _id, status, status_id, type, type_id, date, due_date FROM invoices")
    shown = {row["_id"]: row for row in rows}
    codes = {"Open": "N", "Closed": "C", "Balanced": "B", "On Hold": "H", "Voided": "V"}
    for bill in sandbox.tenant.records("Bill"):
        row = shown[bill.id]
        assert (row["status"], row["type"]) == (bill.fields["Status"], bill.fields["Type"])
        assert row["status_id"] == codes[str(bill.fields["Status"])]
        assert (row["date"], row["due_date"]) == (bill.fields["Date"], bill.fields["DueDate"])


def test_from_contract_4_to_5_nothing_is_rewritten_and_no_report_breaks(
    sandbox: Sandbox, embedded: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.configure(endpoint_versions=("25.200.001", CONTRACT_5))
    set_environment(monkeypatch, {"ACUMATICA_ENDPOINT_VERSION": "25.200.001"})
    first = embedded.function.call(entity="invoices").json
    before = _open_payables(embedded)

    set_environment(monkeypatch, {"ACUMATICA_ENDPOINT_VERSION": CONTRACT_5})
    sandbox.tenant.clock.advance(3600)
    bill = next(bill for bill in sandbox.tenant.records("Bill") if bill.fields["Status"] == "Open")
    sandbox.tenant.change("Bill", bill.id, {"Description": "touched"})
    second = embedded.function.call(entity="invoices").json
    assert (second["status"], second["records_written"]) == ("succeeded", 1)
    assert "retyped" not in second
    assert _open_payables(embedded) == before
    log = embedded.rows(f"SELECT _id FROM invoices_log WHERE _run_id = '{first['run_id']}'")
    assert len(log) == first["records_written"]


def _open_payables(profile: Profile) -> list[dict[str, Any]]:
    return profile.rows(
        "SELECT vendor, due_date, SUM(balance) AS owed FROM invoices "
        "WHERE status = 'Open' GROUP BY vendor, due_date ORDER BY vendor, due_date"
    )


def _number(value: Any) -> Decimal:
    return Decimal(0) if value is None else Decimal(value)


def _total(values: Any) -> Decimal:
    with localcontext(prec=60):
        return sum((_number(value) for value in values), Decimal(0))
