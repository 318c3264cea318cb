"""An entity renamed: everything goes along, whatever moment the command is interrupted at."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from connector.app.rename import rename_entity
from connector.domain.entity_state import DeadLetter, EntityState, Lease
from connector.domain.run import Mode, Status
from connector.errors import BadRequestError, EntityBusyError
from connector.ports import Ports
from tests.builders import an_id
from tests.fault.mortal import Killed, Life, dies_at, mortal
from tests.unit.runs.small_rig import SmallRig, copied, vendors

HOUR = timedelta(hours=1)


def rename(rig: SmallRig, life: Life | None = None, *, is_in_catalogue: bool = True) -> list[str]:
    ports = Ports(source=rig.source, warehouse=rig.warehouse, state=rig.state, clock=rig.clock)
    renamed = replace(rig.entity, name="suppliers")
    entities = {"suppliers": renamed} if is_in_catalogue else {"vendors": rig.entity}
    return list(rename_entity(mortal(ports, life) if life else ports, entities, "vendors", "suppliers"))


def with_letter(*numbers: int) -> SmallRig:
    rig = copied(*numbers)
    letter = DeadLetter(
        entity="vendors",
        record_id=an_id(9),
        key="V009",
        reason="refused",
        payload=b"{}",
        run_id="run-0",
        rejected_at=rig.clock.now(),
    )
    rig.state.dead_letters.add(letter)
    return rig


def assert_goes_on(rig: SmallRig) -> None:
    """The next run under the new name finds what the last one under the old name left."""
    rig.edit(name="suppliers")
    rig.source.knows_contract = True
    rig.source.put(*vendors(4, modified_at=rig.clock.now()))
    result = rig.run()
    assert (result.status, result.records_read, result.records_written) == (Status.SUCCEEDED, 1, 1)
    assert set(rig.shown()) == {an_id(number) for number in (1, 2, 3, 4)}
    assert rig.warehouse.owners.keys() == {"vendors", "suppliers_history"}
    assert set(rig.warehouse.owners.values()) == {"suppliers"}
    assert rig.run(Mode.REPLAY).status is Status.SUCCEEDED
    assert list(rig.state.dead_letters.read("vendors")) == []
    assert list(rig.state.audit.read_trail("suppliers", an_id(1)))
    assert not isinstance(rig.state.entities.acquire_lease("vendors", "another", HOUR), Lease)


def test_log_views_state_letters_and_audit_go_along() -> None:
    rig = with_letter(1, 2, 3)
    done = rename(rig)
    assert "vendors_log is suppliers_log now" in done
    assert_goes_on(rig)


def test_a_rename_interrupted_at_any_moment_is_run_again() -> None:
    life = Life(lambda *_: None)
    rename(with_letter(1, 2, 3), life)
    moments = [moment for moment in life.moments if "release" not in moment]
    assert len(moments) >= 14
    for moment in moments:
        rig = with_letter(1, 2, 3)
        with pytest.raises(Killed):
            rename(rig, dies_at(moment))
        rename(rig)
        assert_goes_on(rig)


def test_what_was_read_is_moved_out_of_the_way_of_another_entity() -> None:
    rig = copied(1, 2)
    rename(rig, is_in_catalogue=False)
    rig.edit(acumatica_entity="Customer")
    assert rig.run().status is Status.SUCCEEDED
    assert rig.entity_state.contract is not None
    assert rig.entity_state.contract.acumatica_entity == "Customer"
    assert set(rig.warehouse.logs) == {"suppliers_log", "vendors_log", "sync_runs"}


def test_two_blocks_of_the_catalogue_are_not_made_one() -> None:
    rig = copied(1)
    ports = Ports(source=rig.source, warehouse=rig.warehouse, state=rig.state, clock=rig.clock)
    blocks = {name: replace(rig.entity, name=name) for name in ("vendors", "suppliers")}
    with pytest.raises(BadRequestError, match="both in the catalogue"):
        list(rename_entity(ports, blocks, "vendors", "suppliers"))


def test_a_run_at_work_is_not_disturbed() -> None:
    rig = copied(1)
    rig.state.entities.acquire_lease("vendors", "run-7", HOUR)
    with pytest.raises(EntityBusyError, match="run-7"):
        rename(rig)
    assert "vendors_log" in rig.warehouse.logs


@pytest.mark.parametrize(
    ("before", "asked"), [("vendrs", "Did you mean rename vendors suppliers? "), ("nowhere", "")]
)
@pytest.mark.parametrize("is_synced", [False, True], ids=["new name is free", "new name is synced"])
def test_a_name_of_which_nothing_is_stored_is_refused_with_the_one_that_was_meant(
    before: str, asked: str, is_synced: bool
) -> None:
    rig = copied(1, 2)
    ports = Ports(source=rig.source, warehouse=rig.warehouse, state=rig.state, clock=rig.clock)
    entities = {"suppliers": replace(rig.entity, name="suppliers")}
    if is_synced:
        rig.edit(name="suppliers", current_view="suppliers")
        rig.source.knows_contract = False
        assert rig.run().status is Status.SUCCEEDED
    stored = ports.state.entities.read("suppliers")
    assert (stored != EntityState(entity="suppliers")) is is_synced
    for _ in range(2):  # having been refused is no evidence
        with pytest.raises(BadRequestError, match=f"Nothing is stored of {before}") as refused:
            list(rename_entity(ports, entities, before, "suppliers"))
        assert refused.value.action.startswith(asked or "Name the entity")
    assert ports.state.entities.read("suppliers") == stored


def test_a_rename_that_was_done_says_so_when_it_is_repeated() -> None:
    rig = with_letter(1, 2, 3)
    rename(rig)
    done = rename(rig)
    assert (
        done[0]
        == "nothing is stored of vendors any more, so it was moved before; suppliers keeps what it has"
    )
    assert_goes_on(rig)
