"""Failing calls and lost answers: everything the store does may happen twice, and is then as if it happened once."""

from collections.abc import Callable, Iterator

import grpc
import pytest
from google.cloud import firestore

from connector.adapters.firestore import FirestoreStateStore, open_firestore
from connector.adapters.retrying import Retry
from connector.domain.entity_state import Lease, Origin, Seat
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
ACTS: dict[str, Act] = {
    "acquire_lease": lambda store, _lease, _slot: store.acquire_lease("items", "run-1", TTL),
    "save_checkpoint": lambda store, lease, _slot: store.save_checkpoint(lease, "backfill", a_checkpoint()),
    "save_contract": lambda store, lease, _slot: store.save_contract(lease, a_contract(version="x")),
    "save_read_one_by_one": lambda store, lease, _slot: store.save_read_one_by_one(lease),
    "commit": lambda store, lease, _slot: store.commit(lease, an_entity_state()),
    "release_lease": lambda store, lease, _slot: store.release_lease(lease),
    "acquire_seat": lambda store, _lease, _slot: store.acquire_seat("run-9", 3, TTL),
    "release_seat": lambda store, _lease, seat: store.release_seat(seat),
    "open_run": lambda store, _lease, _slot: store.open_run("run-1", ENTRY),
    "close_run": lambda store, _lease, _slot: store.close_run("run-1", {"entity": "vendors"}),
    "record_page": lambda store, _lease, _slot: store.record_page(
        "run-1", "vendors", "backfill", 1, LARGE_PAGE
    ),
    "add_dead_letter": lambda store, _lease, _slot: store.add_dead_letter(a_dead_letter(run_id="run-2")),
    "remove_dead_letter": lambda store, _lease, _slot: store.remove_dead_letter("vendors", "id-1", MORNING),
    "remember_origin": lambda store, _lease, _slot: store.remember_origin(
        Origin(instance="https://erp.example.com", tenant="ACME")
    ),
    "remember_refused_sign_in": lambda store, _lease, _slot: store.remember_refused_sign_in(REFUSED),
    "note_notification": lambda store, _lease, _slot: store.note_notification(
        "vendors", "n-1", ["id-1"], TTL
    ),
    "remove_reported_deletions": lambda store, lease, _slot: store.remove_reported_deletions(lease, ["id-1"]),
    "statuses": lambda store, _lease, _slot: store.statuses(["vendors", "items"]),
    "audit_trail": lambda store, _lease, _slot: list(store.audit_trail("vendors", "id-1")),
    "find_records": lambda store, _lease, _slot: list(store.find_records("vendors", "V001")),
    "dead_letter_digests": lambda store, _lease, _slot: store.dead_letter_digests("vendors"),
    "dead_letters": lambda store, _lease, _slot: list(store.dead_letters("vendors")),
    "read_entity_state": lambda store, _lease, _slot: store.read_entity_state("vendors"),
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
        seat = self.store.acquire_seat("run-1", 3, TTL)
        assert seat is not None
        self.seat = seat
        self.store.add_dead_letter(a_dead_letter())
        self.store.record_page("run-0", "vendors", "backfill", 1, [an_audit_entry()])
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
            store.statuses(["vendors", "items"]),
            list(store.dead_letters("vendors")),
            [list(store.audit_trail("vendors", f"id-{n}")) for n in (1, 2499)],
            [store.acquire_seat(f"asking-{n}", 3, TTL) for n in range(3)],
            store.acquire_lease("vendors", "asking", TTL),
        )


def test_every_call_of_the_port_is_tried() -> None:
    calls = {name for name in vars(StateStore) if not name.startswith("_")}
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
    before = other.read_entity_state("vendors")
    with pytest.raises(LeaseLostError):
        write(stalled.store, stalled.lease)
    assert other.read_entity_state("vendors") == before
    held = other.acquire_lease("vendors", "run-3", TTL)
    assert isinstance(held, Lease)
    assert held.owner == "run-2"
    stalled.store.close()


def test_a_lease_given_up_too_late_is_not_taken_from_the_next_owner(firestore_project: str) -> None:
    stalled = Scene(firestore_project, "state")
    other = stalled.beside()
    stalled.clock.advance(TTL)
    stalled.faults.meanwhile = lambda: taken(other, owner="run-2")
    stalled.store.release_lease(stalled.lease)
    assert isinstance(other.acquire_lease("vendors", "run-3", TTL), Lease)
    stalled.store.close()


def test_two_that_find_the_same_expired_lease_do_not_both_get_it(firestore_project: str) -> None:
    scene = Scene(firestore_project, "state")
    other = scene.beside()
    scene.clock.advance(TTL)
    scene.faults.meanwhile = lambda: taken(other, owner="run-2")
    answer = scene.store.acquire_lease("vendors", "run-3", TTL)
    assert isinstance(answer, Lease)
    assert answer.owner == "run-2"
    scene.store.close()


def test_two_that_find_the_same_free_seat_do_not_both_get_it(firestore_project: str) -> None:
    scene = Scene(firestore_project, "state")
    other = scene.beside()
    scene.clock.advance(TTL)
    scene.faults.meanwhile = lambda: other.acquire_seat("run-2", 1, TTL)
    assert scene.store.acquire_seat("run-3", 1, TTL) is None
    scene.store.close()


def test_a_seat_given_back_too_late_is_not_taken_from_the_next_owner(firestore_project: str) -> None:
    scene = Scene(firestore_project, "state")
    other = scene.beside()
    scene.clock.advance(TTL)
    scene.faults.meanwhile = lambda: other.acquire_seat("run-2", 1, TTL)
    scene.store.release_seat(scene.seat)
    assert other.acquire_seat("run-3", 1, TTL) is None
    scene.store.close()


@pytest.mark.parametrize("status", [grpc.StatusCode.ABORTED, grpc.StatusCode.UNAVAILABLE])
def test_a_failure_that_lasts_is_an_error_that_time_mends(
    firestore_project: str, status: grpc.StatusCode
) -> None:
    scene = Scene(firestore_project, "lasting")
    scene.faults.before = dict.fromkeys(range(100), status)
    with pytest.raises(StateStoreUnavailableError):
        scene.store.commit(scene.lease, an_entity_state())
    scene.faults.before = {}
    assert scene.store.read_entity_state("vendors").watermark is None
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
        unreachable.read_entity_state("vendors")


def test_a_check_of_an_unreachable_firestore_fails_at_once(
    unreachable: FirestoreStateStore, clock: FakeClock
) -> None:
    line = unreachable.check()
    assert not line.ok
    assert line.remedy
    assert clock.sleeps == []
