"""What Firestore bills: documents read and written by a run, a status, a notification, a page and a checkpoint."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from google.cloud import firestore

from connector.adapters.firestore import FirestoreStateStore
from connector.adapters.retrying import Retry
from connector.domain.entity_state import Origin
from connector.domain.run import RunKind
from tests.contract.state_builders import MORNING, TTL, a_checkpoint, an_audit_entry, an_entity_state, taken
from tests.contract.state_firestore_probe import OperationCounter, ProbedClient
from tests.stand_ins.clock import FakeClock

pytestmark = pytest.mark.emulator


@pytest.fixture
def counter() -> OperationCounter:
    return OperationCounter()


@pytest.fixture
def client(firestore_project: str, counter: OperationCounter) -> Iterator[firestore.Client]:
    client: firestore.Client = ProbedClient(firestore_project, counter)
    yield client
    client.close()


@pytest.fixture
def store(client: firestore.Client, clock: FakeClock) -> FirestoreStateStore:
    return FirestoreStateStore(
        connect=lambda: client, prefix="acumatica", clock=clock, retry=Retry(clock=clock)
    )


def test_a_run_with_nothing_to_sync_takes_at_most_ten_operations(
    store: FirestoreStateStore, counter: OperationCounter
) -> None:
    store.entities.commit(taken(store), an_entity_state())
    store.seats.remember_origin(Origin(instance="https://erp.example.com", tenant="ACME"))
    store.notifications.note("vendors", "n-1", [], timedelta(days=3))
    counter.operations.clear()
    lease = taken(store, owner="run-2")
    seat = store.seats.acquire("run-2", 1, TTL)
    store.audit.open_run("run-2", {"entity": "vendors", "mode": "incremental", "started_at": MORNING})
    store.entities.commit(lease, an_entity_state(), covers_reports=True)
    store.audit.close_run("run-2", {"entity": "vendors", "status": "succeeded"})
    assert seat is not None
    store.seats.release(seat)
    assert counter.operations.total() <= 10, counter.operations


def test_a_status_reads_at_most_42_documents_an_entity_however_many_runs_there_were(
    store: FirestoreStateStore, counter: OperationCounter, clock: FakeClock
) -> None:
    store.entities.commit(taken(store), an_entity_state())
    kinds = [*RunKind, *RunKind, *[RunKind.INCREMENTAL] * 31]
    for number, kind in enumerate(kinds):
        status = "succeeded" if number < len(RunKind) else "failed"
        clock.advance(timedelta(minutes=1))
        entry = {"entity": "vendors", "mode": kind.split()[0], "kind": kind.value, "started_at": clock.now()}
        store.audit.open_run(f"run-{number}", entry)
        store.audit.close_run(f"run-{number}", {**entry, "status": status})
    taken(store, owner="run-0")
    counter.operations.clear()
    [found] = store.statuses(["vendors"])
    assert len(found.recent_runs) == 30
    assert set(found.last_runs) == set(found.last_successes) == set(RunKind)
    assert set(counter.operations) == {"read"}
    assert counter.operations.total() <= 42 + 1, "and a count of dead letters"


def test_of_a_storm_of_notifications_the_first_alone_changes_the_stream(
    store: FirestoreStateStore, counter: OperationCounter
) -> None:
    store.entities.commit(taken(store), an_entity_state())
    for number in range(5):
        counter.operations.clear()
        store.notifications.note("vendors", f"n-{number}", [], timedelta(days=3))
        assert counter.operations == {"read": 2, "written": 1 if number else 2}


def test_a_page_takes_one_write_for_its_audit_and_one_read_and_one_write_for_its_checkpoint(
    store: FirestoreStateStore, counter: OperationCounter
) -> None:
    lease = taken(store)
    counter.operations.clear()
    store.audit.record_page("run-1", "vendors", "backfill", 1, [an_audit_entry()] * 1000)
    assert counter.operations == {"written": 1}
    store.entities.save_checkpoint(lease, "backfill", a_checkpoint())
    assert counter.operations == {"written": 2, "read": 1}


def test_a_checkpoint_writes_neither_the_edge_nor_the_contract(
    store: FirestoreStateStore, counter: OperationCounter
) -> None:
    store.entities.commit(taken(store), an_entity_state())
    lease = taken(store, owner="run-2")
    store.entities.save_checkpoint(lease, "backfill", a_checkpoint())
    assert counter.written_fields[-1] == {"checkpoints.backfill"}
