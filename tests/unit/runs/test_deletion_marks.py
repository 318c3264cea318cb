"""The mark that ends a record: what it says, where it stands in the audit, and what is done when it is refused."""

import pytest

from connector.domain.entity_state import DeadLetter, Outcome
from connector.domain.run import Mode, Status, WriteMethod
from tests.builders import an_id
from tests.stand_ins.clock import NOON
from tests.unit.runs.small_rig import copied, lose, report, vendors
from tests.unit.runs.test_deletions import figures, fingerprints


class TestMark:
    def test_it_ends_the_version_that_was_shown_and_says_when_that_was_seen(self) -> None:
        rig = copied(1, 2)
        lose(rig, 1)
        report(rig, 1)
        result = rig.run()
        assert figures(result) == (1, 1)
        assert result.records_written == 1
        (row_fingerprint,) = fingerprints(rig)
        assert row_fingerprint == {
            "_id": an_id(1),
            "_modified_at": "2026-11-22T06:00:00.837Z",
            "_version": row_fingerprint["_version"],
            "_deleted": True,
            "_synced_at": "2026-11-22T13:00:00Z",
            "_run_id": "run-2",
        }
        assert len(bytes.fromhex(row_fingerprint["_version"])) == 16
        (append,) = rig.appends
        assert (append.method, append.rows[0].insert_id) == (WriteMethod.LOAD, row_fingerprint["_version"])
        assert set(rig.shown()) == {an_id(2)}

    def test_it_is_in_the_audit_of_its_record(self) -> None:
        rig = copied(1, 2)
        lose(rig, 1)
        report(rig, 1)
        rig.run()
        *_, page = rig.state.audit.read_trail("vendors", an_id(1))
        assert (page.run_id, page.entry.outcome, page.entry.key) == ("run-2", Outcome.TOMBSTONED, "")
        assert (page.entry.version, page.entry.reason) == ("", "")

    def test_two_records_have_two_marks_and_one_has_the_same_one_again(self) -> None:
        versions = []
        for _ in range(2):
            rig = copied(1, 2, 3, 4)
            lose(rig, 1, 2)
            report(rig, 1, 2)
            rig.run()
            versions.append([row_fingerprint["_version"] for row_fingerprint in fingerprints(rig)])
        assert versions[0] == versions[1]
        assert len(set(versions[0])) == 2


class TestRefusedMark:
    """A mark that the warehouse refuses is no deletion: it is counted as rejected, told, and tried again."""

    def test_a_reported_one_is_tried_again_by_the_next_run(self) -> None:
        rig = copied(1, 2)
        lose(rig, 1)
        report(rig, 1)
        rig.warehouse.refuse = refuse_marks
        result = rig.run()
        assert figures(result) == (1, 0)
        assert (result.records_written, result.records_rejected) == (0, 1)
        assert result.details["deletions_refused"] == 1
        assert set(rig.shown()) == {an_id(1), an_id(2)}
        *_, page = rig.state.audit.read_trail("vendors", an_id(1))
        assert (page.entry.outcome, page.entry.reason[-3:]) == (Outcome.REJECTED, " no")
        rig.warehouse.refuse = lambda _: None
        assert figures(rig.run()) == (1, 1)
        assert set(rig.shown()) == {an_id(2)}

    def test_a_reconcile_counts_it_as_rejected_and_marks_it_the_next_time(self) -> None:
        rig = copied(1, 2, 3)
        lose(rig, 1)
        rig.warehouse.refuse = refuse_marks
        result = rig.run(Mode.RECONCILE)
        assert (result.status, result.details["deleted"], result.records_rejected) == (Status.SUCCEEDED, 0, 1)
        rig.warehouse.refuse = lambda _: None
        assert rig.run(Mode.RECONCILE).details["deleted"] == 1

    def test_a_replay_shows_no_record_whose_mark_is_refused_and_keeps_its_letter(self) -> None:
        rig = copied(1, 2)
        lose(rig, 2)
        rig.state.dead_letters.add(
            DeadLetter(
                entity="vendors",
                record_id=an_id(9),
                key="V009",
                reason="too long",
                payload=vendors(9)[0],
                run_id="run-0",
                rejected_at=NOON,
            )
        )
        rig.warehouse.refuse = refuse_marks
        result = rig.run(Mode.REPLAY)
        assert (result.details["deleted"], result.records_written, result.records_rejected) == (0, 0, 1)
        assert an_id(9) not in rig.shown()
        assert len(list(rig.state.dead_letters.read("vendors"))) == 1

    @pytest.mark.parametrize("mode", [Mode.INCREMENTAL, Mode.RECONCILE])
    def test_too_many_of_them_fail_the_run_after_what_was_read_is_kept(self, mode: Mode) -> None:
        rig = copied(*range(60))
        lose(rig, *range(15))
        report(rig, *range(15))
        rig.warehouse.refuse = refuse_marks
        rig.source.put(*vendors(99, modified_at=rig.clock.now()))
        result = rig.run(mode)
        assert result.error is not None
        assert result.error.type == "TooManyRejectsError"
        assert "refused to mark 15 records of vendors as deleted: no" in result.error.message
        assert an_id(99) in rig.shown()


def refuse_marks(data: bytes) -> str | None:
    return "no" if b'"_deleted":true' in data else None
