"""Pages of a list, joined by a row that both have."""

from datetime import timedelta

import pytest

from connector.domain.cursor import MAX_RESTARTS, Plan
from connector.domain.list_query import ListQuery
from connector.domain.records.rejected import Rejected
from connector.errors import ListShiftedError, NotOptimizableError
from connector.runs.interpreting import Interpreter
from connector.runs.reading import ListReader
from tests.builders import MORNING, a_checkpoint, a_contract, a_record, a_row, an_entity, an_id
from tests.stand_ins.clock import FakeClock
from tests.unit.runs.shelf import Shelf, a_reader, ids, rows


class TestPages:
    def test_each_row_of_a_resting_list_comes_once(self) -> None:
        shelf = Shelf(rows(*range(1, 9)))
        assert ids(list(a_reader(shelf).read())) == [[1, 2, 3], [4, 5], [6, 7], [8]]
        assert [(query.skip, query.top) for query in shelf.queries] == [
            (0, 3),
            (2, 3),
            (4, 3),
            (6, 3),
            (7, 3),
        ]

    def test_an_empty_list_is_read_with_one_request(self) -> None:
        shelf = Shelf([])
        reader = a_reader(shelf)
        assert list(reader.read()) == []
        assert len(shelf.queries) == 1
        assert reader.source_time_at_start == MORNING + timedelta(seconds=1)

    def test_the_signpost_is_the_server_s_clock_at_the_first_page(self) -> None:
        reader = a_reader(Shelf(rows(*range(1, 9))))
        with pytest.raises(RuntimeError, match="first page"):
            _ = reader.source_time_at_start
        assert {page.source_time_at_start for page in reader.read()} == {MORNING + timedelta(seconds=1)}

    def test_a_short_page_is_marked_and_a_full_one_not(self) -> None:
        assert [page.is_short for page in a_reader(Shelf(rows(1, 2, 3, 4))).read()] == [False, True]

    def test_a_page_tells_when_it_was_asked_for_and_where_reading_stands(self) -> None:
        clock = FakeClock()
        shelf = Shelf(rows(1, 2, 3, 4), before=lambda *_: clock.advance(timedelta(seconds=5)))
        interpreter = Interpreter(shelf, an_entity(), a_contract())
        reader = ListReader(
            page_bytes=2**20,
            source=shelf,
            clock=clock,
            interpreter=interpreter,
            plan=Plan(changed_since=None),
            page_size=3,
        )
        began = clock.now()
        first, second = reader.read()
        assert (first.read_at, second.read_at) == (began, began + timedelta(seconds=5))
        assert (first.overlap.offset, second.overlap.offset) == (3, 4)
        assert first.overlap.known == tuple(
            a_record(number=n, key=f"V{n:03}").row_fingerprint for n in (1, 2, 3)
        )

    def test_a_resumed_pass_goes_on_behind_its_checkpoint_with_its_signpost(self) -> None:
        known = tuple(a_record(number=n).row_fingerprint for n in (1, 2, 3))
        plan = Plan(
            changed_since=None, checkpoint=a_checkpoint(offset=3, known=known, source_time_at_start=MORNING)
        )
        shelf = Shelf([a_row(number=number) for number in range(1, 6)])
        reader = a_reader(shelf, plan=plan)
        assert reader.source_time_at_start == MORNING
        assert ids(list(reader.read())) == [[4, 5]]
        assert shelf.queries[0].skip == 2

    def test_the_query_says_what_the_plan_and_the_contract_say(self) -> None:
        shelf = Shelf([])
        list(a_reader(shelf, plan=Plan(changed_since=MORNING), keys_only=True, one_by_one=True).read())
        (query,) = shelf.queries
        assert (query.changed_since, query.modified_field) == (MORNING, "LastModifiedDateTime")
        assert (query.keys_only, query.one_by_one) == (True, True)
        assert query.entity == an_entity()
        list(a_reader(shelf).read())
        assert (shelf.queries[-1].changed_since, shelf.queries[-1].one_by_one) == (None, False)
        assert not shelf.queries[-1].keys_only


class TestMovingLists:
    def test_a_row_deleted_before_the_seam_hides_none(self) -> None:
        def delete(shelf: Shelf, query: ListQuery) -> None:
            if query.skip == 2 and len(shelf.queries) == 2:
                del shelf.rows[0:2]

        shelf = Shelf(rows(*range(1, 8)), before=delete)
        found = ids(list(a_reader(shelf).read()))
        assert {number for page in found for number in page} == set(range(1, 8))

    def test_a_renamed_anchor_is_not_trusted(self) -> None:
        """Row 3 moves to the end with a new stamp: the rows between are not skipped."""

        def rename(shelf: Shelf, _: ListQuery) -> None:
            if len(shelf.queries) == 2:
                moved = a_row(number=3, key="Z", modified_at=MORNING + timedelta(seconds=9))
                shelf.rows = [*rows(1, 2, 4, 5, 6), moved]

        found = ids(list(a_reader(Shelf(rows(*range(1, 7)), before=rename)).read()))
        assert {4, 5, 6} <= {number for page in found for number in page}

    def test_a_rejected_row_that_moved_is_no_anchor_either(self) -> None:
        def odd(key: str, position: int) -> bytes:
            return b'{"id":"%b","rowNumber":%d,"VendorID":{"value":"%b"},"x":\xff}' % (
                an_id(3).encode(),
                position,
                key.encode(),
            )

        def rename(shelf: Shelf, _: ListQuery) -> None:
            if len(shelf.queries) == 2:
                shelf.rows = [*rows(1, 2, 4, 5, 6), odd("Z", 6)]

        shelf = Shelf([*rows(1, 2), odd("V003", 3), *rows(4, 5, 6)], before=rename)
        found = ids(list(a_reader(shelf).read()))
        assert {4, 5, 6} <= {number for page in found for number in page}

    def test_a_rejected_row_that_only_changed_its_place_number_is_one(self) -> None:
        one, other = (
            Rejected(
                id="x", key="", reason="", payload=b'{"id":"x", "rowNumber" : %d, "a":1}' % n
            ).row_fingerprint
            for n in (3, 17)
        )
        assert one == other
        assert (
            one
            != Rejected(
                id="x", key="", reason="", payload=b'{"id":"x", "rowNumber" : 3, "a":2}'
            ).row_fingerprint
        )

    def test_a_list_without_a_stable_order_ends_in_an_error_that_says_so(self) -> None:
        count = iter(range(1, 10_000))

        def shuffle(shelf: Shelf, _: ListQuery) -> None:
            shelf.rows = rows(*(next(count) for _ in range(7)))

        shelf = Shelf([], before=shuffle)
        with pytest.raises(ListShiftedError, match=rf"list of Vendor .* {MAX_RESTARTS + 1} times") as caught:
            list(a_reader(shelf).read())
        assert caught.value.action == (
            "Nothing is lost; the next run tries again. If this persists, run it at a quiet hour."
        )

    def test_a_page_with_nothing_new_is_passed_over(self) -> None:
        """The list shrank under the seam, so that a page holds known rows only: no page without rows comes of it."""

        def shrink(shelf: Shelf, _: ListQuery) -> None:
            if len(shelf.queries) == 3:
                del shelf.rows[0]

        found = ids(list(a_reader(Shelf(rows(*range(1, 6)), before=shrink)).read()))
        assert found == [[1, 2, 3], [4, 5]]


class TestOneByOne:
    def test_a_list_that_cannot_be_optimised_is_asked_for_one_by_one_from_then_on(self) -> None:
        def refuse(_: Shelf, query: ListQuery) -> None:
            if not query.one_by_one:
                raise NotOptimizableError("No.", action="Ask otherwise.")

        shelf = Shelf(rows(1, 2, 3, 4), before=refuse)
        reader = a_reader(shelf)
        assert ids(list(reader.read())) == [[1, 2, 3], [4]]
        assert reader.one_by_one
        assert [query.one_by_one for query in shelf.queries] == [False, True, True, True]

    def test_if_that_does_not_help_either_the_error_stands(self) -> None:
        def refuse(_: Shelf, __: ListQuery) -> None:
            raise NotOptimizableError("No.", action="Ask otherwise.")

        shelf = Shelf([], before=refuse)
        with pytest.raises(NotOptimizableError):
            list(a_reader(shelf).read())
        assert [query.one_by_one for query in shelf.queries] == [False, True]
