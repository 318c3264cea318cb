"""A reconcile that takes several runs: it looks for deletions to the end, and says up to when."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from connector.domain.entity import Depth
from connector.domain.run import Mode, RunResult, Status
from tests.builders import an_id
from tests.unit.runs.small_rig import SmallRig, copied, remember, vendors

HOUR = timedelta(hours=1)
BOTH = pytest.mark.parametrize("depth", Depth)


def reconcile(rig: SmallRig, depth: Depth, **parts: Any) -> RunResult:
    return rig.run(Mode.RECONCILE, depth=depth, **parts)


def finish(rig: SmallRig, depth: Depth, **parts: Any) -> list[RunResult]:
    """Run again and again, each time for two questions whether to go on, until the reconcile is done; time passes in between."""
    results: list[RunResult] = []
    while not results or results[-1].status is Status.PARTIAL:
        asked = count()
        results.append(reconcile(rig, depth, is_stopping=lambda asked=asked: next(asked) >= 2, **parts))
        rig.clock.advance(HOUR)
        assert len(results) < 60, "it never ends"
    return results


@BOTH
def test_deletions_are_found_however_many_runs_it_takes(depth: Depth) -> None:
    rig = copied(*range(1, 12))
    for number in (1, 6, 11):
        del rig.source.rows[an_id(number)]
    began_at = rig.clock.now()
    results = finish(rig, depth)
    assert len(results) > 2
    assert all(result.has_progressed for result in results[:-1])
    assert results[-1].status is Status.SUCCEEDED
    assert set(rig.shown()) == {an_id(number) for number in (2, 3, 4, 5, 7, 8, 9, 10)}
    assert [result.deletions_checked_at for result in results[:-1]] == [None] * (len(results) - 1)
    assert results[-1].deletions_checked_at == rig.entity_state.deletions_checked_at == began_at
    assert rig.entity_state.checkpoints == {}


@BOTH
def test_no_page_is_listed_twice_over(depth: Depth) -> None:
    rig = copied(*range(1, 12))
    finish(rig, depth)
    assert [query.skip for query in rig.source.queries].count(0) == 1


@BOTH
def test_records_that_come_and_go_meanwhile_are_shown_as_they_are(depth: Depth) -> None:
    rig = copied(*range(1, 12))
    del rig.source.rows[an_id(2)]
    reconcile(rig, depth, is_stopping=lambda: True)
    rig.source.put(*vendors(20, 0, modified_at=rig.clock.now()))
    rig.run()  # new records, one of them before all others
    del rig.source.rows[an_id(20)]  # seen by the sync while the reconcile was on its way
    finish(rig, depth)
    assert an_id(2) not in rig.shown()
    finish(rig, depth)
    assert set(rig.shown()) == set(rig.source.rows)


@BOTH
def test_both_depths_keep_their_own_progress(depth: Depth) -> None:
    rig = copied(*range(1, 12))
    del rig.source.rows[an_id(3)]
    other = Depth.KEYS if depth is Depth.CONTENT else Depth.CONTENT
    reconcile(rig, depth, is_stopping=lambda: True)
    kept = rig.entity_state.checkpoints
    assert finish(rig, other)[-1].status is Status.SUCCEEDED
    assert rig.entity_state.checkpoints == kept
    assert finish(rig, depth)[-1].status is Status.SUCCEEDED
    assert an_id(3) not in rig.shown()


@BOTH
def test_looking_for_what_is_not_listed_goes_on_where_it_stopped(depth: Depth) -> None:
    """Records that no list shows, though they are there, are asked for once and not by run after run."""
    rig = copied(*range(1, 60))
    rig.source.hidden = {an_id(number) for number in range(1, 5)}
    del rig.source.rows[an_id(5)]
    finish(rig, depth)
    assert an_id(5) not in rig.shown()
    assert {record_id: rig.source.asked.count(record_id) for record_id in rig.source.hidden} == dict.fromkeys(
        rig.source.hidden, 1
    )


@BOTH
def test_too_many_missing_are_not_remembered_once_the_rights_are_back(depth: Depth) -> None:
    rig = copied(*range(1, 60))
    rig.source.hidden = {an_id(number) for number in range(1, 50)}
    assert finish(rig, depth)[-1].error is not None
    assert rig.entity_state.checkpoints == {}
    rig.source.hidden = set()
    assert finish(rig, depth)[-1].status is Status.SUCCEEDED
    assert len(rig.shown()) == 59


def test_progress_without_what_was_seen_is_gone_on_with_and_promises_nothing_of_deletions() -> None:
    """As an earlier release stored it, or for more records than the state keeps."""
    rig = copied(*range(1, 9))
    reconcile(rig, Depth.CONTENT, is_stopping=lambda: True)
    points = {mode: replace(point, seen=None) for mode, point in rig.entity_state.checkpoints.items()}
    remember(rig, checkpoints=points)
    del rig.source.rows[an_id(8)]
    result = finish(rig, Depth.CONTENT)[-1]
    assert (result.status, result.deletions_checked_at, result.details["deleted"]) == (
        Status.SUCCEEDED,
        None,
        0,
    )
    assert finish(rig, Depth.CONTENT)[-1].deletions_checked_at is not None
    assert an_id(8) not in rig.shown()


@BOTH
def test_of_another_log_nothing_is_believed_that_was_seen_in_the_last_one(depth: Depth) -> None:
    rig = copied(*range(1, 9))
    reconcile(rig, depth, is_stopping=lambda: True)
    rig.warehouse.logs["vendors_log"] = rig.warehouse.logs["vendors_log"][1:]
    assert finish(rig, depth)[-1].deletions_checked_at is None


def test_a_page_whose_repair_took_too_long_is_compared_again() -> None:
    rig = copied(*range(1, 9))
    rig.source.put(*vendors(2, 3, modified_at=rig.clock.now()))
    answers = iter([False, True])
    assert reconcile(rig, Depth.KEYS, is_stopping=lambda: next(answers, True)).status is Status.PARTIAL
    finish(rig, Depth.KEYS)
    assert rig.entity_state.deletions_checked_at is not None
    assert reconcile(rig, Depth.KEYS).details["stale"] == 0
