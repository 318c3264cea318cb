"""The next page is asked for, and read, while the one before is being worked on."""

import threading
from collections.abc import Generator
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import pytest

from connector.domain.list_query import ListQuery
from connector.domain.records.contract import Kind
from connector.errors import SourceUnavailableError
from connector.runs.interpreting import Interpreter, ReadingBatch
from connector.runs.prefetch import read_ahead
from tests.builders import MORNING, a_contract, a_row, an_entity
from tests.unit.runs.shelf import Shelf, a_reader, ids, rows


class TestAskingAhead:
    def test_a_page_is_asked_for_while_the_one_before_is_interpreted(self) -> None:
        second = threading.Event()

        class Patient(Interpreter):
            """Interprets the first page once the second is asked for."""

            def interpret(self, *args: Any, **kwargs: Any) -> ReadingBatch:
                assert second.wait(timeout=30)
                return super().interpret(*args, **kwargs)

        def note(shelf: Shelf, _: ListQuery) -> None:
            if len(shelf.queries) == 2:
                second.set()

        shelf: Any = Shelf(rows(1, 2, 3, 4), before=note)
        reader = a_reader(shelf, interpreter=Patient(shelf, an_entity(), a_contract()))
        assert ids(list(reader.read())) == [[1, 2, 3], [4]]

    def test_the_run_that_asks_is_known_to_who_is_asked(self) -> None:
        """The context of the log lines goes along into the threads."""
        run = ContextVar("run", default="none")
        run.set("run-1")
        seen: list[str] = []
        shelf = Shelf(rows(1, 2, 3, 4), before=lambda *_: seen.append(run.get()))
        with read_ahead(a_reader(shelf).read()) as pages:
            list(pages)
        assert set(seen) == {"run-1"}
        assert len(seen) == 3

    def test_what_was_asked_for_before_the_list_shifted_is_thrown_away(self) -> None:
        def shift(shelf: Shelf, _: ListQuery) -> None:
            if len(shelf.queries) == 2:
                del shelf.rows[0:4]

        shelf = Shelf(rows(*range(1, 12)), before=shift)
        found = ids(list(a_reader(shelf).read()))
        assert {number for page in found for number in page} == set(range(1, 12)) - {4}
        assert [query.skip for query in shelf.queries][:4] == [0, 2, 4, 0]

    def test_a_page_asked_for_as_the_old_contract_says_is_asked_for_again(self) -> None:
        wider = a_contract(fields={"Colour": Kind.STRING}, modified_field="Stamp")
        shelf = Shelf([*rows(1, 2), a_row(number=3, Colour="red"), *rows(4)], contract=wider)
        list(a_reader(shelf).read())
        assert [(query.skip, query.modified_field) for query in shelf.queries][1:3] == [
            (2, "LastModifiedDateTime"),
            (2, "Stamp"),
        ]

    def test_its_failure_comes_where_its_page_would(self) -> None:
        def fail(shelf: Shelf, _: ListQuery) -> None:
            if len(shelf.queries) == 2:
                raise SourceUnavailableError("Gone.", action="Wait.")

        pages = a_reader(Shelf(rows(1, 2, 3, 4), before=fail)).read()
        assert len(next(pages).readings) == 3
        with pytest.raises(SourceUnavailableError):
            next(pages)

    def test_leaving_waits_for_the_request_under_way(self) -> None:
        shelf = Shelf(rows(*range(1, 9)))
        with read_ahead(a_reader(shelf).read()) as pages:
            next(pages)
        asked = len(shelf.queries)
        assert not [thread for thread in threading.enumerate() if thread.name.startswith(("asker", "reader"))]
        assert len(shelf.queries) == asked <= 3


class TestReadAhead:
    def test_one_page_is_read_while_the_one_before_is_worked_on(self) -> None:
        asked: list[int] = []

        def pages() -> Generator[int, None, None]:
            for number in range(1, 4):
                asked.append(number)
                yield number

        seen = []
        with read_ahead(pages()) as ahead:
            seen.append(next(ahead))
            second = next(ahead)
            assert max(asked) <= 3
            seen += [second, *ahead]
        assert seen == asked == [1, 2, 3]

    def test_leaving_early_reads_nothing_more_afterwards(self) -> None:
        asked: list[int] = []

        def pages() -> Generator[int, None, None]:
            for number in range(1, 100):
                asked.append(number)
                yield number

        def leave() -> None:
            with read_ahead(pages()) as ahead:
                next(ahead)
                raise SourceUnavailableError("Gone.", action="Wait.")

        with pytest.raises(SourceUnavailableError):
            leave()
        count = len(asked)
        assert count <= 2
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("reader")]
        assert len(asked) == count

    def test_an_error_of_the_reader_comes_where_its_page_would(self) -> None:
        def pages() -> Generator[datetime, None, None]:
            yield MORNING
            raise SourceUnavailableError("Gone.", action="Wait.")

        with read_ahead(pages()) as ahead:
            assert next(ahead) == MORNING
            with pytest.raises(SourceUnavailableError):
                next(ahead)
