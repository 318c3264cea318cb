"""The system's own clock."""

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Real time."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)

    def sleep(self, duration: timedelta) -> None:
        """Wait; return at once when the duration is not positive."""
        if duration > timedelta(0):
            time.sleep(duration.total_seconds())
