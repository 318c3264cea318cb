"""Runs that end early and go on elsewhere, lists that cannot be read at once, tables that are gone."""

import random
from datetime import timedelta

import duckdb
import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.adapters.sqlite import SqliteStateStore
from connector.domain.run import Mode, RunRequest, RunResult, Status
from connector.domain.versions import MAX_RECENT_VERSIONS
from connector.ports import Ports
from connector.runs.run import Limits, Run
from connector.runs.sync import sync_entity
from tests.builders import Rig, a_memory_file
from tests.fault.mortal import Killed, Life, choose_ends, dies_at
from tests.oracle import assert_shows_tenant
from tests.property.moving_tenant import ENTITY, Item, MovingTenant, TenantTime
from tests.seed import SEED
from tests.stand_ins.warehouse import MemoryWarehouse

PAGE = timedelta(seconds=40)


def _slowly(rig: Rig) -> Life:
    """Every page of the list takes 40 seconds."""

    def decide(moment: str, _: int) -> None:
        if moment == "after source.read_list":
            rig.clock.advance(PAGE)

    return Life(decide)


def _run_until_done(rig: Rig, mode: Mode = Mode.INCREMENTAL) -> list[RunResult]:
    """Call again, each time another instance, as long as the answer is partial."""
    results = []
    for _ in range(20):
        result = rig.run("invoices", mode, life=_slowly(rig), budget=PAGE * 2.5, page_size=6)
        results.append(result)
        if result.status is not Status.PARTIAL:
            return results
    raise AssertionError("it never came to an end")


@pytest.mark.parametrize("mode", [Mode.INCREMENTAL, Mode.BACKFILL])
def test_a_run_out_of_time_is_partial_and_others_go_on_until_all_is_done(rig: Rig, mode: Mode) -> None:
    *partial, last = _run_until_done(rig, mode)
    assert len(partial) >= 2
    assert last.status is Status.SUCCEEDED
    assert all(result.watermark_after is None for result in partial)
    assert all(result.records_read > 0 for result in partial)
    assert sum(result.records_read for result in [*partial, last]) == 40
    assert_shows_tenant(rig, "invoices")
    assert rig.sandbox.seats == 0


def test_a_request_that_outlasts_the_budget_makes_the_run_partial_not_failed(rig: Rig) -> None:
    budget = timedelta(minutes=2)
    rig.sandbox.faults.add(path="$skip", status=503, hook=lambda _: rig.clock.advance(budget))
    first = rig.run("invoices", budget=budget)
    assert (first.status, first.records_read) == (Status.PARTIAL, 15)
    second = rig.run("invoices")
    assert second.status is Status.SUCCEEDED
    assert second.records_read == 40 - 15, "what was read before the trouble is kept"
    assert_shows_tenant(rig, "invoices")


def test_an_instance_that_is_asked_to_end_stores_its_progress(rig: Rig) -> None:
    asked: list[bool] = []

    def decide(moment: str, _: int) -> None:
        if moment == "after source.read_list":
            asked.append(True)

    first = rig.run("invoices", life=Life(decide), is_stopping=lambda: bool(asked), page_size=10)
    assert first.status is Status.PARTIAL
    assert first.records_read == first.records_written == 10
    second = rig.run("invoices", page_size=10)
    assert (second.status, second.records_read) == (Status.SUCCEEDED, 30)
    assert_shows_tenant(rig, "invoices")


def test_a_checkpoint_is_good_after_the_list_has_moved(rig: Rig) -> None:
    tenant = rig.sandbox.tenant
    rig.run("invoices", page_size=10, is_stopping=lambda: True)
    rig.pass_time(timedelta(hours=3))
    bills = tenant.records("Bill")
    for bill in bills[2:9]:
        tenant.delete("Bill", bill.id)
    tenant.rename("Bill", bills[9].id, {"ReferenceNbr": "000035A"})
    tenant.change("Bill", bills[0].id, {"Description": "changed behind the checkpoint"})
    tenant.insert("Bill", {"Type": "Bill", "ReferenceNbr": "000000", "Vendor": "V000001"})
    second = rig.run("invoices", page_size=10)
    assert second.status is Status.SUCCEEDED
    last = rig.run("invoices", page_size=10)
    assert last.status is Status.SUCCEEDED
    assert_shows_tenant(rig, "invoices", deleted=frozenset(bill.id for bill in bills[2:9]))


def test_an_entity_without_a_modified_field_is_read_whole_and_written_only_where_it_changed(rig: Rig) -> None:
    assert rig.run("subaccounts").records_written == 30
    again = rig.run("subaccounts")
    assert (again.records_read, again.records_written, again.records_unchanged) == (30, 0, 30)
    changed = rig.sandbox.tenant.records("Subaccount")[4].id
    rig.pass_time(timedelta(hours=1))
    rig.sandbox.tenant.change("Subaccount", changed, {"Description": "another name"})
    assert rig.run("subaccounts").records_written == 1
    assert_shows_tenant(rig, "subaccounts")


def _lose_table(rig: Rig) -> None:
    (rig.folder / "warehouse.duckdb").unlink()


def _empty_table(rig: Rig) -> None:
    with duckdb.connect(str(rig.folder / "warehouse.duckdb")) as connection:
        connection.execute("DELETE FROM invoices_log")


@pytest.mark.parametrize("lose", [_lose_table, _empty_table])
def test_what_was_lost_in_the_warehouse_is_read_again(rig: Rig, lose: object) -> None:
    assert callable(lose)
    assert rig.run("invoices").status is Status.SUCCEEDED
    rig.pass_time(timedelta(hours=1))
    for bill in rig.sandbox.tenant.records("Bill")[:4]:
        rig.sandbox.tenant.change("Bill", bill.id, {"Description": "in the edge"})
    assert rig.run("invoices").records_written == 4
    lose(rig)
    assert rig.run("invoices").records_written == 40
    assert_shows_tenant(rig, "invoices")


def test_reading_again_what_was_lost_may_be_killed_anywhere(rig: Rig) -> None:
    rig.run("invoices")
    _lose_table(rig)
    life = Life(lambda *_: None)
    rig.run("invoices", page_size=15, batch_bytes=1, life=life)
    for moment in choose_ends(life.order, random.Random(SEED)):  # noqa: S311 - which of equal moments to try
        _lose_table(rig)
        with pytest.raises(Killed):
            rig.run("invoices", page_size=15, batch_bytes=1, life=dies_at(*moment))
        rig.outlive_leases()
        assert rig.run("invoices", page_size=15, batch_bytes=1).status is Status.SUCCEEDED
        assert_shows_tenant(rig, "invoices")


def test_a_backfill_into_a_lost_table_does_not_hide_that_the_rest_is_missing(rig: Rig) -> None:
    rig.run("invoices")
    _lose_table(rig)
    since = rig.sandbox.tenant.records("Bill")[20].stamp
    assert rig.run("invoices", Mode.BACKFILL, since=since).status is Status.SUCCEEDED
    assert rig.run("invoices").status is Status.SUCCEEDED
    assert_shows_tenant(rig, "invoices")


def test_a_backfill_never_moves_the_watermark_and_writes_only_what_differs(rig: Rig) -> None:
    rig.run("invoices")
    before = rig.state.entities.read("invoices")
    rig.pass_time(timedelta(hours=1))
    rig.sandbox.tenant.change("Bill", rig.sandbox.tenant.records("Bill")[0].id, {"Hold": True}, touch=False)
    result = rig.run("invoices", Mode.BACKFILL)
    assert (result.records_read, result.records_written) == (40, 1)
    after = rig.state.entities.read("invoices")
    assert (after.watermark, after.changed_since) == (before.watermark, before.changed_since)
    assert_shows_tenant(rig, "invoices")


def test_a_list_that_is_suddenly_empty_is_an_error_not_an_idle_hour(rig: Rig) -> None:
    rig.run("invoices")
    rig.sandbox.configure(silently_empty={"Bill": ("LastModifiedDateTime",)})
    assert rig.run("invoices").status is Status.SUCCEEDED, "nothing new, and the list is there"
    for bill in rig.sandbox.tenant.records("Bill"):
        rig.sandbox.tenant.hide("Bill", bill.id)
    result = rig.run("invoices")
    assert result.status is Status.FAILED
    assert result.error is not None
    assert (result.error.type, result.error.http_status) == ("ListEmptyError", 500)
    assert "roles" in result.error.action


def test_a_tenant_that_never_had_a_record_is_no_error(rig: Rig) -> None:
    with Sandbox(SandboxOptions(size="empty")) as bare:
        young = Rig(rig.folder, bare)
        assert young.run("invoices").status is Status.SUCCEEDED
        assert young.run("invoices").status is Status.SUCCEEDED


def test_what_is_remembered_of_a_long_pass_stays_small() -> None:
    """8,000 records that all bear one recent stamp: the edge is bounded, and reading them again still writes nothing."""
    tenant = MovingTenant(1)
    tenant.storm = 0
    tenant.pass_time(60)
    tenant.items = {i: Item(key=i / 10_000, stamp=50, number=0) for i in range(1, 8_001)}
    clock, warehouse = TenantTime(tenant), MemoryWarehouse()
    state = SqliteStateStore(path=a_memory_file(), clock=clock)

    def run(number: int) -> RunResult:
        ports = Ports(source=tenant, warehouse=warehouse, state=state, clock=clock)
        limits = Limits(deadline=clock.now() + timedelta(days=1), page_size=2000, batch_bytes=1)
        request = RunRequest(entity=ENTITY.name)
        started = Run(run_id=f"run-{number}", entity=ENTITY, request=request, ports=ports, limits=limits)
        return started.execute(sync_entity)

    assert run(1).records_written == 8_000
    entity_state = state.entities.read(ENTITY.name)
    assert len(entity_state.recent_versions) == MAX_RECENT_VERSIONS
    assert not entity_state.recent_versions_complete
    again = run(2)
    assert (again.records_read, again.records_written) == (8_000, 0)
