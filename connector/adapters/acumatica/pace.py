"""Limits our own request rate below the licence's, so that other integrations keep their share."""

from datetime import datetime, timedelta

from connector.ports import Clock


class Pace:
    """Lets one request start every `60 / requests_per_minute` seconds; None sets no limit."""

    def __init__(self, clock: Clock, requests_per_minute: int | None) -> None:
        self._clock = clock
        self._gap = timedelta(minutes=1) / requests_per_minute if requests_per_minute else timedelta(0)
        self._next: datetime | None = None

    def wait(self) -> None:
        """Return when the next request may begin."""
        if not self._gap:
            return
        now = self._clock.now()
        if self._next is not None and self._next > now:
            self._clock.sleep(self._next - now)
            now = self._next
        self._next = now + self._gap
