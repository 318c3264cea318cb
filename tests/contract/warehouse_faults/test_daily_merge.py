"""Current rows that are merged once a day: which statements BigQuery gets, when, and what a run leaves that dies on the way."""

from datetime import timedelta

import pytest

from connector.adapters.bigquery.current_rows import TABLE_FROM_BYTES
from connector.errors import ConnectorError
from tests.contract.warehouse_current_contract import a_daily_table, a_kept_table
from tests.contract.warehouse_faults.days import DAILY, Days
from tests.stand_ins.scripted_bigquery_state import BigQueryState

MIDNIGHT = "TIMESTAMP '2026-03-16 00:00:00+00'"


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


def test_a_table_that_was_dropped_is_shown_no_more_and_filled_again(days: Days) -> None:
    days.run(days.row())
    days.run()
    del days.bigquery.tables["bills_current"]
    assert days.run() == ["CREATE", "MERGE"]
    assert "_current" not in days.bigquery.statements[0]
    assert days.since() == "0001-01-01T00:00:00Z"


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
