"""What other runs wrote since an incremental pass last looked: a later change is shown over it, and asked for once."""

from datetime import datetime, timedelta

import pytest

from connector.domain.entity import Depth
from connector.domain.run import Mode
from tests.builders import an_id
from tests.fault.mortal import Killed, Life
from tests.stand_ins.clock import NOON
from tests.unit.runs.small_rig import SmallRig
from tests.unit.runs.test_wrong_clocks import LAST, NAMED, a_rig, named, run

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class TestWhatOtherRunsWrote:
    """An incremental pass does not know by its watermark and its recent versions what other runs wrote since."""

    @pytest.mark.parametrize(
        ("mode", "depth"),
        [(Mode.RECONCILE, Depth.KEYS), (Mode.RECONCILE, Depth.CONTENT), (Mode.BACKFILL, Depth.KEYS)],
    )
    @pytest.mark.parametrize("stamp", [NOON + 59 * MINUTE, LAST], ids=["earlier", "future"])
    def test_a_later_change_under_an_earlier_stamp_is_shown(
        self, mode: Mode, depth: Depth, stamp: datetime
    ) -> None:
        rig = a_rig(*named(1, 2))
        rig.source.put(*named(1, name="repaired", stamp=stamp))
        run(rig, mode, depth)
        rig.source.put(*named(1, name="new", stamp=rig.clock.now() - 2 * MINUTE))
        assert run(rig).details["shown_under_a_later_stamp"] == 1
        rig.source.put(*named(1, name="newer", stamp=rig.clock.now() - MINUTE))
        run(rig)
        assert rig.shown("name") == {an_id(1): "newer", an_id(2): "old"}

    def test_a_later_change_than_what_was_replayed_is_shown(self) -> None:
        rig = a_rig(*named(1, 2))
        rig.warehouse.refuse = lambda _: "no"
        rig.source.put(*named(1, name="replayed", stamp=LAST))
        run(rig, Mode.RECONCILE)
        rig.warehouse.refuse = lambda _: None
        run(rig, Mode.REPLAY)
        rig.source.put(*named(1, name="new", stamp=rig.clock.now()))
        run(rig)
        assert rig.shown("name")[an_id(1)] == "new"

    def test_a_record_that_was_marked_deleted_and_is_listed_again_is_shown(self) -> None:
        rig = a_rig(*named(1, 2, 3))
        rig.source.put(*named(1, name="seen", stamp=rig.clock.now()))
        run(rig)
        hidden = rig.source.rows.pop(an_id(1))
        run(rig, Mode.RECONCILE)
        assert set(rig.shown()) == {an_id(2), an_id(3)}
        rig.source.rows[an_id(1)] = hidden
        run(rig)
        assert rig.shown("name")[an_id(1)] == "seen"

    def test_what_a_dead_incremental_run_wrote_under_a_stamp_ahead_is_known_to_the_next(self) -> None:
        rig = a_rig(*named(1, 2))
        rig.source.put(*named(1, name="future", stamp=LAST))
        with pytest.raises(Killed):
            rig.run(life=Life(lambda moment, _: Killed() if moment == "after warehouse.append" else None))
        rig.clock.advance(36 * MINUTE)
        rig.source.put(*named(1, name="new", stamp=rig.clock.now() - 30 * MINUTE))
        run(rig)
        assert rig.shown("name")[an_id(1)] == "new"

    def test_what_a_first_pass_reads_twice_is_shown_as_it_was_read_last(self) -> None:
        """The list shifts back by a row while it is read, and the row is listed with another content."""
        rig = SmallRig(*named(1, 2, 3, 4, 5), contract=NAMED)
        rig.source.put(*named(3, name="future", stamp=LAST))

        def change(request: int) -> None:
            if request == 2:
                rig.source.put(*named(3, name="new", stamp=rig.clock.now()))

        rig.source.before = change
        rig.run(batch_bytes=1)
        assert rig.shown("name")[an_id(3)] == "new"

    def test_a_pass_asks_for_nothing_any_more_when_it_has_seen_what_they_wrote(self) -> None:
        rig = a_rig(*named(1, 2))
        rig.source.put(*named(1, name="repaired", stamp=rig.clock.now()))
        run(rig, Mode.RECONCILE)
        rig.warehouse.looked_up.clear()
        assert run(rig).records_written == 0
        rig.clock.advance(HOUR)
        rig.source.put(*named(1, name="new", stamp=rig.clock.now()))
        run(rig)
        assert rig.warehouse.looked_up == [{an_id(1)}]
        assert rig.entity_state.written_since is None
