"""Failing calls and lost answers: everything the store does may happen twice, and is then as if it happened once."""

from collections.abc import Callable, Iterator
from typing import get_type_hints

import grpc
import pytest
from google.cloud import firestore

from connector.adapters.firestore import FirestoreStateStore, open_firestore
from connector.adapters.retrying import Retry
from connector.domain.entity_state import Lease, Origin, Seat
from connector.domain.run import RunKind
from connector.errors import LeaseLostError, StateStoreUnavailableError
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
from tests.contract.state_leases import WRITES
from tests.contract.state_sessions import REFUSED
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.faulty_firestore import Faults, FaultyClient
from tests.stand_ins.servers import HOST, free_port

pytestmark = pytest.mark.emulator

ENTRY = {"entity": "vendors", "status": "running"}
LARGE_PAGE = [an_audit_entry(record_id=f"id-{n}") for n in range(2500)]

Act = Callable[[StateStore, Lease, Seat], object]


def rename(store: StateStore, lease: Lease, _: Seat) -> None:
    """Rename the entity to one that was never read."""
    store.rename_entity(lease, taken(store, "suppliers"))


ACTS: dict[str, Act] = {
    "entities.acquire_lease": lambda store, _lease, _slot: store.entities.acquire_lease(
        "items", "run-1", TTL
    ),
    "entities.save_checkpoint": lambda store, lease, _slot: store.entities.save_checkpoint(
        lease, "backfill", a_checkpoint()
    ),
    "entities.save_contract": lambda store, lease, _slot: store.entities.save_contract(
        lease, a_contract(version="x")
    ),
    "entities.save_findings": lambda store, lease, _slot: store.entities.save_findings(
        lease, an_entity_state()
    ),
    "entities.save_bounds": lambda store, lease, _slot: store.entities.save_bounds(
        lease, complete_until=None, deletions_checked_at=MORNING
    ),
    "entities.commit": lambda store, lease, _slot: store.entities.commit(lease, an_entity_state()),
    "entities.release_lease": lambda store, lease, _slot: store.entities.release_lease(lease),
    "seats.acquire": lambda store, _lease, _slot: store.seats.acquire("run-9", 3, TTL),
    "seats.release": lambda store, _lease, seat: store.seats.release(seat),
    "audit.open_run": lambda store, _lease, _slot: store.audit.open_run("run-1", ENTRY),
    "audit.close_run": lambda store, _lease, _slot: store.audit.close_run("run-1", {"entity": "vendors"}),
    "audit.record_page": lambda store, _lease, _slot: store.audit.record_page(
        "run-1", "vendors", "backfill", 1, LARGE_PAGE
    ),
    "dead_letters.add": lambda store, _lease, _slot: store.dead_letters.add(a_dead_letter(run_id="run-2")),
    "dead_letters.remove": lambda store, _lease, _slot: store.dead_letters.remove("vendors", "id-1", MORNING),
    "seats.remember_origin": lambda store, _lease, _slot: store.seats.remember_origin(
        Origin(instance="https://erp.example.com", tenant="ACME")
    ),
    "seats.remember_refused_sign_in": lambda store, _lease, _slot: store.seats.remember_refused_sign_in(
        REFUSED
    ),
    "notifications.note": lambda store, _lease, _slot: store.notifications.note(
        "vendors", "n-1", ["id-1"], TTL
    ),
    "entities.settle_reported_deletions": lambda store, lease, _slot: (
        store.entities.settle_reported_deletions(lease, ["id-1"], [])
    ),
    "rename_entity": rename,
    "statuses": lambda store, _lease, _slot: store.statuses(["vendors", "items"]),
    "audit.read_trail": lambda store, _lease, _slot: list(store.audit.read_trail("vendors", "id-1")),
    "audit.find_records": lambda store, _lease, _slot: list(store.audit.find_records("vendors", "V001")),
    "audit.read_successes": lambda store, _lease, _slot: list(
        store.audit.read_successes("vendors", RunKind.INCREMENTAL)
    ),
    "audit.read_run": lambda store, _lease, _slot: store.audit.read_run("run-1"),
    "audit.read_run_page": lambda store, _lease, _slot: store.audit.read_run_page("run-1"),
    "seats.read_origin": lambda store, _lease, _slot: store.seats.read_origin(),
    "dead_letters.read_digests": lambda store, _lease, _slot: store.dead_letters.read_digests("vendors"),
    "dead_letters.read": lambda store, _lease, _slot: list(store.dead_letters.read("vendors")),
    "entities.read": lambda store, _lease, _slot: store.entities.read("vendors"),
}


class Scene:
    """One run's state in a prefix of its own, and a store on it whose calls can be made to fail."""

    def __init__(self, project: str, prefix: str) -> None:
        self.project = project
        self.prefix = prefix
        self.clock = FakeClock()
        self.faults = Faults()
        client = FaultyClient(project, self.faults)
        retry = Retry(clock=FakeClock())  # of its own, so that waiting leaves no trace in what is stored
        self.store = FirestoreStateStore(connect=lambda: client, prefix=prefix, clock=self.clock, retry=retry)
        self.lease = taken(self.store)
        seat = self.store.seats.acquire("run-1", 3, TTL)
        assert seat is not None
        self.seat = seat
        self.store.dead_letters.add(a_dead_letter())
        self.store.audit.record_page("run-0", "vendors", "backfill", 1, [an_audit_entry()])
        self.faults.calls = 0

    def beside(self) -> StateStore:
        """Return another store on the same state and clock, without faults."""
        return FirestoreStateStore(
            connect=lambda: firestore.Client(project=self.project),
            prefix=self.prefix,
            clock=self.clock,
            retry=Retry(clock=FakeClock()),
        )

    def act(self, act: Act) -> object:
        return act(self.store, self.lease, self.seat)

    def stored(self) -> object:
        """Return all that can be seen of the state."""
        store = self.store
        return (
            store.statuses(["vendors", "items", "suppliers"]),
            [list(store.dead_letters.read(name)) for name in ("vendors", "suppliers")],
            [list(store.audit.read_trail("vendors", f"id-{n}")) for n in (1, 2499)],
            list(store.audit.read_trail("suppliers", "id-1")),
            [store.seats.acquire(f"asking-{n}", 3, TTL) for n in range(3)],
            store.entities.acquire_lease("vendors", "asking", TTL),
        )


def test_every_call_of_the_port_is_tried() -> None:
    calls = {name for name in vars(StateStore) if not name.startswith("_")}
    for part, port in get_type_hints(StateStore).items():
        calls |= {f"{part}.{name}" for name in vars(port) if not name.startswith("_")}
    assert set(ACTS) == calls - {"check", "close"}  # which never raise


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_any_call_may_fail_and_any_answer_may_be_lost(firestore_project: str, act: Act) -> None:
    undisturbed = Scene(firestore_project, "undisturbed")
    answer = undisturbed.act(act)
    calls = undisturbed.faults.calls
    expected = undisturbed.stored()
    for number in range(calls):
        for when in ("before", "after"):
            scene = Scene(firestore_project, f"{when}_{number}")
            status = grpc.StatusCode.UNAVAILABLE if number % 2 else grpc.StatusCode.DEADLINE_EXCEEDED
            getattr(scene.faults, when)[number] = status
            assert scene.act(act) == answer, f"call {number}, {when}"
            scene.faults.before = scene.faults.after = {}
            assert scene.stored() == expected, f"call {number}, {when}"
            scene.store.close()
    undisturbed.store.close()


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_lease_taken_over_between_reading_and_writing_is_lost(
    firestore_project: str, write: Callable[[StateStore, Lease], object]
) -> None:
    stalled = Scene(firestore_project, "state")
    other = stalled.beside()
    stalled.clock.advance(TTL)
    stalled.faults.meanwhile = lambda: taken(other, owner="run-2")
    before = other.entities.read("vendors")
    with pytest.raises(LeaseLostError):
        write(stalled.store, stalled.lease)
    assert other.entities.read("vendors") == before
    held = other.entities.acquire_lease("vendors", "run-3", TTL)
    assert isinstance(held, Lease)
    assert held.owner == "run-2"
    stalled.store.close()


def test_a_lease_given_up_too_late_is_not_taken_from_the_next_owner(firestore_project: str) -> None:
    stalled = Scene(firestore_project, "state")
    other = stalled.beside()
    stalled.clock.advance(TTL)
    stalled.faults.meanwhile = lambda: taken(other, owner="run-2")
    stalled.store.entities.release_lease(stalled.lease)
    assert isinstance(other.entities.acquire_lease("vendors", "run-3", TTL), Lease)
    stalled.store.close()


def test_two_that_find_the_same_expired_lease_do_not_both_get_it(firestore_project: str) -> None:
    scene = Scene(firestore_project, "state")
    other = scene.beside()
    scene.clock.advance(TTL)
    scene.faults.meanwhile = lambda: taken(other, owner="run-2")
    answer = scene.store.entities.acquire_lease("vendors", "run-3", TTL)
    assert isinstance(answer, Lease)
    assert answer.owner == "run-2"
    scene.store.close()


def test_two_that_find_the_same_free_seat_do_not_both_get_it(firestore_project: str) -> None:
    scene = Scene(firestore_project, "state")
    other = scene.beside()
    scene.clock.advance(TTL)
    scene.faults.meanwhile = lambda: other.seats.acquire("run-2", 1, TTL)
    assert scene.store.seats.acquire("run-3", 1, TTL) is None
    scene.store.close()


def test_a_seat_given_back_too_late_is_not_taken_from_the_next_owner(firestore_project: str) -> None:
    scene = Scene(firestore_project, "state")
    other = scene.beside()
    scene.clock.advance(TTL)
    scene.faults.meanwhile = lambda: other.seats.acquire("run-2", 1, TTL)
    scene.store.seats.release(scene.seat)
    assert other.seats.acquire("run-3", 1, TTL) is None
    scene.store.close()


@pytest.mark.parametrize("status", [grpc.StatusCode.ABORTED, grpc.StatusCode.UNAVAILABLE])
def test_a_failure_that_lasts_is_an_error_that_time_mends(
    firestore_project: str, status: grpc.StatusCode
) -> None:
    scene = Scene(firestore_project, "lasting")
    scene.faults.before = dict.fromkeys(range(100), status)
    with pytest.raises(StateStoreUnavailableError):
        scene.store.entities.commit(scene.lease, an_entity_state())
    scene.faults.before = {}
    assert scene.store.entities.read("vendors").watermark is None
    scene.store.close()


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> Iterator[FirestoreStateStore]:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"{HOST}:{free_port()}")
    store = open_firestore(
        project="demo", database="(default)", prefix="x", clock=clock, retry=Retry(clock=clock, attempts=2)
    )
    yield store
    store.close()


def test_an_unreachable_firestore_says_which(unreachable: FirestoreStateStore) -> None:
    with pytest.raises(StateStoreUnavailableError, match=r"database \(default\) of project demo"):
        unreachable.entities.read("vendors")


def test_a_check_of_an_unreachable_firestore_fails_at_once(
    unreachable: FirestoreStateStore, clock: FakeClock
) -> None:
    line = unreachable.check()
    assert not line.ok
    assert line.remedy
    assert clock.sleeps == []
