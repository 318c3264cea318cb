"""Current rows that are merged once a day: which statements BigQuery gets, when, and what a run leaves that dies on the way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.adapters.bigquery.current_rows import TABLE_FROM_BYTES
from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.domain.batch import Row
from connector.domain.tables.schema import Column, ColumnType, Table
from connector.errors import ConnectorError
from tests.contract.warehouse_current_contract import a_daily_table, a_kept_table
from tests.contract.warehouse_faults.conftest import open_warehouse
from tests.contract.warehouse_rows import BUSINESS, a_column, a_row, an_append
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.scripted_bigquery_state import BigQueryState

DAILY = a_daily_table()
NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)
MIDNIGHT = "TIMESTAMP '2026-03-16 00:00:00+00'"


class Days:
    """Runs, each with a warehouse of its own, by a clock that a test moves."""

    def __init__(self, url: str, bigquery: BigQueryState, from_bytes: int = 0) -> None:
        self.bigquery, self.clock = bigquery, FakeClock(NOON)
        self._url, self._from_bytes, self._batches = url, from_bytes, 0

    def open(self) -> BigQueryWarehouse:
        return open_warehouse(self._url, self.clock, table_from_bytes=self._from_bytes)

    def run(self, *rows: Row, table: Table = DAILY, is_killed: bool = False) -> list[str]:
        """Prepare, append, and refresh unless the run is killed before; return the statements."""
        self.bigquery.statements.clear()
        warehouse = self.open()
        try:
            warehouse.prepare(table)
            if rows:
                self._batches += 1
                warehouse.append(an_append(*rows, table=table, batch_id=str(self._batches)))
            if not is_killed:
                warehouse.refresh(table)
        finally:
            warehouse.close()
        return [statement.split(" ", 1)[0] for statement in self.bigquery.statements]

    def read_at(self, hours_ago: int = 0) -> str:
        return f"{self.clock.now() - timedelta(hours=hours_ago):%Y-%m-%dT%H:%M:%SZ}"

    def row(self, record: str = "r1", hours_ago: int = 0) -> Row:
        return a_row(record, _synced_at=self.read_at(hours_ago))

    @property
    def labels(self) -> dict[str, str]:
        labels: dict[str, str] = self.bigquery.tables["bills_current"].resource["labels"]
        return labels

    def since(self) -> str:
        """Where the last MERGE began."""
        queries = [job["configuration"].get("query", {}) for job in self.bigquery.jobs.values()]
        (parameter,) = [query["queryParameters"] for query in queries if "queryParameters" in query][-1]
        value: str = parameter["parameterValue"]["value"]
        return value


@pytest.fixture
def days(scripted: tuple[str, BigQueryState]) -> Days:
    return Days(*scripted)


def test_the_first_run_fills_the_table_and_the_next_one_shows_it(days: Days) -> None:
    assert days.run(days.row()) == ["CREATE", "MERGE"]
    assert "_current" not in days.bigquery.statements[0], "until then the view is that of the log alone"
    assert days.since() == "0001-01-01T00:00:00Z"
    assert days.run() == ["CREATE"]
    assert f"`_synced_at` >= {MIDNIGHT}" in days.bigquery.statements[0]
    assert days.run() == []


def test_a_small_log_has_the_view_and_no_table(scripted: tuple[str, BigQueryState]) -> None:
    days = Days(*scripted, from_bytes=TABLE_FROM_BYTES)
    assert days.run(days.row()) == ["CREATE"]
    days.bigquery.calls.clear()
    assert days.run() == []
    assert days.bigquery.calls == {"get table": 1, "list tables": 1}, "a run asks for nothing more"
    assert "bills_current" not in days.bigquery.tables


def test_a_log_that_has_grown_gets_its_table_with_the_next_run(scripted: tuple[str, BigQueryState]) -> None:
    days = Days(*scripted, from_bytes=1)
    assert [days.run(days.row()), days.run(), days.run(), days.run()] == [
        ["CREATE"],
        ["MERGE"],
        ["CREATE"],
        [],
    ]


def test_there_is_one_merge_a_day_whatever_is_logged(days: Days) -> None:
    days.run(days.row())
    assert [days.run(days.row(f"s{hour}")).count("MERGE") for hour in range(3)] == [0, 0, 0]
    days.clock.advance(timedelta(hours=17))
    assert "MERGE" not in days.run(days.row("r2")), (
        "what was read shortly before midnight may not be stored yet"
    )
    days.clock.advance(timedelta(hours=1))
    assert "MERGE" in days.run(days.row("r3"))
    assert days.since() == "2026-03-16T00:00:00Z", (
        "from where the view reads the log, whatever the label says"
    )
    assert days.run(days.row("r4")) == ["CREATE"]
    assert "TIMESTAMP '2026-03-17 00:00:00+00'" in days.bigquery.statements[0]


def test_where_nothing_was_logged_nothing_is_merged_and_the_view_stays(days: Days) -> None:
    days.run(days.row())
    days.run()
    days.clock.advance(timedelta(days=3))
    assert days.run() == []


def test_rows_read_before_the_views_literal_are_merged_by_the_run_that_logs_them(days: Days) -> None:
    """A replay of what was read long ago, or a run that stalled."""
    days.run(days.row())
    days.clock.advance(timedelta(hours=3))
    assert "MERGE" in days.run(days.row("late", hours_ago=50))
    assert days.since() == "2026-03-14T13:00:00Z"
    assert days.run() == []


def test_a_run_that_dies_after_logging_them_leaves_the_merge_to_the_next(days: Days) -> None:
    days.run(days.row())
    days.run()
    assert days.run(days.row("late", hours_ago=50), is_killed=True) == []
    assert days.run() == ["MERGE"]
    assert days.labels["behind_since"] == ""


def test_a_run_that_dies_between_the_merge_and_its_labels_merges_again(days: Days) -> None:
    days.run(days.row())
    days.run()
    days.clock.advance(timedelta(days=1))
    days.run(days.row("r2"), is_killed=True)
    days.bigquery.fail("patch table", 403, "accessDenied")
    assert days.run() == ["MERGE"]
    assert days.run() == ["MERGE"], "and the view stays as it was, which is older and right"
    assert days.run() == ["CREATE"]


def test_a_merge_that_fails_ends_no_run_whose_rows_show_without_it(
    days: Days, caplog: pytest.LogCaptureFixture
) -> None:
    """As where the project may query only so many bytes a day."""
    days.run(is_killed=True)
    days.bigquery.fail_query("quotaExceeded", times=50)
    days.run(days.row())
    assert days.bigquery.ids("bills_log") == ["r1"]
    assert "bills_current is not merged: until a run can, queries read more of the log." in caplog.text
    days.bigquery.query_faults.clear()
    assert days.run() == ["MERGE"]
    days.clock.advance(timedelta(days=1))
    days.run(days.row("r2"), is_killed=True)
    days.bigquery.fail_query("quotaExceeded", times=50)
    days.run()
    days.bigquery.query_faults.clear()
    assert days.run() == ["MERGE"]


def test_a_merge_that_fails_ends_the_run_whose_rows_do_not_show(days: Days) -> None:
    days.run(days.row())
    days.run()
    days.run(days.row("late", hours_ago=50), is_killed=True)
    days.bigquery.fail_query("quotaExceeded", times=50)
    with pytest.raises(ConnectorError):
        days.run()


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


def test_a_table_that_was_dropped_is_shown_no_more_and_filled_again(days: Days) -> None:
    days.run(days.row())
    days.run()
    del days.bigquery.tables["bills_current"]
    assert days.run() == ["CREATE", "MERGE"]
    assert "_current" not in days.bigquery.statements[0]
    assert days.since() == "0001-01-01T00:00:00Z"


def test_a_new_field_becomes_a_column_of_the_table_before_the_view_shows_it(days: Days) -> None:
    days.run(days.row())
    days.run()
    wider = a_daily_table((*BUSINESS, a_column("terms")))
    assert days.run(days.row("r2"), table=wider) == ["CREATE"]
    fields = days.bigquery.tables["bills_current"].schema
    assert "terms" in [column["name"] for column in fields]
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


def test_what_somebody_else_calls_so_is_left_alone(days: Days) -> None:
    days.open().prepare(a_daily_table())
    foreign = days.bigquery.tables["bills_log"].resource | {"labels": {}}
    foreign["tableReference"] = {**foreign["tableReference"], "tableId": "bills_current"}
    days.bigquery.tables["bills_current"] = type(days.bigquery.tables["bills_log"])(resource=foreign)
    assert days.run(days.row()) == []
    assert days.labels == {}


def test_from_a_table_merged_after_every_run_and_back(days: Days) -> None:
    kept = a_kept_table()
    assert days.run(days.row(), table=kept) == ["MERGE", "CREATE", "MERGE"]
    assert days.run(days.row("r2")) == ["CREATE", "MERGE"]
    assert "_current" not in days.bigquery.statements[0], (
        "nobody knows up to when that table holds everything"
    )
    assert days.run(days.row("r3"), table=kept) == ["MERGE", "CREATE", "MERGE"]
    assert "WHERE NOT `_deleted`" in days.bigquery.statements[1]


def test_check_tries_the_view_as_it_is_and_misses_nothing(days: Days) -> None:
    days.run(days.row())
    days.run()
    warehouse = days.open()
    [line] = [line for line in warehouse.check([DAILY]) if line.subject == "BigQuery table bills_log"]
    warehouse.close()
    assert (line.ok, line.finding) == (
        True,
        "can be read and written; its 1 views are valid (up to 0.0 MB a query)",
    )


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
    assert days.run(days.row("r2"), table=table) == ["CREATE"]
    for name in ("bills_log", "bills_current"):
        [held] = [field for field in days.bigquery.tables[name].schema if field["name"] == "details"]
        assert held["fields"][-1]["name"] == "tax_zone"
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
