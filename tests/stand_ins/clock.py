"""Time that passes only when a test says so."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from connector.ports import Clock

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
"""Where a clock starts when the test does not care."""


class FakeClock(Clock):
    """A clock to be set. `sleep` moves it on at once and notes the duration in `sleeps`."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self.sleeps: list[timedelta] = []
        self.on_sleep: Callable[[], object] = lambda: None
        """What happens while somebody waits."""

    @override
    def now(self) -> datetime:
        return self._now

    @override
    def sleep(self, duration: timedelta) -> None:
        self.sleeps.append(duration)
        self.on_sleep()
        if duration > timedelta(0):
            self._now += duration

    def set(self, now: datetime) -> None:
        self._now = now

    def advance(self, duration: timedelta) -> None:
        self._now += duration
