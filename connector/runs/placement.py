"""Ranks the rows of a run among the versions of their records: above everything the warehouse already shows."""

from datetime import datetime, timedelta

from connector.domain.instants import move
from connector.domain.versions import Place

TICK = timedelta(microseconds=1)
MIN_REPORTED = timedelta(seconds=1)
"""Smaller differences are normal between two instances and are not reported."""


class Placing:
    """Gives each row a stamp and a time of reading that rank it correctly despite wrong clocks, and counts corrections.

    `lookback` is how far a stamp may be ahead of both clocks.
    """

    def __init__(self, lookback: timedelta) -> None:
        self._lookback = lookback
        self._behind = timedelta(0)
        self._lifted = self._ahead = 0

    @property
    def has_cut(self) -> bool:
        """Whether any row ranks by the latest believable stamp, which is after now, instead of its own."""
        return self._ahead > 0

    def find_latest(self, read_at: datetime, source_time: datetime | None) -> datetime:
        """Return the latest believable stamp of a record read then: at most the lookback ahead of the later clock."""
        return move(max(read_at, source_time or read_at), self._lookback)

    def place(
        self, stamp: datetime | None, *, read_at: datetime, source_time: datetime | None, shown: Place | None
    ) -> Place:
        """Return the place of a version just read; `shown` is the place of the newest row in the warehouse."""
        if (
            stamp is not None
            and stamp > read_at
            and stamp > (latest := self.find_latest(read_at, source_time))
        ):
            stamp = latest
            self._ahead += 1
        if shown is None:
            return Place(modified_at=stamp, synced_at=self.date(read_at))
        if shown.modified_at is not None and (stamp is None or stamp < shown.modified_at):
            stamp = shown.modified_at
            self._lifted += 1
        above = shown.synced_at if stamp == shown.modified_at else None
        return Place(modified_at=stamp, synced_at=self.date(read_at, above))

    def place_kept(self, stamp: datetime | None, read_at: datetime) -> Place:
        """Return the place of a version read in an earlier run, as it was then."""
        latest = self.find_latest(read_at, None)
        return Place(modified_at=stamp and min(stamp, latest), synced_at=read_at)

    def date(self, read_at: datetime, above: datetime | None = None) -> datetime:
        """Return the time of reading, later than `above`. If our clock is behind it, all later rows of the run move too."""
        if above is not None and move(read_at, self._behind) <= above:
            self._behind = above - read_at + TICK
        return move(read_at, self._behind) if self._behind else read_at

    def describe(self) -> dict[str, int]:
        """Return the figures for the run's details: how many rows do not rank by their own stamp, and why."""
        figures = {"shown_under_a_later_stamp": self._lifted, "stamps_ahead_of_the_clock": self._ahead}
        if self._behind >= MIN_REPORTED:
            figures["own_clock_behind_seconds"] = int(self._behind.total_seconds())
        return {name: figure for name, figure in figures.items() if figure}
