"""An entity as a run opens it, and a contract that changes while it is read: followed, and remembered by whichever mode."""

from datetime import timedelta

import pytest

from connector.domain.entity import Depth
from connector.domain.entity_state import DeadLetter
from connector.domain.records.contract import Kind
from connector.domain.run import Mode, Status
from tests.builders import MORNING, WORK, a_contract, a_row, an_id, named
from tests.fault.mortal import Killed, Life, dies_at
from tests.unit.runs.small_rig import SmallRig, copied, vendors

HOUR = timedelta(hours=1)
WIDER = a_contract(fields={"Colour": Kind.STRING})
MODES = [
    pytest.param(mode, depth, id=f"{mode.value} of {depth.value}")
    for mode, depth in (
        (Mode.INCREMENTAL, Depth.KEYS),
        (Mode.BACKFILL, Depth.KEYS),
        (Mode.RECONCILE, Depth.KEYS),
        (Mode.RECONCILE, Depth.CONTENT),
        (Mode.REPLAY, Depth.KEYS),
    )
]


def extended(mode: Mode) -> SmallRig:
    """A copied entity of which the endpoint has got a field since, and a record with a value in it that only `mode` reads."""
    rig = copied(1, 2, 3)
    rig.state.dead_letters.add(
        DeadLetter(
            entity="vendors",
            record_id=an_id(4),
            key="V004",
            reason="refused",
            payload=b"{}",
            run_id="run-0",
            rejected_at=rig.clock.now(),
        )
    )
    rig.source.contract = WIDER
    stamp = MORNING + HOUR if mode is Mode.INCREMENTAL else MORNING - 24 * HOUR
    rig.source.put(a_row(number=4, key="V004", modified_at=stamp, Colour="red"))
    return rig


def run_idly(rig: SmallRig) -> None:
    for _ in range(2):
        rig.clock.advance(HOUR)
        result = rig.run()
        assert (result.status, result.records_read) == (Status.SUCCEEDED, 0)


def test_every_mode_is_tried() -> None:
    assert {parameter.values[0] for parameter in MODES} == set(WORK)


@pytest.mark.parametrize(("mode", "depth"), MODES)
def test_a_column_that_a_run_of_any_mode_brought_stays_in_the_view(mode: Mode, depth: Depth) -> None:
    rig = extended(mode)
    assert rig.run(mode, depth=depth).status is Status.SUCCEEDED
    assert rig.shown("colour")[an_id(4)] == "red"
    assert rig.entity_state.contract == named(WIDER)
    run_idly(rig)
    assert rig.shown("colour") == {an_id(1): None, an_id(2): None, an_id(3): None, an_id(4): "red"}
    assert len(rig.source.described) == 2, "once at first, once for the new field, and not by every run"


@pytest.mark.parametrize(("mode", "depth"), MODES)
def test_a_column_stays_though_the_run_that_made_it_died(mode: Mode, depth: Depth) -> None:
    rig = extended(mode)
    with pytest.raises(Killed):
        rig.run(mode, depth=depth, life=dies_at("after warehouse.prepare", 2))
    rig.clock.advance(HOUR)
    rig.run()
    assert "colour" in rig.warehouse.views["vendors"]


@pytest.mark.parametrize(("mode", "depth"), MODES)
def test_a_run_that_lost_its_lease_changes_neither_contract_nor_view(mode: Mode, depth: Depth) -> None:
    rig = extended(mode)

    def lose_lease(moment: str, _: int) -> None:
        if moment == "before source.describe":
            rig.clock.advance(HOUR)
            rig.state.entities.acquire_lease("vendors", "other", HOUR)

    result = rig.run(mode, depth=depth, life=Life(lose_lease), budget=10 * HOUR)
    assert result.error is not None
    assert result.error.type == "LeaseLostError"
    assert rig.entity_state.contract == named(a_contract())
    assert "colour" not in rig.warehouse.views["vendors"]


@pytest.mark.parametrize("mode", [Mode.INCREMENTAL, Mode.BACKFILL, Mode.RECONCILE])
def test_a_contract_found_to_have_changed_by_a_request_without_rows_is_remembered_too(mode: Mode) -> None:
    rig = SmallRig()
    assert rig.run().status is Status.SUCCEEDED
    rig.source.asked_by = WIDER
    assert rig.run(mode).status is Status.SUCCEEDED
    assert rig.entity_state.contract == named(WIDER)
    assert "colour" in rig.warehouse.views["vendors"]


@pytest.mark.parametrize(("mode", "depth"), MODES)
def test_rows_that_fit_the_table_make_no_new_one(mode: Mode, depth: Depth) -> None:
    rig = copied(*range(1, 5))
    rig.warehouse.prepared.clear()
    rig.source.put(*vendors(5))
    rig.run(mode, depth=depth)
    assert [table.name for table in rig.warehouse.prepared] == ["vendors_log", "sync_runs"]


def test_views_that_show_another_log_are_told_and_taken_when_the_first_pass_is_complete() -> None:
    rig = SmallRig(*vendors(1, 2, 3, 4, 5))
    rig.warehouse.owners["vendors"] = "suppliers"
    rig.warehouse.logs["suppliers_log"] = []
    partial = rig.run(is_stopping=lambda: True)
    assert partial.details["views_held_by"] == ["suppliers"]
    assert rig.warehouse.owners["vendors"] == "suppliers"
    whole = rig.run()
    assert (whole.status, whole.details["views_taken_from"]) == (Status.SUCCEEDED, ["suppliers"])
    assert rig.warehouse.owners["vendors"] == "vendors"
    assert "views_taken_from" not in rig.run().details
