"""Adapts the page size: smaller where Acumatica fails to serve a page, larger again where it succeeds.

A page that keeps failing is requested in halves, down to the overlap and one new row, which are then read by their ids.
An unreadable record explains every failure of the pages it was on. A failure that no record explains is blamed on the
size: this pass, and the next ones for some days, request no larger page.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from connector.domain.cursor import PageOverlap, RowWindow
from connector.domain.entity_state import PageLimit
from connector.domain.instants import is_over

MIN_ROWS = 2
"""The overlap and one new row."""
LARGER_AGAIN_AFTER = timedelta(days=7)
WINDOWS_BY_ID = 2
"""Each row is new on one page and the overlap of the next."""
MAX_IN_VAIN = 3
"""How many smallest pages in a row may fail although their records are readable, before the list itself is to blame."""


class PageSize:
    """The page size of one pass. `found` is the limit found by earlier passes."""

    def __init__(self, configured: int, found: PageLimit | None, now: Callable[[], datetime]) -> None:
        self._configured = configured
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
        return self._fit(overlap.build_window(self._rows))

    def build_next(self, window: RowWindow) -> RowWindow:
        """Return the request that follows a full page, if the two join."""
        return self._fit(window.build_next(self._rows))

    def _fit(self, window: RowWindow) -> RowWindow:
        return replace(window, top=MIN_ROWS, by_id=True) if self._by_id else window

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

    def note_read(self, window: RowWindow, count: int, *, has_unreadable: bool) -> None:
        """Note that the page was read, with `count` rows; grow the page size as far as no failure forbids it."""
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


def _halve(window: RowWindow) -> int:
    return max(MIN_ROWS, window.top // 2)
