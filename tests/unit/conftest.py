"""What the tests of several layers start from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stand_ins.clock import FakeClock
from tests.unit.app.board import Board


@pytest.fixture
def board(tmp_path: Path, clock: FakeClock) -> Iterator[Board]:
    board = Board(tmp_path, clock)
    yield board
    board.state.close()
