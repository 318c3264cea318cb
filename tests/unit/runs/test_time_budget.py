"""Reading ends when the run's time does, and what was read in time is there."""

from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest

from connector.errors import AccessDeniedError, SourceUnavailableError
from connector.runs.interpreting import ReadingBatch
from connector.runs.run import Run
from connector.runs.time_budget import TimeBudget
from tests.builders import MORNING, an_id
from tests.unit.runs.small_rig import SmallRig, vendors

DOWN = SourceUnavailableError("Down.", action="Wait.")


def stops_after(asked: int) -> Callable[[], bool]:
    answers = chain([False] * asked, repeat(True))
    return lambda: next(answers)


def a_run(rig: SmallRig | None = None, *, asked: int = 99) -> Run:
    """Return a run whose time is up when it was looked at the clock so often."""
    return (rig or SmallRig()).build_run(is_stopping=stops_after(asked))


def out_of_time() -> SourceUnavailableError:
    error = SourceUnavailableError("Down.", action="Wait.")
    error.is_out_of_time = True
    return error


def a_page() -> ReadingBatch:
    return ReadingBatch(readings=(), read_at=MORNING)


def failing_after_a_page(error: Exception) -> Iterator[ReadingBatch]:
    yield a_page()
    raise error


class TestEach:
    def test_everything_is_read_while_there_is_time(self) -> None:
        budget = TimeBudget(a_run())
        assert list(budget.read_each([1, 2, 3], str)) == ["1", "2", "3"]
        assert not budget.is_used_up

    def test_reading_ends_between_two_requests(self) -> None:
        budget = TimeBudget(a_run(asked=2))
        assert list(budget.read_each([1, 2, 3], str)) == ["1", "2"]
        assert budget.is_used_up

    def test_once_used_up_nothing_more_is_read(self) -> None:
        run = a_run()
        run.count_page(1)
        budget = TimeBudget(run)
        list(budget.read_pages(failing_after_a_page(out_of_time())))
        assert budget.is_used_up
        assert not run.must_stop()
        assert list(budget.read_each([1], str)) == []

    def test_in_a_request_that_found_no_time_reading_ends_if_the_run_had_got_somewhere(self) -> None:
        def fail(_: int) -> int:
            raise out_of_time()

        run = a_run()
        with pytest.raises(SourceUnavailableError):
            list(TimeBudget(run).read_each([1], fail))
        run.count_page(1)
        budget = TimeBudget(run)
        assert list(budget.read_each([1], fail)) == []
        assert budget.is_used_up

    def test_other_errors_are_raised(self) -> None:
        run = a_run()
        run.count_page(1)
        for error in (DOWN, AccessDeniedError("No.", action="Ask.")):
            with pytest.raises(type(error)) as caught:
                list(TimeBudget(run).read_pages(failing_after_a_page(error)))
            assert caught.value is error


def test_records_are_read_by_their_ids_and_none_stands_for_one_that_is_gone() -> None:
    rig = SmallRig(*vendors(1))
    found = dict(TimeBudget(a_run(rig)).read_records([an_id(1), an_id(2)]))
    assert found == {an_id(1): vendors(1)[0], an_id(2): None}


class TestPages:
    def test_pages_are_counted_as_they_come(self) -> None:
        run = a_run()
        first, second = a_page(), a_page()
        pages = TimeBudget(run).read_pages([first, second])
        assert run.outcome.tally.pages == 0
        assert next(pages) is first
        assert run.outcome.tally.pages == 1
        assert list(pages) == [second]

    def test_a_page_that_was_worked_on_is_the_last_when_time_is_up(self) -> None:
        budget = TimeBudget(a_run(asked=1))
        assert len(list(budget.read_pages([a_page(), a_page(), a_page()]))) == 2
        assert budget.is_used_up

    def test_the_list_that_ends_with_the_time_is_not_known_to_have_ended(self) -> None:
        budget = TimeBudget(a_run(asked=0))
        assert len(list(budget.read_pages([a_page()]))) == 1
        assert budget.is_used_up
