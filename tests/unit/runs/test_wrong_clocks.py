"""What a run reads now wins over what was read before, whatever the clocks say; and the run says which was wrong."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from connector.domain.entity import Depth
from connector.domain.records.contract import Kind
from connector.domain.run import Mode, RunResult, Status
from connector.runs.reconcile import MAX_UNSTAMPED_READ
from tests.builders import MORNING, a_contract, an_id
from tests.fault.mortal import Killed, Life
from tests.stand_ins.clock import NOON
from tests.stand_ins.warehouse import LoggedRow
from tests.unit.runs.small_rig import PROVEN, SmallRig, copied, remember, vendors

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LAST = datetime(9999, 12, 31, 23, 59, 59, 997_000, tzinfo=UTC)
NAMED = a_contract(fields={"Name": Kind.STRING})
UNSTAMPED = a_contract(fields={"Name": Kind.STRING}, modified_field=None)


def named(*numbers: int, name: str = "old", stamp: datetime | None = MORNING) -> list[bytes]:
    return vendors(*numbers, modified_at=stamp, Name=name)


def a_rig(*rows: bytes) -> SmallRig:
    """A rig whose rows were copied at noon; an hour has passed since."""
    rig = SmallRig(*rows, contract=NAMED)
    assert rig.run().status is Status.SUCCEEDED
    remember(rig, proven_identity=PROVEN)
    rig.clock.advance(HOUR)
    rig.warehouse.appends.clear()
    rig.warehouse.looked_up.clear()
    rig.source.asked.clear()
    return rig


def run(rig: SmallRig, mode: Mode = Mode.INCREMENTAL, depth: Depth = Depth.KEYS) -> RunResult:
    result = rig.run(mode, depth=depth)
    assert result.status is Status.SUCCEEDED, result
    return result


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

    def test_a_stamp_that_went_back_within_what_is_read_again_does_not_freeze_the_record(self) -> None:
        """Two servers of one instance, their clocks some seconds apart."""
        rig = a_rig(*named(1))
        now = rig.clock.now()
        rig.source.put(*named(1, name="by a fast server", stamp=now - MINUTE))
        run(rig)
        rig.source.put(*named(1, name="by a slow server", stamp=now - 2 * MINUTE))
        run(rig)
        assert rig.shown("name") == {an_id(1): "by a slow server"}
        assert run(rig).records_written == 0


class TestOurClockSetBack:
    @pytest.mark.parametrize("back", [MINUTE, 5 * HOUR, 400 * DAY])
    def test_a_deletion_read_later_wins_and_is_written_once(self, back: timedelta) -> None:
        rig = a_rig(*named(1, 2, 3))
        rig.clock.advance(-HOUR - back)
        rig.source.rows.pop(an_id(2))
        result = run(rig, Mode.RECONCILE)
        assert set(rig.shown()) == {an_id(1), an_id(3)}
        assert result.details["own_clock_behind_seconds"] == back.total_seconds()
        assert run(rig, Mode.RECONCILE).records_written == 0

    @pytest.mark.parametrize("stamp", [MORNING, None])
    def test_a_repair_read_later_wins_and_is_written_once(self, stamp: datetime | None) -> None:
        """Not every change moves the stamp."""
        rig = SmallRig(*named(1, stamp=stamp), contract=NAMED if stamp else UNSTAMPED)
        run(rig)
        rig.clock.advance(-HOUR)
        rig.source.put(*named(1, name="new", stamp=stamp))
        assert run(rig, Mode.RECONCILE, Depth.CONTENT).details["own_clock_behind_seconds"] == 3600
        assert rig.shown("name") == {an_id(1): "new"}
        assert run(rig, Mode.RECONCILE, Depth.CONTENT).records_written == 0

    def test_a_replay_stands_above_what_is_shown(self) -> None:
        rig = a_rig(*named(1))
        rig.warehouse.refuse = lambda data: "no" if b'"new"' in data else None
        rig.source.put(*named(1, name="new"))
        run(rig, Mode.RECONCILE, Depth.CONTENT)
        rig.warehouse.refuse = lambda _: None
        rig.clock.advance(-2 * HOUR)
        run(rig, Mode.REPLAY, Depth.KEYS)
        rig.run(Mode.REPLAY, record_id=an_id(1))
        assert rig.shown("name") == {an_id(1): "new"}

    def test_a_replay_of_what_is_gone_brings_nothing_back(self) -> None:
        rig = a_rig(*named(1))
        rig.warehouse.refuse = lambda data: "no" if b'"new"' in data else None
        rig.source.put(*named(1, name="new", stamp=rig.clock.now()))
        run(rig)
        rig.warehouse.refuse = lambda _: None
        rig.source.rows.clear()
        rig.clock.advance(-2 * HOUR)
        rig.run(Mode.REPLAY, record_id=an_id(1))
        assert rig.shown() == {}


class TestTheClockOfAcumatica:
    @pytest.mark.parametrize("back", [20 * MINUTE, 3 * HOUR, 40 * DAY])
    def test_set_back_the_changes_since_are_found_and_it_is_told(self, back: timedelta) -> None:
        rig = a_rig(*named(1, 2, 3))
        rig.source.put(*named(1, name="busy", stamp=rig.clock.now()))
        run(rig)
        rig.clock.advance(5 * MINUTE)
        rig.source.clock_ahead = -back
        rig.source.put(*named(1, 2, name="new", stamp=rig.clock.now() - back))
        result = run(rig)
        assert rig.shown("name") == {an_id(1): "new", an_id(2): "new", an_id(3): "old"}
        assert result.details["source_clock_set_back_seconds"] == back.total_seconds()
        rig.clock.advance(HOUR)
        rig.source.put(*named(3, name="new", stamp=rig.clock.now() - back))
        again = run(rig)
        assert set(rig.shown("name").values()) == {"new"}
        assert "source_clock_set_back_seconds" not in again.details

    @pytest.mark.parametrize("back", [20 * MINUTE, 3 * HOUR, 40 * DAY])
    def test_set_back_together_with_ours_everything_is_read(self, back: timedelta) -> None:
        rig = a_rig(*named(1, 2, 3))
        rig.clock.advance(-HOUR - back)
        rig.source.put(*named(2, name="new", stamp=rig.clock.now()))
        result = run(rig)
        assert rig.shown("name")[an_id(2)] == "new"
        assert result.details["clock_set_back"] == "everything is read"
        rig.clock.advance(MINUTE)
        assert "clock_set_back" not in run(rig).details

    def test_set_back_under_a_pass_that_goes_on_later_nothing_is_missed(self) -> None:
        rig = a_rig(*named(1, 2))
        now = rig.clock.now()
        rig.source.put(*named(*range(1, 9), name="first", stamp=now))
        partial = rig.run(page_size=3, batch_bytes=1, is_stopping=lambda: bool(rig.warehouse.appends))
        assert partial.status is Status.PARTIAL
        rig.clock.advance(10 * MINUTE)
        rig.source.clock_ahead = -2 * HOUR
        rig.source.put(*named(1, name="second", stamp=rig.clock.now() - 2 * HOUR))
        run(rig)
        rig.clock.advance(HOUR)
        run(rig)
        assert rig.shown("name")[an_id(1)] == "second"
        assert set(rig.shown("name").values()) == {"first", "second"}

    @pytest.mark.parametrize("ahead", [20 * MINUTE, 3 * HOUR, 4000 * DAY])
    def test_ahead_of_ours_it_is_not_believed(self, ahead: timedelta) -> None:
        """Of the clock in the header alone: stamps are right."""
        rig = SmallRig(*named(1, 2), contract=NAMED)
        rig.source.clock_ahead = ahead
        assert run(rig).details["source_clock_ahead_seconds"] == ahead.total_seconds()
        for name in ("a", "b"):
            rig.clock.advance(HOUR)
            rig.source.put(*named(1, name=name, stamp=rig.clock.now() - MINUTE))
            run(rig)
            assert rig.shown("name")[an_id(1)] == name

    def test_a_state_whose_bound_lies_ahead_of_the_clock_is_left_behind(self) -> None:
        rig = a_rig(*named(1, 2))
        remember(rig, changed_since=rig.clock.now() + DAY, source_clock_ahead=None)
        rig.source.put(*named(2, name="new", stamp=rig.clock.now()))
        assert run(rig).details["clock_set_back"] == "everything is read"
        assert rig.shown("name")[an_id(2)] == "new"


class TestStampsAhead:
    @pytest.mark.parametrize("stamp", [NOON + DAY, LAST, datetime.max.replace(tzinfo=UTC)])
    def test_a_stamp_in_the_future_stops_nothing_and_no_one(self, stamp: datetime) -> None:
        rig = SmallRig(*named(1), *named(2, name="future", stamp=stamp), contract=NAMED)
        assert run(rig).details["stamps_ahead_of_the_clock"] == 1
        rig.clock.advance(HOUR)
        assert run(rig).records_written == 0
        rig.source.put(*named(1, name="new", stamp=rig.clock.now()))
        run(rig)
        rig.clock.advance(HOUR)
        rig.source.put(*named(2, name="mended", stamp=rig.clock.now()))
        run(rig)
        assert rig.shown("name") == {an_id(1): "new", an_id(2): "mended"}
        assert run(rig, Mode.RECONCILE).details["stale"] == 0

    def test_a_log_and_a_state_of_before_with_such_a_stamp_go_on(self) -> None:
        rig = a_rig(*named(1, 2))
        log = rig.warehouse.logs["vendors_log"]
        log[:] = [replace_stamp(row, LAST) if row.id == an_id(2) else row for row in log]
        rig.source.put(*named(2, stamp=LAST))
        remember(rig, watermark=LAST, recent_versions={})
        rig.source.put(*named(2, name="mended", stamp=rig.clock.now()))
        run(rig)
        assert rig.shown("name")[an_id(2)] == "mended"
        assert rig.warehouse.looked_up == [{an_id(2)}]


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


def replace_stamp(row: LoggedRow, stamp: datetime) -> LoggedRow:
    return msgspec.structs.replace(row, modified_at=stamp)


def test_where_the_clocks_are_right_an_idle_run_and_a_delta_ask_the_warehouse_nothing() -> None:
    rig = copied(1, 2)
    rig.warehouse.looked_up.clear()
    run(rig)
    rig.source.put(*vendors(2, 3, modified_at=rig.clock.now() - MINUTE))
    assert run(rig).records_written == 2
    rig.clock.advance(HOUR)
    rig.source.put(*vendors(2, modified_at=rig.clock.now() - MINUTE))
    assert run(rig).records_written == 1
    assert rig.warehouse.looked_up == []
