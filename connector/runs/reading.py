"""Reads a list page by page, joined at seams: one page is written, the next interpreted, and the one after asked for."""

import contextvars
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from connector.domain.cursor import MAX_RESTARTS, PageOverlap, Plan, RowWindow
from connector.domain.entity import Entity
from connector.domain.listing import ListAnswer, ListQuery
from connector.domain.records.codec import Codec, Record
from connector.domain.records.contract import Contract
from connector.domain.records.rejected import Rejected, identify
from connector.domain.tables.log_table import find_incompatible_columns
from connector.errors import ListShiftedError, NotOptimizableError, RecordRejectedError
from connector.ports import Clock, Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One row as read: the record and the JSON text it came from, or why it cannot be used."""

    record: Record | Rejected
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The new rows of one answer, and where reading stands after it.

    `read_at` is our clock when the request began: content read later is newer. `contract` is set when another one is
    followed from this page on: it was read afresh because of a member that came or went.
    """

    readings: tuple[Reading, ...]
    overlap: PageOverlap
    source_time_at_start: datetime
    read_at: datetime
    is_short: bool
    contract: Contract | None = None


class Interpreter:
    """Turns rows into records; reads the contract afresh, once a run, when a row has a member it does not announce."""

    def __init__(
        self,
        source: Source,
        entity: Entity,
        contract: Contract,
        refused: frozenset[str] = frozenset(),
        numeric_not_widened: frozenset[str] = frozenset(),
    ) -> None:
        self._source = source
        self.entity = entity
        self.codec = Codec(entity, contract, refused, numeric_not_widened)
        self._refused = refused
        self._numeric_not_widened = numeric_not_widened
        self._refreshed = False

    def interpret(
        self, rows: Sequence[bytes], asked_by: Contract | None = None
    ) -> tuple[tuple[Reading, ...], Contract | None]:
        """Return the readings, and the contract if another one is followed from these rows on.

        `asked_by` is the contract they were asked for by, where that is known.
        """
        changed = asked_by if asked_by is not None and self._follow(asked_by) else None
        readings = tuple(self._read(row) for row in rows)
        if not self.codec.unannounced or self._refreshed:
            return readings, changed
        self._refreshed = True
        contract = self._source.describe(self.entity)
        if not self._follow(contract):
            return readings, changed
        return tuple(self._read(row) for row in rows), contract

    def _follow(self, contract: Contract) -> bool:
        """Read by this contract from now on; return whether it differs from the one before."""
        before = self.codec
        if contract.asks_as(before.contract):
            return False
        self._refused |= find_incompatible_columns(self.entity, before.contract, contract)
        self.codec = Codec(self.entity, contract, self._refused, self._numeric_not_widened)
        self.codec.retyped |= before.retyped
        return True

    def _read(self, row: bytes) -> Reading:
        try:
            return Reading(record=self.codec.decode(row), raw=row)
        except RecordRejectedError as exc:
            field, reason = self.codec.contract.modified_field, f"{exc.message} {exc.action}"
            return Reading(record=identify(row, self.entity, field, reason), raw=row)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """An answer, and our clock when it was asked for."""

    answer: ListAnswer
    read_at: datetime


class _Asker:
    """Asks for the next rows while the last ones are interpreted; one request at a time."""

    def __init__(self, ask: Callable[[RowWindow], _Asked]) -> None:
        self._ask = ask
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="asker")
        self._ahead: tuple[RowWindow, Future[_Asked]] | None = None

    def begin(self, window: RowWindow) -> None:
        """Ask for this window in the background."""
        context = contextvars.copy_context()
        self._ahead = window, self._thread.submit(context.run, self._ask, window)

    def take(self, window: RowWindow) -> _Asked:
        """Return the answer for this window, asked for now unless it was before."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == window:
            return ahead[1].result()
        if ahead is not None:
            wait([ahead[1]])  # the list has shifted: what came is of no use
        return self._ask(window)

    def forget(self) -> None:
        """Throw away what was asked for, once it is there."""
        if self._ahead is not None:
            wait([self._ahead[1]])
            self._ahead = None

    def close(self) -> None:
        """Wait for the request under way."""
        self._thread.shutdown()


class ListReader:
    """One pass over an entity's list."""

    def __init__(
        self,
        *,
        source: Source,
        clock: Clock,
        interpreter: Interpreter,
        plan: Plan,
        page_size: int,
        one_by_one: bool = False,
        keys_only: bool = False,
    ) -> None:
        self._source = source
        self._clock = clock
        self._interpreter = interpreter
        self._plan = plan
        self._page_size = page_size
        self._keys_only = keys_only
        self.one_by_one = one_by_one
        self._source_time_at_start = plan.checkpoint.source_time_at_start if plan.checkpoint else None

    @property
    def source_time_at_start(self) -> datetime:
        """Acumatica's clock when the pass began; known once the first page is read."""
        if self._source_time_at_start is None:
            raise RuntimeError("the source's time is known once the first page is read")
        return self._source_time_at_start

    def read(self) -> Generator[Page, None, None]:
        """Yield the pages that have new rows; return when the end of the list is proven.

        Raises ListShiftedError when the place is lost again and again: the order is not stable, or the list moves
        faster than it can be read.
        """
        checkpoint = self._plan.checkpoint
        overlap = (
            PageOverlap(offset=checkpoint.offset, known=checkpoint.known) if checkpoint else PageOverlap()
        )
        changed: Contract | None = None
        with closing(_Asker(self._ask)) as asker:
            while True:
                window = overlap.build_window(self._page_size)
                asked, readings, contract = self._take(asker, window)
                changed = contract or changed
                fingerprints = [reading.record.row_fingerprint for reading in readings]
                start = overlap.find_new(window, fingerprints)
                if start is None:
                    overlap = self._search_back(overlap, window)
                    continue
                if overlap.is_end(fingerprints, start):
                    return
                overlap = overlap.advance(window, fingerprints, start, self._page_size)
                if start < len(fingerprints):
                    yield Page(
                        readings=readings[start:],
                        overlap=overlap,
                        source_time_at_start=self.source_time_at_start,
                        read_at=asked.read_at,
                        is_short=len(fingerprints) < window.top,
                        contract=changed,
                    )
                    changed = None

    def _take(self, asker: _Asker, window: RowWindow) -> tuple[_Asked, tuple[Reading, ...], Contract | None]:
        """Return a page, the next one being asked for while its rows are interpreted."""
        asked = asker.take(window)
        self._source_time_at_start = self._source_time_at_start or asked.answer.server_time
        if len(asked.answer.rows) == window.top:
            asker.begin(window.build_next())
        readings, contract = self._interpreter.interpret(asked.answer.rows, asked.answer.contract)
        if contract is not None:
            asker.forget()  # it was asked for as the old contract says
        return asked, readings, contract

    def _search_back(self, overlap: PageOverlap, window: RowWindow) -> PageOverlap:
        overlap = overlap.step_back(window, self._page_size)
        if overlap.restarts > MAX_RESTARTS:
            raise ListShiftedError(
                f"The list of {self._interpreter.entity.acumatica_entity} moved so much while it was read that no row of the "
                f"page before could be found again, {overlap.restarts} times.",
                action="Nothing is lost; it is tried again with the next run. If it stays, run it in a quiet hour.",
            )
        return overlap

    def _ask(self, window: RowWindow) -> _Asked:
        read_at = self._clock.now()
        try:
            answer = self._source.read_list(self._build_query(window))
        except NotOptimizableError:
            if self.one_by_one:
                raise
            self.one_by_one = True
            answer = self._source.read_list(self._build_query(window))
        return _Asked(answer=answer, read_at=read_at)

    def _build_query(self, window: RowWindow) -> ListQuery:
        return ListQuery(
            entity=self._interpreter.entity,
            modified_field=self._interpreter.codec.contract.modified_field,
            changed_since=self._plan.changed_since,
            skip=window.skip,
            top=window.top,
            one_by_one=self.one_by_one,
            keys_only=self._keys_only,
            archived=True,
        )


@contextmanager
def read_ahead(pages: Generator[T, None, None]) -> Iterator[Iterator[T]]:
    """Give the same pages, each read while the one before is being worked on; at most one is read ahead.

    Leaving, for whatever reason, waits for the request under way: nothing is read after that, so that nobody signs in
    again behind a sign-out.
    """
    context = contextvars.copy_context()

    def advance() -> T | None:
        return context.run(lambda: next(pages, None))

    with closing(pages), ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader") as reader:

        def walk() -> Iterator[T]:
            ahead = reader.submit(advance)
            while (page := ahead.result()) is not None:
                ahead = reader.submit(advance)
                yield page

        yield walk()
