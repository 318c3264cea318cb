"""Up to when changes and deletions are in the warehouse: told by every run, and never more than is true."""

from datetime import timedelta

import pytest

from connector.domain.entity import Depth
from connector.domain.instants import to_text
from connector.domain.run import Mode, Status
from tests.unit.runs.small_rig import SmallRig, copied, vendors

HOUR = timedelta(hours=1)
LOOKBACK = timedelta(minutes=15)


def test_a_complete_pass_tells_before_which_instant_every_change_is_there() -> None:
    rig = copied(1, 2)
    began_at = rig.clock.now()
    result = rig.run()
    assert result.complete_until == began_at - LOOKBACK
    assert rig.entity_state.complete_until == began_at - LOOKBACK
    assert rig.runs_told()[-1]["complete_until"] == to_text(began_at - LOOKBACK)


def test_a_pass_over_several_runs_is_complete_up_to_when_it_began() -> None:
    rig = SmallRig(*vendors(*range(1, 9)))
    began_at = rig.clock.now()
    assert rig.run(is_stopping=lambda: True).complete_until is None
    rig.clock.advance(HOUR)
    assert rig.run().complete_until == began_at - LOOKBACK


def test_a_run_that_does_not_finish_repeats_what_held_before() -> None:
    rig = copied(*range(1, 9))
    before = rig.entity_state.complete_until
    rig.source.put(*vendors(*range(1, 9), modified_at=rig.clock.now()))
    assert rig.run(is_stopping=lambda: True).complete_until == before


@pytest.mark.parametrize("depth", Depth)
def test_a_reconcile_tells_before_which_instant_every_deletion_is_marked(depth: Depth) -> None:
    rig = copied(1, 2, 3)
    assert rig.entity_state.deletions_checked_at is None
    began_at = rig.clock.now()
    result = rig.run(Mode.RECONCILE, depth=depth)
    assert (result.status, result.deletions_checked_at) == (Status.SUCCEEDED, began_at)
    rig.clock.advance(HOUR)
    assert rig.run().deletions_checked_at == began_at, "a sync looks for no deletions"
    assert rig.runs_told()[-1]["deletions_checked_at"] == to_text(began_at)


def test_of_a_log_that_was_lost_nothing_is_claimed_until_it_is_filled_again() -> None:
    rig = copied(*range(1, 9))
    rig.run(Mode.RECONCILE)
    del rig.warehouse.logs["vendors_log"]
    result = rig.run(is_stopping=lambda: True)
    assert (result.status, result.complete_until, result.deletions_checked_at) == (Status.PARTIAL, None, None)
    assert (rig.entity_state.complete_until, rig.entity_state.deletions_checked_at) == (None, None)
    rig.run()
    assert rig.entity_state.complete_until is not None
    assert rig.entity_state.deletions_checked_at is None
