"""Charts of the last runs: records read above a line, seconds below it, one pair of bars a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

GAP = 1.0
MIN_HEIGHT = 1.0
"""So that a run that read nothing can be seen."""
MIN_PLACES = 15
"""So that a bar is not as broad as a column when there were few runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One run. Lengths are in units of the drawing; `kind` is a CSS class, "" for a run that did not fail."""

    x: float
    width: float
    read_y: float
    read_height: float
    seconds_y: float
    seconds_height: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a template needs to draw the runs."""

    width: int
    height: int
    middle: float
    bars: Sequence[Bar]
    label: str


def build_chart(runs: Sequence[Mapping[str, Any]], *, width: int, height: int) -> Chart:
    """Return the chart of these runs, which come newest first; the newest is drawn on the right."""
    step, middle = width / max(len(runs), MIN_PLACES), height / 2
    read = [float(run.get("records_read") or 0) for run in runs]
    seconds = [float(run.get("duration_seconds") or 0) for run in runs]
    bars = [
        Bar(
            x=round(width - step * (at + 1), 2),
            width=round(step - GAP, 2),
            read_y=round(middle - up, 2),
            read_height=up,
            seconds_y=middle,
            seconds_height=down,
            kind="failed" if runs[at].get("status") == "failed" else "",
        )
        for at, (up, down) in enumerate(zip(_scale(read, middle), _scale(seconds, middle), strict=True))
    ]
    return Chart(width=width, height=height, middle=middle, bars=bars, label=_describe(runs, read, seconds))


def _scale(values: Sequence[float], height: float) -> list[float]:
    highest = max(values, default=0) or 1
    return [round(max(MIN_HEIGHT, value / highest * (height - 1)), 2) for value in values]


def _describe(runs: Sequence[Mapping[str, Any]], read: Sequence[float], seconds: Sequence[float]) -> str:
    """Say what the chart shows to somebody who cannot see it."""
    if not runs:
        return "No run yet"
    failed = sum(run.get("status") == "failed" for run in runs)
    return (
        f"The last {len(runs)} run{'s' if len(runs) > 1 else ''}: {median(read):,.0f} records in the middle, {max(read):,.0f} at most; "
        f"{median(seconds):,.1f} seconds in the middle, {max(seconds):,.1f} at most; {failed} failed"
    )
