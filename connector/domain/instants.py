"""Instants as text, in one format everywhere: RFC 3339, UTC, `Z`."""

from datetime import UTC, datetime, timedelta

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""The first and last instant that Python and the warehouses can hold."""
LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
"""Earlier than any stamp, and still an instant that Acumatica's database can hold."""


def to_text(instant: datetime) -> str:
    """Return `2026-11-22T06:00:00.837Z`: as many fraction digits as needed, in groups of three, none when whole."""
    utc = instant.astimezone(UTC)
    if utc.microsecond == 0:
        precision = "seconds"
    elif utc.microsecond % 1000 == 0:
        precision = "milliseconds"
    else:
        precision = "microseconds"
    return utc.isoformat(timespec=precision).removesuffix("+00:00") + "Z"


def find_later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later of two instants, or the one that is known; None if neither is."""
    return max((instant for instant in (one, other) if instant is not None), default=None)


def move(instant: datetime, duration: timedelta) -> datetime:
    """Return the instant moved by the duration, but no further than `FIRST` or `LAST`."""
    try:
        return instant + duration
    except OverflowError:
        return LAST if duration > timedelta(0) else FIRST


def is_over(until: datetime, now: datetime, *, longest: timedelta) -> bool:
    """Whether a wait of at most `longest` that ends at `until` is over, also because the clock was set back since it began."""
    return not timedelta(0) < until - now <= longest


def from_text(text: str) -> datetime:
    """Return the aware UTC instant; raise ValueError for other text, a missing offset, or a year outside 1 to 9999."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs an offset or Z: {text!r}")
    try:
        return instant.astimezone(UTC)
    except OverflowError as exc:
        raise ValueError(f"an instant outside the calendar: {text!r}") from exc
