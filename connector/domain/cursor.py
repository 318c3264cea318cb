"""How a moving, unsorted list is read without losing a row: where a pass begins, how pages join, where the next begins.

The list has no order by change, no count and no next link, and it moves while it is read. So pages overlap by one row,
which must be found again; nothing changed after the pass began is taken as read; and the next pass begins
early enough for rows that were stamped before but committed after.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.domain.entity_state import Checkpoint, EntityState
from connector.domain.instants import move

STAMP_STEP = timedelta(seconds=1)
"""Coarser than Acumatica's 1/300 s, so that a bound above the highest stamp is above it in every spelling."""
KNOWN_PAGES = 2
MAX_RESTARTS = 5
"""How often one pass may lose its place completely before the order is called unstable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWindow:
    """One request: `top` rows from `skip`, with `by_id` each of them read by its id."""

    skip: int
    top: int
    by_id: bool = False

    def build_next(self, top: int) -> "RowWindow":
        """Return the request that follows a full page, if the two join: it begins with the page's last row."""
        return RowWindow(skip=self.skip + self.top - 1, top=top)

    def overlaps(self, other: "RowWindow") -> bool:
        """Whether both ask for a same place of the list."""
        return self.skip < other.skip + other.top and other.skip < self.skip + self.top


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOverlap:
    """Where reading stands: `offset` rows are behind; the next page must hold a row known from the pages before.

    `known` are marks (id and stamp) of the rows of the last two pages, oldest first. `step` is how far the last search
    for a known row went back, 0 while pages join.
    """

    offset: int = 0
    known: tuple[str, ...] = ()
    step: int = 0
    restarts: int = 0

    def __post_init__(self) -> None:
        if self.offset < 0:
            raise ValueError(f"an offset cannot be negative: {self.offset}")

    def build_window(self, page_size: int) -> RowWindow:
        """Return the next request: one row back, so that the first one should be known."""
        return RowWindow(skip=max(0, self.offset - 1), top=page_size)

    def find_new(self, window: RowWindow, fingerprints: Sequence[str]) -> int | None:
        """Return the index of the first row after the right-most known one; None when the list shifted away."""
        known = set(self.known)
        at = max(
            (i for i, row_fingerprint in enumerate(fingerprints) if row_fingerprint in known), default=None
        )
        if at is not None:
            return at + 1
        return 0 if window.skip == 0 else None

    def step_back(self, window: RowWindow, page_size: int) -> "PageOverlap":
        """Return the overlap to search from when no row was known: further back each time, to the beginning at last."""
        step = max(page_size, self.step * 2)
        offset = max(0, window.skip - step)
        return replace(
            self, offset=offset + 1 if offset else 0, step=step, restarts=self.restarts + (offset == 0)
        )

    def advance(
        self, window: RowWindow, fingerprints: Sequence[str], start: int, page_size: int
    ) -> "PageOverlap":
        """Return the overlap after a page whose rows from `start` on are new."""
        known = (*self.known, *fingerprints[start:])[-KNOWN_PAGES * page_size :]
        return PageOverlap(offset=window.skip + len(fingerprints), known=known, restarts=self.restarts)

    def is_end(self, fingerprints: Sequence[str], start: int) -> bool:
        """Whether the page proves the end: nothing but its anchor. A short page proves nothing, the list may have grown."""
        return start == len(fingerprints) and len(fingerprints) <= 1


def compute_next_lower(
    *,
    previous: datetime | None,
    highest_stamp: datetime | None,
    source_time_at_start: datetime,
    lookback: timedelta,
) -> datetime | None:
    """Return where the next pass begins: `min(highest_stamp + 1 s, source_time_at_start - lookback)`.

    In a busy list that reads the lookback again; in a quiet one nothing, even if a million rows share one stamp. It is below the
    previous bound only if a clock went back. None (everything) as long as no stamp was ever seen.
    """
    if highest_stamp is None:
        return previous
    return min(move(highest_stamp, STAMP_STEP), move(source_time_at_start, -lookback))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a pass reads: everything from `changed_since` on (None: everything), going on from `checkpoint` if there is one."""

    changed_since: datetime | None
    checkpoint: Checkpoint | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the pass reads the whole list."""
        return self.changed_since is None


def plan_incremental(entity_state: EntityState, *, has_cursor_field: bool, table_is_new: bool) -> Plan:
    """Return the next pass of an entity. A table that vanished makes what was remembered worthless: read everything."""
    if table_is_new or not has_cursor_field:
        resumable = None if table_is_new else entity_state.checkpoints.get("incremental")
        return Plan(
            changed_since=None,
            checkpoint=resumable if resumable and resumable.changed_since is None else None,
        )
    checkpoint = entity_state.checkpoints.get("incremental")
    return Plan(
        changed_since=checkpoint.changed_since if checkpoint else entity_state.changed_since,
        checkpoint=checkpoint,
    )


def plan_backfill(entity_state: EntityState, *, since: datetime | None, has_cursor_field: bool) -> Plan:
    """Return a pass over everything since an instant. It has a cursor of its own, resumed only for the same instant."""
    changed_since = since if has_cursor_field else None
    checkpoint = entity_state.checkpoints.get("backfill")
    return Plan(
        changed_since=changed_since,
        checkpoint=checkpoint if checkpoint and checkpoint.changed_since == changed_since else None,
    )
