from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest

from connector.adapters.acumatica.pace import Pace
from tests.stand_ins.clock import NOON, FakeClock


def test_requests_begin_no_closer_than_the_pace_allows(clock: FakeClock) -> None:
    pace, began = Pace(clock, 30), []
    for work_seconds in (0, 0.5, 5, 0, 1):
        pace.wait()
        began.append(clock.now())
        clock.advance(timedelta(seconds=work_seconds))
    gaps = [(after - before).total_seconds() for before, after in pairwise(began)]
    assert gaps == [2, 2, 5, 2]


@pytest.mark.parametrize("pace", [None, 0])
def test_without_a_pace_nothing_waits(clock: FakeClock, pace: int | None) -> None:
    unbounded = Pace(clock, pace)
    for _ in range(3):
        unbounded.wait()
    assert clock.sleeps == []


def test_runs_at_once_keep_the_pace_together(clock: FakeClock) -> None:
    pace = Pace(clock, 30)
    with ThreadPoolExecutor(3) as threads:
        for asked in [threads.submit(pace.wait) for _ in range(6)]:
            asked.result()
    assert clock.now() - NOON >= timedelta(seconds=10)
