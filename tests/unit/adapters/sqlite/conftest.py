"""A state file, and a store on it that waits for no other process."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.adapters.sqlite import SqliteStateStore
from tests.stand_ins.clock import FakeClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def store(path: Path, clock: FakeClock) -> Iterator[SqliteStateStore]:
    store = SqliteStateStore(path=path, clock=clock, busy_timeout=timedelta(milliseconds=1))
    yield store
    store.close()
