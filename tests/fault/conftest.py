"""A whole connector for tests that break something."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.builders import Rig
from tests.contract.source_setup import Vault
from tests.fault.cloud_rigs import BigQueryRig, FirestoreRig
from tests.stand_ins.scripted_bigquery import running_scripted_bigquery


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A tiny tenant on loopback."""
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        yield tenant


@pytest.fixture
def vault(sandbox: Sandbox) -> Vault:
    """A secret with the tenant's refresh token."""
    return Vault(sandbox.credentials("refresh_token"))


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
