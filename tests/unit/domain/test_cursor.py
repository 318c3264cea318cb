"""Where a pass begins, how pages join, where the next pass begins."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.cursor import (
    STAMP_STEP,
    PageOverlap,
    Plan,
    RowWindow,
    compute_next_lower,
    plan_backfill,
    plan_incremental,
)
from tests.builders import MORNING, a_checkpoint, an_entity_state

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
LOOKBACK = timedelta(minutes=15)


class TestSeam:
    def test_an_offset_is_never_negative(self) -> None:
        assert PageOverlap(offset=0).offset == 0
        with pytest.raises(ValueError, match="-1"):
            PageOverlap(offset=-1)

    def test_the_first_request_begins_at_the_beginning(self) -> None:
        assert PageOverlap().build_window(100) == RowWindow(skip=0, top=100)

    def test_each_further_request_repeats_one_row(self) -> None:
        assert PageOverlap(offset=1).build_window(100) == RowWindow(skip=0, top=100)
        assert PageOverlap(offset=100).build_window(100) == RowWindow(skip=99, top=100)

    def test_new_rows_begin_after_the_right_most_known_one(self) -> None:
        overlap = PageOverlap(offset=3, known=("a", "b", "c"))
        assert overlap.find_new(RowWindow(skip=2, top=5), ["c", "d", "e"]) == 1
        assert overlap.find_new(RowWindow(skip=2, top=5), ["b", "x", "c", "d"]) == 3
        assert overlap.find_new(RowWindow(skip=2, top=5), ["c"]) == 1

    def test_without_a_known_row_the_place_is_lost_but_at_the_beginning_everything_is_new(self) -> None:
        overlap = PageOverlap(offset=3, known=("a", "b", "c"))
        assert overlap.find_new(RowWindow(skip=1, top=5), ["x", "y"]) is None
        assert overlap.find_new(RowWindow(skip=1, top=5), []) is None
        assert overlap.find_new(RowWindow(skip=0, top=5), ["x", "y"]) == 0

    def test_the_search_goes_back_by_pages_that_double(self) -> None:
        overlap = PageOverlap(offset=1000, known=("a",))
        skips = []
        for _ in range(5):
            window = overlap.build_window(100)
            overlap = overlap.step_back(window, 100)
            skips.append(overlap.build_window(100).skip)
        assert skips == [899, 699, 299, 0, 0]
        assert overlap.known == ("a",)

    def test_only_falling_back_to_the_very_beginning_counts_as_a_restart(self) -> None:
        overlap = PageOverlap(offset=250)
        once = overlap.step_back(overlap.build_window(100), 100)
        twice = once.step_back(once.build_window(100), 100)
        assert (once.offset, once.restarts, once.step) == (150, 0, 100)
        assert (twice.offset, twice.restarts, twice.step) == (0, 1, 200)
        again = PageOverlap(offset=101, restarts=3)
        assert again.step_back(again.build_window(100), 100).restarts == 4

    def test_a_found_place_ends_the_search_and_keeps_the_count_of_restarts(self) -> None:
        overlap = PageOverlap(offset=30, known=("a", "b"), step=40, restarts=2)
        after = overlap.advance(RowWindow(skip=29, top=3), ["b", "c", "d"], 1, 3)
        assert after == PageOverlap(offset=32, known=("a", "b", "c", "d"), step=0, restarts=2)

    def test_the_rows_of_two_pages_are_known_and_the_oldest_are_forgotten(self) -> None:
        overlap = PageOverlap(offset=4, known=("a", "b", "c", "d"))
        assert overlap.advance(RowWindow(skip=3, top=2), ["d", "e"], 1, 2).known == ("b", "c", "d", "e")

    @pytest.mark.parametrize(
        ("fingerprints", "start", "is_end"),
        [(["a"], 1, True), ([], 0, True), (["a", "b"], 2, False), (["a", "b"], 1, False), (["b"], 0, False)],
    )
    def test_only_a_page_with_nothing_but_its_anchor_is_the_end(
        self, fingerprints: list[str], start: int, is_end: bool
    ) -> None:
        assert PageOverlap().is_end(fingerprints, start) is is_end


class TestNextLower:
    def test_in_a_busy_list_the_lookback_is_read_again(self) -> None:
        changed_since = compute_next_lower(
            previous=None,
            watermark=MORNING,
            highest_listed=MORNING,
            source_time_at_start=MORNING,
            lookback=LOOKBACK,
        )
        assert changed_since == MORNING - LOOKBACK

    def test_in_a_quiet_list_nothing_is_read_again(self) -> None:
        source_time_at_start = MORNING + LOOKBACK + SECOND
        changed_since = compute_next_lower(
            previous=None,
            watermark=MORNING,
            highest_listed=MORNING,
            source_time_at_start=source_time_at_start,
            lookback=LOOKBACK,
        )
        assert changed_since == MORNING + STAMP_STEP == MORNING + SECOND

    @pytest.mark.parametrize("previous", [MORNING - HOUR, MORNING + HOUR])
    def test_the_bound_goes_back_with_the_clock(self, previous: datetime) -> None:
        found = compute_next_lower(
            previous=previous,
            watermark=MORNING,
            highest_listed=MORNING,
            source_time_at_start=MORNING,
            lookback=LOOKBACK,
        )
        assert found == MORNING - LOOKBACK

    def test_no_stamp_and_no_clock_leads_out_of_the_calendar(self) -> None:
        last = datetime(9999, 12, 31, 23, 59, 59, 997_000, tzinfo=UTC)
        first = datetime(1, 1, 1, tzinfo=UTC)
        for clock, expected in ((MORNING, MORNING - LOOKBACK), (last, last - LOOKBACK), (first, first)):
            found = compute_next_lower(
                previous=None,
                watermark=last,
                highest_listed=last,
                source_time_at_start=clock,
                lookback=LOOKBACK,
            )
            assert found == expected

    @pytest.mark.parametrize(
        ("previous", "listed", "expected"),
        [
            (None, MORNING - HOUR, MORNING - HOUR + SECOND),
            (MORNING - HOUR, None, MORNING - HOUR),
            (MORNING + HOUR, None, MORNING + SECOND),
        ],
    )
    def test_a_watermark_of_another_stamp_field_leaves_nothing_out(
        self, previous: datetime | None, listed: datetime | None, expected: datetime
    ) -> None:
        found = compute_next_lower(
            previous=previous,
            watermark=MORNING,
            highest_listed=listed,
            source_time_at_start=MORNING + HOUR,
            lookback=LOOKBACK,
        )
        assert found == expected

    @pytest.mark.parametrize("previous", [None, MORNING])
    def test_without_a_stamp_nothing_moves(self, previous: None) -> None:
        found = compute_next_lower(
            previous=previous,
            watermark=None,
            highest_listed=None,
            source_time_at_start=MORNING,
            lookback=LOOKBACK,
        )
        assert found == previous


class TestPlans:
    def test_the_first_pass_reads_everything(self) -> None:
        plan = plan_incremental(
            an_entity_state(changed_since=None), has_cursor_field=True, table_is_new=False
        )
        assert plan == Plan(changed_since=None, checkpoint=None)
        assert plan.is_complete

    def test_the_next_pass_begins_where_the_last_one_said(self) -> None:
        plan = plan_incremental(
            an_entity_state(changed_since=MORNING), has_cursor_field=True, table_is_new=False
        )
        assert (plan.changed_since, plan.checkpoint, plan.is_complete) == (MORNING, None, False)

    def test_an_unfinished_pass_goes_on_with_its_own_bound(self) -> None:
        point = a_checkpoint(changed_since=MORNING - HOUR)
        entity_state = an_entity_state(
            changed_since=MORNING, checkpoints={"incremental": point, "backfill": a_checkpoint()}
        )
        plan = plan_incremental(entity_state, has_cursor_field=True, table_is_new=False)
        assert plan == Plan(changed_since=MORNING - HOUR, checkpoint=point)

    def test_an_unfinished_pass_over_everything_goes_on_over_everything(self) -> None:
        point = a_checkpoint(changed_since=None)
        entity_state = an_entity_state(changed_since=MORNING, checkpoints={"incremental": point})
        assert plan_incremental(entity_state, has_cursor_field=True, table_is_new=False) == Plan(
            changed_since=None, checkpoint=point
        )

    def test_a_new_table_makes_all_memory_worthless(self) -> None:
        entity_state = an_entity_state(
            changed_since=MORNING, checkpoints={"incremental": a_checkpoint(changed_since=None)}
        )
        assert plan_incremental(entity_state, has_cursor_field=True, table_is_new=True) == Plan(
            changed_since=None, checkpoint=None
        )

    def test_without_a_cursor_field_everything_is_read_each_time(self) -> None:
        filtered, whole = a_checkpoint(changed_since=MORNING), a_checkpoint(changed_since=None)
        for point, resumed in ((filtered, None), (whole, whole)):
            entity_state = an_entity_state(changed_since=MORNING, checkpoints={"incremental": point})
            plan = plan_incremental(entity_state, has_cursor_field=False, table_is_new=False)
            assert plan == Plan(changed_since=None, checkpoint=resumed)
        assert plan_incremental(an_entity_state(), has_cursor_field=False, table_is_new=False) == Plan(
            changed_since=None
        )

    def test_a_backfill_goes_on_only_for_the_same_instant(self) -> None:
        point = a_checkpoint(changed_since=MORNING)
        entity_state = an_entity_state(checkpoints={"backfill": point, "incremental": a_checkpoint()})
        assert plan_backfill(entity_state, since=MORNING, has_cursor_field=True) == Plan(
            changed_since=MORNING, checkpoint=point
        )
        assert plan_backfill(entity_state, since=None, has_cursor_field=True) == Plan(changed_since=None)
        assert plan_backfill(entity_state, since=MORNING + HOUR, has_cursor_field=True) == Plan(
            changed_since=MORNING + HOUR
        )

    def test_a_backfill_without_a_cursor_field_is_one_of_everything(self) -> None:
        plan = plan_backfill(an_entity_state(), since=MORNING, has_cursor_field=False)
        assert plan == Plan(changed_since=None, checkpoint=None)
