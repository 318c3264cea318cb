"""What a run takes up that goes on for another, and what it must not believe any more."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from connector.domain.entity_state import EntityState, Lease
from connector.domain.run import Mode, Status
from connector.runs.page_size import MIN_ROWS
from tests.builders import Rig
from tests.fault.mortal import Killed, dies_at
from tests.oracle import assert_shows_tenant


def _die(
    rig: Rig, moment: str, ordinal: int = 1, *, entity: str = "invoices", mode: Mode = Mode.INCREMENTAL
) -> None:
    """Do a run of small pages that is killed at this moment; let its lease and its seat end."""
    with pytest.raises(Killed):
        rig.run(entity, mode, page_size=10, batch_bytes=1, life=dies_at(moment, ordinal))
    rig.outlive_leases()


def _lose_table(rig: Rig) -> None:
    (rig.folder / "warehouse.duckdb").unlink()


def test_a_first_pass_whose_table_was_lost_is_not_gone_on_with_after_a_kill(rig: Rig) -> None:
    _die(rig, "after state.entities.save_checkpoint", 2)
    _lose_table(rig)
    _die(rig, "after warehouse.append")
    assert rig.count("invoices") == MIN_ROWS, "it died after its first page"
    assert rig.run("invoices").status is Status.SUCCEEDED
    assert_shows_tenant(rig, "invoices")


def test_a_backfill_whose_table_was_lost_is_not_gone_on_with_after_a_kill(rig: Rig) -> None:
    rig.run("invoices")
    rig.pass_time(timedelta(hours=1))
    _die(rig, "after state.entities.save_checkpoint", 2, mode=Mode.BACKFILL)
    _lose_table(rig)
    _die(rig, "after warehouse.append", mode=Mode.BACKFILL)
    assert rig.count("invoices") == MIN_ROWS, "it died after its first page"
    assert rig.run("invoices", Mode.BACKFILL).status is Status.SUCCEEDED
    assert_shows_tenant(rig, "invoices")


@pytest.mark.parametrize("is_complete", [True, False])
def test_an_edge_is_as_complete_as_it_was_before_the_pass_was_resumed(rig: Rig, is_complete: bool) -> None:
    _die(rig, "after state.entities.save_checkpoint")
    lease, entity_state = _taken(rig)
    checkpoint = replace(entity_state.checkpoints["incremental"], recent_versions_complete=is_complete)
    rig.state.entities.save_checkpoint(lease, "incremental", checkpoint)
    rig.state.entities.release_lease(lease)
    assert rig.run("invoices").status is Status.SUCCEEDED
    assert rig.state.entities.read("invoices").recent_versions_complete is is_complete


def test_the_records_seen_are_those_of_a_pass_in_one_go(rig: Rig) -> None:
    """A resumed pass saw the rest of them alone."""
    assert rig.run("subaccounts").records_read == 30
    rig.pass_time(timedelta(hours=1))
    _die(rig, "after state.entities.save_checkpoint", entity="subaccounts")
    resumed = rig.run("subaccounts")
    assert (resumed.status, resumed.records_read) == (Status.SUCCEEDED, 20)
    assert rig.state.entities.read("subaccounts").records_seen == 30


def test_a_contract_that_changed_in_a_killed_run_is_gone_on_with(rig: Rig) -> None:
    """The one row that shows the new field is behind the checkpoint: nothing else would tell of it."""
    rig.endpoint, rig.version = "Finance", "1.0"
    _extend(rig)
    rig.run("invoices")
    _extend(rig, UsrScore="decimal")
    rig.pass_time(timedelta(hours=1))
    tenant = rig.sandbox.tenant
    for bill in tenant.records("Bill")[1:]:
        tenant.change("Bill", bill.id, {"Description": "later"})
    first = tenant.records("Bill")[0].id
    tenant.change("Bill", first, {"UsrScore": Decimal(7)})
    _die(rig, "after state.entities.save_checkpoint")
    remembered = rig.state.entities.read("invoices").contract
    assert remembered is not None
    assert "UsrScore" in remembered.root.fields
    assert rig.run("invoices").status is Status.SUCCEEDED
    assert rig.query(f"SELECT usr_score FROM invoices WHERE _id = '{first}'") == [{"usr_score": Decimal(7)}]


def _extend(rig: Rig, **fields: str) -> None:
    """Give the tenant's own endpoint these extra fields of bills."""
    definition = {"version": "1.0", "base": "24.200.001", "extra_fields": {"Bill": fields}}
    rig.sandbox.configure(custom_endpoints={"Finance": definition})


def _taken(rig: Rig) -> tuple[Lease, EntityState]:
    taken = rig.state.entities.acquire_lease("invoices", "somebody", timedelta(minutes=1))
    assert isinstance(taken, tuple)
    return taken
