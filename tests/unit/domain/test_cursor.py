"""Where a pass begins, how pages join, where the next pass begins."""

from datetime import timedelta

import pytest

from connector.domain.cursor import (
    STAMP_STEP,
    Plan,
    Seam,
    Window,
    compute_next_lower,
    plan_backfill,
    plan_incremental,
)
from tests.builders import MORNING, a_checkpoint, a_stream

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
LOOKBACK = timedelta(minutes=15)


class TestSeam:
    def test_an_offset_is_never_negative(self) -> None:
        assert Seam(offset=0).offset == 0
        with pytest.raises(ValueError, match="-1"):
            Seam(offset=-1)

    def test_the_first_request_begins_at_the_beginning(self) -> None:
        assert Seam().build_window(100) == Window(skip=0, top=100)

    def test_each_further_request_repeats_one_row(self) -> None:
        assert Seam(offset=1).build_window(100) == Window(skip=0, top=100)
        assert Seam(offset=100).build_window(100) == Window(skip=99, top=100)

    def test_new_rows_begin_after_the_right_most_known_one(self) -> None:
        seam = Seam(offset=3, known=("a", "b", "c"))
        assert seam.find_new(Window(skip=2, top=5), ["c", "d", "e"]) == 1
        assert seam.find_new(Window(skip=2, top=5), ["b", "x", "c", "d"]) == 3
        assert seam.find_new(Window(skip=2, top=5), ["c"]) == 1

    def test_without_a_known_row_the_place_is_lost_but_at_the_beginning_everything_is_new(self) -> None:
        seam = Seam(offset=3, known=("a", "b", "c"))
        assert seam.find_new(Window(skip=1, top=5), ["x", "y"]) is None
        assert seam.find_new(Window(skip=1, top=5), []) is None
        assert seam.find_new(Window(skip=0, top=5), ["x", "y"]) == 0

    def test_the_search_goes_back_by_pages_that_double(self) -> None:
        seam = Seam(offset=1000, known=("a",))
        skips = []
        for _ in range(5):
            window = seam.build_window(100)
            seam = seam.step_back(window, 100)
            skips.append(seam.build_window(100).skip)
        assert skips == [899, 699, 299, 0, 0]
        assert seam.known == ("a",)

    def test_only_falling_back_to_the_very_beginning_counts_as_a_restart(self) -> None:
        seam = Seam(offset=250)
        once = seam.step_back(seam.build_window(100), 100)
        twice = once.step_back(once.build_window(100), 100)
        assert (once.offset, once.restarts, once.step) == (150, 0, 100)
        assert (twice.offset, twice.restarts, twice.step) == (0, 1, 200)
        again = Seam(offset=101, restarts=3)
        assert again.step_back(again.build_window(100), 100).restarts == 4

    def test_a_found_place_ends_the_search_and_keeps_the_count_of_restarts(self) -> None:
        seam = Seam(offset=30, known=("a", "b"), step=40, restarts=2)
        after = seam.advance(Window(skip=29, top=3), ["b", "c", "d"], 1, 3)
        assert after == Seam(offset=32, known=("a", "b", "c", "d"), step=0, restarts=2)

    def test_the_rows_of_two_pages_are_known_and_the_oldest_are_forgotten(self) -> None:
        seam = Seam(offset=4, known=("a", "b", "c", "d"))
        assert seam.advance(Window(skip=3, top=2), ["d", "e"], 1, 2).known == ("b", "c", "d", "e")

    @pytest.mark.parametrize(
        ("marks", "start", "is_end"),
        [(["a"], 1, True), ([], 0, True), (["a", "b"], 2, False), (["a", "b"], 1, False), (["b"], 0, False)],
    )
    def test_only_a_page_with_nothing_but_its_anchor_is_the_end(
        self, marks: list[str], start: int, is_end: bool
    ) -> None:
        assert Seam().is_end(marks, start) is is_end


class TestNextLower:
    def test_in_a_busy_list_the_lookback_is_read_again(self) -> None:
        lower = compute_next_lower(previous=None, highest=MORNING, signpost=MORNING, lookback=LOOKBACK)
        assert lower == MORNING - LOOKBACK

    def test_in_a_quiet_list_nothing_is_read_again(self) -> None:
        signpost = MORNING + LOOKBACK + SECOND
        lower = compute_next_lower(previous=None, highest=MORNING, signpost=signpost, lookback=LOOKBACK)
        assert lower == MORNING + STAMP_STEP == MORNING + SECOND

    def test_the_bound_never_goes_back(self) -> None:
        previous = MORNING + HOUR
        found = compute_next_lower(previous=previous, highest=MORNING, signpost=MORNING, lookback=LOOKBACK)
        assert found == previous
        later = compute_next_lower(
            previous=MORNING - HOUR, highest=MORNING, signpost=MORNING, lookback=LOOKBACK
        )
        assert later == MORNING - LOOKBACK

    @pytest.mark.parametrize("previous", [None, MORNING])
    def test_without_a_stamp_nothing_moves(self, previous: None) -> None:
        found = compute_next_lower(previous=previous, highest=None, signpost=MORNING, lookback=LOOKBACK)
        assert found == previous


class TestPlans:
    def test_the_first_pass_reads_everything(self) -> None:
        plan = plan_incremental(a_stream(lower=None), has_cursor_field=True, table_is_new=False)
        assert plan == Plan(lower=None, checkpoint=None)
        assert plan.is_complete

    def test_the_next_pass_begins_where_the_last_one_said(self) -> None:
        plan = plan_incremental(a_stream(lower=MORNING), has_cursor_field=True, table_is_new=False)
        assert (plan.lower, plan.checkpoint, plan.is_complete) == (MORNING, None, False)

    def test_an_unfinished_pass_goes_on_with_its_own_bound(self) -> None:
        point = a_checkpoint(lower=MORNING - HOUR)
        stream = a_stream(lower=MORNING, checkpoints={"incremental": point, "backfill": a_checkpoint()})
        plan = plan_incremental(stream, has_cursor_field=True, table_is_new=False)
        assert plan == Plan(lower=MORNING - HOUR, checkpoint=point)

    def test_an_unfinished_pass_over_everything_goes_on_over_everything(self) -> None:
        point = a_checkpoint(lower=None)
        stream = a_stream(lower=MORNING, checkpoints={"incremental": point})
        assert plan_incremental(stream, has_cursor_field=True, table_is_new=False) == Plan(
            lower=None, checkpoint=point
        )

    def test_a_new_table_makes_all_memory_worthless(self) -> None:
        stream = a_stream(lower=MORNING, checkpoints={"incremental": a_checkpoint(lower=None)})
        assert plan_incremental(stream, has_cursor_field=True, table_is_new=True) == Plan(
            lower=None, checkpoint=None
        )

    def test_without_a_cursor_field_everything_is_read_each_time(self) -> None:
        filtered, whole = a_checkpoint(lower=MORNING), a_checkpoint(lower=None)
        for point, resumed in ((filtered, None), (whole, whole)):
            stream = a_stream(lower=MORNING, checkpoints={"incremental": point})
            plan = plan_incremental(stream, has_cursor_field=False, table_is_new=False)
            assert plan == Plan(lower=None, checkpoint=resumed)
        assert plan_incremental(a_stream(), has_cursor_field=False, table_is_new=False) == Plan(lower=None)

    def test_a_backfill_goes_on_only_for_the_same_instant(self) -> None:
        point = a_checkpoint(lower=MORNING)
        stream = a_stream(checkpoints={"backfill": point, "incremental": a_checkpoint()})
        assert plan_backfill(stream, since=MORNING, has_cursor_field=True) == Plan(
            lower=MORNING, checkpoint=point
        )
        assert plan_backfill(stream, since=None, has_cursor_field=True) == Plan(lower=None)
        assert plan_backfill(stream, since=MORNING + HOUR, has_cursor_field=True) == Plan(
            lower=MORNING + HOUR
        )

    def test_a_backfill_without_a_cursor_field_is_one_of_everything(self) -> None:
        plan = plan_backfill(a_stream(), since=MORNING, has_cursor_field=False)
        assert plan == Plan(lower=None, checkpoint=None)
