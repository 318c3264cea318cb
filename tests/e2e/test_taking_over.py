"""A state file and a DuckDB file of the first release go on being used: nothing is lost, doubled or written again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.domain.entity import Depth
from connector.domain.run import Mode, RunResult, Status
from tests.builders import Rig
from tests.stored import restore_duckdb, restore_sqlite

LEFT_OPEN = timedelta(hours=2)
"""Longer than any lease or seat of the first release's runs."""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A tenant to which happened what had happened when the first release's files were saved."""
    rig = Rig(tmp_path)
    rig.version = "23.200.001"
    restore_sqlite("one_tenant", tmp_path / "state.db", url=rig.url)
    restore_duckdb("one_tenant", tmp_path / "warehouse.duckdb")
    tenant = rig.sandbox.tenant
    # Its runs: vendors, all of them.
    rig.pass_time(timedelta(hours=1))
    tenant.change("Vendor", vendor(rig, 2), {"VendorName": "Größe 10 µm"})
    # Its runs: vendors, one change; a reconcile of their keys; the fifth vendor became a dead letter.
    rig.pass_time(timedelta(minutes=20))
    tenant.delete("Vendor", vendor(rig, 5))
    # It was notified of that deletion. Its last run stopped inside purchase orders, with ten of fifteen written.
    rig.runs = 100
    yield rig
    rig.close()


def vendor(rig: Rig, number: int) -> str:
    return rig.sandbox.tenant.records("Vendor")[number].id


def read_log(rig: Rig, entity: str) -> list[dict[str, Any]]:
    return rig.query(f"SELECT * FROM {entity}_log ORDER BY ALL")


def shown(rig: Rig, view: str) -> list[str]:
    return [row["_id"] for row in rig.query(f"SELECT _id FROM {view} ORDER BY _id")]


def stored(rig: Rig, acumatica_entity: str) -> list[str]:
    return sorted(record.id for record in rig.sandbox.tenant.records(acumatica_entity))


def succeeds(result: RunResult) -> RunResult:
    assert (result.status, result.error) == (Status.SUCCEEDED, None)
    return result


def test_an_idle_run_reads_what_is_near_its_bound_alone_and_writes_no_row_but_the_deletion(rig: Rig) -> None:
    before = read_log(rig, "vendors")
    state = rig.state.entities.read("vendors")
    rig.pass_time(LEFT_OPEN)
    result = succeeds(rig.run("vendors"))
    assert result.watermark_before == result.watermark_after == state.watermark
    assert result.records_read < len(shown(rig, "vendors")), "the whole list was read again"
    log = read_log(rig, "vendors")
    (added,) = [row for row in log if row not in before]
    assert (added["_deleted"], added["_id"] in state.reported_deletions) == (True, True)
    assert len(log) == len(before) + 1
    assert shown(rig, "vendors") == stored(rig, "Vendor")
    assert succeeds(rig.run("vendors")).records_written == 0
    assert read_log(rig, "vendors") == log


@pytest.mark.parametrize("depth", list(Depth))
def test_a_reconcile_finds_both_sides_equal_but_for_the_deletion(rig: Rig, depth: Depth) -> None:
    before = read_log(rig, "vendors")
    rig.pass_time(LEFT_OPEN)
    result = succeeds(rig.run("vendors", Mode.RECONCILE, depth=depth))
    assert {name: result.details[name] for name in ("matched", "repaired", "deleted")} == {
        "matched": len(stored(rig, "Vendor")),
        "repaired": 0,
        "deleted": 1,
    }
    assert len(read_log(rig, "vendors")) == len(before) + 1
    assert shown(rig, "vendors") == stored(rig, "Vendor")


def test_a_pass_goes_on_where_it_stopped(rig: Rig) -> None:
    before = read_log(rig, "purchase_orders")
    rig.pass_time(LEFT_OPEN)
    result = succeeds(rig.run("purchase_orders", page_size=4))
    assert result.records_written == len(stored(rig, "PurchaseOrder")) - len(before)
    log = read_log(rig, "purchase_orders")
    assert [row for row in log if row in before] == before, "an old row was rewritten"
    assert len(log) == len(shown(rig, "purchase_orders")) == len(stored(rig, "PurchaseOrder"))
    assert shown(rig, "purchase_orders") == stored(rig, "PurchaseOrder")
    assert rig.state.entities.read("purchase_orders").checkpoints == {}


def test_a_dead_letter_is_replayed_without_a_row_that_the_views_show_twice(rig: Rig) -> None:
    rig.pass_time(LEFT_OPEN)
    assert [letter.record_id for letter in rig.state.dead_letters.read("vendors")] == [vendor(rig, 4)]
    succeeds(rig.run("vendors", Mode.REPLAY))
    assert list(rig.state.dead_letters.read("vendors")) == []
    succeeds(rig.run("vendors"))
    assert shown(rig, "vendors") == stored(rig, "Vendor")


def test_a_change_is_told_apart_from_what_is_known(rig: Rig) -> None:
    rig.pass_time(LEFT_OPEN)
    rig.sandbox.tenant.change("Vendor", vendor(rig, 1), {"VendorName": "changed since"})
    assert succeeds(rig.run("vendors")).records_written == 2, "the change, and the deletion reported before"
    assert shown(rig, "vendors") == stored(rig, "Vendor")
    assert rig.query("SELECT count(*) AS n FROM vendors WHERE vendor_name = 'Größe 10 µm'") == [{"n": 1}]
