"""The system's own clock."""

import time
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from connector.ports import Clock


class SystemClock(Clock):
    """Real time."""

    @override
    def now(self) -> datetime:
        return datetime.now(UTC)

    @override
    def sleep(self, duration: timedelta) -> None:
        if duration > timedelta(0):
            time.sleep(duration.total_seconds())
