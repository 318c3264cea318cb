"""Session slots: seats shared by all runs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from connector.domain.entity_state import CLOCKS_DIFFER, Origin, RefusedSignIn, Seat
from connector.ports import StateStore
from tests.contract.state_builders import MORNING, TTL
from tests.stand_ins.clock import FakeClock

ORIGIN = Origin(instance="https://erp.example.com", tenant="ACME")
REFUSED = RefusedSignIn(credential_fingerprint="of a password", refused_at=MORNING)


class SessionContract:
    """The promises about session slots."""

    def test_there_are_as_many_slots_as_the_limit_says(
        self, store: StateStore, second_store: StateStore, clock: FakeClock
    ) -> None:
        first = store.seats.acquire("run-1", 2, TTL)
        second = second_store.seats.acquire("run-2", 2, TTL)
        assert first == Seat(number=1, owner="run-1", expires_at=clock.now() + TTL)
        assert second == Seat(number=2, owner="run-2", expires_at=clock.now() + TTL)
        assert store.seats.acquire("run-3", 2, TTL) is None

    def test_of_many_that_ask_at_once_no_more_get_a_slot_than_there_are(
        self, store: StateStore, second_store: StateStore
    ) -> None:
        def ask(number: int) -> Seat | None:
            return (store, second_store)[number % 2].seats.acquire(f"run-{number}", 2, TTL)

        with ThreadPoolExecutor(8) as threads:
            slots = [seat for seat in threads.map(ask, range(8)) if seat is not None]
        assert sorted(seat.number for seat in slots) == [1, 2]

    def test_without_a_limit_above_zero_there_is_none(self, store: StateStore) -> None:
        assert store.seats.acquire("run-1", 0, TTL) is None

    def test_a_slot_given_back_is_free(self, store: StateStore, second_store: StateStore) -> None:
        slots = [store.seats.acquire(f"run-{n}", 2, TTL) for n in (1, 2)]
        assert slots[0] is not None
        store.seats.release(slots[0])
        third = second_store.seats.acquire("run-3", 2, TTL)
        assert third is not None
        assert third.number == 1

    def test_an_expired_slot_is_free(self, store: StateStore, clock: FakeClock) -> None:
        store.seats.acquire("run-1", 1, TTL)
        clock.advance(TTL - timedelta(microseconds=1))
        assert store.seats.acquire("run-2", 1, TTL) is None
        clock.advance(timedelta(microseconds=1))
        assert store.seats.acquire("run-2", 1, TTL) is not None

    def test_the_owner_that_asks_again_keeps_its_slot(self, store: StateStore, clock: FakeClock) -> None:
        store.seats.acquire("run-1", 2, TTL)
        seat = store.seats.acquire("run-2", 2, TTL)
        assert seat is not None
        clock.advance(timedelta(minutes=1))
        again = store.seats.acquire("run-2", 2, TTL)
        assert again == Seat(number=2, owner="run-2", expires_at=clock.now() + TTL)

    def test_an_owner_whose_slot_expired_gets_the_first_free_one(
        self, store: StateStore, clock: FakeClock
    ) -> None:
        store.seats.acquire("run-1", 2, TTL)
        store.seats.acquire("run-2", 2, TTL)
        clock.advance(TTL)
        seat = store.seats.acquire("run-2", 2, TTL)
        assert seat is not None
        assert seat.number == 1

    def test_a_slot_taken_by_another_is_not_given_back_by_its_old_owner(
        self, store: StateStore, second_store: StateStore, clock: FakeClock
    ) -> None:
        stale = store.seats.acquire("run-1", 1, TTL)
        clock.advance(TTL)
        second_store.seats.acquire("run-2", 1, TTL)
        assert stale is not None
        store.seats.release(stale)
        assert store.seats.acquire("run-3", 1, TTL) is None

    def test_giving_back_twice_does_nothing(self, store: StateStore) -> None:
        seat = store.seats.acquire("run-1", 1, TTL)
        assert seat is not None
        store.seats.release(seat)
        store.seats.release(seat)
        assert store.seats.acquire("run-2", 1, TTL) is not None

    @pytest.mark.parametrize("limit", [1, 3])
    def test_a_refused_sign_in_is_told_to_all_who_take_a_slot(
        self, store: StateStore, second_store: StateStore, limit: int
    ) -> None:
        first = store.seats.acquire("run-1", limit, TTL)
        assert first is not None
        assert first.refused is None
        store.seats.remember_refused_sign_in(REFUSED)
        if limit > 1:
            assert _take(second_store, "run-2", limit).refused == REFUSED
        store.seats.release(first)
        assert _take(second_store, "run-3", limit).refused == REFUSED

    def test_the_newest_refused_sign_in_counts_until_it_is_forgotten(
        self, store: StateStore, second_store: StateStore
    ) -> None:
        newer = RefusedSignIn(credential_fingerprint="another", refused_at=MORNING + TTL)
        for refused in (REFUSED, newer, None):
            store.seats.remember_refused_sign_in(refused)
            seat = _take(second_store, "run-1", 2)
            assert seat.refused == refused
            second_store.seats.release(seat)

    def test_what_is_remembered_takes_no_slot_away(self, store: StateStore) -> None:
        store.seats.remember_refused_sign_in(REFUSED)
        assert [_take(store, f"run-{n}", 2).number for n in (1, 2)] == [1, 2]
        assert store.seats.acquire("run-3", 2, TTL) is None

    def test_a_held_slot_is_still_its_owners_when_something_is_remembered(
        self, store: StateStore, second_store: StateStore
    ) -> None:
        seat = _take(store, "run-1", 1)
        for refused in (REFUSED, None):
            second_store.seats.remember_refused_sign_in(refused)
            assert second_store.seats.acquire("run-2", 1, TTL) is None
        store.seats.release(seat)
        assert _take(second_store, "run-2", 1).refused is None

    @pytest.mark.parametrize("limit", [1, 3])
    def test_the_origin_is_told_to_all_who_take_a_slot(
        self, store: StateStore, second_store: StateStore, limit: int
    ) -> None:
        first = _take(store, "run-1", limit)
        assert first.origin is None
        store.seats.remember_origin(ORIGIN)
        if limit > 1:
            assert _take(second_store, "run-2", limit).origin == ORIGIN
        store.seats.release(first)
        for owner in ("run-3", "run-4"):
            seat = _take(second_store, owner, limit)
            assert seat.origin == ORIGIN
            second_store.seats.release(seat)

    def test_the_newest_origin_counts(self, store: StateStore, second_store: StateStore) -> None:
        store.seats.remember_origin(ORIGIN)
        moved = Origin(instance="https://new.example.com", tenant="ACME")
        second_store.seats.remember_origin(moved)
        assert _take(store, "run-1", 1).origin == moved
        assert store.seats.read_origin() == moved

    def test_no_origin_is_known_before_one_is_stored(self, store: StateStore) -> None:
        assert store.seats.read_origin() is None
        store.seats.release(_take(store, "run-1", 1))
        assert store.seats.read_origin() is None

    def test_the_origin_and_a_refused_sign_in_do_not_know_of_each_other(self, store: StateStore) -> None:
        store.seats.remember_origin(ORIGIN)
        for refused in (REFUSED, None):
            store.seats.remember_refused_sign_in(refused)
            seat = _take(store, "run-1", 1)
            assert (seat.origin, seat.refused) == (ORIGIN, refused)
            store.seats.release(seat)
        store.seats.remember_refused_sign_in(REFUSED)
        store.seats.remember_origin(ORIGIN)
        assert _take(store, "run-1", 1).refused == REFUSED

    def test_a_seat_of_the_future_is_free_where_a_clock_was_set_back(
        self, store: StateStore, second_store: StateStore, clock: FakeClock
    ) -> None:
        assert store.seats.acquire("run-1", 1, TTL) is not None
        clock.advance(-CLOCKS_DIFFER)
        assert second_store.seats.acquire("run-2", 1, TTL) is None
        clock.advance(-timedelta(hours=3))
        seat = second_store.seats.acquire("run-2", 1, TTL)
        assert seat is not None
        assert (seat.number, seat.expires_at) == (1, clock.now() + TTL)


def _take(store: StateStore, owner: str, limit: int) -> Seat:
    seat = store.seats.acquire(owner, limit, TTL)
    assert seat is not None
    return seat
