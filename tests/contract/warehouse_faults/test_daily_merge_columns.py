"""Current rows that are merged once a day, when the columns of their log change."""

from dataclasses import replace
from typing import Any

import pytest

from connector.domain.tables.schema import Column, ColumnType
from tests.contract.warehouse_current_contract import a_daily_table
from tests.contract.warehouse_faults.days import DAILY, Days
from tests.contract.warehouse_rows import BUSINESS, a_column
from tests.stand_ins.scripted_bigquery_state import BigQueryState


@pytest.fixture
def days(scripted: tuple[str, BigQueryState]) -> Days:
    return Days(*scripted)


def test_a_column_dropped_from_the_log_loses_its_values_in_the_table_too(days: Days) -> None:
    days.run(days.row())
    days.run()
    schema = days.bigquery.tables["bills_log"].resource["schema"]
    schema["fields"] = [field for field in schema["fields"] if field["name"] != "hold"]
    assert days.run() == ["CREATE", "MERGE"]
    assert "_current" not in days.bigquery.statements[0]
    assert days.since() == "0001-01-01T00:00:00Z"


def test_a_column_that_becomes_wider_is_wider_in_the_table_too(days: Days) -> None:
    days.run(days.row())
    days.run()
    wide = a_daily_table(
        tuple(replace(c, type=ColumnType.BIGNUMERIC) if c.name == "amount" else c for c in BUSINESS)
    )
    assert days.run(table=wide) == ["ALTER", "CREATE", "MERGE"]
    assert days.run(table=wide) == ["CREATE"]
    [held] = [field for field in days.bigquery.tables["bills_current"].schema if field["name"] == "amount"]
    assert held["type"] == "BIGNUMERIC"


def test_a_table_without_a_new_field_is_read_no_more_and_made_anew(days: Days) -> None:
    days.run(days.row())
    days.run()
    wider = a_daily_table((*BUSINESS, a_column("terms")))
    assert days.run(days.row("r2"), table=wider) == ["CREATE", "MERGE"]
    assert "_current" not in days.bigquery.statements[0]
    assert days.since() == "0001-01-01T00:00:00Z"
    assert "terms" in [column["name"] for column in days.bigquery.tables["bills_current"].schema]
    assert days.run(table=wider) == ["CREATE"]
    assert "bills_current" in days.bigquery.statements[0]


def test_a_table_that_cannot_hold_the_logs_rows_is_read_no_more_and_made_anew(days: Days) -> None:
    days.run(days.row())
    days.run()
    fields = days.bigquery.tables["bills_current"].schema
    retyped = [{**field, "type": "STRING"} if field["name"] == "amount" else field for field in fields]
    days.bigquery.tables["bills_current"].resource["schema"]["fields"] = retyped
    assert days.run() == ["CREATE", "MERGE"]
    assert "_current" not in days.bigquery.statements[0]
    assert days.since() == "0001-01-01T00:00:00Z"
    assert days.run() == ["CREATE"]


def test_fields_of_lines_in_another_order_are_never_taken_for_each_other(days: Days) -> None:
    days.run(days.row())
    days.run()
    [details] = [f for f in days.bigquery.tables["bills_current"].schema if f["name"] == "details"]
    details["fields"].reverse()
    assert days.run() == ["CREATE", "MERGE"]


def test_a_column_of_lines_that_was_added_later_stands_last_in_both(days: Days) -> None:
    days.run(days.row())
    days.run()
    details = next(column for column in BUSINESS if column.name == "details")
    wider = Column(
        name="details",
        type=ColumnType.RECORD,
        repeated=True,
        fields=(a_column("tax_zone"), *details.fields),
    )
    table = a_daily_table(tuple(wider if column.name == "details" else column for column in BUSINESS))
    assert days.run(days.row("r2"), table=table) == ["CREATE", "MERGE"]
    for name in ("bills_log", "bills_current"):
        [held] = [field for field in days.bigquery.tables[name].schema if field["name"] == "details"]
        assert held["fields"][-1]["name"] == "tax_zone"
    assert days.run(table=table) == ["CREATE"]
    assert "bills_current" in days.bigquery.statements[0]


@pytest.mark.parametrize("path", [("amount",), ("details", "amount")], ids=["column", "column of lines"])
def test_what_policy_tags_protect_is_never_copied_beside_them(days: Days, path: tuple[str, ...]) -> None:
    """A table of current rows would show it to everybody who may read the dataset."""
    days.run(days.row())
    days.run()
    fields: Any = days.bigquery.tables["bills_log"].schema
    for name in path:
        [field] = [field for field in fields if field["name"] == name]
        fields = field.get("fields", ())
    field["policyTags"] = {"names": ["projects/demo/locations/eu/taxonomies/1/policyTags/2"]}
    assert days.run(days.row("r2")) == ["CREATE"]
    assert "_current" not in days.bigquery.statements[0]
    assert "bills_current" not in days.bigquery.tables
    warehouse = days.open()
    assert all(line.ok and "next run" not in line.finding for line in warehouse.check([DAILY]))
    warehouse.close()
    assert days.run() == []
