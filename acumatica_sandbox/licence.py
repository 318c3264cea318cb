"""Limits of the licence: how many requests a minute, how many at once, how many may wait."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from threading import Condition

from .clock import TenantClock
from .options import SandboxOptions

MINUTE = timedelta(minutes=1)


class Licence:
    """Counts requests; nothing here tells a client that it is being slowed down."""

    def __init__(self, clock: TenantClock) -> None:
        """Begin with an empty minute and an empty queue."""
        self._clock = clock
        self._counted: deque[datetime] = deque()
        self._free = Condition()
        self._running = 0
        self._waiting = 0

    def enter(self, options: SandboxOptions) -> bool:
        """Wait for a free place; False means the queue or the wait is too long and the request is declined."""
        with self._free:
            if self._waiting + options.queued_elsewhere > options.queue_limit:
                return False
            self._waiting += 1
            has_room = self._free.wait_for(lambda: self._has_room(options), options.queue_seconds)
            self._waiting -= 1
            if not has_room:
                return False
            self._running += 1
            return True

    def leave(self) -> None:
        """Give the place to the next request."""
        with self._free:
            self._running -= 1
            self._free.notify()

    def _has_room(self, options: SandboxOptions) -> bool:
        return options.concurrent_requests is None or self._running < options.concurrent_requests

    def delay(self, options: SandboxOptions) -> float:
        """Seconds this request is held back: from half the quota on, what is left of the minute is shared out.

        The minute is the one that began with the oldest counted request.
        """
        limit = options.requests_per_minute
        if limit is None:
            return 0.0
        now = self._clock.now()
        while self._counted and now - self._counted[0] >= MINUTE:
            self._counted.popleft()
        past = len(self._counted)
        self._counted.append(now)
        if past < limit / 2:
            return 0.0
        left = (self._counted[0] + MINUTE - now).total_seconds()
        return left / max(limit - past, 1)
