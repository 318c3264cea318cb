"""What two clocks tell together, when neither is trusted alone."""

from datetime import timedelta

import pytest

from connector.domain.clocks import TOLERANCE, ClockReading, ClockVerdict, judge_clocks
from tests.builders import MORNING

HOUR, NONE = timedelta(hours=1), timedelta(0)
BOUND = MORNING - timedelta(minutes=15)
LATER = MORNING + HOUR


def judge(source: timedelta, ours: timedelta, **known: object) -> ClockVerdict:
    """An hour has passed since a pass that ended in the MORNING; both clocks told the same then, unless they did not."""
    before = {"ahead_before": NONE, "finished_before": MORNING, "changed_since": BOUND} | known
    return judge_clocks(ClockReading(source=LATER + source, ours=LATER + ours), **before)  # type: ignore[arg-type]


@pytest.mark.parametrize("slack", [NONE, -TOLERANCE, TOLERANCE])
def test_clocks_that_go_on_together_are_no_sign(slack: timedelta) -> None:
    assert judge(slack, NONE) == ClockVerdict()
    assert judge(NONE, -slack) == ClockVerdict()


def test_a_source_that_is_always_behind_is_no_sign() -> None:
    assert judge(-2 * HOUR, NONE, ahead_before=-2 * HOUR, changed_since=BOUND - 2 * HOUR) == ClockVerdict()


@pytest.mark.parametrize(("source", "ours"), [(-30, 0), (0, 30), (-60 * 24, 0), (-20, 10)])
def test_what_the_source_lost_against_ours_is_how_far_it_went_back(source: int, ours: int) -> None:
    """Ours that jumped ahead looks just the same: the bound is a little too early then."""
    verdict = judge(timedelta(minutes=source), timedelta(minutes=ours))
    assert verdict == ClockVerdict(set_back=timedelta(minutes=ours - source))
    assert verdict.has_gone_back
    assert verdict.move_back(BOUND) == BOUND - timedelta(minutes=ours - source)


def test_ours_alone_set_back_lets_the_bound_be() -> None:
    assert judge(NONE, -5 * HOUR) == ClockVerdict()
    assert judge(5 * HOUR, NONE) == ClockVerdict()


@pytest.mark.parametrize("source", [-5 * HOUR, -500 * HOUR])
def test_both_set_back_tell_nothing_of_how_far(source: timedelta) -> None:
    verdict = judge(source, -5 * HOUR)
    assert verdict == ClockVerdict(is_unknown=True)
    assert verdict.move_back(BOUND) is None


@pytest.mark.parametrize("ahead_before", [None, NONE, -HOUR])
def test_a_clock_that_has_not_reached_the_bound_went_back(ahead_before: timedelta | None) -> None:
    verdict = judge(NONE, NONE, ahead_before=ahead_before, changed_since=LATER + HOUR)
    assert verdict.is_unknown


def test_of_a_first_pass_nothing_is_told() -> None:
    assert judge(NONE, NONE, ahead_before=None, finished_before=None, changed_since=None) == ClockVerdict()


def test_the_earlier_clock_bounds_what_was_read() -> None:
    assert ClockReading(source=MORNING, ours=LATER).earlier == MORNING
    assert ClockReading(source=LATER, ours=MORNING).earlier == MORNING
