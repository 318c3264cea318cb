"""Adapts the page size: to the bytes a page may have, and smaller where Acumatica fails to serve a page.

A page is asked for with as many rows as fit the bytes, judged by the page before. The first page of an entity that was
never read is small, and no page has more than GROWTH times the rows of the one before.

A page that keeps failing is requested in halves, down to the overlap and one new row, which are then read by their ids.
An unreadable record explains every failure of the pages it was on. A failure that no record explains is blamed on the
size: this pass, and the next ones for some days, request no larger page. Neither do they after a run that was killed:
it may have been killed for the memory its pages took.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connector.domain.cursor import PageOverlap, RowWindow
from connector.domain.entity_state import PageLimit
from connector.domain.instants import is_over

MIN_ROWS = 2
"""The overlap and one new row."""
FIRST_ROWS = 20
"""The rows of the first page of records whose size is not known: not too many of documents with thousands of lines."""
GROWTH = 10
"""How many times the rows of the page before a page may have."""
TOO_LARGE = 2
"""How many times as large as wanted a page may be, before the rest of it is not read."""
LARGER_AGAIN_AFTER = timedelta(days=7)
LARGER_AGAIN_AFTER_A_KILL = timedelta(days=1)
A_KILL_LEAVES = 10
"""After a run that was killed, a page begins with this part of its rows."""
WINDOWS_BY_ID = 2
"""Each row is new on one page and the overlap of the next."""
MAX_IN_VAIN = 3
"""How many smallest pages in a row may fail although their records are readable, before the list itself is to blame."""


def limit_after_kill(
    configured: int, limit: PageLimit | None, bytes_wanted: int, record_bytes: int | None, now: datetime
) -> PageLimit:
    """Return the limit for the run after one that was killed: a tenth of what that one may have asked for."""
    fitting = configured if record_bytes is None else _fit(bytes_wanted, record_bytes)
    rows = min(configured, fitting, limit.rows if limit is not None else configured)
    return PageLimit(
        rows=max(MIN_ROWS, rows // A_KILL_LEAVES), larger_again_at=now + LARGER_AGAIN_AFTER_A_KILL
    )


class PageSize:
    """The page size of one pass, at most `configured` rows.

    `bytes_wanted` is how large a page should be; `record_bytes` how large a record was in earlier passes, None if none was
    read; `found` the limit found by earlier passes.
    """

    def __init__(
        self,
        configured: int,
        found: PageLimit | None,
        now: Callable[[], datetime],
        *,
        bytes_wanted: int,
        record_bytes: int | None,
    ) -> None:
        self._configured = configured
        self._bytes_wanted = bytes_wanted
        self.record_bytes = record_bytes
        """How large a record is about, by the last page; None before one was read."""
        self._fitting = FIRST_ROWS if record_bytes is None else _fit(bytes_wanted, record_bytes)
        self._found = found if found is not None and found.rows < configured else None
        self._now = now
        self._rows = self._found.rows if self._found else configured
        may_grow = self._found is None or is_over(
            self._found.larger_again_at, now(), longest=LARGER_AGAIN_AFTER
        )
        self._ceiling = configured if may_grow else self._rows
        self._failed: list[RowWindow] = []
        self._largest_read = 0
        self._smallest_read = configured
        self._by_id = 0
        self._in_vain = 0

    @property
    def is_list_useless(self) -> bool:
        """Whether the list keeps failing although its records can be read by their ids."""
        return self._in_vain >= MAX_IN_VAIN

    def build_window(self, overlap: PageOverlap) -> RowWindow:
        """Return the next request."""
        return self._by_id_if_due(overlap.build_window(self._size))

    def build_next(self, window: RowWindow) -> RowWindow:
        """Return the request that follows a full page, if the two join."""
        return self._by_id_if_due(window.build_next(self._size))

    @property
    def _size(self) -> int:
        return min(self._rows, self._fitting)

    def _by_id_if_due(self, window: RowWindow) -> RowWindow:
        return replace(window, top=MIN_ROWS, by_id=True) if self._by_id else window

    def limit_bytes(self, window: RowWindow) -> int | None:
        """Return how large the answer may become; None if no smaller page could be asked for."""
        return None if window.top <= MIN_ROWS else TOO_LARGE * self._bytes_wanted

    def shrink(self, window: RowWindow) -> bool:
        """Request less than this page, which failed; return False if nothing smaller is left."""
        if window.by_id:
            return False
        self._failed.append(window)
        if window.top > MIN_ROWS:
            self._rows = _halve(window)
        else:
            self._by_id = WINDOWS_BY_ID
            self._in_vain += 1
        return True

    def note_read(self, window: RowWindow, rows: Sequence[bytes], *, has_unreadable: bool) -> None:
        """Note that the page was read, with these rows; grow the page size as far as no failure and no size forbids it."""
        if window.by_id:
            self._by_id = max(0, self._by_id - 1)
            self._failed = [failed for failed in self._failed if not failed.overlaps(window)]
            self._in_vain = 0 if has_unreadable else self._in_vain
            return
        self._in_vain, self._smallest_read = 0, min(self._smallest_read, window.top)
        if len(rows) == window.top:
            is_bound_by_bytes = window.top >= self._fitting
            self._largest_read = max(
                self._largest_read, self._configured if is_bound_by_bytes else window.top
            )
        self._note_bytes(window, rows)
        self._rows = min(2 * self._rows, self._limit)

    def _note_bytes(self, window: RowWindow, rows: Sequence[bytes]) -> None:
        """Judge the next page by this one. A few small rows tell nothing; a few large ones do."""
        if not rows:
            return
        size, known = max(1, sum(map(len, rows)) // len(rows)), self.record_bytes
        if len(rows) >= min(FIRST_ROWS, window.top) or (known is not None and size > known):
            self.record_bytes = size
            self._fitting = min(_fit(self._bytes_wanted, size), GROWTH * window.top)

    @property
    def _limit(self) -> int:
        return min([self._ceiling, *(_halve(failed) for failed in self._failed)])

    def find_limit(self, *, is_out_of_time: bool) -> PageLimit | None:
        """Return the limit to store; None if pages can be as large as configured.

        A size that no page was read with yet is stored only if time ran out: the next run must start with it to get
        further than this one.
        """
        now = self._now()
        if self._failed:
            if self._smallest_read <= self._limit:
                return PageLimit(rows=self._limit, larger_again_at=now + LARGER_AGAIN_AFTER)
            return PageLimit(rows=self._rows, larger_again_at=now) if is_out_of_time else self._found
        if self._found is None or self._largest_read >= self._configured:
            return None
        if self._largest_read > self._found.rows:
            return PageLimit(rows=self._largest_read, larger_again_at=now)
        return self._found


def _fit(bytes_wanted: int, record_bytes: int) -> int:
    return max(MIN_ROWS, bytes_wanted // record_bytes)


def _halve(window: RowWindow) -> int:
    return max(MIN_ROWS, window.top // 2)
