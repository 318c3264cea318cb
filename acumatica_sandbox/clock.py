"""The tenant's clock: real, or one that moves only when told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

FIXED_START = datetime(2026, 3, 16, 14, 30, tzinfo=UTC)
"""Where a clock without real time begins: a Monday, soon after a change to daylight saving time in the US."""


class TenantClock:
    """What the tenant holds to be the time; `skew` lets it be wrong, as servers' clocks are."""

    def __init__(self, start: datetime | None = FIXED_START, skew: timedelta = timedelta(0)) -> None:
        """Begin at `start`, or follow real time if it is None."""
        self._start = start
        self._moved = timedelta(0)
        self.skew = skew

    @property
    def is_real(self) -> bool:
        """Whether time passes by itself."""
        return self._start is None

    def now(self) -> datetime:
        """The tenant's time, aware and in UTC."""
        start = self._start or datetime.now(UTC)
        return start + self._moved + self.skew

    def advance(self, seconds: float) -> None:
        """Move forward; a clock of real time then stays ahead by that much."""
        if seconds < 0:
            raise ValueError(f"a clock does not go back: {seconds} s; set skew instead")
        self._moved += timedelta(seconds=seconds)
