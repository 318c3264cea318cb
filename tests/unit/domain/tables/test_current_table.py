"""When the table of current rows is merged, and what the view reads until then."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.instants import FIRST
from connector.domain.tables.current_table import (
    MergePlan,
    keep_as_view,
    plan_first_merge,
    plan_merge,
    show_merged,
)
from tests.contract.warehouse_current_contract import a_daily_table, a_kept_table
from tests.contract.warehouse_rows import a_table

MIDNIGHT = datetime(2026, 3, 16, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAILY = a_daily_table()


def test_the_first_merge_takes_the_whole_log() -> None:
    assert plan_first_merge(MIDNIGHT + 12 * HOUR) == MergePlan(since=FIRST, until=MIDNIGHT)


@pytest.mark.parametrize("hours", [0, 5.99])
def test_what_was_read_shortly_before_a_merge_may_not_be_stored_yet(hours: float) -> None:
    assert plan_first_merge(MIDNIGHT + hours * HOUR).until == MIDNIGHT - DAY


def test_a_table_that_is_not_behind_is_left_alone() -> None:
    assert plan_merge(behind=None, until=MIDNIGHT, now=MIDNIGHT + 40 * DAY) is None


@pytest.mark.parametrize("hours", [0, 12, 29.99])
def test_until_the_next_morning_the_view_shows_what_was_logged(hours: float) -> None:
    assert plan_merge(behind=MIDNIGHT, until=MIDNIGHT, now=MIDNIGHT + hours * HOUR) is None


def test_the_next_morning_everything_is_merged_that_the_view_reads_from_the_log() -> None:
    plan = plan_merge(behind=MIDNIGHT + 9 * HOUR, until=MIDNIGHT, now=MIDNIGHT + 30 * HOUR)
    assert plan == MergePlan(since=MIDNIGHT, until=MIDNIGHT + DAY)


def test_rows_that_the_view_does_not_show_are_merged_at_once() -> None:
    plan = plan_merge(behind=MIDNIGHT - HOUR, until=MIDNIGHT, now=MIDNIGHT + 12 * HOUR)
    assert plan == MergePlan(since=MIDNIGHT - HOUR, until=MIDNIGHT)


def test_a_clock_that_went_back_takes_nothing_back() -> None:
    plan = plan_merge(behind=MIDNIGHT - 9 * DAY, until=MIDNIGHT, now=MIDNIGHT - 8 * DAY)
    assert plan == MergePlan(since=MIDNIGHT - 9 * DAY, until=MIDNIGHT)


def test_the_view_reads_the_log_from_where_the_table_ends() -> None:
    [view] = show_merged(DAILY, MIDNIGHT).views
    assert "`_synced_at` >= TIMESTAMP '2026-03-16 00:00:00+00'" in view.sql
    assert (view.name, view.columns) == (DAILY.views[0].name, DAILY.views[0].columns)


@pytest.mark.parametrize("table", [a_table(), a_kept_table()], ids=["view", "table"])
def test_other_forms_have_one_view_alone(table: object) -> None:
    assert show_merged(table, MIDNIGHT) == keep_as_view(table) == table  # type: ignore[arg-type]


def test_before_the_first_merge_and_where_nothing_is_charged_the_view_is_that_of_the_log() -> None:
    assert show_merged(DAILY, None) == DAILY
    kept = keep_as_view(DAILY)
    assert (kept.views, kept.merge, kept.superseded) == (DAILY.views, None, ("bills_current",))
    assert "bills_current" not in kept.views[0].sql
