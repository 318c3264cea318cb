"""Records that a reconcile finds no more: marked if they are gone, and refused if they are too many at once."""

import pytest

from connector.domain.entity import Depth
from connector.domain.run import Status
from connector.runs.deletion_marks import DELETIONS_TOLERATED
from connector.runs.reconcile import ROWS_AT_ONCE
from tests.builders import a_contract, an_id
from tests.unit.runs.small_rig import SmallRig, copied, lose, vendors
from tests.unit.runs.test_reconcile import figures, reconcile


class TestDeletions:
    @pytest.mark.parametrize("depth", list(Depth))
    def test_what_is_not_listed_and_not_found_by_its_id_is_marked(self, depth: Depth) -> None:
        rig = copied(1, 2, 3)
        lose(rig, 2)
        assert figures(reconcile(rig, depth)) == (2, 0, 1, 0)
        assert rig.source.asked == [an_id(2)]
        assert set(rig.shown()) == {an_id(1), an_id(3)}

    def test_a_record_without_a_stamp_is_marked_without_one(self) -> None:
        rig = SmallRig(*vendors(1, 2, modified_at=None), contract=a_contract(modified_field=None))
        rig.run()
        lose(rig, 2)
        assert figures(reconcile(rig)) == (1, 0, 1, 0)
        assert rig.appends[-1].rows[0].data.startswith(b'{"_id":"%b","_modified_at":null' % an_id(2).encode())

    def test_out_of_time_while_marking_what_was_marked_stays(self) -> None:
        rig = copied(1, 2, 3)
        lose(rig, 2)
        result = reconcile(rig, is_stopping=lambda: bool(rig.source.asked))
        assert (result.status, result.details["deleted"]) == (Status.PARTIAL, 1)

    def test_very_many_are_marked_by_and_by(self) -> None:
        rig = copied(*range(ROWS_AT_ONCE + 2))
        lose(rig, *range(1, ROWS_AT_ONCE + 2))
        assert figures(reconcile(rig, force=True, page_size=1000)) == (1, 0, ROWS_AT_ONCE + 1, 0)
        assert [len(append.rows) for append in rig.appends] == [ROWS_AT_ONCE, 1]

    def test_what_is_not_listed_but_there_stays(self) -> None:
        rig = copied(1, 2, 3)
        rig.source.hidden = {an_id(2)}
        assert figures(reconcile(rig)) == (3, 0, 0, 0)
        assert len(rig.shown()) == 3

    def test_what_cannot_be_used_any_more_is_not_gone(self) -> None:
        rig = copied(1, 2)
        rig.source.rows[an_id(2)] = b'{"id":"%b","VendorID":{"value":"V002"},"x":\xff}' % an_id(2).encode()
        result = reconcile(rig, Depth.CONTENT)
        assert (result.status, result.details["deleted"], result.records_rejected) == (Status.SUCCEEDED, 0, 1)
        assert len(rig.shown()) == 2

    def test_one_record_may_be_the_only_one_and_go(self) -> None:
        rig = copied(1)
        lose(rig, 1)
        assert figures(reconcile(rig)) == (0, 0, 1, 0)

    def test_all_of_several_gone_is_an_error(self) -> None:
        rig = copied(1, 2)
        lose(rig, 1, 2)
        error = reconcile(rig).error
        assert error is not None
        assert error.type == "TooManyDeletionsError"
        assert error.message.startswith("Acumatica no longer has 2 of 2 records of vendors;")
        assert error.action == (
            "Check the API user's roles, branches and restriction groups. If they were really deleted, run a "
            "reconcile with force."
        )
        assert len(rig.shown()) == 2
        assert figures(reconcile(rig, force=True)) == (0, 0, 2, 0)

    @pytest.mark.parametrize(
        ("there", "tolerated"), [(3, 1), (25, 12), (100, DELETIONS_TOLERATED), (300, 30)]
    )
    def test_half_of_few_and_twenty_or_a_tenth_of_many_may_go_at_once_and_one_more_is_an_error(
        self, there: int, tolerated: int
    ) -> None:
        rig = copied(*range(there))
        lose(rig, *range(tolerated + 1))
        error = reconcile(rig, page_size=500).error
        assert error is not None
        assert f"at most {tolerated} may" in error.message
        rig.source.put(*vendors(0))
        assert figures(reconcile(rig, page_size=500)) == (there - tolerated, 0, tolerated, 0)
        assert len(rig.shown()) == there - tolerated
