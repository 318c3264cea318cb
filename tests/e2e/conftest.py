"""The function in either profile, over the `sandbox` of the test's own module."""

from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox
from tests.e2e.profiles import (
    Function,
    Profile,
    cloud_environment,
    embedded_environment,
    read_bigquery,
    read_duckdb,
    set_environment,
)
from tests.e2e.upgrade import Upgrade
from tests.stand_ins.secret_manager import FakeSecretManager


@pytest.fixture
def embedded(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Profile:
    """A laptop: a DuckDB file, a SQLite file."""
    set_environment(monkeypatch, embedded_environment(sandbox, tmp_path))
    return Profile(name="embedded", function=Function(), warehouse=read_duckdb(tmp_path))


@pytest.fixture
def cloud(
    sandbox: Sandbox,
    secret_manager: FakeSecretManager,
    bigquery_url: str,
    bigquery_dataset: str,
    firestore_project: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Profile:
    """The cloud, led to its stand-ins."""
    environment = cloud_environment(
        sandbox, secret_manager, bigquery_url, bigquery_dataset, firestore_project
    )
    set_environment(monkeypatch, environment)
    for name in ("WAREHOUSE", "STATE"):
        monkeypatch.delenv(name, raising=False)
    read = read_bigquery(bigquery_url, bigquery_dataset)
    return Profile(name="cloud", function=Function(), warehouse=read)


@pytest.fixture(params=["embedded", pytest.param("cloud", marks=pytest.mark.emulator)])
def profile(request: pytest.FixtureRequest) -> Profile:
    """Both, one after the other."""
    chosen: Profile = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def upgrade(sandbox: Sandbox, embedded: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Upgrade:
    """On a laptop: the stand-in for BigQuery cannot query tables whose nested columns grew."""
    return Upgrade(sandbox, embedded, tmp_path, monkeypatch)
