"""The remedy for a number too long for its column does what the dead letter says, and nothing to any other number."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.run import Mode, Status
from tests.builders import Rig
from tests.fault.cloud_rigs import BigQueryRig
from tests.oracle import assert_shows_tenant

LONG = Decimal("12345678901234567890.12345678901")
"""31 digits; NUMERIC has room for 9 after the point."""


@pytest.fixture(params=["rig", "bigquery_rig"])
def either(request: pytest.FixtureRequest) -> Rig:
    made: Rig = request.getfixturevalue(request.param)
    return made


def _break_header(rig: Rig) -> str:
    bill = rig.sandbox.tenant.records("Bill")[3]
    rig.sandbox.tenant.change("Bill", bill.id, {"Amount": LONG})
    return bill.id


def _break_line(rig: Rig) -> str:
    tenant = rig.sandbox.tenant
    bill = next(bill for bill in tenant.records("Bill") if len(bill.details["Details"]) > 1)
    lines = [line.fields for line in bill.details["Details"]]
    lines[1] = {**lines[1], "Amount": LONG}
    tenant.change("Bill", bill.id, details={"Details": lines})
    return bill.id


def _follow_the_advice(rig: Rig, field: str) -> None:
    block = rig.catalogue["invoices"]
    rig.catalogue["invoices"] = replace(block, bignumeric_fields=block.bignumeric_fields | {field})
    rig.pass_time(timedelta(minutes=1))


def _expect_letter(rig: Rig, bill: str) -> str:
    (letter,) = rig.state.dead_letters.read("invoices")
    assert letter.record_id == bill
    return letter.reason


def _assert_nothing_else_moved(rig: Rig) -> None:
    """Every amount is in its column, and no other bill is written again for it."""
    assert_shows_tenant(rig, "invoices")
    assert rig.query("SELECT _id FROM invoices WHERE _extra IS NOT NULL") == []
    rig.pass_time(timedelta(hours=1))
    assert rig.run("invoices").records_written <= 1, "what was replayed may be read once more"
    rig.pass_time(timedelta(hours=1))
    changed = rig.sandbox.tenant.records("Bill")[5].id
    rig.sandbox.tenant.change("Bill", changed, {"Description": "later"})
    result = rig.run("invoices")
    assert (result.records_written, result.records_rejected) == (1, 0)
    assert "retyped" not in result.details
    assert_shows_tenant(rig, "invoices")
    result = rig.run("invoices", Mode.BACKFILL)
    assert result.records_rejected == 0
    assert_shows_tenant(rig, "invoices")


def test_a_header_amount_is_widened_and_replayed(either: Rig) -> None:
    bill = _break_header(either)
    assert either.run("invoices").records_rejected == 1
    assert "Add Amount to bignumeric_fields in the catalogue, then replay." in _expect_letter(either, bill)
    _follow_the_advice(either, "Amount")
    result = either.run("invoices", Mode.REPLAY)
    assert (result.status, result.records_written) == (Status.SUCCEEDED, 1)
    assert list(either.state.dead_letters.read("invoices")) == []
    _assert_nothing_else_moved(either)


def test_a_line_amount_is_widened_in_a_file_and_replayed(rig: Rig) -> None:
    bill = _break_line(rig)
    assert rig.run("invoices").records_rejected == 1
    assert "Add Details/Amount to bignumeric_fields" in _expect_letter(rig, bill)
    _follow_the_advice(rig, "Details/Amount")
    assert rig.run("invoices", Mode.REPLAY).records_written == 1
    _assert_nothing_else_moved(rig)


def test_a_line_amount_in_bigquery_needs_a_new_log_and_every_other_amount_keeps_its_column(
    bigquery_rig: BigQueryRig,
) -> None:
    rig = bigquery_rig
    bill = _break_line(rig)
    assert rig.run("invoices").records_rejected == 1
    assert "In BigQuery a column of lines becomes wide only in a new log" in _expect_letter(rig, bill)

    _follow_the_advice(rig, "Details/Amount")
    assert rig.run("invoices", Mode.REPLAY).records_rejected == 1
    assert "Rename the log table" in _expect_letter(rig, bill)
    rig.sandbox.tenant.change("Bill", rig.sandbox.tenant.records("Bill")[5].id, {"Description": "later"})
    rig.run("invoices")
    others = rig.query(f"SELECT amount FROM invoice_lines WHERE _parent_id <> '{bill}'")
    assert others
    assert all(line["amount"] is not None for line in others)

    rig.bigquery.tables["invoices_log_before"] = rig.bigquery.tables.pop("invoices_log")
    rig.pass_time(timedelta(hours=1))
    result = rig.run("invoices")
    assert (result.status, result.records_written, result.records_rejected) == (Status.SUCCEEDED, 40, 0)
    assert list(rig.state.dead_letters.read("invoices")) == []
    _assert_nothing_else_moved(rig)
