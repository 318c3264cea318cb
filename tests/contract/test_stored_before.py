"""What the first release stored is read as before, member by member, and goes on being used."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from google.cloud import firestore
from msgspec.structs import replace

from connector.adapters.sqlite import SqliteStateStore
from connector.domain.entity_state import AuditEntry, EntityState, Lease, Origin, Outcome, RefusedSignIn
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
from tests.contract.test_state_firestore import connected
from tests.stand_ins.clock import NOON, FakeClock
from tests.stored import restore_firestore, restore_sqlite

VENDORS = EntityState(
    entity="vendors",
    watermark=MORNING,
    changed_since=MORNING - timedelta(minutes=15),
    recent_versions={"id-1": "version-1", "id-2": "version-2"},
    recent_versions_complete=False,
    checkpoints={
        **dict.fromkeys(("incremental", "backfill", "reconcile"), a_checkpoint()),
        "replay": replace(
            a_checkpoint(offset=0, known=()),
            changed_since=None,
            highest_stamp=MORNING,
            recent_versions={},
            recent_versions_complete=True,
        ),
    },
    contract=a_contract(),
    read_one_by_one=True,
    records_seen=812,
    last_success_at=MORNING + timedelta(seconds=3),
    deletions_since=MORNING - timedelta(minutes=16),
    reported_deletions=("id-8", "id-9"),
    reported_at_fence=2,
)
"""Every member there was; members that came later have their defaults."""


class StoredBeforeContract:
    def test_everything_remembered_of_an_entity_is_found_again(self, store: StateStore) -> None:
        assert store.entities.read("vendors") == VENDORS
        assert store.entities.read("items") == EntityState(entity="items")
        assert store.entities.read("bills") == EntityState(entity="bills", contract=a_contract(version="old"))

    def test_leases_that_have_not_ended_are_kept_and_others_taken_over(
        self, store: StateStore, clock: FakeClock
    ) -> None:
        held = Lease(entity="vendors", owner="run-2", fence=2, expires_at=NOON + TTL)
        assert store.entities.acquire_lease("vendors", "run-9", TTL) == held
        assert taken(store, "items", owner="run-9").fence == 2
        clock.advance(TTL)
        lease = taken(store, owner="run-9")
        assert lease.fence == 3
        assert (
            store.entities.commit(lease, an_entity_state(watermark=MORNING - TTL), covers_reports=True)
            is False
        )
        assert store.entities.read("vendors") == replace(
            an_entity_state(), reported_deletions=("id-8", "id-9")
        )

    def test_the_seat_comes_with_the_refused_sign_in_and_the_origin(
        self, store: StateStore, clock: FakeClock
    ) -> None:
        assert store.seats.acquire("run-9", 1, TTL) is None
        clock.advance(TTL)
        seat = store.seats.acquire("run-9", 1, TTL)
        assert seat is not None
        assert seat.refused == RefusedSignIn(credential_fingerprint="of a password", refused_at=MORNING)
        assert seat.origin == Origin(instance="https://erp.example.com", tenant="ACME")

    def test_dead_letters_are_whole_and_counted_on(self, store: StateStore) -> None:
        second = a_dead_letter(record_id="id-2", key="Ü", reason="€", payload=b"\xff\x00", run_id="run-3")
        assert list(store.dead_letters.read("vendors")) == [a_dead_letter(), replace(second, attempts=2)]
        store.dead_letters.add(replace(second, run_id="run-9"))
        assert list(store.dead_letters.read("vendors", "id-2")) == [
            replace(second, run_id="run-9", attempts=3)
        ]

    @pytest.mark.parametrize(
        ("record_id", "key", "outcome", "reason"),
        [
            ("id-1", "V001", Outcome.WRITTEN, ""),
            ("id-2", 'Bill/Ü€ "1"\\', Outcome.REJECTED, "no readable amount"),
            ("id-3", "V001", Outcome.TOMBSTONED, ""),
            ("id-4", "V001", Outcome.UNCHANGED, ""),
        ],
    )
    def test_the_audit_trail_of_a_record_is_found_by_id_and_by_key(
        self, store: StateStore, record_id: str, key: str, outcome: Outcome, reason: str
    ) -> None:
        (page,) = store.audit.read_trail("vendors", record_id)
        assert (page.run_id, page.mode, page.recorded_at) == ("run-1", "incremental", NOON)
        assert page.entry == an_audit_entry(record_id=record_id, key=key, outcome=outcome, reason=reason)
        assert record_id in store.audit.find_records("vendors", key)

    def test_half_a_surrogate_pair_in_a_key_is_no_obstacle(self, store: StateStore) -> None:
        (page,) = store.audit.read_trail("vendors", "id-5")
        assert isinstance(page.entry, AuditEntry)
        assert store.audit.find_records("vendors", "half \ud83d") == ["id-5"]

    def test_the_last_run_is_told(self, store: StateStore) -> None:
        (status,) = store.statuses(["vendors"])
        assert status.dead_letters == 2
        assert status.last_run == {
            "entity": "vendors",
            "mode": "incremental",
            "status": "succeeded",
            "started_at": MORNING,
            "finished_at": MORNING + TTL,
            "records_read": 3,
            "pages": 1,
            "duration_seconds": 1.5,
            "write_method": None,
            "error": {"type": "X", "message": "Größe", "action": ""},
            "matched": 7,
        }

    def test_a_notification_is_known_until_its_time_is_over(
        self, store: StateStore, clock: FakeClock
    ) -> None:
        assert not store.notifications.note("vendors", "n-1", [], TTL)
        clock.advance(timedelta(days=1))
        assert store.notifications.note("vendors", "n-1", [], TTL)


class TestSqliteStoredBefore(StoredBeforeContract):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: FakeClock) -> Iterator[StateStore]:
        restore_sqlite("every_member", tmp_path / "state.db")
        store = SqliteStateStore(path=tmp_path / "state.db", clock=clock)
        yield store
        store.close()


@pytest.mark.emulator
class TestFirestoreStoredBefore(StoredBeforeContract):
    @pytest.fixture
    def store(self, firestore_project: str, clock: FakeClock) -> Iterator[StateStore]:
        restore_firestore("every_member", firestore.Client(project=firestore_project))
        store = connected(firestore_project, clock)
        yield store
        store.close()
