"""Whatever runs do in whatever order, the state is what the model says."""

import itertools
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from connector.adapters.firestore import open_firestore
from connector.adapters.retrying import Retry
from connector.adapters.sqlite import SqliteStateStore
from connector.ports import Clock, StateStore
from tests.contract.state_machine import StateHistory, StoreFactory


def test_random_histories_on_sqlite(tmp_path: Path) -> None:
    numbers = itertools.count()

    class SqliteHistory(StateHistory):
        def __init__(self) -> None:
            path = tmp_path / f"{next(numbers)}.db"
            super().__init__(lambda clock: SqliteStateStore(path=path, clock=clock))

    run_state_machine_as_test(SqliteHistory, settings=settings(max_examples=150, deadline=None))


@pytest.mark.emulator
def test_random_histories_on_firestore(firestore_project: str) -> None:
    numbers = itertools.count()

    class FirestoreHistory(StateHistory):
        def __init__(self) -> None:
            super().__init__(firestore(firestore_project, prefix=f"history_{next(numbers)}"))

    # A failure is not made smaller: with the emulator that takes minutes, and the same history on SQLite is at hand.
    run_state_machine_as_test(
        FirestoreHistory,
        settings=settings(
            max_examples=8, stateful_step_count=25, deadline=None, phases=[Phase.reuse, Phase.generate]
        ),
    )


def firestore(project: str, *, prefix: str) -> StoreFactory:
    def connect(clock: Clock) -> StateStore:
        return open_firestore(
            project=project, database="(default)", prefix=prefix, clock=clock, retry=Retry(clock=clock)
        )

    return connect
