"""Who may work on an entity, and what a run whose lease was taken over may still do: nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from msgspec.structs import replace

from connector.domain.entity_state import CLOCKS_DIFFER, EntityState, Lease
from connector.errors import LeaseLostError
from connector.ports import StateStore
from tests.contract.state_builders import MORNING, TTL, a_checkpoint, a_contract, an_entity_state, taken
from tests.stand_ins.clock import FakeClock

WRITES: dict[str, Callable[[StateStore, Lease], object]] = {
    "save a checkpoint": lambda store, lease: store.entities.save_checkpoint(
        lease, "backfill", a_checkpoint()
    ),
    "forget a checkpoint": lambda store, lease: store.entities.save_checkpoint(lease, "incremental", None),
    "save a contract": lambda store, lease: store.entities.save_contract(lease, a_contract(version="x")),
    "save findings": lambda store, lease: store.entities.save_findings(lease, an_entity_state()),
    "save bounds": lambda store, lease: store.entities.save_bounds(
        lease, complete_until=None, deletions_checked_at=None
    ),
    "commit": lambda store, lease: store.entities.commit(lease, an_entity_state(watermark=MORNING + TTL)),
}


class LeaseContract:
    """The promises about leases."""

    def test_a_free_entity_is_leased_with_its_stream(self, store: StateStore, clock: FakeClock) -> None:
        answer = store.entities.acquire_lease("vendors", "run-1", TTL)
        lease = Lease(
            entity="vendors", owner="run-1", fence=1, expires_at=clock.now() + TTL, acquired_at=clock.now()
        )
        assert answer == (lease, EntityState(entity="vendors"))

    def test_a_lease_held_by_another_is_returned_and_stays_as_it_was(
        self, store: StateStore, second_store: StateStore, clock: FakeClock
    ) -> None:
        held = taken(store)
        clock.advance(TTL - timedelta(microseconds=1))
        assert second_store.entities.acquire_lease("vendors", "run-2", TTL) == held
        assert second_store.entities.acquire_lease("vendors", "run-3", TTL) == held

    def test_of_many_that_ask_at_once_one_gets_the_lease(
        self, store: StateStore, second_store: StateStore
    ) -> None:
        def ask(number: int) -> object:
            asked = (store, second_store)[number % 2]
            return asked.entities.acquire_lease("vendors", f"run-{number}", TTL)

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(ask, range(8)))
        won = [answer[0] for answer in answers if isinstance(answer, tuple)]
        assert len(won) == 1
        assert won[0].fence == 1
        assert {answer.owner for answer in answers if isinstance(answer, Lease)} == {won[0].owner}

    def test_an_expired_lease_is_taken_over_with_the_next_fence(
        self, store: StateStore, second_store: StateStore, clock: FakeClock
    ) -> None:
        stalled = taken(store)
        clock.advance(TTL)
        assert taken(second_store, owner="run-2").fence == stalled.fence + 1

    def test_the_lease_after_one_given_back_has_the_next_fence(self, store: StateStore) -> None:
        first = taken(store)
        store.entities.release_lease(first)
        assert taken(store, owner="run-2").fence == first.fence + 1

    def test_the_owner_that_asks_again_gets_its_lease_with_a_later_end(
        self, store: StateStore, clock: FakeClock
    ) -> None:
        first = taken(store)
        clock.advance(timedelta(minutes=1))
        again = taken(store)
        assert again.fence == first.fence
        assert again.expires_at == clock.now() + TTL

    def test_a_lease_tells_whether_the_one_before_was_never_released(
        self, store: StateStore, second_store: StateStore, clock: FakeClock
    ) -> None:
        first = taken(store)
        assert not first.took_over, "there was none"
        clock.advance(timedelta(minutes=1))
        assert not taken(store).took_over, "its own"
        clock.advance(TTL)
        second = taken(second_store, owner="run-2")
        assert second.took_over
        assert store.entities.acquire_lease("vendors", "run-3", TTL) == second
        assert taken(second_store, owner="run-2").took_over, "asked for again"
        second_store.entities.release_lease(second)
        third = taken(store, owner="run-3")
        assert not third.took_over, "it was released"
        store.entities.commit(third, an_entity_state())
        clock.advance(TTL)
        assert not taken(store, owner="run-4").took_over, "a commit releases it"

    def test_a_lease_is_of_one_entity(self, store: StateStore) -> None:
        taken(store, "vendors", owner="run-1")
        assert taken(store, "invoices", owner="run-2").fence == 1

    def test_a_checkpoint_does_not_move_the_end_of_the_lease(
        self, store: StateStore, clock: FakeClock
    ) -> None:
        lease = taken(store)
        clock.advance(timedelta(minutes=4))
        store.entities.save_checkpoint(lease, "backfill", a_checkpoint())
        assert store.entities.acquire_lease("vendors", "run-2", TTL) == lease

    def test_an_expired_lease_that_nobody_took_still_writes(
        self, store: StateStore, clock: FakeClock
    ) -> None:
        lease = taken(store)
        clock.advance(2 * TTL)
        store.entities.commit(lease, an_entity_state())
        assert store.entities.read("vendors") == an_entity_state()

    @pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
    def test_a_stale_lease_changes_nothing(
        self,
        store: StateStore,
        second_store: StateStore,
        clock: FakeClock,
        write: Callable[[StateStore, Lease], object],
    ) -> None:
        stale = taken(store)
        clock.advance(TTL)
        current = taken(second_store, owner="run-2")
        second_store.entities.save_checkpoint(current, "incremental", a_checkpoint(offset=7))
        before = second_store.entities.read("vendors")
        with pytest.raises(LeaseLostError, match="vendors"):
            write(store, stale)
        assert second_store.entities.read("vendors") == before
        assert store.entities.acquire_lease("vendors", "run-3", TTL) == current

    @pytest.mark.parametrize("is_given_back", [False, True], ids=["held", "given back"])
    @pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
    def test_a_lease_from_before_the_state_was_deleted_changes_nothing(
        self, store: StateStore, write: Callable[[StateStore, Lease], object], is_given_back: bool
    ) -> None:
        """The fence of the new state has come as far as that of the old one, so it is the owner that tells."""
        current = taken(store, owner="run-2")
        store.entities.save_checkpoint(current, "incremental", a_checkpoint(offset=7))
        if is_given_back:
            store.entities.release_lease(current)
        before = store.entities.read("vendors")
        with pytest.raises(LeaseLostError, match="vendors"):
            write(store, replace(current, owner="run-1"))
        assert store.entities.read("vendors") == before

    def test_a_lease_from_before_the_state_was_deleted_releases_nothing(self, store: StateStore) -> None:
        current = taken(store, owner="run-2")
        store.entities.release_lease(replace(current, owner="run-1"))
        assert store.entities.acquire_lease("vendors", "run-3", TTL) == current

    @pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
    def test_a_lease_of_an_entity_never_leased_changes_nothing(
        self, store: StateStore, clock: FakeClock, write: Callable[[StateStore, Lease], object]
    ) -> None:
        invented = Lease(
            entity="vendors", owner="run-1", fence=1, expires_at=clock.now() + TTL, acquired_at=clock.now()
        )
        with pytest.raises(LeaseLostError):
            write(store, invented)
        assert store.entities.read("vendors") == EntityState(entity="vendors")

    def test_a_released_lease_leaves_the_entity_free(
        self, store: StateStore, second_store: StateStore
    ) -> None:
        store.entities.release_lease(taken(store))
        taken(second_store, owner="run-2")

    def test_releasing_twice_or_too_late_does_nothing(
        self, store: StateStore, second_store: StateStore, clock: FakeClock
    ) -> None:
        stale = taken(store)
        store.entities.release_lease(stale)
        store.entities.release_lease(stale)
        current = taken(second_store, owner="run-2")
        store.entities.release_lease(stale)
        clock.advance(timedelta(minutes=1))
        assert store.entities.acquire_lease("vendors", "run-3", TTL) == current

    def test_releasing_a_lease_of_an_unknown_entity_does_nothing(
        self, store: StateStore, clock: FakeClock
    ) -> None:
        store.entities.release_lease(Lease(entity="vendors", owner="run-1", fence=1, expires_at=clock.now()))
        assert store.entities.read("vendors") == EntityState(entity="vendors")

    def test_a_lease_of_the_future_is_taken_over_where_a_clock_was_set_back(
        self, store: StateStore, second_store: StateStore, clock: FakeClock
    ) -> None:
        first = taken(store)
        clock.advance(-timedelta(hours=3))
        assert store.statuses(["vendors"])[0].lease is None
        second = taken(second_store, owner="run-2")
        assert (second.fence, second.expires_at) == (first.fence + 1, clock.now() + TTL)
        with pytest.raises(LeaseLostError):
            store.entities.commit(first, an_entity_state())

    def test_clocks_of_two_instances_may_differ_a_little(
        self, store: StateStore, second_store: StateStore, clock: FakeClock
    ) -> None:
        lease = taken(store)
        clock.advance(-CLOCKS_DIFFER)
        assert second_store.entities.acquire_lease("vendors", "run-2", TTL) == lease
