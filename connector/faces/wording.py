"""How the pages and the terminal put the figures of a status into words."""

from collections.abc import Iterator, Mapping
from typing import Any

from connector.domain.run import RunProgress

UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
RUN_CLASSES = {
    "succeeded": "ok",
    "partial": "late",
    "skipped": "off",
    "failed": "failed",
    "running": "running",
}
OWN_ROWS = ("run_id", "entity", "mode", "kind", "status", "error", "reason")
"""Members of a run that its page shows elsewhere."""
COUNTS = {
    "deleted": "deleted",
    "repaired": "repaired",
    "matched": "as they were",
    "reported_deleted": "reported as deleted",
}


def show_instant(text: str | None) -> str:
    """Return an instant of the JSON to the second, for people: `2026-01-31 06:00:00`; "" for none."""
    return (text or "")[:19].replace("T", " ")


def describe_age(seconds: int | None) -> str:
    """Return how long ago a success was, in the largest whole unit."""
    if seconds is None:
        return "never"
    return "just now" if seconds < UNITS[-1][0] else f"{describe_span(seconds)} ago"


def describe_span(seconds: int) -> str:
    """Return a duration in the largest whole unit: `3 hours`."""
    for size, unit in UNITS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"


def describe_progress(progress: RunProgress, seconds: float) -> str:
    """Return how far a run is after some seconds: page, records, rate, and the time left where the total is known."""
    read, total = progress.read_before + progress.records, progress.total
    told = f"page {progress.pages:,}, {read:,}{f' of {max(read, total):,}' if total else ''} records"
    if not progress.records or seconds < 1:
        return told
    rate = progress.records / seconds
    told += f", {rate:,.0f} a second"
    left = round((total - read) / rate) if total else 0
    return f"{told}, about {describe_span(left)} left" if left > 0 else told


def name_kind(run: Mapping[str, Any]) -> str:
    """Return what a run did; earlier releases stored its mode alone."""
    return str(run.get("kind") or run.get("mode") or "run")


def describe_counts(run: Mapping[str, Any]) -> str:
    """Return the counts of a run, as far as they are known."""
    if "records_read" not in run:
        return ""
    return f"{run['records_read']:,} read, {run.get('records_written', 0):,} written"


def describe_findings(run: Mapping[str, Any]) -> str:
    """Return the error of a run, its reason, or what a reconcile found."""
    if error := run.get("error"):
        return str(error["message"])
    if reason := run.get("reason"):
        return str(reason)
    return ", ".join(
        f"{run[name]:,} {word}" for name, word in COUNTS.items() if isinstance(run.get(name), int)
    )


def list_figures(run: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every figure of a run with its name in words."""
    for name, value in run.items():
        if name not in OWN_ROWS and value is not None:
            yield name.replace("_", " "), _show(name, value)


def _show(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,}"
    is_instant = name.endswith(("_at", "_until")) or name.startswith("watermark")
    return show_instant(value) if is_instant and isinstance(value, str) else str(value)
