"""What is remembered of an entity, and what the status page shows of it."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from connector.domain.entity_state import FINDINGS, EntityState, ListTrial, PageLimit, WrittenSince
from connector.domain.run import RunKind
from connector.domain.seen_records import pack_seen
from connector.errors import LeaseLostError
from connector.ports import StateStore
from tests.contract.state_builders import (
    MORNING,
    TTL,
    a_checkpoint,
    a_contract,
    a_dead_letter,
    an_audit_entry,
    an_entity_state,
    taken,
)
from tests.stand_ins.clock import FakeClock


class StreamContract:
    """The promises about streams."""

    def test_an_unknown_entity_has_an_empty_stream(self, store: StateStore) -> None:
        assert store.entities.read("vendors") == EntityState(entity="vendors")

    @pytest.mark.parametrize(
        "entity_state",
        [
            an_entity_state(),
            EntityState(entity="vendors"),
            an_entity_state(recent_versions={}, checkpoints={}),
            an_entity_state(
                checkpoints={
                    "incremental": replace(a_checkpoint(), changed_since=None, highest_stamp=None, known=())
                }
            ),
            an_entity_state(recent_versions={'a"b\\': "é", "": "x/y.z", "`": "$"}),
        ],
        ids=["full", "empty", "at rest", "nothing seen", "odd texts"],
    )
    def test_a_committed_stream_is_read_back_whole(
        self, store: StateStore, second_store: StateStore, entity_state: EntityState
    ) -> None:
        store.entities.commit(taken(store), entity_state)
        assert second_store.entities.read("vendors") == entity_state
        answer = second_store.entities.acquire_lease("vendors", "run-2", TTL)
        assert isinstance(answer, tuple)
        assert answer[1] == entity_state

    def test_a_commit_replaces_everything_before_it(self, store: StateStore) -> None:
        store.entities.commit(taken(store), an_entity_state())
        later = EntityState(entity="vendors", watermark=MORNING + TTL)
        store.entities.commit(taken(store, owner="run-2"), later)
        assert store.entities.read("vendors") == later

    def test_a_commit_gives_the_lease_back(self, store: StateStore, second_store: StateStore) -> None:
        store.entities.commit(taken(store), an_entity_state())
        taken(second_store, owner="run-2")

    def test_a_commit_may_be_repeated_until_another_takes_over(self, store: StateStore) -> None:
        lease = taken(store)
        store.entities.commit(lease, an_entity_state())
        store.entities.commit(lease, an_entity_state())
        assert store.entities.read("vendors") == an_entity_state()

    @pytest.mark.parametrize("older", [None, MORNING - timedelta(microseconds=1)])
    def test_the_watermark_never_goes_back(self, store: StateStore, older: datetime | None) -> None:
        store.entities.commit(taken(store), an_entity_state())
        store.entities.commit(
            taken(store, owner="run-2"), replace(an_entity_state(watermark=older), records_seen=9)
        )
        assert store.entities.read("vendors") == replace(an_entity_state(), records_seen=9)

    def test_each_mode_has_its_own_checkpoint(self, store: StateStore, second_store: StateStore) -> None:
        lease = taken(store)
        for offset, mode in enumerate(("incremental", "backfill", "reconcile")):
            store.entities.save_checkpoint(lease, mode, a_checkpoint(offset=offset))
        store.entities.save_checkpoint(lease, "backfill", None)
        store.entities.save_checkpoint(lease, "incremental", a_checkpoint(offset=9, known=("z",)))
        assert second_store.entities.read("vendors").checkpoints == {
            "incremental": a_checkpoint(offset=9, known=("z",)),
            "reconcile": a_checkpoint(offset=2),
        }

    def test_forgetting_a_checkpoint_there_is_not_does_nothing(self, store: StateStore) -> None:
        store.entities.save_checkpoint(taken(store), "backfill", None)
        assert store.entities.read("vendors") == EntityState(entity="vendors")

    def test_a_checkpoint_changes_nothing_else(self, store: StateStore) -> None:
        store.entities.commit(taken(store), an_entity_state())
        store.entities.save_checkpoint(taken(store, owner="run-2"), "reconcile", a_checkpoint(offset=5))
        both = {"backfill": a_checkpoint(), "reconcile": a_checkpoint(offset=5)}
        assert store.entities.read("vendors") == an_entity_state(checkpoints=both)

    def test_what_a_reconcile_has_seen_is_remembered(self, store: StateStore) -> None:
        lease = taken(store)
        for flags in (bytes([0, 0, 1, 0] * 3), b""):
            seen = pack_seen(MORNING, "of the ids", flags)
            point = replace(a_checkpoint(), seen=seen)
            store.entities.save_checkpoint(lease, "reconcile keys", point)
            kept = store.entities.read("vendors").checkpoints["reconcile keys"]
            assert kept == point
            assert kept.seen is not None
            assert kept.seen.unpack() == flags

    def test_a_contract_is_remembered(self, store: StateStore) -> None:
        lease = taken(store)
        store.entities.save_contract(lease, a_contract(version="23.200.001"))
        store.entities.save_contract(lease, a_contract())
        assert store.entities.read("vendors") == EntityState(entity="vendors", contract=a_contract())

    def test_how_an_entity_has_to_be_read_is_remembered_and_forgotten(self, store: StateStore) -> None:
        lease = taken(store)
        nothing = EntityState(entity="vendors")
        for rows in (250, 125):
            found = replace(
                nothing,
                read_one_by_one=True,
                list_trial=ListTrial(again_at=MORNING, left_out=("Details",)),
                compared_for='{"expand":["Details"]}',
                page_limit=PageLimit(rows=rows, larger_again_at=MORNING),
                record_bytes=rows * 1024,
                proven_identity="Default 24.200.001 id",
                written_since=WrittenSince(highest_stamp=MORNING if rows == 250 else None),
            )
            store.entities.save_findings(lease, found)
            assert store.entities.read("vendors") == found
        store.entities.save_findings(lease, nothing)
        assert store.entities.read("vendors") == nothing

    def test_how_an_entity_has_to_be_read_changes_nothing_else(self, store: StateStore) -> None:
        store.entities.commit(taken(store), an_entity_state())
        store.entities.save_findings(taken(store, owner="run-2"), EntityState(entity="vendors"))
        without = replace(an_entity_state(), **{**dict.fromkeys(FINDINGS), "read_one_by_one": False})
        assert store.entities.read("vendors") == without

    def test_the_bounds_of_what_is_in_the_warehouse_are_remembered_until_they_are_forgotten(
        self, store: StateStore
    ) -> None:
        store.entities.commit(taken(store), an_entity_state())
        lease = taken(store)
        store.entities.save_bounds(lease, complete_until=MORNING, deletions_checked_at=MORNING - TTL)
        known = replace(an_entity_state(), complete_until=MORNING, deletions_checked_at=MORNING - TTL)
        assert store.entities.read("vendors") == known
        store.entities.save_bounds(lease, complete_until=None, deletions_checked_at=None)
        assert store.entities.read("vendors") == an_entity_state()

    def test_an_entity_is_renamed_with_everything_that_is_stored_of_it(self, store: StateStore) -> None:
        stored = replace(
            an_entity_state(checkpoints={"backfill": a_checkpoint()}), deletions_checked_at=MORNING
        )
        store.entities.commit(taken(store), stored)
        store.entities.save_checkpoint(
            taken(store, "suppliers", owner="other"), "incremental", a_checkpoint()
        )
        store.entities.release_lease(taken(store, "suppliers", owner="other"))
        store.entities.commit(taken(store, "items"), replace(stored, entity="items"))
        store.dead_letters.add(a_dead_letter())
        store.audit.open_run("run-1", {"entity": "vendors", "mode": "incremental"})
        store.audit.record_page("run-1", "vendors", "incremental", 1, [an_audit_entry()])
        store.audit.close_run("run-1", {"entity": "vendors", "kind": "incremental", "status": "succeeded"})
        old, new = taken(store, owner="rename"), taken(store, "suppliers", owner="rename")
        for _ in range(2):
            store.rename_entity(old, new)
            assert store.entities.read("suppliers") == replace(stored, entity="suppliers")
            assert store.entities.read("vendors") == EntityState(entity="vendors")
        assert store.entities.read("items") == replace(stored, entity="items")
        assert [letter.entity for letter in store.dead_letters.read("suppliers")] == ["suppliers"]
        assert list(store.dead_letters.read("vendors")) == []
        assert len(list(store.audit.read_trail("suppliers", "id-1"))) == 1
        assert list(store.audit.read_trail("vendors", "id-1")) == []
        (vendors, suppliers) = store.statuses(["vendors", "suppliers"])
        assert (vendors.last_run, suppliers.last_run and suppliers.last_run["entity"]) == (None, "suppliers")
        store.entities.release_lease(new)
        with pytest.raises(LeaseLostError):
            store.rename_entity(old, replace(new, fence=new.fence + 1))

    def test_entities_do_not_mix(self, store: StateStore) -> None:
        store.entities.commit(taken(store, "vendors"), an_entity_state())
        store.entities.save_checkpoint(taken(store, "vendor"), "backfill", a_checkpoint(offset=3))
        assert store.entities.read("vendors") == an_entity_state()
        assert store.entities.read("vendor").checkpoints == {"backfill": a_checkpoint(offset=3)}

    def test_a_store_works_again_after_it_was_closed(self, store: StateStore) -> None:
        store.entities.commit(taken(store), an_entity_state())
        store.close()
        store.close()
        assert store.entities.read("vendors") == an_entity_state()

    def test_a_check_leaves_nothing_and_says_what_it_did(self, store: StateStore) -> None:
        line = store.check()
        assert line.ok, line
        assert "removed" in line.finding
        assert store.seats.acquire("run-1", 1, TTL) is not None


class StatusContract:
    """The promises about statuses."""

    def test_an_unknown_entity_has_an_empty_status(self, store: StateStore) -> None:
        (status,) = store.statuses(["vendors"])
        assert (status.entity_state, status.lease, status.dead_letters) == (
            EntityState(entity="vendors"),
            None,
            0,
        )
        assert status.last_run is None

    def test_statuses_come_in_the_order_asked_for(self, store: StateStore) -> None:
        store.entities.commit(taken(store, "items"), an_entity_state(entity="items"))
        names = ["vendors", "items", "checks"]
        assert [status.entity_state.entity for status in store.statuses(names)] == names
        assert store.statuses(names)[1].entity_state == an_entity_state(entity="items")
        assert list(store.statuses([])) == []

    def test_a_status_shows_the_lease_while_it_lasts(self, store: StateStore, clock: FakeClock) -> None:
        lease = taken(store)
        assert store.statuses(["vendors"])[0].lease == lease
        clock.advance(TTL)
        assert store.statuses(["vendors"])[0].lease is None

    def test_a_status_counts_the_entitys_dead_letters(self, store: StateStore) -> None:
        for record_id in ("a", "b", "b"):
            store.dead_letters.add(a_dead_letter(record_id=record_id))
        store.dead_letters.add(a_dead_letter(entity="items"))
        assert [status.dead_letters for status in store.statuses(["vendors", "items", "checks"])] == [2, 1, 0]

    def test_the_last_run_is_the_one_closed_last(self, store: StateStore, clock: FakeClock) -> None:
        for run_id in ("run-1", "run-2"):
            store.audit.open_run(run_id, {"entity": "vendors", "run_id": run_id, "status": "running"})
            clock.advance(timedelta(seconds=1))
        for run_id in ("run-2", "run-1"):
            store.audit.close_run(run_id, {"entity": "vendors", "status": "succeeded"})
            clock.advance(timedelta(seconds=1))
        store.audit.open_run("run-3", {"entity": "vendors", "run_id": "run-3", "status": "running"})
        last = store.statuses(["vendors"])[0].last_run
        assert last == {"entity": "vendors", "run_id": "run-1", "status": "succeeded"}

    def test_the_last_run_of_each_kind_stands_beside_that_of_all(
        self, store: StateStore, clock: FakeClock
    ) -> None:
        for number, (kind, status) in enumerate(
            [
                ("reconcile keys", "failed"),
                ("reconcile content", "partial"),
                ("incremental", "failed"),
                ("incremental", "succeeded"),
            ]
        ):
            entry = {"entity": "vendors", "kind": kind, "mode": kind.split()[0], "status": status}
            store.audit.open_run(f"run-{number}", {**entry, "status": "running"})
            store.audit.close_run(f"run-{number}", entry)
            clock.advance(timedelta(seconds=1))
        store.audit.close_run(
            "other", {"entity": "vendor", "kind": "incremental", "mode": "incremental", "status": "failed"}
        )
        found = store.statuses(["vendors"])[0]
        assert {kind: entry["status"] for kind, entry in found.last_runs.items()} == {
            "reconcile keys": "failed",
            "reconcile content": "partial",
            "incremental": "succeeded",
        }
        assert found.last_run == found.last_runs[RunKind.INCREMENTAL]

    def test_a_success_of_a_kind_is_remembered_however_often_it_fails_since(
        self, store: StateStore, clock: FakeClock
    ) -> None:
        began = clock.now()
        for number, status in enumerate(["succeeded", *["failed"] * 2, *["succeeded"] * 40]):
            kind = "reconcile keys" if number < 3 else "incremental"
            entry = {"entity": "vendors", "kind": kind, "status": status, "started_at": clock.now()}
            store.audit.open_run(f"run-{number}", entry)
            store.audit.close_run(f"run-{number}", {**entry, "run_id": f"run-{number}"})
            clock.advance(timedelta(minutes=1))
        found = store.statuses(["vendors"])[0]
        reconcile = RunKind.RECONCILE_KEYS
        assert found.last_runs[reconcile]["run_id"] == "run-2"
        assert found.last_successes[reconcile]["run_id"] == "run-0"
        assert found.last_successes[RunKind.INCREMENTAL]["run_id"] == "run-42"
        assert [entry["run_id"] for entry in found.recent_runs] == [f"run-{n}" for n in range(42, 12, -1)]
        assert found.known_since == began + timedelta(minutes=3)

    def test_a_status_shows_the_run_that_holds_the_lease(self, store: StateStore) -> None:
        taken(store, owner="run-7")
        assert store.statuses(["vendors"])[0].current_run is None
        store.audit.open_run("run-7", {"entity": "vendors", "kind": "backfill", "status": "running"})
        running = store.statuses(["vendors"])[0]
        assert running.current_run == {"entity": "vendors", "kind": "backfill", "status": "running"}
        assert (running.last_run, running.known_since) == (None, None)

    def test_the_last_run_is_the_entitys_own(self, store: StateStore) -> None:
        store.audit.close_run("run-1", {"entity": "items", "status": "failed"})
        store.audit.close_run("run-2", {"entity": "item", "status": "partial"})
        vendors, item, items = store.statuses(["vendors", "item", "items"])
        assert vendors.last_run is None
        assert item.last_run == {"entity": "item", "status": "partial"}
        assert items.last_run == {"entity": "items", "status": "failed"}
