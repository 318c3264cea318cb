"""Whether the clocks went back since the last pass: ours, and Acumatica's as shown in its responses.

Neither is trusted alone. The earlier of the two, and how they drifted apart, limit what a pass may leave out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.domain.instants import move

TOLERANCE = timedelta(minutes=1)
"""Smaller differences mean nothing: responses give whole seconds, and a slow one makes Acumatica's clock look late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """Both clocks at the same time, when a request began."""

    source: datetime
    ours: datetime

    @property
    def source_ahead(self) -> timedelta:
        """How far Acumatica's clock is ahead of ours."""
        return self.source - self.ours

    @property
    def earlier(self) -> datetime:
        """The earlier of the two: a bound too early costs a little extra reading, a bound too late loses a record."""
        return min(self.source, self.ours)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockVerdict:
    """How far Acumatica's clock went back since the last pass. With `is_unknown` it did, by an unknown amount."""

    set_back: timedelta = timedelta(0)
    is_unknown: bool = False

    @property
    def has_gone_back(self) -> bool:
        """Whether new changes may have earlier stamps than older ones."""
        return self.is_unknown or self.set_back > timedelta(0)

    def move_back(self, bound: datetime | None) -> datetime | None:
        """Return the bound moved back by as much as the clock; None (everything) if that is unknown."""
        return None if bound is None or self.is_unknown else move(bound, -self.set_back)


def judge_clocks(
    reading: ClockReading,
    *,
    ahead_before: timedelta | None,
    finished_before: datetime | None,
    changed_since: datetime | None,
) -> ClockVerdict:
    """Judge the clocks when a pass begins or resumes.

    `ahead_before` is `source_ahead` when the last pass began, `finished_before` our clock when it ended. Acumatica's clock went
    back if it lost time against ours (or ours jumped ahead, which costs a little reading). Both went back if ours did, and
    Acumatica's did not gain on it. Where nothing is known of before, a clock that has not reached `changed_since` says that it went back: no change
    from now on would pass that filter.
    """
    drift = timedelta(0) if ahead_before is None else reading.source_ahead - ahead_before
    has_our_clock_gone_back = finished_before is not None and reading.ours < finished_before - TOLERANCE
    if has_our_clock_gone_back and drift <= TOLERANCE:
        return ClockVerdict(is_unknown=True)
    if drift < -TOLERANCE:
        return ClockVerdict(set_back=-drift)
    is_before_the_bound = changed_since is not None and reading.source < changed_since - TOLERANCE
    return ClockVerdict(is_unknown=is_before_the_bound)
