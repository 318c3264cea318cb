"""Push notifications: each counts once, and the records they report deleted wait for a run."""

from datetime import timedelta

import pytest

from connector.domain.entity_state import MAX_REPORTED_DELETIONS
from connector.errors import LeaseLostError
from connector.ports import StateStore
from tests.contract.state_builders import TTL, a_checkpoint, an_entity_state, taken
from tests.stand_ins.clock import FakeClock

DAYS = timedelta(days=3)


def suspects_of(store: StateStore, entity: str = "vendors") -> tuple[str, ...]:
    return store.entities.read(entity).reported_deletions


def is_due(store: StateStore, entity: str = "vendors") -> bool:
    return store.entities.read(entity).reported_at_fence is not None


class NotificationContract:
    """The promises about notifications."""

    @pytest.fixture
    def read_before(self, store: StateStore) -> StateStore:
        """A store with an entity that was read before."""
        store.entities.commit(taken(store, owner="run-0"), an_entity_state())
        return store

    def test_a_notification_counts_once(self, store: StateStore, second_store: StateStore) -> None:
        assert store.notifications.note("vendors", "n-1", [], DAYS)
        assert not second_store.notifications.note("vendors", "n-1", [], DAYS)
        assert store.notifications.note("vendors", "n-2", [], DAYS)

    def test_a_notification_is_forgotten_in_time(self, store: StateStore, clock: FakeClock) -> None:
        store.notifications.note("vendors", "n-1", [], DAYS)
        clock.advance(DAYS)
        assert store.notifications.note("vendors", "n-1", [], DAYS)
        assert not store.notifications.note("vendors", "n-1", [], DAYS)

    def test_suspects_wait_in_the_stream_for_whoever_takes_the_lease(
        self, read_before: StateStore, second_store: StateStore
    ) -> None:
        read_before.notifications.note("vendors", "n-1", ["b", "a"], DAYS)
        read_before.notifications.note("vendors", "n-2", ["a", "c"], DAYS)
        answer = second_store.entities.acquire_lease("vendors", "run-1", TTL)
        assert isinstance(answer, tuple)
        assert sorted(answer[1].reported_deletions) == ["a", "b", "c"]
        assert suspects_of(read_before, "items") == ()

    def test_a_notification_seen_before_adds_no_suspects(self, read_before: StateStore) -> None:
        read_before.notifications.note("vendors", "n-1", ["a"], DAYS)
        read_before.notifications.note("vendors", "n-1", ["b"], DAYS)
        assert suspects_of(read_before) == ("a",)

    def test_an_entity_never_read_has_nothing_to_suspect(self, store: StateStore) -> None:
        assert store.notifications.note("vendors", "n-1", ["a"], DAYS)
        assert suspects_of(store) == ()

    def test_an_entity_is_due_until_a_run_that_began_later_has_read_it(
        self, read_before: StateStore, second_store: StateStore
    ) -> None:
        assert not is_due(read_before)
        read_before.notifications.note("vendors", "n-1", [], DAYS)
        read_before.notifications.note("vendors", "n-2", [], DAYS)
        assert is_due(second_store)
        assert not is_due(read_before, "items")
        lease = taken(second_store)
        assert not second_store.entities.commit(lease, an_entity_state(), covers_reports=True)
        assert not is_due(read_before)
        assert second_store.entities.read("vendors") == an_entity_state()

    def test_what_is_reported_during_a_run_is_left_to_the_next(self, read_before: StateStore) -> None:
        read_before.notifications.note("vendors", "n-1", [], DAYS)
        lease = taken(read_before)
        read_before.notifications.note("vendors", "n-2", [], DAYS)
        assert read_before.entities.commit(lease, an_entity_state(), covers_reports=True)
        assert read_before.entities.commit(lease, an_entity_state(), covers_reports=True), (
            "an answer may get lost"
        )
        assert is_due(read_before)
        assert not read_before.entities.commit(
            taken(read_before, owner="run-2"), an_entity_state(), covers_reports=True
        )

    def test_what_is_reported_after_a_commit_is_left_to_the_next_run(self, read_before: StateStore) -> None:
        lease = taken(read_before)
        assert not read_before.entities.commit(lease, an_entity_state(), covers_reports=True)
        read_before.notifications.note("vendors", "n-1", [], DAYS)
        assert read_before.entities.commit(lease, an_entity_state(), covers_reports=True), (
            "an answer may get lost"
        )
        assert is_due(read_before)

    def test_a_run_that_does_not_read_what_was_reported_leaves_it_due(self, read_before: StateStore) -> None:
        read_before.notifications.note("vendors", "n-1", [], DAYS)
        lease = taken(read_before)
        read_before.entities.save_checkpoint(lease, "backfill", a_checkpoint())
        assert read_before.entities.commit(lease, an_entity_state())
        assert is_due(read_before)

    def test_a_notification_seen_before_makes_nothing_due(self, read_before: StateStore) -> None:
        read_before.notifications.note("vendors", "n-1", [], DAYS)
        read_before.entities.commit(taken(read_before), an_entity_state(), covers_reports=True)
        assert not read_before.notifications.note("vendors", "n-1", [], DAYS)
        assert not is_due(read_before)

    def test_an_entity_never_read_is_not_due(self, store: StateStore) -> None:
        store.notifications.note("vendors", "n-1", [], DAYS)
        assert not is_due(store)
        assert not store.entities.commit(taken(store), an_entity_state())

    def test_suspects_reported_during_a_run_outlive_its_commit(self, read_before: StateStore) -> None:
        read_before.notifications.note("vendors", "n-1", ["a", "b"], DAYS)
        lease = taken(read_before)
        read_before.notifications.note("vendors", "n-2", ["c"], DAYS)
        read_before.entities.settle_reported_deletions(lease, ["a", "b", "never there"], [])
        read_before.entities.settle_reported_deletions(lease, ["a", "b"], [])
        read_before.entities.commit(lease, an_entity_state())
        assert suspects_of(read_before) == ("c",)

    def test_a_second_report_while_the_record_is_looked_at_is_not_lost(
        self, read_before: StateStore, second_store: StateStore
    ) -> None:
        read_before.notifications.note("vendors", "n-1", ["a", "b"], DAYS)
        lease = taken(read_before)
        second_store.notifications.note("vendors", "n-2", ["a"], DAYS)
        for _ in range(2):
            read_before.entities.settle_reported_deletions(lease, ["a", "b"], [])
        read_before.entities.commit(lease, an_entity_state(), covers_reports=True)
        assert suspects_of(read_before) == ("a",)
        later = taken(read_before, owner="run-2")
        read_before.entities.settle_reported_deletions(later, ["a"], [])
        assert suspects_of(read_before) == ()

    def test_suspects_that_are_postponed_wait_behind_all_others(self, read_before: StateStore) -> None:
        read_before.notifications.note("vendors", "n-1", ["a", "b", "c"], DAYS)
        lease = taken(read_before)
        for _ in range(2):
            read_before.entities.settle_reported_deletions(lease, ["b"], ["a", "new"])
        assert suspects_of(read_before) == ("c", "a", "new")
        read_before.entities.commit(lease, an_entity_state())
        later = taken(read_before, owner="run-2")
        read_before.entities.settle_reported_deletions(later, ["c", "a", "new"], [])
        assert suspects_of(read_before) == ()

    def test_suspects_are_bounded_and_the_newest_stay(self, read_before: StateStore) -> None:
        read_before.notifications.note("vendors", "n-1", ["old", "older"], DAYS)
        many = [f"id-{n}" for n in range(MAX_REPORTED_DELETIONS - 1)]
        read_before.notifications.note("vendors", "n-2", many, DAYS)
        assert len(suspects_of(read_before)) == MAX_REPORTED_DELETIONS
        assert set(many) < set(suspects_of(read_before))

    def test_a_run_that_lost_its_lease_forgets_no_suspect(
        self, read_before: StateStore, clock: FakeClock
    ) -> None:
        read_before.notifications.note("vendors", "n-1", ["a"], DAYS)
        stale = taken(read_before)
        clock.advance(TTL)
        taken(read_before, owner="run-2")
        with pytest.raises(LeaseLostError):
            read_before.entities.settle_reported_deletions(stale, ["a"], [])
        assert suspects_of(read_before) == ("a",)
