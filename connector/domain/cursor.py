"""Reads a shifting, unsorted list without losing a row: where a pass starts, how pages join, where the next pass starts.

The list is not ordered by change time, has no count and no next link, and shifts while it is read. So pages overlap by one
row, which must be found again; nothing changed after the pass began counts as read; and the next pass starts early
enough for rows that were stamped before that instant but committed after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.domain.entity_state import Checkpoint, EntityState
from connector.domain.instants import find_later, move

STAMP_STEP = timedelta(seconds=1)
"""Coarser than Acumatica's 1/300 s resolution, so a bound this far above a stamp excludes it however it is rounded."""
KNOWN_PAGES = 2
MAX_RESTARTS = 5
"""How often one pass may lose its position completely before the list's order counts as unstable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWindow:
    """One request: `top` rows from `skip`, with `by_id` each of them read by its id."""

    skip: int
    top: int
    by_id: bool = False

    def build_next(self, top: int) -> "RowWindow":
        """Return the request that follows a full page, assuming the list does not shift: it starts with the last row."""
        return RowWindow(skip=self.skip + self.top - 1, top=top)

    def overlaps(self, other: "RowWindow") -> bool:
        """Whether both ask for a same place of the list."""
        return self.skip < other.skip + other.top and other.skip < self.skip + self.top


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOverlap:
    """The position in the list: `offset` rows are read; the next page must contain a row known from earlier pages.

    `known` holds the fingerprints (of id and stamp) of the rows of the last two pages, oldest first. `step` is how far the
    last search for a known row went back, 0 while pages join.
    """

    offset: int = 0
    known: tuple[str, ...] = ()
    step: int = 0
    restarts: int = 0

    def __post_init__(self) -> None:
        if self.offset < 0:
            raise ValueError(f"an offset cannot be negative: {self.offset}")

    def build_window(self, page_size: int) -> RowWindow:
        """Return the next request, starting one row back, so that its first row should be a known one."""
        return RowWindow(skip=max(0, self.offset - 1), top=page_size)

    def find_new(self, window: RowWindow, fingerprints: Sequence[str]) -> int | None:
        """Return the index of the first row after the last known one; None if the list shifted so that no row is known.

        Rows that were not changed keep their order. So if a row like the last known one comes a second time, it belongs to
        another record with the same id and stamp, and what stands before it is new.
        """
        places = {row_fingerprint: at for at, row_fingerprint in reversed(list(enumerate(fingerprints)))}
        at = next((places[known] for known in reversed(self.known) if known in places), None)
        if at is not None:
            return at + 1
        return 0 if window.skip == 0 else None

    def step_back(self, window: RowWindow, page_size: int) -> "PageOverlap":
        """Return the position to search from when no row was known: further back each time, finally at the beginning."""
        step = max(page_size, self.step * 2)
        offset = max(0, window.skip - step)
        return replace(
            self, offset=offset + 1 if offset else 0, step=step, restarts=self.restarts + (offset == 0)
        )

    def advance(
        self, window: RowWindow, fingerprints: Sequence[str], start: int, page_size: int
    ) -> "PageOverlap":
        """Return the position after a page whose rows from `start` on are new."""
        known = (*self.known, *fingerprints[start:])[-KNOWN_PAGES * page_size :]
        return PageOverlap(offset=window.skip + len(fingerprints), known=known, restarts=self.restarts)

    def is_end(self, fingerprints: Sequence[str], start: int) -> bool:
        """Whether the page proves the end: it holds only the overlap. A short page proves nothing; the list may have grown."""
        return start == len(fingerprints) and len(fingerprints) <= 1


def compute_next_lower(
    *,
    previous: datetime | None,
    watermark: datetime | None,
    highest_listed: datetime | None,
    source_time_at_start: datetime,
    lookback: timedelta,
) -> datetime | None:
    """Return where the next pass starts: `min(highest_listed + 1 s, source_time_at_start - lookback)`.

    `highest_listed` is the latest stamp that this pass has listed; one that listed none stays where it started, unless that
    is beyond the watermark. The watermark alone is no guide: it may be of another stamp field, whose values are later. A
    busy list reads the lookback again; a quiet one reads nothing again, even if a million rows share one stamp. The result
    is before the previous one only if a clock went back. None (everything) as long as no stamp was ever seen.
    """
    if watermark is None:
        return previous
    start = None if previous is None else min(previous, move(watermark, STAMP_STEP))
    seen = find_later(start, None if highest_listed is None else move(highest_listed, STAMP_STEP))
    return None if seen is None else min(seen, move(source_time_at_start, -lookback))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a pass reads: everything changed since `changed_since` (None: everything), resuming at `checkpoint` if set."""

    changed_since: datetime | None
    checkpoint: Checkpoint | None = None

    @property
    def read_before(self) -> int:
        """How many rows of the list earlier runs have read."""
        return self.checkpoint.offset if self.checkpoint else 0

    def estimate_total(self, records_seen: int) -> int | None:
        """Return about how many rows there are, if the last complete pass has seen so many; None if nobody knows."""
        return (records_seen or None) if self.is_complete else None

    @property
    def is_complete(self) -> bool:
        """Whether the pass reads the whole list."""
        return self.changed_since is None


def plan_incremental(entity_state: EntityState, *, has_cursor_field: bool, table_is_new: bool) -> Plan:
    """Plan the next pass of an entity. If its table was lost, ignore the stored position and read everything."""
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
    """Plan a pass over everything changed since an instant. Its own checkpoint is resumed only for the same instant."""
    changed_since = since if has_cursor_field else None
    checkpoint = entity_state.checkpoints.get("backfill")
    return Plan(
        changed_since=changed_since,
        checkpoint=checkpoint if checkpoint and checkpoint.changed_since == changed_since else None,
    )
