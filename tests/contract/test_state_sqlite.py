"""The embedded profile's state store keeps the port's promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.adapters.sqlite import SqliteStateStore
from connector.ports import StateStore
from tests.contract.state_store import StateStoreContract
from tests.stand_ins.clock import FakeClock


class TestSqliteStateStore(StateStoreContract):
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "state.db"

    @pytest.fixture
    def store(self, path: Path, clock: FakeClock) -> Iterator[StateStore]:
        store = SqliteStateStore(path=path, clock=clock)
        yield store
        store.close()

    @pytest.fixture
    def second_store(self, path: Path, clock: FakeClock) -> Iterator[StateStore]:
        store = SqliteStateStore(path=path, clock=clock)
        yield store
        store.close()
