"""Reads until the run's time budget ends, so that what was read in time is written instead of read again by the next run."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from connector.errors import TransientError
from connector.runs.interpreting import ReadingBatch
from connector.runs.run import Run

T = TypeVar("T")
U = TypeVar("U")
P = TypeVar("P", bound=ReadingBatch)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record on which Acumatica keeps failing although it answers other requests; `why` is the failure."""

    why: str


class TimeBudget:
    """Ends reading when the run's time is used up: between two requests, or in a request with no time left to retry."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._is_used_up = False

    @property
    def is_used_up(self) -> bool:
        """Whether reading ended before everything was read."""
        return self._is_used_up

    def read_records(self, record_ids: Iterable[str]) -> Iterator[tuple[str, bytes | Unreadable | None]]:
        """Yield these records as they are now, None for one that no longer exists; end early when time runs out."""
        return self.read_each(record_ids, lambda record_id: (record_id, self.read_record(record_id)))

    def read_record(self, record_id: str) -> bytes | Unreadable | None:
        """Return this record as it is now, None if Acumatica says that it no longer exists."""
        try:
            return self._run.ports.source.read_record(self._run.entity, record_id)
        except TransientError as exc:
            if not exc.calls_for_less:
                raise
            return Unreadable(exc.message)

    def read_each(self, items: Iterable[T], read: Callable[[T], U]) -> Iterator[U]:
        """Yield what `read` returns for each item; end early when time runs out before or in one of its requests."""
        for item in items:
            self._is_used_up = self._is_used_up or self._run.must_stop()
            if self._is_used_up:
                return
            try:
                found = read(item)
            except TransientError as exc:
                self._end_early(exc)
                return
            yield found

    def read_pages(self, pages: Iterable[P]) -> Iterator[P]:
        """Yield and count the pages; end early when time runs out, after a page or in the request for the next."""
        try:
            for page in pages:
                self._run.count_page(len(page.readings))
                self._run.remember_origin()
                yield page
                self._is_used_up = self._is_used_up or self._run.must_stop()
                if self._is_used_up:
                    return
        except TransientError as exc:
            self._end_early(exc)

    def _end_early(self, exc: TransientError) -> None:
        if not self._run.is_cut_short(exc):
            raise exc
        self._is_used_up = True
