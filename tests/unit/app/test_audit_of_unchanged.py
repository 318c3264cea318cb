"""Records that a reconcile of contents found unchanged: no entry is stored for them, and the audit tells them all the same."""

from datetime import timedelta
from itertools import count

from connector.app.audit import AuditLine, read_audit
from connector.domain.entity import Depth
from connector.domain.entity_state import AuditEntry, Outcome
from connector.domain.run import Mode, RunKind, RunResult, Status
from connector.domain.tables.sync_runs import build_answer
from tests.builders import an_id
from tests.unit.runs.small_rig import SmallRig, copied, vendors

HOUR = timedelta(hours=1)
UNCHANGED = "reconcile: unchanged"


def compare(rig: SmallRig, *, pages: int = 1_000, depth: Depth = Depth.CONTENT) -> RunResult:
    """Run a reconcile that is asked to stop after so many pages; an hour passes."""
    asked = count()
    result = rig.run(Mode.RECONCILE, depth=depth, is_stopping=lambda: next(asked) >= pages)
    rig.clock.advance(HOUR)
    return result


def trail(rig: SmallRig, number: int) -> list[AuditLine]:
    return read_audit(rig.state, rig.warehouse, rig.entity, an_id(number))


def told(rig: SmallRig, number: int) -> list[str]:
    """Return what runs did with the record."""
    return [line.what for line in trail(rig, number) if line.place == "run"]


def entries(rig: SmallRig, run_id: str) -> list[str]:
    """Return the ids that a run has audit entries of."""
    found, after = list[str](), -1
    while page := rig.state.audit.read_run_page(run_id, after):
        found += [entry.record_id for entry in page.entries]
        after = page.number
    return found


def test_it_is_told_by_id_and_by_key_with_the_run_and_the_version() -> None:
    rig = copied(1, 2, 3, 4, 5)
    result = compare(rig)
    assert entries(rig, result.run_id) == []
    *_, line = trail(rig, 4)
    assert (line.what, line.place, line.run_id, line.key) == (UNCHANGED, "run", result.run_id, "V004")
    assert line.version == trail(rig, 4)[0].version
    assert line.at == rig.clock.now() - HOUR
    assert read_audit(rig.state, rig.warehouse, rig.entity, "V004") == trail(rig, 4)


def test_each_reconcile_is_told() -> None:
    rig = copied(1, 2)
    results = [compare(rig) for _ in range(3)]
    assert [line.run_id for line in trail(rig, 1) if line.what == UNCHANGED] == [r.run_id for r in results]


def test_what_was_written_or_deleted_in_it_is_told_as_that_alone() -> None:
    rig = copied(1, 2, 3)
    rig.source.put(*vendors(2, status="Hold"), *vendors(4))
    del rig.source.rows[an_id(3)]
    result = compare(rig)
    assert sorted(entries(rig, result.run_id)) == [an_id(2), an_id(3), an_id(4)]
    assert told(rig, 1)[-1] == UNCHANGED
    assert told(rig, 2)[-1] == told(rig, 4)[-1] == "reconcile: written"
    assert told(rig, 3)[-1] == "reconcile: tombstoned"
    compare(rig)
    assert told(rig, 2)[-1] == told(rig, 4)[-1] == UNCHANGED
    assert told(rig, 3)[-1] == "reconcile: tombstoned", "what is gone was not compared"


def test_a_record_that_could_not_be_read_is_not_told_as_compared() -> None:
    rig = copied(1, 2, 3)
    del rig.source.rows[an_id(2)]
    rig.source.broken = {an_id(2)}
    result = compare(rig)
    assert result.status is Status.SUCCEEDED
    assert entries(rig, result.run_id) == [an_id(2)]
    assert trail(rig, 2)[-1].reason.startswith("It could not be compared: ")


def test_a_reconcile_of_several_runs_is_told_when_it_is_complete() -> None:
    rig = copied(*range(1, 12))
    while (result := compare(rig, pages=2)).status is Status.PARTIAL:
        assert UNCHANGED not in told(rig, 1)
    assert result.status is Status.SUCCEEDED
    assert [line.run_id for line in trail(rig, 1) if line.what == UNCHANGED] == [result.run_id]


def test_what_came_while_it_went_on_is_not_told_as_compared() -> None:
    rig = copied(*range(1, 12))
    compare(rig, pages=2)
    rig.source.put(*vendors(0, modified_at=rig.clock.now()))
    rig.run()
    rig.clock.advance(HOUR)
    while compare(rig, pages=2).status is Status.PARTIAL:
        pass
    assert UNCHANGED not in told(rig, 0)


def test_one_that_failed_or_did_not_look_for_deletions_tells_nothing() -> None:
    rig = copied(1, 2)
    good = compare(rig)
    entry = {**build_answer(good), "kind": RunKind.RECONCILE_CONTENT.value, "finished_at": rig.clock.now()}
    others: list[dict[str, object]] = [{"status": "failed"}, {"deletions_checked_at": None}]
    for number, parts in enumerate(others):
        rig.state.audit.close_run(f"other-{number}", {**entry, **parts, "run_id": f"other-{number}"})
    assert [line.run_id for line in trail(rig, 1) if line.what == UNCHANGED] == [good.run_id]


def test_a_reconcile_of_keys_reads_no_record_and_tells_none() -> None:
    rig = copied(1, 2)
    compare(rig, depth=Depth.KEYS)
    assert UNCHANGED not in told(rig, 1)


def test_an_entry_of_an_earlier_release_is_not_told_twice() -> None:
    rig = copied(1, 2)
    result = rig.run(Mode.RECONCILE, depth=Depth.CONTENT)
    entry = AuditEntry(record_id=an_id(1), key="V001", version="v", outcome=Outcome.UNCHANGED)
    rig.state.audit.record_page(result.run_id, "vendors", "reconcile", 1, [entry])
    assert told(rig, 1).count(UNCHANGED) == told(rig, 2).count(UNCHANGED) == 1
