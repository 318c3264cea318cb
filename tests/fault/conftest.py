"""A whole connector for tests that break something."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import Rig
from tests.fault.cloud_rigs import BigQueryRig, FirestoreRig
from tests.stand_ins.scripted_bigquery import running_scripted_bigquery


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A connector over a tiny tenant on loopback, with empty state and warehouse."""
    made = Rig(tmp_path)
    yield made
    made.close()


@pytest.fixture
def bigquery_rig(tmp_path: Path) -> Iterator[BigQueryRig]:
    """The same, with a BigQuery that misbehaves on command."""
    with running_scripted_bigquery() as (url, bigquery):
        made = BigQueryRig(tmp_path, url, bigquery)
        yield made
        made.close()


@pytest.fixture
def firestore_rig(tmp_path: Path, firestore_project: str) -> Iterator[FirestoreRig]:
    """The same, with a Firestore whose calls fail on command."""
    made = FirestoreRig(tmp_path, firestore_project)
    yield made
    made.close()
