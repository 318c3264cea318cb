"""Random histories of runs on one state, beside a model a child could follow.

Two stores share the state, as two instances of the function do. After every step what is stored must be what the model
says: whose lease it is, which fence, how far the watermark has got, which checkpoints there are, who holds the seats.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
)
from msgspec.structs import replace

from connector.domain.entity_state import GIVEN_BACK, EntityState, Lease, Seat
from connector.errors import LeaseLostError
from connector.ports import Clock, StateStore
from tests.contract.state_builders import MORNING, TTL, a_checkpoint
from tests.stand_ins.clock import FakeClock

ENTITIES = st.sampled_from(["vendors", "items"])
MODES = st.sampled_from(["incremental", "backfill"])
OWNERS = st.sampled_from(["run-1", "run-2", "run-3"])
STORES = st.integers(0, 1)
SEATS = 2

StoreFactory = Callable[[Clock], StateStore]


@dataclass
class ModelEntity:
    """What should be stored of one entity."""

    name: str
    fence: int = 0
    owner: str | None = None
    ends_at: datetime = MORNING
    took_over: bool = False
    entity_state: EntityState = field(init=False)

    def __post_init__(self) -> None:
        self.entity_state = EntityState(entity=self.name)

    def holder(self, now: datetime) -> str | None:
        return self.owner if self.ends_at > now else None

    def lease(self) -> Lease:
        assert self.owner is not None
        return Lease(
            entity=self.name,
            owner=self.owner,
            fence=self.fence,
            expires_at=self.ends_at,
            acquired_at=self.ends_at - TTL,
            took_over=self.took_over,
        )


class StateHistory(RuleBasedStateMachine):
    """The rules; `open_store` gives stores over a state that no other history uses."""

    leases: Bundle[Lease] = Bundle("leases")
    slots: Bundle[Seat] = Bundle("slots")

    def __init__(self, open_store: StoreFactory) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.stores = [open_store(self.clock), open_store(self.clock)]
        self.entities = {name: ModelEntity(name) for name in ("vendors", "items")}
        self.seats: dict[int, Seat] = {}

    def teardown(self) -> None:
        for store in self.stores:
            store.close()

    @rule(seconds=st.integers(1, 400))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @rule(target=leases, at=STORES, entity=ENTITIES, owner=OWNERS)
    def acquire(self, at: int, entity: str, owner: str) -> MultipleResults[Lease] | Lease:
        model, now = self.entities[entity], self.clock.now()
        answer = self.stores[at].entities.acquire_lease(entity, owner, TTL)
        holder = model.holder(now)
        if holder not in {None, owner}:
            assert answer == model.lease()
            return multiple()
        if holder is None:
            model.took_over = model.owner is not None and model.ends_at != GIVEN_BACK
        model.fence += holder is None
        model.owner, model.ends_at = owner, now + TTL
        assert answer == (model.lease(), model.entity_state)
        return model.lease()

    @rule(at=STORES, lease=leases, mode=MODES, offset=st.none() | st.integers(0, 9))
    def save_checkpoint(self, at: int, lease: Lease, mode: str, offset: int | None) -> None:
        checkpoint = None if offset is None else a_checkpoint(offset=offset)
        with self.allowed(lease):
            self.stores[at].entities.save_checkpoint(lease, mode, checkpoint)
            model = self.entities[lease.entity]
            checkpoints = {
                name: kept for name, kept in model.entity_state.checkpoints.items() if name != mode
            }
            if checkpoint is not None:
                checkpoints[mode] = checkpoint
            model.entity_state = replace(model.entity_state, checkpoints=checkpoints)

    @rule(at=STORES, lease=leases, minute=st.none() | st.integers(0, 59), seen=st.integers(0, 9))
    def commit(self, at: int, lease: Lease, minute: int | None, seen: int) -> None:
        watermark = None if minute is None else MORNING.replace(minute=minute)
        entity_state = EntityState(entity=lease.entity, watermark=watermark, records_seen=seen)
        with self.allowed(lease):
            self.stores[at].entities.commit(lease, entity_state)
            model = self.entities[lease.entity]
            stored = model.entity_state.watermark
            later = watermark if stored is None or (watermark and watermark > stored) else stored
            model.entity_state = replace(entity_state, watermark=later)
            model.ends_at = GIVEN_BACK

    @rule(at=STORES, lease=leases)
    def release(self, at: int, lease: Lease) -> None:
        self.stores[at].entities.release_lease(lease)
        if self.entities[lease.entity].fence == lease.fence:
            self.entities[lease.entity].ends_at = GIVEN_BACK

    @rule(target=slots, at=STORES, owner=OWNERS)
    def take_a_seat(self, at: int, owner: str) -> MultipleResults[Seat] | Seat:
        now = self.clock.now()
        held = {number: seat.owner for number, seat in self.seats.items() if seat.expires_at > now}
        own = [number for number in sorted(held) if held[number] == owner]
        free = [number for number in range(1, SEATS + 1) if number not in held]
        seat = self.stores[at].seats.acquire(owner, SEATS, TTL)
        if not own and not free:
            assert seat is None
            return multiple()
        assert seat == Seat(number=(own + free)[0], owner=owner, expires_at=now + TTL)
        self.seats[seat.number] = seat
        return seat

    @rule(at=STORES, seat=slots)
    def leave_the_seat(self, at: int, seat: Seat) -> None:
        self.stores[at].seats.release(seat)
        if seat.number in self.seats and self.seats[seat.number].owner == seat.owner:
            del self.seats[seat.number]

    @invariant()
    def what_is_stored_is_what_the_model_says(self) -> None:
        now = self.clock.now()
        for status in self.stores[0].statuses(list(self.entities)):
            model = self.entities[status.entity_state.entity]
            assert status.entity_state == model.entity_state
            assert status.lease == (model.lease() if model.holder(now) else None)

    def allowed(self, lease: Lease) -> AbstractContextManager[object]:
        """Let the block go on, or insist that the lease is refused when its fence is not the stored one."""
        is_stale = self.entities[lease.entity].fence != lease.fence
        return pytest.raises(LeaseLostError) if is_stale else nullcontext()
