"""A whole connector for tests that break something."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A connector over a tiny tenant on loopback, with empty state and warehouse."""
    made = Rig(tmp_path)
    yield made
    made.close()
