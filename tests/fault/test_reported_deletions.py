"""A run that looks at reported deletions may end at any call: nothing is marked twice, forgotten, or marked wrongly."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from connector.domain.run import Mode, Status
from tests.builders import Rig
from tests.fault.mortal import Killed, Life, dies_at
from tests.oracle import assert_shows_tenant

DAYS = timedelta(days=3)
CONCERNED = {
    "read_deleted", "current_versions", "read_record", "append", "record_page", "settle_reported_deletions", "commit",
}  # fmt: skip
"""The calls that deal with reports; `test_kill_anywhere.py` tries all the others."""


def prepare(rig: Rig) -> None:
    """Items whose deletions the tenant tracks, copied an hour ago."""
    rig.catalogue["items"] = replace(rig.catalogue["items"], dac="PX_Objects_IN_InventoryItem")
    rig.sandbox.configure(tracked_deletions=("StockItem",))
    for _ in range(2):
        assert rig.run("items").status is Status.SUCCEEDED
        rig.outlive_leases()


def report(rig: Rig, turn: int) -> None:
    """Delete two items, one of which only the tenant lists; report a third one wrongly."""
    notified, tracked, there, *_ = [item.id for item in rig.sandbox.tenant.records("StockItem")]
    for gone in (notified, tracked):
        rig.sandbox.tenant.delete("StockItem", gone)
    assert rig.state.notifications.note("items", f"n-{turn}", [notified, there], DAYS)


def test_a_run_may_end_before_and_after_every_call(rig: Rig) -> None:
    prepare(rig)
    report(rig, 0)
    life = Life(lambda *_: None)
    result = rig.run("items", life=life)
    assert (result.status, result.details["deleted"]) == (Status.SUCCEEDED, 2)
    moments = [moment for moment in sorted(life.moments) if moment.rpartition(".")[2] in CONCERNED]
    assert len(moments) == 2 * len(CONCERNED)
    for turn, moment in enumerate(moments, 1):
        if len(rig.sandbox.tenant.records("StockItem")) < 4:
            rig.sandbox.tenant.insert("StockItem", {"InventoryID": f"MORE-{turn}-A", "Description": "more"})
            rig.sandbox.tenant.insert("StockItem", {"InventoryID": f"MORE-{turn}-B", "Description": "more"})
            rig.pass_time(timedelta(minutes=20))
            assert rig.run("items").status is Status.SUCCEEDED
        report(rig, turn)
        rig.pass_time(timedelta(minutes=1))
        try:
            rig.run("items", life=dies_at(moment))
        except Killed:
            rig.outlive_leases()
        assert rig.run("items").status is Status.SUCCEEDED, moment
        assert_shows_tenant(rig, "items")
        assert rig.state.entities.read("items").reported_deletions == (), moment
    tombstones = rig.query("SELECT count(*) AS n, count(DISTINCT _id) AS ids FROM items_log WHERE _deleted")[
        0
    ]
    assert tombstones["ids"] == 2 * (len(moments) + 1)
    assert tombstones["n"] == tombstones["ids"], "none was marked twice"


def test_more_than_half_of_few_are_not_believed_to_be_gone_though_each_was_reported(rig: Rig) -> None:
    assert rig.run("items").status is Status.SUCCEEDED
    rig.pass_time(timedelta(minutes=20))
    gone = [item.id for item in rig.sandbox.tenant.records("StockItem")]
    for record_id in gone[1:]:
        rig.sandbox.tenant.delete("StockItem", record_id)
    assert rig.state.notifications.note("items", "n-1", gone, DAYS)
    result = rig.run("items")
    assert result.error is not None
    assert result.error.type == "TooManyDeletionsError"
    assert result.details == {"reported_deleted": len(gone), "deleted": 0}
    assert rig.run("items", Mode.RECONCILE, force=True).status is Status.SUCCEEDED
    assert rig.run("items").status is Status.SUCCEEDED
    assert_shows_tenant(rig, "items")


@pytest.mark.parametrize("status", [400, 500, 503])
def test_a_report_that_cannot_be_looked_at_is_left_and_keeps_nothing_else_from_going_on(
    rig: Rig, status: int
) -> None:
    assert rig.run("items").status is Status.SUCCEEDED
    before = rig.state.entities.read("items").watermark
    rig.pass_time(timedelta(minutes=20))
    unreadable, gone, changed, *_ = rig.sandbox.tenant.records("StockItem")
    rig.sandbox.tenant.delete("StockItem", gone.id)
    rig.sandbox.tenant.change("StockItem", changed.id, {"Description": "another one"})
    assert rig.state.notifications.note("items", "n-1", [unreadable.id, gone.id], DAYS)
    fault = rig.sandbox.faults.add(path=f"/StockItem/{unreadable.id}", times=99, status=status)

    result = rig.run("items")

    assert result.status is Status.SUCCEEDED
    assert fault.struck
    assert result.details == {"reported_deleted": 2, "deleted": 1}
    assert_shows_tenant(rig, "items")
    entity_state = rig.state.entities.read("items")
    assert entity_state.watermark != before
    assert entity_state.reported_deletions == (unreadable.id,), "the next run looks again"
    rig.sandbox.faults.clear()
    assert rig.run("items").status is Status.SUCCEEDED
    assert rig.state.entities.read("items").reported_deletions == ()


def test_reports_that_take_longer_than_the_run_may_are_dealt_with_over_several_runs(rig: Rig) -> None:
    assert rig.run("items").status is Status.SUCCEEDED
    rig.pass_time(timedelta(minutes=20))
    gone = [item.id for item in rig.sandbox.tenant.records("StockItem")][:6]
    for record_id in gone:
        rig.sandbox.tenant.delete("StockItem", record_id)
    assert rig.state.notifications.note("items", "n-1", gone, DAYS)
    done = []
    for _ in range(2):
        result = rig.run("items", life=_slow_reads(rig), budget=timedelta(seconds=50))
        assert result.status is Status.SUCCEEDED
        done.append(result.details["deleted"])
        assert len(rig.state.entities.read("items").reported_deletions) == len(gone) - sum(done)
    assert done == [3, 3]
    assert_shows_tenant(rig, "items")


def test_a_reconcile_out_of_time_keeps_what_it_has_read(rig: Rig) -> None:
    assert rig.run("items").status is Status.SUCCEEDED
    rig.pass_time(timedelta(minutes=20))
    for item in rig.sandbox.tenant.records("StockItem")[:6]:
        rig.sandbox.tenant.delete("StockItem", item.id)
    deleted = []
    for _ in range(9):
        result = rig.run("items", Mode.RECONCILE, life=_slow_reads(rig), budget=timedelta(seconds=50))
        deleted.append(result.details["deleted"])
        if result.status is Status.SUCCEEDED:
            break
        assert result.status is Status.PARTIAL
    assert sum(deleted) == 6
    assert len(deleted) >= 2
    assert_shows_tenant(rig, "items")


def _slow_reads(rig: Rig) -> Life:
    """Every direct read takes twenty seconds."""

    def decide(moment: str, _: int) -> None:
        if moment == "after source.read_record":
            rig.clock.advance(timedelta(seconds=20))

    return Life(decide)
