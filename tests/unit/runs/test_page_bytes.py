"""Pages bounded by their bytes: as many rows as fit, judged by the page before, and fewer after a run that was killed."""

from datetime import timedelta
from typing import Any

import pytest

from connector.domain.entity import Depth
from connector.domain.entity_state import PageLimit
from connector.domain.run import Mode, Status
from connector.runs.page_size import FIRST_ROWS, GROWTH, LARGER_AGAIN_AFTER_A_KILL, MIN_ROWS, TOO_LARGE
from tests.builders import MORNING, an_id
from tests.fault.mortal import Killed, Life
from tests.unit.runs.small_rig import SmallRig, copied, remember, vendors

PAGE_BYTES = 100_000
FITTING = 19
"""How many rows of 5,000 bytes and a little fit."""
LARGE: dict[str, Any] = {"page_size": 1000, "page_bytes": PAGE_BYTES}


def a_rig(count: int, *, of_bytes: int, first: int = 1) -> SmallRig:
    return SmallRig(*rows_of(range(first, first + count), of_bytes))


def rows_of(numbers: Any, of_bytes: int) -> list[bytes]:
    """Return rows of about so many bytes."""
    return vendors(*numbers, Note="x" * of_bytes)


def tops(rig: SmallRig) -> list[int]:
    return [query.top for query in rig.source.queries if not query.keys_only]


def sizes(rig: SmallRig) -> list[int]:
    """Return how large the pages were."""
    rows = list(rig.source.rows.values())
    return [sum(map(len, rows[query.skip : query.skip + query.top])) for query in rig.source.queries]


def be_killed(rig: SmallRig, **limits: Any) -> None:
    """Let a run die at its first write, and its lease end."""

    def decide(moment: str, count: int) -> Killed | None:
        return Killed(moment) if (moment, count) == ("before warehouse.append", 1) else None

    with pytest.raises(Killed):
        rig.run(life=Life(decide), **limits)
    rig.clock.advance(timedelta(hours=1))
    rig.source.queries.clear()


class TestWhatFits:
    def test_the_first_page_is_small_and_the_next_ones_fit(self) -> None:
        rig = a_rig(300, of_bytes=5_000)
        result = rig.run(**LARGE)
        assert (result.status, result.records_written) == (Status.SUCCEEDED, 300)
        assert tops(rig)[0] == FIRST_ROWS
        assert set(tops(rig)[1:]) == {FITTING}
        assert max(sizes(rig)[1:]) <= PAGE_BYTES
        assert "page_size" not in result.details, "nothing is wrong"

    def test_pages_of_small_records_grow_to_the_configured_size(self) -> None:
        rig = a_rig(3000, of_bytes=1)
        rig.run(page_size=1000)
        assert tops(rig)[:3] == [FIRST_ROWS, FIRST_ROWS * GROWTH, 1000]

    def test_the_next_run_begins_with_what_fits(self) -> None:
        rig = a_rig(300, of_bytes=5_000)
        rig.run(**LARGE)
        rig.source.queries.clear()
        rig.run(Mode.RECONCILE, depth=Depth.CONTENT, **LARGE)
        assert set(tops(rig)) == {FITTING}

    def test_a_few_small_records_do_not_make_the_next_pages_large(self) -> None:
        rig = a_rig(300, of_bytes=5_000)
        rig.run(**LARGE)
        before = rig.entity_state.record_bytes
        rig.source.put(*vendors(400, modified_at=rig.clock.now()))
        rig.run(**LARGE)
        assert rig.entity_state.record_bytes == before

    def test_records_that_grow_along_the_list_are_read_by_smaller_pages(self) -> None:
        rig = a_rig(300, of_bytes=100)
        rig.source.put(*rows_of(range(301, 400), 20_000))
        result = rig.run(**LARGE)
        assert (result.status, result.records_written) == (Status.SUCCEEDED, 399)
        assert tops(rig)[-1] < 10

    def test_an_answer_that_is_too_large_is_read_as_far_as_a_page_may_go(self) -> None:
        rig = a_rig(300, of_bytes=100)
        rig.source.put(*rows_of(range(301, 400), 20_000))
        read = rig.source.read_list
        given: list[int] = []

        def read_list(query: Any) -> Any:
            answer = read(query)
            given.append(sum(map(len, answer.rows)))
            return answer

        rig.source.read_list = read_list  # type: ignore[method-assign]
        assert rig.run(**LARGE).records_written == 399
        assert PAGE_BYTES < max(given) <= TOO_LARGE * PAGE_BYTES

    def test_documents_larger_than_a_page_come_by_two(self) -> None:
        rig = a_rig(30, of_bytes=3 * PAGE_BYTES)
        result = rig.run(**LARGE)
        assert (result.status, result.records_written) == (Status.SUCCEEDED, 30), result.error
        assert set(tops(rig)[8:]) == {MIN_ROWS}

    def test_records_that_differ_are_read_and_written_by_portions(self) -> None:
        rig = copied(*range(1, 41))
        later = MORNING + timedelta(hours=1)
        rig.source.put(*vendors(*range(1, 41), Note="x" * 1_000, modified_at=later))
        result = rig.run(Mode.RECONCILE, page_size=1000, batch_bytes=10_000)
        assert (result.status, result.details["repaired"]) == (Status.SUCCEEDED, 40)
        assert max(len(append.rows) for append in rig.appends) <= 10


class TestAfterAKill:
    def test_the_next_run_begins_with_a_tenth(self, caplog: pytest.LogCaptureFixture) -> None:
        rig = a_rig(300, of_bytes=1)
        be_killed(rig, page_size=200)
        result = rig.run(page_size=200)
        assert (result.status, len(rig.shown())) == (Status.SUCCEEDED, 300)
        assert set(tops(rig)) == {20}
        assert result.details["page_size"] == 20
        assert rig.entity_state.page_limit is not None
        assert "the run of vendors before this one was killed" in caplog.text

    def test_it_is_a_tenth_of_what_fitted(self) -> None:
        rig = a_rig(300, of_bytes=1_000)
        remember(rig, record_bytes=1_000)
        be_killed(rig, **LARGE)
        rig.run(**LARGE)
        assert set(tops(rig)) == {PAGE_BYTES // 1_000 // 10}

    def test_a_run_killed_again_leaves_a_tenth_of_the_tenth(self) -> None:
        rig = a_rig(300, of_bytes=1)
        for rows in (1000, 100, 10, MIN_ROWS, MIN_ROWS):
            be_killed(rig, page_size=1000)
            limit = rig.entity_state.page_limit
            assert rows == (1000 if limit is None else limit.rows)

    def test_a_day_later_pages_grow_again(self) -> None:
        rig = a_rig(300, of_bytes=1)
        be_killed(rig, page_size=100)
        rig.run(page_size=100)
        rig.clock.advance(LARGER_AGAIN_AFTER_A_KILL)
        rig.source.queries.clear()
        result = rig.run(Mode.BACKFILL, page_size=100)
        assert (tops(rig)[0], max(tops(rig))) == (10, 100)
        assert "page_size" not in result.details
        assert rig.entity_state.page_limit is None

    def test_pages_that_fit_their_bytes_again_are_as_large_as_any(self) -> None:
        rig = a_rig(300, of_bytes=1_000)
        remember(rig, record_bytes=1_000, page_limit=PageLimit(rows=4, larger_again_at=rig.clock.now()))
        result = rig.run(**LARGE)
        assert max(tops(rig)) > 80
        assert "page_size" not in result.details

    def test_a_run_that_failed_is_no_run_that_was_killed(self) -> None:
        rig = a_rig(300, of_bytes=1)
        rig.source.broken_keys = {an_id(1)}
        assert rig.run(page_size=100).status is Status.FAILED
        rig.source.broken_keys = set()
        rig.source.queries.clear()
        rig.run(page_size=100)
        assert max(tops(rig)) == 100
