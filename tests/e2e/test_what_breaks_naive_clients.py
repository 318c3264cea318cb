"""Twelve habits of Acumatica that break a client written from the documentation's first page: the function copes with each."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from acumatica_sandbox import Request, Sandbox, SandboxOptions
from tests.e2e.profiles import Profile, shown_ids, stored_ids, succeed


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny", server_zone="America/New_York")) as tenant:
        yield tenant


def queries(sandbox: Sandbox, since: int = 0) -> list[str]:
    return [unquote(request.query) for request in sandbox.requests[since:]]


def use_credentials(sandbox: Sandbox, folder: Path, kind: Any, **changed: str) -> None:
    (folder / "credentials.json").write_text(json.dumps(sandbox.credentials(kind) | changed))


@pytest.mark.parametrize(
    ("entity", "erp", "version", "field"),
    [
        ("items", "StockItem", "20.200.001", "LastModified"),
        ("items", "StockItem", "25.200.001", "LastModifiedDateTime"),
        ("sales_orders", "SalesOrder", "25.200.001", "LastModified"),
        ("purchase_receipts", "PurchaseReceipt", "23.200.001", "LastModifiedDateTime"),
        ("purchase_receipts", "PurchaseReceipt", "22.200.001", None),
        ("subaccounts", "Subaccount", "24.200.001", None),
    ],
)
def test_01_the_modified_stamp_has_another_name_or_none(
    sandbox: Sandbox, embedded: Profile, monkeypatch: pytest.MonkeyPatch,
    entity: str, erp: str, version: str, field: str | None,
) -> None:  # fmt: skip
    monkeypatch.setenv("ACUMATICA_ENDPOINT_VERSION", version)
    whole = succeed(embedded, entity)["records_read"]
    sandbox.tenant.clock.advance(3600)
    changed = "VendorRef" if erp == "PurchaseReceipt" else "Description"
    sandbox.tenant.change(erp, sandbox.tenant.records(erp)[-1].id, {changed: "changed"})
    since = len(sandbox.requests)
    second = succeed(embedded, entity)
    assert second["records_written"] == 1
    assert second["records_read"] == (1 if field else whole)
    filters = [query for query in queries(sandbox, since) if "$filter" in query]
    assert all(f"{field} ge" in query for query in filters)
    assert bool(filters) == bool(field)


def test_02_lists_are_not_sorted_by_change_have_no_count_and_move_while_they_are_paged(
    sandbox: Sandbox, embedded: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "5")

    def move(_: Request) -> None:
        sandbox.tenant.insert("Vendor", {"VendorID": "0000-FIRST", "VendorName": "new at the head"})
        sandbox.tenant.delete("Vendor", sandbox.tenant.records("Vendor")[2].id)

    sandbox.faults.add(path="/Vendor?", ordinal=3, hook=move)
    succeed(embedded, "vendors")
    succeed(embedded, "vendors")
    deleted = {deletion.id for deletion in sandbox.tenant.deletions}
    shown = shown_ids(embedded, "vendors")
    assert sorted(set(shown) - deleted) == stored_ids(sandbox, "Vendor")
    assert len(shown) == len(set(shown))
    assert not any("$orderby" in query or "count" in query for query in queries(sandbox))


def test_03_details_come_only_if_expanded_and_some_lists_cannot_be_expanded(
    sandbox: Sandbox, embedded: Profile
) -> None:
    lines = sum(len(bill.details["Details"]) for bill in sandbox.tenant.records("Bill"))
    succeed(embedded, "invoices")
    assert embedded.rows("SELECT count(*) AS n FROM invoice_lines") == [{"n": lines}]

    sandbox.configure(not_optimizable={"Check": {"History": "APHistory"}})
    succeed(embedded, "checks")
    assert shown_ids(embedded, "checks") == stored_ids(sandbox, "Check")
    applied = sum(
        len(check.details["Details"]) + len(check.details["History"])
        for check in sandbox.tenant.records("Check")
    )
    assert embedded.rows("SELECT count(*) AS n FROM check_applications") == [{"n": applied}]


def test_04_a_record_that_is_gone_is_a_500_not_a_404(sandbox: Sandbox, embedded: Profile) -> None:
    succeed(embedded, "invoices")
    gone = sandbox.tenant.records("Bill")[0].id
    sandbox.tenant.delete("Bill", gone)
    since = len(sandbox.requests)
    assert succeed(embedded, "invoices", mode="reconcile")["deleted"] == 1
    asked = [request for request in sandbox.requests[since:] if request.path.endswith(gone)]
    assert len(asked) == 1, "the answer is understood, not tried again as a server error"
    assert gone not in shown_ids(embedded, "invoices")


def test_05_a_wrong_password_is_a_500_that_must_not_be_tried_again(
    sandbox: Sandbox, embedded: Profile, tmp_path: Path
) -> None:
    use_credentials(sandbox, tmp_path, "cookie", password="wrong")
    answer = embedded.function.call(entity="vendors")
    assert (answer.status, answer.json["error"]["type"]) == (500, "CredentialsError")
    assert sum(request.path.endswith("/auth/login") for request in sandbox.requests) == 1
    use_credentials(sandbox, tmp_path, "cookie")
    succeed(embedded, "vendors")  # the account is not locked
    assert sandbox.seats == 0


def test_06_an_empty_field_is_an_object_without_a_value(sandbox: Sandbox, embedded: Profile) -> None:
    bill = sandbox.tenant.records("Bill")[0]
    sandbox.tenant.change("Bill", bill.id, {"Description": None, "DueDate": None, "Amount": None})
    sandbox.tenant.change("Bill", bill.id, details={"Details": []})
    succeed(embedded, "invoices")
    row = embedded.rows(f"SELECT description, due_date, amount FROM invoices WHERE _id = '{bill.id}'")
    assert row == [{"description": None, "due_date": None, "amount": None}]
    kind, number = bill.keys
    lines = f"SELECT * FROM invoice_lines WHERE type = '{kind}' AND reference_nbr = '{number}'"
    assert embedded.rows(lines) == []


def test_07_dates_are_midnights_of_the_server_and_never_shifted(sandbox: Sandbox, embedded: Profile) -> None:
    winter, summer, *_ = sandbox.tenant.records("Bill")
    days = {winter.id: date(2026, 2, 11), summer.id: date(2026, 7, 13)}
    for record_id, day in days.items():
        sandbox.tenant.change("Bill", record_id, {"Date": day, "DueDate": day})
    succeed(embedded, "invoices")
    for record_id, day in days.items():
        row = embedded.rows(f"SELECT date, due_date FROM invoices WHERE _id = '{record_id}'")
        assert row == [{"date": day, "due_date": day}]


def test_08_stamps_carry_the_servers_offset_and_odd_fractions(sandbox: Sandbox, embedded: Profile) -> None:
    """Whatever a stamp's spelling is, the next run neither misses a record on the bound nor writes it again."""
    succeed(embedded, "vendors")
    stamps = embedded.rows("SELECT _id, _modified_at FROM vendors")
    assert {row["_id"]: row["_modified_at"].astimezone(UTC) for row in stamps} == {
        vendor.id: vendor.stamp.astimezone(UTC) for vendor in sandbox.tenant.records("Vendor")
    }
    ids = [vendor.id for vendor in sandbox.tenant.records("Vendor")[:6]]
    for number, record_id in enumerate(ids):
        sandbox.tenant.clock.advance(0.15 if number % 2 else 0.003)
        sandbox.tenant.change("Vendor", record_id, {"VendorName": f"now {number}"})
        succeed(embedded, "vendors")
    names = embedded.rows("SELECT vendor_name FROM vendors WHERE vendor_name LIKE 'now %' ORDER BY 1")
    assert [row["vendor_name"] for row in names] == [f"now {number}" for number in range(6)]
    versions = embedded.rows("SELECT count(*) AS n, count(DISTINCT _version) AS d FROM vendors_log")[0]
    assert versions["n"] == versions["d"]


@pytest.mark.parametrize("kind", ["password", "refresh_token", "cookie"])
def test_09_sessions_are_seats_and_a_full_queue_names_no_time(
    sandbox: Sandbox, embedded: Profile, tmp_path: Path, kind: str
) -> None:
    """No client-credentials flow: a user's password, a rotating refresh token, or a cookie; one seat, given back."""
    sandbox.configure(seat_limit=1, requests_per_minute=20)
    sandbox.faults.add(
        path="/Vendor?", status=429, headers={"Content-Type": "text/plain"},
        body="The custom error module does not recognize this error.",
    )  # fmt: skip
    use_credentials(sandbox, tmp_path, kind)
    succeed(embedded, "vendors")
    assert shown_ids(embedded, "vendors") == stored_ids(sandbox, "Vendor")
    assert sandbox.seats == 0
    succeed(embedded, "items")
    assert sandbox.seats == 0


@pytest.mark.parametrize("dialect", ["json", "text", "redirect"])
def test_10_a_missing_seat_has_three_dialects_and_no_redirect_is_followed(
    sandbox: Sandbox, embedded: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dialect: str
) -> None:
    monkeypatch.setenv("SYNC_TIME_BUDGET_SECONDS", "1")
    use_credentials(sandbox, tmp_path, "cookie")
    sandbox.configure(seat_limit=0, seat_dialect=dialect)
    answer = embedded.function.call(entity="vendors")
    assert (answer.status, answer.json["error"]["type"]) == (503, "SessionsBusyError")
    assert "SM604000" in answer.json["error"]["action"]
    assert answer.headers["Retry-After"]
    assert not any("/Frames/" in request.path for request in sandbox.requests)


def test_11_restriction_groups_hide_rows_without_a_word(sandbox: Sandbox, embedded: Profile) -> None:
    succeed(embedded, "vendors")
    before = shown_ids(embedded, "vendors")
    hidden = [vendor.id for vendor in sandbox.tenant.records("Vendor")]
    for record_id in hidden:
        sandbox.tenant.hide("Vendor", record_id)
    for members in ({}, {"mode": "reconcile"}, {"mode": "reconcile", "depth": "content"}):
        answer = embedded.function.call(entity="vendors", **members)
        assert answer.status == 500
        assert answer.json["error"]["type"] in ("ListEmptyError", "TooManyDeletionsError")
        assert "restriction groups" in answer.json["error"]["action"]
    assert shown_ids(embedded, "vendors") == before
    for record_id in hidden:
        sandbox.tenant.hide("Vendor", record_id, hidden=False)
    succeed(embedded, "vendors")
    assert shown_ids(embedded, "vendors") == before


def test_12_deletions_are_invisible_to_a_filter_and_found_by_comparing(
    sandbox: Sandbox, embedded: Profile
) -> None:
    succeed(embedded, "invoices")
    gone = [bill.id for bill in sandbox.tenant.records("Bill")[:2]]
    for record_id in gone:
        sandbox.tenant.delete("Bill", record_id)
    assert "deleted" not in succeed(embedded, "invoices")
    assert succeed(embedded, "invoices", mode="reconcile")["deleted"] == 2
    assert shown_ids(embedded, "invoices") == stored_ids(sandbox, "Bill")


def test_now_is_acumaticas(sandbox: Sandbox, embedded: Profile) -> None:
    """The sandbox's clock stands elsewhere than ours: bounds come from its `Date`, not from our clock."""
    assert abs(sandbox.tenant.clock.now() - datetime.now(UTC)) > timedelta(0)
    succeed(embedded, "vendors")
    sandbox.tenant.clock.advance(1)
    vendor = sandbox.tenant.records("Vendor")[0]
    sandbox.tenant.change("Vendor", vendor.id, {"VendorName": "seen"})
    assert succeed(embedded, "vendors")["records_written"] == 1
