"""Reads a list page by page. Each page overlaps the previous one by a row, so that no row between them is missed."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from connector.domain.clocks import ClockReading, ClockVerdict
from connector.domain.cursor import MAX_RESTARTS, PageOverlap, Plan, RowWindow
from connector.domain.entity_state import PageLimit
from connector.domain.instants import move
from connector.domain.list_query import ListAnswer, ListQuery
from connector.domain.records.contract import Contract
from connector.errors import (
    ListShiftedError,
    NotOptimizableError,
    SourceRefusedError,
    SourceSetupError,
    TransientError,
)
from connector.ports import Clock, Source
from connector.runs.interpreting import Interpreter, ReadingBatch
from connector.runs.page_size import MIN_ROWS, PageSize
from connector.runs.prefetch import Prefetcher, TimedAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(ReadingBatch):
    """The new rows of one response, and the position in the list after it."""

    overlap: PageOverlap
    source_time_at_start: datetime
    is_short: bool


class StampFieldChangedError(Exception):
    """The endpoint no longer has the stamp field that the list is filtered by, so the whole list must be read."""

    def __init__(self, contract: Contract) -> None:
        super().__init__()
        self.contract = contract


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
        page_limit: PageLimit | None = None,
        page_bytes: int,
        record_bytes: int | None = None,
        one_by_one: bool = False,
        keys_only: bool = False,
        judge: Callable[[ClockReading, Plan], ClockVerdict] = lambda _clocks, _plan: ClockVerdict(),
        may_believe: Callable[[Sequence[bytes]], bool] = lambda _: True,
        was_believed: bool = False,
    ) -> None:
        """`judge` decides at the first response whether a clock went back since the last pass.

        `may_believe` decides by the first rows whether the list gives all that a record has; if not, the pass begins anew,
        record by record, and over everything if the list `was_believed` by earlier passes.
        """
        self._source = source
        self._clock = clock
        self._interpreter = interpreter
        self._plan = plan
        self._page_size = page_size
        self._size = PageSize(
            page_size, page_limit, clock.now, bytes_wanted=page_bytes, record_bytes=record_bytes
        )
        self._keys_only = keys_only
        self._one_by_one = one_by_one
        self._judge = judge
        self._may_believe = may_believe
        self._was_believed = was_believed
        self._is_looked_at = keys_only
        self._clocks: ClockReading | None = None
        self._verdict = ClockVerdict()
        point = plan.checkpoint
        self._source_time_at_start = point.source_time_at_start if point and point.has_rows else None

    @property
    def plan(self) -> Plan:
        """What is read: more than first planned if a clock was found to have gone back."""
        return self._plan

    @property
    def source_time_at_start(self) -> datetime:
        """The earlier of Acumatica's clock and ours when the pass began; known once the first page is read."""
        if self._source_time_at_start is None:
            raise RuntimeError("the source's time is known once the first page is read")
        return self._source_time_at_start

    @property
    def clocks(self) -> ClockReading | None:
        """Both clocks at this reader's first request; None before its response."""
        return self._clocks

    @property
    def verdict(self) -> ClockVerdict:
        """What the clocks showed."""
        return self._verdict

    @property
    def one_by_one(self) -> bool:
        """Whether the list is read by keys and then record by record, from the start or after the list failed."""
        return self._one_by_one

    @property
    def record_bytes(self) -> int | None:
        """How large a record is about, in bytes, by the last page or by earlier passes; None before one was read."""
        return self._size.record_bytes

    def find_page_limit(self, *, is_out_of_time: bool) -> PageLimit | None:
        """Return the page limit this pass found, for the next pass to start with."""
        return self._size.find_limit(is_out_of_time=is_out_of_time)

    def read(self) -> Generator[Page, None, None]:
        """Yield the pages that have new rows; return once the end of the list is proven.

        Raises ListShiftedError if the position is lost again and again, because the order is unstable or the list shifts
        faster than it can be read; StampFieldChangedError if the field that the list is filtered by is no longer the stamp.
        """
        overlap = self._open_overlap()
        changed: Contract | None = None
        with closing(Prefetcher(self._ask)) as prefetcher:
            while True:
                window = self._size.build_window(overlap)
                try:
                    timed = prefetcher.take(window)
                except TransientError as exc:
                    self._ask_for_less(window, exc)
                    continue
                if self._clocks is None and self._starts_lower(timed):
                    overlap = self._open_overlap()
                    continue
                if not self._is_believed(timed.answer, window):
                    overlap = self._open_overlap()
                    continue
                batch = self._interpret(timed, prefetcher, window)
                changed = batch.contract or changed
                fingerprints = [reading.record.row_fingerprint for reading in batch.readings]
                start = overlap.find_new(window, fingerprints)
                if start is None:
                    overlap = self._search_back(overlap, window)
                    continue
                if overlap.is_end(fingerprints, start):
                    return
                overlap = overlap.advance(window, fingerprints, start, self._page_size)
                if start < len(fingerprints):
                    yield Page(
                        readings=batch.readings[start:],
                        read_at=batch.read_at,
                        source_time=timed.answer.server_time,
                        contract=changed,
                        overlap=overlap,
                        source_time_at_start=self.source_time_at_start,
                        is_short=len(fingerprints) < window.top,
                    )
                    changed = None

    def _open_overlap(self) -> PageOverlap:
        checkpoint = self._plan.checkpoint
        if checkpoint is None:
            return PageOverlap()
        return PageOverlap(offset=checkpoint.offset, known=checkpoint.known)

    def _starts_lower(self, timed: TimedAnswer) -> bool:
        """Take the start time from both clocks; return whether the plan has changed, so that the response must be discarded."""
        self._clocks = clocks = ClockReading(source=timed.answer.server_time, ours=timed.read_at)
        self._verdict = verdict = self._judge(clocks, self._plan)
        began = self._source_time_at_start
        if began is None or verdict.is_unknown:
            self._source_time_at_start = clocks.earlier
            before, self._plan = self._plan, Plan(changed_since=verdict.move_back(self._plan.changed_since))
            has_rows = before.checkpoint is not None and before.checkpoint.has_rows
            return has_rows or before.changed_since != self._plan.changed_since
        self._source_time_at_start = min(move(began, -verdict.set_back), clocks.earlier)
        return False

    def _is_believed(self, answer: ListAnswer, window: RowWindow) -> bool:
        """Have the first rows looked at; if the list cannot be believed, plan to read everything anew, record by record."""
        if self._is_looked_at or self._one_by_one or window.by_id or not answer.rows:
            return True
        self._is_looked_at = True
        if self._may_believe(answer.rows):
            return True
        self._one_by_one = True
        self._plan = Plan(changed_since=None if self._was_believed else self._plan.changed_since)
        self._source_time_at_start = None if self._clocks is None else self._clocks.earlier
        return False

    def _interpret(self, timed: TimedAnswer, prefetcher: Prefetcher, window: RowWindow) -> ReadingBatch:
        """Interpret the rows of a response, requesting the next page meanwhile."""
        answer = timed.answer
        self._size.note_read(window, answer.rows, has_unreadable=bool(answer.unreadable))
        if len(answer.rows) == window.top:
            prefetcher.begin(self._size.build_next(window))
        asked_by = self._interpreter.codec.contract.modified_field
        batch = self._interpreter.interpret(
            answer.rows, read_at=timed.read_at, asked_by=answer.contract, unreadable=answer.unreadable
        )
        if batch.contract is not None:
            prefetcher.forget()  # it was requested by the old contract
            self._check_stamp_field(batch.contract, asked_by)
        return batch

    def _ask_for_less(self, window: RowWindow, exc: TransientError) -> None:
        """Make the next request smaller than this one, on which Acumatica keeps failing; raise if that cannot help."""
        if not exc.calls_for_less:
            raise exc
        is_by_keys = self._keys_only or self._one_by_one
        if (is_by_keys and window.top <= MIN_ROWS) or not self._size.shrink(window):
            raise self._build_unlistable(window, exc) from exc
        if self._size.is_list_useless:
            self._one_by_one = True

    def _build_unlistable(self, window: RowWindow, exc: TransientError) -> SourceRefusedError:
        name = self._interpreter.entity.acumatica_entity
        return SourceRefusedError(
            f"Acumatica cannot list one of the rows {window.skip + 1} and {window.skip + window.top} of {name}, not even its "
            f"keys: {exc.message}",
            action="The records before it are written. Look at these records in Acumatica, in the order of their keys: save "
            "again or delete the one that cannot be shown, then run again.",
        )

    def _search_back(self, overlap: PageOverlap, window: RowWindow) -> PageOverlap:
        overlap = overlap.step_back(window, window.top)
        if overlap.restarts > MAX_RESTARTS:
            raise ListShiftedError(
                f"The list of {self._interpreter.entity.acumatica_entity} shifted so much while it was read that no row of the "
                f"previous page could be found again, {overlap.restarts} times.",
                action="Nothing is lost; the next run tries again. If this persists, run it at a quiet hour.",
            )
        return overlap

    def _ask(self, window: RowWindow) -> TimedAnswer:
        read_at = self._clock.now()
        asked_by = self._interpreter.codec.contract.modified_field
        try:
            answer = self._read_list(window)
        except (SourceRefusedError, SourceSetupError):
            if self._is_filtered(asked_by):
                self._check_stamp_field(self._source.describe(self._interpreter.entity), asked_by)
            raise
        return TimedAnswer(answer=answer, read_at=read_at)

    def _read_list(self, window: RowWindow) -> ListAnswer:
        try:
            return self._source.read_list(self._build_query(window))
        except NotOptimizableError:
            if self._one_by_one:
                raise
            self._one_by_one = True
            return self._source.read_list(self._build_query(window))

    def _is_filtered(self, asked_by: str | None) -> bool:
        return self._plan.changed_since is not None and asked_by is not None

    def _check_stamp_field(self, contract: Contract, asked_by: str | None) -> None:
        """Raise StampFieldChangedError if the list is filtered by a field other than this contract's stamp."""
        if self._is_filtered(asked_by) and contract.modified_field != asked_by:
            raise StampFieldChangedError(contract)

    def _build_query(self, window: RowWindow) -> ListQuery:
        return ListQuery(
            entity=self._interpreter.entity,
            modified_field=self._interpreter.codec.contract.modified_field,
            changed_since=self._plan.changed_since,
            skip=window.skip,
            top=window.top,
            one_by_one=self._one_by_one or window.by_id,
            keys_only=self._keys_only,
            most_bytes=self._size.limit_bytes(window),
        )
