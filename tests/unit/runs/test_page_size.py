"""Pages that Acumatica cannot give: asked for in halves, down to the record, and never for nothing again."""

import logging
from datetime import timedelta

import pytest

from connector.domain.entity import Depth
from connector.domain.entity_state import PageLimit
from connector.domain.run import Mode, Status, got_further
from connector.errors import ConnectorError, SourceUnavailableError
from connector.runs.page_size import LARGER_AGAIN_AFTER
from tests.builders import an_id
from tests.stand_ins.list_source import failure
from tests.unit.runs.small_rig import SmallRig, vendors

NUMBERS = range(1, 41)
PAGE = 16


def a_rig(*, broken: tuple[int, ...] = (), largest_page: int | None = None) -> SmallRig:
    rig = SmallRig(*vendors(*NUMBERS))
    rig.source.broken = {an_id(number) for number in broken}
    rig.source.largest_page = largest_page
    return rig


def tops(rig: SmallRig) -> list[int]:
    """Return how many rows were asked for, each time that the list was asked for more than keys."""
    return [query.top for query in rig.source.queries if not query.keys_only]


class TestHeavyPages:
    def test_a_list_that_gives_small_pages_alone_is_copied_by_them(self) -> None:
        rig = a_rig(largest_page=5)
        result = rig.run(page_size=PAGE)
        assert (result.status, result.records_written, result.records_rejected) == (Status.SUCCEEDED, 40, 0)
        assert tops(rig)[:3] == [16, 8, 4]
        assert set(tops(rig)[2:]) == {4}, "kept for the pass"
        assert result.details["page_size"] == 4

    def test_what_helped_is_remembered_and_tried_larger_after_a_week(self) -> None:
        rig = a_rig(largest_page=5)
        rig.run(page_size=PAGE)
        found = PageLimit(rows=4, larger_again_at=rig.clock.now() + LARGER_AGAIN_AFTER)
        assert rig.entity_state.page_limit == found
        for days, expected in ((6, {4}), (1, {4, 8})):
            rig.clock.advance(timedelta(days=days))
            rig.source.queries.clear()
            again = rig.run(Mode.BACKFILL, page_size=PAGE)
            assert (again.status, set(tops(rig))) == (Status.SUCCEEDED, expected)
            assert again.details["page_size"] == 4
        renewed = rig.entity_state.page_limit
        assert renewed is not None
        assert renewed.larger_again_at == rig.clock.now() + LARGER_AGAIN_AFTER

    def test_a_clock_set_back_makes_nobody_wait_longer_than_a_week(self) -> None:
        rig = a_rig(largest_page=5)
        rig.run(page_size=PAGE)
        rig.clock.advance(-timedelta(days=4000))
        rig.source.largest_page = None
        rig.run(Mode.RECONCILE, depth=Depth.CONTENT, page_size=PAGE)
        assert max(tops(rig)[-4:]) == PAGE

    def test_a_list_that_gives_large_pages_again_is_read_by_them_again(self) -> None:
        rig = a_rig(largest_page=5)
        rig.run(page_size=PAGE)
        rig.source.largest_page = None
        rig.clock.advance(LARGER_AGAIN_AFTER)
        result = rig.run(Mode.BACKFILL, page_size=PAGE)
        assert max(tops(rig)) == PAGE
        assert "page_size" not in result.details
        assert max(tops(rig)[-4:]) == PAGE

    def test_a_short_list_proves_nothing_of_larger_pages(self) -> None:
        rig = a_rig(largest_page=5)
        rig.run(page_size=PAGE)
        before = rig.entity_state.page_limit
        rig.clock.advance(LARGER_AGAIN_AFTER)
        assert rig.run(page_size=PAGE).details["page_size"] == 4
        assert rig.entity_state.page_limit == before

    def test_a_deep_reconcile_reads_by_small_pages_too(self) -> None:
        rig = a_rig(largest_page=5)
        rig.run(page_size=PAGE)
        rig.source.queries.clear()
        assert rig.run(Mode.RECONCILE, depth=Depth.CONTENT, page_size=PAGE).status is Status.SUCCEEDED
        assert set(tops(rig)) == {4}

    def test_a_deep_reconcile_remembers_the_smaller_page_that_it_found(self) -> None:
        rig = a_rig()
        rig.run(page_size=PAGE)
        rig.source.largest_page = 5
        result = rig.run(Mode.RECONCILE, depth=Depth.CONTENT, page_size=PAGE)
        assert (result.status, result.details["page_size"]) == (Status.SUCCEEDED, 4)
        assert rig.entity_state.page_limit is not None
        assert rig.entity_state.page_limit.rows == 4

    def test_a_run_that_found_no_time_for_a_smaller_page_leaves_that_to_the_next(self) -> None:
        rig = a_rig(largest_page=4)

        def take_long(_: int) -> None:
            rig.clock.advance(timedelta(minutes=2))
            if rig.clock.now() >= deadline and not rig.source.queries[-1].keys_only:
                late = failure("a page")
                late.is_out_of_time = True
                raise late

        rig.source.before = take_long
        results = []
        for _ in range(60):
            deadline = rig.clock.now() + timedelta(minutes=5)
            results.append(rig.run(page_size=PAGE, budget=timedelta(minutes=5)))
            if results[-1].status is Status.SUCCEEDED:
                break
        assert (results[0].status, results[0].records_read) == (Status.PARTIAL, 0)
        assert all(got_further(result) for result in results[:-1]), "each is followed up at once"
        assert results[-1].status is Status.SUCCEEDED
        assert len(rig.shown()) == 40


class TestBrokenRecords:
    @pytest.mark.parametrize("broken", [(1,), (40,), (1, 2, 3), (15, 16, 17, 18), (7, 33), (39, 40)])
    def test_a_record_that_cannot_be_read_costs_itself_alone(self, broken: tuple[int, ...]) -> None:
        rig = a_rig(broken=broken)
        result = rig.run(page_size=PAGE)
        assert (result.status, result.records_rejected) == (Status.SUCCEEDED, len(broken)), result.error
        assert result.records_read == 40
        assert set(rig.shown()) == {an_id(number) for number in NUMBERS if number not in broken}
        letters = list(rig.state.dead_letters.read("vendors"))
        assert {letter.record_id for letter in letters} == rig.source.broken
        assert {letter.key for letter in letters} == {f"V{number:03}" for number in broken}
        assert all("Execution Timeout Expired" in letter.reason for letter in letters)
        assert all("expand" in letter.reason for letter in letters)

    def test_pages_are_large_again_behind_it(self) -> None:
        rig = SmallRig(*vendors(*range(1, 200)))
        rig.source.broken = {an_id(7)}
        result = rig.run(page_size=PAGE)
        assert "page_size" not in result.details
        assert max(tops(rig)[-4:]) == PAGE
        assert tops(rig)[-8:] == [PAGE] * 8

    def test_size_and_record_are_told_apart(self) -> None:
        rig = a_rig(broken=(21,), largest_page=9)
        result = rig.run(page_size=PAGE)
        assert (result.status, result.records_rejected) == (Status.SUCCEEDED, 1)
        assert result.details["page_size"] == 8

    def test_it_is_no_news_when_it_is_read_again_and_forgotten_when_it_can_be_read(self) -> None:
        rig = a_rig(broken=(7,))
        rig.run(page_size=PAGE)
        again = rig.run(Mode.BACKFILL, page_size=PAGE)
        assert (again.records_rejected, len(list(rig.state.dead_letters.read("vendors")))) == (0, 1)
        rig.source.broken.clear()
        assert rig.run(Mode.BACKFILL, page_size=PAGE).records_written == 1
        assert list(rig.state.dead_letters.read("vendors")) == []

    def test_too_many_of_them_fail_the_run(self) -> None:
        result = a_rig(broken=tuple(range(1, 21))).run(page_size=PAGE)
        assert result.error is not None
        assert result.error.type == "TooManyRejectsError"

    def test_one_that_only_lists_cannot_give_is_read_by_its_id(self) -> None:
        rig = a_rig()
        rig.source.broken_in_lists = {an_id(7), an_id(8), an_id(30)}
        result = rig.run(page_size=PAGE)
        assert (result.status, result.records_rejected, len(rig.shown())) == (Status.SUCCEEDED, 0, 40)
        assert not rig.entity_state.read_one_by_one

    def test_a_list_that_can_give_none_is_read_one_by_one_from_then_on(self) -> None:
        rig = a_rig()
        rig.source.broken_in_lists = {an_id(number) for number in NUMBERS}
        result = rig.run(page_size=PAGE)
        assert (result.status, len(rig.shown())) == (Status.SUCCEEDED, 40)
        assert rig.entity_state.read_one_by_one

    def test_a_row_without_even_keys_is_told_with_its_place(self) -> None:
        rig = a_rig()
        rig.source.broken_keys = {an_id(20)}
        result = rig.run(page_size=PAGE, batch_bytes=1)
        assert result.status is Status.FAILED
        assert result.error is not None
        assert "rows 19 and 20 of Vendor" in result.error.message
        assert "save" in result.error.action
        assert len(rig.shown()) == 19, "what comes before it is written"


class TestOtherFailures:
    def test_a_failure_of_the_server_makes_no_page_smaller(self) -> None:
        rig = a_rig()

        def fail(_: int) -> None:
            raise SourceUnavailableError("Gone.", action="Wait.")

        rig.source.before = fail
        assert rig.run(page_size=PAGE).status is Status.FAILED
        assert tops(rig) == [PAGE]
        assert max(tops(rig)[-4:]) == PAGE

    def test_a_size_that_helped_nothing_is_not_remembered(self) -> None:
        rig = a_rig()

        def fail(count: int) -> None:
            error: ConnectorError = (
                failure("a page") if count < 3 else SourceUnavailableError("Gone.", action="")
            )
            raise error

        rig.source.before = fail
        assert rig.run(page_size=PAGE).status is Status.FAILED
        assert tops(rig) == [16, 8, 4]
        assert max(tops(rig)[-4:]) == PAGE

    def test_the_log_says_so_once(self, caplog: pytest.LogCaptureFixture) -> None:
        rig = a_rig(largest_page=5)
        with caplog.at_level(logging.WARNING):
            rig.run(page_size=PAGE)
            rig.run(page_size=PAGE)
        said = [record.message for record in caplog.records if "pages of" in record.message]
        assert said == [
            "the list of vendors is read in pages of 4 rows from now on, because Acumatica fails on larger ones"
        ]
