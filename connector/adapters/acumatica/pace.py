"""Limits our own request rate below the licence's, so that other integrations keep their share."""

from datetime import datetime, timedelta
from threading import Lock

from connector.ports import Clock


class Pace:
    """Lets one request start every `60 / requests_per_minute` seconds, whichever thread sends it; None sets no limit."""

    def __init__(self, clock: Clock, requests_per_minute: int | None) -> None:
        self._clock = clock
        self._gap = timedelta(minutes=1) / requests_per_minute if requests_per_minute else timedelta(0)
        self._next: datetime | None = None
        self._lock = Lock()

    def wait(self) -> None:
        """Return when the next request may begin."""
        if not self._gap:
            return
        with self._lock:
            now = self._clock.now()
            begins_at = max(now, self._next or now)
            self._next = begins_at + self._gap
        self._clock.sleep(begins_at - now)
