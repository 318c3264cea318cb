"""Two records that share an id are told, though they never come in one answer."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from connector.domain.entity import Depth
from connector.domain.run import Mode, RunResult, Status
from connector.domain.tables.schema import Table
from connector.errors import WarehouseUnavailableError
from connector.runs.twins import MAX_LOOKED_AT
from tests.builders import MORNING, a_contract, an_id
from tests.fault.mortal import Life
from tests.unit.runs.small_rig import SmallRig, copied, vendors

DOWN = WarehouseUnavailableError("Down.", action="Wait.")
TOLD = "V001 and V009"


def put_twin(rig: SmallRig, **members: object) -> None:
    """Let another record of the id of the first stand at the end of the list."""
    rig.source.rows["twin"] = twin(**members)


def twin(**members: object) -> bytes:
    row = msgspec.json.decode(vendors(9, **members)[0])
    return msgspec.json.encode(row | {"id": an_id(1)})


def reconcile(rig: SmallRig, depth: Depth) -> RunResult:
    result = rig.run(Mode.RECONCILE, depth=depth)
    assert result.status is Status.SUCCEEDED, result
    return result


@pytest.mark.parametrize("depth", list(Depth))
def test_two_records_of_one_id_on_different_pages_are_told(depth: Depth) -> None:
    rig = copied(1, 2, 3, 4, 5)
    put_twin(rig, modified_at=MORNING - timedelta(days=1))
    assert reconcile(rig, depth).details["share_an_id"] == [TOLD]


@pytest.mark.parametrize("depth", list(Depth))
def test_a_record_that_is_listed_twice_because_the_list_moved_is_none(depth: Depth) -> None:
    rig = copied(1, 2, 3, 4, 5)
    rig.source.rows["again"] = rig.source.rows[an_id(1)]
    assert "share_an_id" not in reconcile(rig, depth).details


@pytest.mark.parametrize("depth", list(Depth))
def test_nor_is_one_that_was_renamed_while_the_list_was_read(depth: Depth) -> None:
    rig = copied(1, 2, 3, 4, 5)
    put_twin(rig, modified_at=rig.clock.now() + timedelta(seconds=1))
    assert "share_an_id" not in reconcile(rig, depth).details


@pytest.mark.parametrize("depth", list(Depth))
def test_one_stamp_for_both_tells_twins_however_new_it_is(depth: Depth) -> None:
    rig = copied(1, 2, 3, 4, 5)
    new = rig.clock.now() + timedelta(seconds=1)
    rig.source.put(*vendors(1, modified_at=new))
    assert rig.run().status is Status.SUCCEEDED
    put_twin(rig, modified_at=new)
    assert reconcile(rig, depth).details["share_an_id"] == [TOLD]


class TestFirstRun:
    """Two records of one id are told by the pass that writes them, if it reads more than one page."""

    @pytest.mark.parametrize("older_by", [timedelta(0), timedelta(hours=1), timedelta(days=-1)])
    def test_two_records_of_one_id_on_different_pages_are_told(self, older_by: timedelta) -> None:
        rig = SmallRig(*vendors(1, 2, 3, 4, 5))
        put_twin(rig, modified_at=MORNING - older_by)
        rig.clock.advance(timedelta(days=2))
        result = rig.run()
        assert (result.status, result.records_written) == (Status.SUCCEEDED, 6)
        assert result.details["share_an_id"] == [TOLD]

    def test_what_stands_before_a_record_with_the_id_and_stamp_of_a_known_one_is_read(self) -> None:
        """It looks like a row of the page before."""
        rig = SmallRig(*vendors(1, 2, 3, 4))
        put_twin(rig)
        rig.source.put(*vendors(6))
        assert rig.run().status is Status.SUCCEEDED
        assert set(rig.shown()) == {an_id(n) for n in (1, 2, 3, 4, 6)}

    def test_a_pass_that_is_resumed_tells_those_of_the_run_before(self) -> None:
        rig = SmallRig(*vendors(1, 2, 3, 4, 5))
        put_twin(rig, modified_at=MORNING - timedelta(days=1))
        first = rig.run(is_stopping=lambda: len(rig.source.queries) > 1)
        assert first.status is Status.PARTIAL
        assert rig.run().details["share_an_id"] == [TOLD]

    @pytest.mark.parametrize("mode", [Mode.INCREMENTAL, Mode.BACKFILL])
    def test_a_delta_of_more_than_a_page_tells_them_too(self, mode: Mode) -> None:
        rig = copied(1, 2, 3, 4, 5)
        new = rig.clock.now() - timedelta(minutes=1)
        rig.source.put(*vendors(1, 2, 3, 4, 5, modified_at=new))
        put_twin(rig, modified_at=new)
        assert rig.run(mode).details["share_an_id"] == [TOLD]

    def test_records_without_a_stamp_are_left_to_a_reconcile(self) -> None:
        """One of them may have been renamed meanwhile."""
        rig = SmallRig(*vendors(1, 2, 3, 4, 5, modified_at=None), contract=a_contract(modified_field=None))
        put_twin(rig, modified_at=None)
        assert "share_an_id" not in rig.run().details
        assert len(reconcile(rig, Depth.CONTENT).details["share_an_id"]) == 1

    def test_a_record_that_was_renamed_and_moved_while_the_list_was_read_is_none(self) -> None:
        rig = SmallRig(*vendors(1, 2, 3, 4, 5))
        rig.source.before = lambda number: put_twin(rig, modified_at=rig.clock.now()) if number > 1 else None
        result = rig.run()
        assert result.records_written == 6
        assert "share_an_id" not in result.details

    def test_nor_is_one_that_was_changed_or_listed_twice(self) -> None:
        rig = SmallRig(*vendors(1, 2, 3, 4, 5, 6))
        rig.source.rows["again"] = rig.source.rows[an_id(1)]
        rig.source.rows["changed"] = vendors(2, modified_at=MORNING + timedelta(hours=1), Terms="30D")[0]
        assert "share_an_id" not in rig.run().details

    def test_nor_is_one_that_was_renamed_between_two_runs(self) -> None:
        rig = copied(1, 2, 3, 4, 5)
        rig.source.put(*vendors(2, 3, 4, 5, modified_at=rig.clock.now()), twin(modified_at=rig.clock.now()))
        rig.clock.advance(timedelta(hours=1))
        result = rig.run()
        assert result.records_written == 5
        assert "share_an_id" not in result.details

    def test_a_page_alone_asks_nothing(self) -> None:
        rig = copied(1, 2, 3, 4, 5)
        rig.warehouse.sought.clear()
        rig.source.put(*vendors(1, 2, modified_at=rig.clock.now()))
        assert rig.run().records_written == 2
        assert rig.run().records_written == 0
        assert rig.warehouse.sought == []

    def test_a_question_that_fails_costs_no_run(self, caplog: pytest.LogCaptureFixture) -> None:
        rig = SmallRig(*vendors(1, 2, 3, 4, 5))
        life = Life(lambda moment, _: DOWN if moment == "before warehouse.find_shared_ids" else None)
        assert rig.run(life=life).status is Status.SUCCEEDED
        assert "whether records of vendors share an id is left to a reconcile: Down." in caplog.messages


@pytest.mark.parametrize("depth", list(Depth))
def test_without_twins_nothing_is_asked(depth: Depth) -> None:
    rig = copied(1, 2, 3, 4, 5)
    rig.warehouse.record_versions = None  # type: ignore[assignment, method-assign]
    assert "share_an_id" not in reconcile(rig, depth).details


@pytest.mark.parametrize("depth", list(Depth))
def test_a_list_that_moves_much_costs_so_many_questions_and_no_more(depth: Depth) -> None:
    rig = copied(*range(1, 2 * MAX_LOOKED_AT))
    rig.source.rows |= {f"again {number}": row for number, row in rig.source.rows.items()}
    ask, asked = rig.warehouse.record_versions, list[str]()

    def count(table: Table, record_id: str) -> Iterator[Mapping[str, Any]]:
        asked.append(record_id)
        return ask(table, record_id)

    rig.warehouse.record_versions = count  # type: ignore[method-assign]
    assert "share_an_id" not in reconcile(rig, depth).details
    assert len(asked) == len(set(asked)) == MAX_LOOKED_AT
