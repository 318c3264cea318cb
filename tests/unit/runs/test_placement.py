"""A version read now stands above all that the warehouse shows, whatever the clocks say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.domain.versions import Place
from connector.runs.placement import TICK, Placing
from tests.builders import MORNING

LOOKBACK, HOUR = timedelta(minutes=15), timedelta(hours=1)
NOON = MORNING + 6 * HOUR
LAST = datetime(9999, 12, 31, 23, 59, 59, 997_000, tzinfo=UTC)


def place(
    placing: Placing,
    stamp: datetime | None,
    shown: Place | None = None,
    *,
    read_at: datetime = NOON,
    source_time: datetime = NOON,
) -> Place:
    return placing.place(stamp, read_at=read_at, source_time=source_time, shown=shown)


def a_place(modified_at: datetime | None = MORNING, synced_at: datetime = MORNING) -> Place:
    return Place(modified_at=modified_at, synced_at=synced_at)


def test_where_the_clocks_are_right_a_row_stands_where_its_stamp_says() -> None:
    placing = Placing(LOOKBACK)
    for shown in (None, a_place(), a_place(None)):
        assert place(placing, NOON, shown) == a_place(NOON, NOON)
    assert place(placing, None) == a_place(None, NOON)
    assert placing.describe() == {}


@pytest.mark.parametrize("stamp", [None, MORNING - TICK, datetime(1, 1, 1, tzinfo=UTC)])
def test_a_stamp_that_is_missing_or_earlier_is_lifted_to_the_one_shown(stamp: datetime | None) -> None:
    placing = Placing(LOOKBACK)
    assert place(placing, stamp, a_place()) == a_place(MORNING, NOON)
    assert placing.describe() == {"shown_under_a_later_stamp": 1}


@pytest.mark.parametrize("stamp", [None, MORNING])
def test_of_equal_stamps_the_one_read_now_is_later_though_our_clock_went_back(stamp: datetime | None) -> None:
    placing, shown = Placing(LOOKBACK), a_place(stamp, NOON + 5 * HOUR)
    first = place(placing, stamp, shown)
    assert first == a_place(stamp, NOON + 5 * HOUR + TICK)
    assert place(placing, stamp, first) == a_place(stamp, NOON + 5 * HOUR + 2 * TICK)
    assert place(placing, NOON, shown).synced_at == NOON + 5 * HOUR + 2 * TICK, (
        "later rows of the run move too"
    )
    assert placing.describe() == {"own_clock_behind_seconds": 5 * 3600}


def test_a_later_stamp_needs_no_later_reading() -> None:
    placing = Placing(LOOKBACK)
    assert place(placing, NOON, a_place(MORNING, NOON + 5 * HOUR)) == a_place(NOON, NOON)


@pytest.mark.parametrize("stamp", [NOON + LOOKBACK + TICK, LAST])
def test_a_stamp_ahead_of_both_clocks_is_no_guide(stamp: datetime) -> None:
    placing = Placing(LOOKBACK)
    assert place(placing, stamp).modified_at == NOON + LOOKBACK
    assert place(placing, stamp, read_at=NOON + HOUR).modified_at == min(stamp, NOON + HOUR + LOOKBACK)
    assert placing.describe()["stamps_ahead_of_the_clock"] >= 1


@pytest.mark.parametrize("clocks", [{"read_at": MORNING}, {"source_time": MORNING}])
def test_one_clock_that_bears_a_stamp_out_is_enough(clocks: Any) -> None:
    placing = Placing(LOOKBACK)
    assert place(placing, NOON, **clocks).modified_at == NOON
    assert placing.describe() == {}


@pytest.mark.parametrize(
    ("stamp", "kept"),
    [(MORNING, MORNING), (NOON + LOOKBACK + HOUR, NOON + LOOKBACK), (None, None)],
    ids=["as it is", "cut", "none"],
)
def test_a_kept_version_stands_where_it_was_read(stamp: datetime | None, kept: datetime | None) -> None:
    assert Placing(LOOKBACK).place_kept(stamp, NOON) == a_place(kept, NOON)


def test_the_end_of_the_calendar_is_not_passed() -> None:
    placing = Placing(LOOKBACK)
    assert place(placing, LAST, a_place(LAST, LAST), source_time=LAST).modified_at == LAST
