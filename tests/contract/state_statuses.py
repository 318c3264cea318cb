"""What the status page shows of an entity."""

from datetime import timedelta

from connector.domain.entity_state import EntityState
from connector.domain.run import RunKind
from connector.ports import StateStore
from tests.contract.state_builders import (
    TTL,
    a_dead_letter,
    an_entity_state,
    taken,
)
from tests.stand_ins.clock import FakeClock


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
