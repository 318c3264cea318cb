"""How far a run says that it is: what this and earlier runs of the pass have read, of how many where that can be known."""

from datetime import timedelta
from typing import Any

import pytest

from connector.domain.entity import Depth
from connector.domain.run import Mode, RunProgress, Status
from tests.builders import an_id
from tests.fault.mortal import Life
from tests.unit.runs.small_rig import SmallRig, copied, vendors
from tests.unit.runs.test_replay import a_letter, a_rig
from tests.unit.runs.test_replay_going_on import a_bad_letter, stops_after

EIGHT = range(1, 9)


def watch(rig: SmallRig, mode: Mode = Mode.INCREMENTAL, **parts: Any) -> list[tuple[int, int | None]]:
    """Return what a run tells at each page: how many records are read, and of how many."""
    told: list[RunProgress] = []

    def pass_time(moment: str, _: int) -> None:
        if moment == "before source.read_record":
            rig.clock.advance(timedelta(seconds=1))

    rig.run(mode, on_progress=told.append, life=Life(pass_time), **parts)
    return [(progress.read_before + progress.records, progress.total) for progress in told]


def test_nobody_knows_how_many_records_a_first_pass_or_a_delta_has() -> None:
    rig = SmallRig(*vendors(*EIGHT))
    assert watch(rig) == [(3, None), (5, None), (7, None), (8, None)]
    rig.clock.advance(timedelta(hours=1))
    rig.source.put(*vendors(9, modified_at=rig.clock.now()))
    assert watch(rig) == [(1, None)]


def test_a_first_pass_that_is_resumed_counts_on() -> None:
    rig = SmallRig(*vendors(*EIGHT))
    assert watch(rig, is_stopping=lambda: True) == [(3, None)]
    assert watch(rig) == [(5, None), (7, None), (8, None)]


def test_a_pass_over_everything_has_as_many_records_as_the_last_one() -> None:
    rig = copied(*EIGHT)
    assert watch(rig, Mode.BACKFILL, is_stopping=lambda: True) == [(3, 8)]
    assert watch(rig, Mode.BACKFILL) == [(5, 8), (7, 8), (8, 8)]


@pytest.mark.parametrize("depth", Depth)
def test_a_reconcile_has_those_of_the_warehouse(depth: Depth) -> None:
    rig = copied(*EIGHT)
    first = watch(rig, Mode.RECONCILE, depth=depth, is_stopping=lambda: True)
    assert first == [(3, 8)]
    assert watch(rig, Mode.RECONCILE, depth=depth) == [(5, 8), (7, 8), (8, 8)]


def test_a_replay_has_the_dead_letters_that_were_not_tried_yet() -> None:
    rig = a_rig(*(a_letter(an_id(number), a_bad_letter(number)) for number in (1, 2, 3)))
    rig.source.put(*vendors(2, 3))
    assert watch(rig, Mode.REPLAY, is_stopping=stops_after(2)) == [(1, 3), (2, 3)]
    assert rig.entity_state.checkpoints["replay"].offset == 1, "the first one failed again"
    assert len(list(rig.state.dead_letters.read("vendors"))) == 2
    assert watch(rig, Mode.REPLAY) == [(1, 1)]


def test_a_replay_begun_again_has_them_all() -> None:
    rig = a_rig(*(a_letter(an_id(number), a_bad_letter(number)) for number in (1, 2)))
    watch(rig, Mode.REPLAY, is_stopping=stops_after(1))
    rig.clock.advance(timedelta(days=1))
    assert watch(rig, Mode.REPLAY) == [(1, 2), (2, 2)]
    assert rig.run(Mode.REPLAY).status is Status.SUCCEEDED
