"""The cloud profile's state store keeps the port's promises."""

from collections.abc import Iterator

import pytest

from connector.adapters.firestore import FirestoreStateStore, open_firestore
from connector.adapters.retrying import Retry
from connector.ports import StateStore
from tests.contract.state_store import StateStoreContract
from tests.stand_ins.clock import FakeClock


def connected(project: str, clock: FakeClock) -> FirestoreStateStore:
    return open_firestore(
        project=project, database="(default)", prefix="acumatica", clock=clock, retry=Retry(clock=clock)
    )


@pytest.mark.emulator
class TestFirestoreStateStore(StateStoreContract):
    @pytest.fixture
    def store(self, firestore_project: str, clock: FakeClock) -> Iterator[StateStore]:
        store = connected(firestore_project, clock)
        yield store
        store.close()

    @pytest.fixture
    def second_store(self, firestore_project: str, clock: FakeClock) -> Iterator[StateStore]:
        store = connected(firestore_project, clock)
        yield store
        store.close()
