"""How the page and the terminal put the figures of a status into words."""

from typing import Any


def describe_run(last: dict[str, Any]) -> str:
    """Return mode, outcome and counts of the last run, as far as they are known; "" if there was none."""
    if "records_read" not in last:
        return " ".join(str(last[name]) for name in ("mode", "status") if last.get(name))
    counts = f"{last['records_read']:,} read, {last['records_written']:,} written"
    return f"{last['mode']} {last['status']}: {counts}"


def show_instant(text: str | None) -> str:
    """Return an instant of the JSON to the second, for people: `2026-01-31 06:00:00`; "" for none."""
    return (text or "")[:19].replace("T", " ")


def describe_age(seconds: int | None) -> str:
    """Return how long ago a success was, in the largest whole unit."""
    if seconds is None:
        return "never"
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
