"""Push notifications taken as hints: each counts once for each of its entities."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from connector.adapters.sqlite import SqliteStateStore
from connector.app.notify import Acknowledgement, Receipt, take_notification
from connector.domain.entity import Entity
from connector.errors import StateStoreUnavailableError
from connector.ports import NotificationStore
from tests.builders import a_memory_file, an_entity
from tests.contract.state_builders import an_entity_state, taken
from tests.stand_ins.clock import NOON, FakeClock

GONE = "0f2b3f5e-7c0a-4a5b-9d0c-111111111111"
ENTITIES = {name: an_entity(name=name) for name in ("vendors", "vendors_eu")}


class Taker:
    """Takes notifications of two entities on one Acumatica entity, both read before."""

    def __init__(self) -> None:
        self.state = SqliteStateStore(path=a_memory_file(), clock=FakeClock())
        self.started: list[str] = []
        for name in ENTITIES:
            self.state.entities.commit(taken(self.state, entity=name), an_entity_state(entity=name))

    def take(self, notifications: NotificationStore | None = None, **members: Any) -> Receipt:
        body = {"Inserted": [], "Deleted": [{"NoteID": GONE}], "Query": "Vendor", "Id": "n-1"} | members
        store = notifications or self.state.notifications
        return take_notification(msgspec.json.encode(body), store, ENTITIES, {}, self._start)

    def suspects(self) -> dict[str, tuple[str, ...]]:
        return {name: self.state.entities.read(name).reported_deletions for name in ENTITIES}

    def _start(self, entity: Entity) -> datetime:
        self.started.append(entity.name)
        return NOON


class DyingStore(NotificationStore):
    """Fails at the second entity."""

    def __init__(self, store: NotificationStore) -> None:
        self._store = store

    def note(self, entity: str, notification_id: str, reported_deletions: Any, ttl: timedelta) -> bool:
        if entity == "vendors_eu":
            raise StateStoreUnavailableError("Away.", action="Wait.")
        return self._store.note(entity, notification_id, reported_deletions, ttl)


def test_every_entity_that_is_meant_is_read_and_told_of_the_deletions() -> None:
    taker = Taker()
    receipt = taker.take()
    assert (receipt.status, receipt.entities) == (Acknowledgement.ACCEPTED, ("vendors", "vendors_eu"))
    assert (receipt.suspects, receipt.starts_at) == (1, NOON)
    assert taker.started == ["vendors", "vendors_eu"]
    assert taker.suspects() == {"vendors": (GONE,), "vendors_eu": (GONE,)}


def test_a_repeated_one_counts_once() -> None:
    taker = Taker()
    taker.take()
    taker.started.clear()
    assert taker.take().status is Acknowledgement.DUPLICATE
    assert taker.started == []


def test_those_of_one_transaction_to_two_inquiries_are_two() -> None:
    taker = Taker()
    taker.take(Deleted=[])
    assert taker.take(Query="BQ-Vendor").status is Acknowledgement.ACCEPTED
    assert taker.suspects() == {"vendors": (GONE,), "vendors_eu": (GONE,)}


def test_one_that_failed_half_way_is_taken_by_the_other_entity_when_it_is_sent_again() -> None:
    taker = Taker()
    with pytest.raises(StateStoreUnavailableError):
        taker.take(DyingStore(taker.state.notifications))
    assert taker.take().status is Acknowledgement.ACCEPTED
    assert taker.suspects() == {"vendors": (GONE,), "vendors_eu": (GONE,)}
