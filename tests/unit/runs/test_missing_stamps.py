"""Records that have no stamp, or lost it: shown as they are now, repaired by either reconcile, and told."""

import pytest

from connector.domain.entity import Depth
from connector.domain.run import Mode
from connector.runs.reconcile import MAX_UNSTAMPED_READ
from tests.builders import an_id
from tests.unit.runs.small_rig import SmallRig
from tests.unit.runs.test_wrong_clocks import NAMED, UNSTAMPED, a_rig, named, run


class TestStampsThatAreMissing:
    def test_an_endpoint_that_lost_its_stamp_goes_on_showing_what_is_new(self) -> None:
        rig = a_rig(*named(1, 2, 3))
        rig.source.contract, rig.source.knows_contract = UNSTAMPED, False
        rig.source.rows.clear()
        rig.source.put(*named(1, 2, stamp=None), *named(3, name="new", stamp=None))
        result = run(rig)
        assert rig.shown("name") == {an_id(1): "old", an_id(2): "old", an_id(3): "new"}
        assert result.details["shown_under_a_later_stamp"] == result.records_written
        assert run(rig).records_written == 0
        assert run(rig, Mode.RECONCILE).details["stale"] == 0
        assert rig.source.asked == []

    @pytest.mark.parametrize("depth", list(Depth))
    def test_a_record_that_lost_its_stamp_is_repaired_once(self, depth: Depth) -> None:
        """A filter by stamp does not list it, so a reconcile brings it."""
        rig = a_rig(*named(1, 2))
        rig.source.put(*named(2, name="new", stamp=None))
        assert run(rig, Mode.RECONCILE, depth).details["repaired"] == 1
        assert rig.shown("name")[an_id(2)] == "new"
        rig.source.asked.clear()
        again = run(rig, Mode.RECONCILE, depth)
        assert (again.details["repaired"], again.details["stale"]) == (0, 0)

    def test_it_is_told_by_every_run_that_reads_it(self) -> None:
        rig = SmallRig(*named(1, 2), *named(3, 4, stamp=None), contract=NAMED)
        assert run(rig).details["without_stamp"] == 2
        for depth in Depth:
            assert run(rig, Mode.RECONCILE, depth).details["without_stamp"] == 2
        assert "without_stamp" not in run(rig).details, "a filter does not list it"

    @pytest.mark.parametrize("depth", list(Depth))
    def test_a_record_that_never_had_one_is_shown_as_it_is_now_by_either_reconcile(
        self, depth: Depth
    ) -> None:
        rig = SmallRig(*named(1, 2), *named(3, 4, stamp=None), contract=NAMED)
        run(rig)
        rig.source.asked.clear()
        rig.source.put(*named(4, name="new", stamp=None))
        result = run(rig, Mode.RECONCILE, depth)
        assert (result.details["repaired"], result.details["matched"]) == (1, 3)
        assert rig.shown("name")[an_id(4)] == "new"
        assert rig.source.asked == ([an_id(3), an_id(4)] if depth is Depth.KEYS else [])
        assert run(rig, Mode.RECONCILE, depth).records_written == 0

    def test_where_the_endpoint_has_no_stamp_none_is_missed(self) -> None:
        rig = SmallRig(*named(1, stamp=None), contract=UNSTAMPED)
        assert "without_stamp" not in run(rig).details
        rig.source.asked.clear()
        assert "without_stamp" not in run(rig, Mode.RECONCILE).details
        assert rig.source.asked == []

    def test_of_very_many_so_many_are_read_that_a_reconcile_of_keys_ends(self) -> None:
        count = MAX_UNSTAMPED_READ + 3
        rig = SmallRig(*named(*range(1, count + 1), stamp=None), contract=NAMED)
        run(rig)
        rig.source.asked.clear()
        assert run(rig, Mode.RECONCILE).details["without_stamp"] == count
        assert len(rig.source.asked) == MAX_UNSTAMPED_READ

    def test_a_deleted_record_that_comes_back_without_its_stamp_is_shown(self) -> None:
        rig = a_rig(*named(1, 2, 3))
        removed = rig.source.rows.pop(an_id(2))
        assert run(rig, Mode.RECONCILE).details["deleted"] == 1
        rig.source.rows[an_id(2)] = removed
        rig.source.put(*named(2, name="back", stamp=None))
        run(rig, Mode.RECONCILE)
        assert rig.shown("name")[an_id(2)] == "back"
        assert run(rig, Mode.RECONCILE).details["repaired"] == 0
