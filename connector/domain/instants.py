"""Instants as text, in one spelling everywhere: RFC 3339, UTC, `Z`."""

from datetime import UTC, datetime


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


def from_text(text: str) -> datetime:
    """Return the aware UTC instant; raise ValueError for text that is no instant, names no offset or is outside the years 1 to 9999 in UTC."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs an offset or Z: {text!r}")
    try:
        return instant.astimezone(UTC)
    except OverflowError as exc:
        raise ValueError(f"an instant outside the calendar: {text!r}") from exc
