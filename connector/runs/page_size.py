"""How many rows of a list are asked for at once: fewer where Acumatica cannot give as many, more again where it can.

A page that keeps failing is asked for in halves, down to the overlap and one new row, which then are read by their ids.
A record that cannot be read explains every failure of a page it was on; what no record explains is taken for the size,
and no larger page is asked for in this pass, nor by the next ones until some days are over.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from connector.domain.cursor import PageOverlap, RowWindow
from connector.domain.entity_state import PageLimit

MIN_ROWS = 2
"""The overlap and one new row."""
LARGER_AGAIN_AFTER = timedelta(days=7)
WINDOWS_BY_ID = 2
"""A row is the new one of one page and the overlap of the next."""
MAX_IN_VAIN = 3
"""How often in a row a list may refuse the smallest page whose records can all be read: then the list is to blame."""


class PageSize:
    """The size of the pages of one pass. `found` is what earlier passes found to be the limit."""

    def __init__(self, configured: int, found: PageLimit | None, now: Callable[[], datetime]) -> None:
        self._configured = configured
        self._found = found if found is not None and found.rows < configured else None
        self._now = now
        self._rows = self._found.rows if self._found else configured
        may_grow = self._found is None or now() >= self._found.larger_again_at
        self._ceiling = configured if may_grow else self._rows
        self._failed: list[RowWindow] = []
        self._largest_read = 0
        self._smallest_read = configured
        self._by_id = 0
        self._in_vain = 0

    @property
    def is_list_useless(self) -> bool:
        """Whether the list refuses again and again what its records, read by their ids, do not."""
        return self._in_vain >= MAX_IN_VAIN

    def build_window(self, overlap: PageOverlap) -> RowWindow:
        """Return the next request."""
        return self._fit(overlap.build_window(self._rows))

    def build_next(self, window: RowWindow) -> RowWindow:
        """Return the request that follows a full page, if the two join."""
        return self._fit(window.build_next(self._rows))

    def _fit(self, window: RowWindow) -> RowWindow:
        return replace(window, top=MIN_ROWS, by_id=True) if self._by_id else window

    def shrink(self, window: RowWindow) -> bool:
        """Ask for less than this page, which failed; return False when there is no less."""
        if window.by_id:
            return False
        self._failed.append(window)
        if window.top > MIN_ROWS:
            self._rows = _halve(window)
        else:
            self._by_id = WINDOWS_BY_ID
            self._in_vain += 1
        return True

    def note_read(self, window: RowWindow, count: int, *, has_unreadable: bool) -> None:
        """Note that the page came with so many rows; ask for more again as far as nothing speaks against it."""
        if window.by_id:
            self._by_id = max(0, self._by_id - 1)
            self._failed = [failed for failed in self._failed if not failed.overlaps(window)]
            self._in_vain = 0 if has_unreadable else self._in_vain
            return
        self._in_vain, self._smallest_read = 0, min(self._smallest_read, window.top)
        if count == window.top:
            self._largest_read = max(self._largest_read, count)
        self._rows = min(2 * self._rows, self._limit)

    @property
    def _limit(self) -> int:
        return min([self._ceiling, *(_halve(failed) for failed in self._failed)])

    def find_limit(self, *, is_out_of_time: bool) -> PageLimit | None:
        """Return what to remember; None when pages can be as large as configured.

        A size that no page was read with yet is remembered only where time ran out: the next run begins there, or it would
        come no further than this one.
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


def _halve(window: RowWindow) -> int:
    return max(MIN_ROWS, window.top // 2)
