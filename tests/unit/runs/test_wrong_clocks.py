"""What a run reads now wins over what was read before, whatever the clocks say; and the run says which was wrong."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from connector.domain.entity import Depth
from connector.domain.records.contract import Kind
from connector.domain.run import Mode, RunResult, Status
from tests.builders import MORNING, a_contract, an_id
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
