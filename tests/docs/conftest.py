"""What the tests of documents and deployment may ask for."""

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.adapters.clock import SystemClock
from connector.adapters.sqlite import SqliteStateStore
from tests.conftest import UNTESTED, secrets_forgotten
from tests.docs.configuration import Configuration, TerraformMissingError
from tests.docs.demo import Demo, copy_demo
from tests.docs.outcomes import TEN_HOURS, Deployment
from tests.docs.provider.cloud import RELEASES, providers
from tests.e2e.profiles import Function

os.environ.setdefault("GOGC", "400")  # terraform lives for a second: it need not collect as often as a server


@pytest.fixture(scope="session")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """The Terraform configuration, to be evaluated; without terraform skipped here, failed with CI=true."""
    try:
        return Configuration(tmp_path_factory.mktemp("configuration"))
    except TerraformMissingError as missing:
        leave_out = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        leave_out(f"{UNTESTED} with Terraform: {missing}")
        raise


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo's company in a DuckDB file, which all test processes of a run share."""
    own = tmp_path_factory.getbasetemp()
    with secrets_forgotten():
        return copy_demo((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "demo")


@pytest.fixture(scope="session")
def terraform_needed() -> None:
    """Skip here, and fail with CI=true, where there is no terraform."""
    if shutil.which("terraform") is None:
        leave_out = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        leave_out(f"{UNTESTED} with Terraform: terraform is not installed")


@pytest.fixture(scope="module")
def newest(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The addresses of the newest release of Google's providers."""
    request.getfixturevalue("terraform_needed")
    with providers(RELEASES[-1]) as addresses:
        yield addresses


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """A function on a tenant of its own."""
    began = datetime.now(UTC) - TEN_HOURS
    with Sandbox(SandboxOptions(size="tiny", start=began)) as tenant:
        credentials = tmp_path / "credentials.json"
        credentials.write_text(json.dumps(tenant.credentials()))
        monkeypatch.setenv("ACUMATICA_URL", tenant.url)
        monkeypatch.setenv("ACUMATICA_ENDPOINT_VERSION", "24.200.001")
        monkeypatch.setenv("ACUMATICA_CREDENTIALS", f"file:{credentials}")
        monkeypatch.setenv("WAREHOUSE", f"duckdb:{tmp_path / 'warehouse.duckdb'}")
        monkeypatch.setenv("STATE", f"sqlite:{tmp_path / 'state.db'}")
        state = SqliteStateStore(path=tmp_path / "state.db", clock=SystemClock())
        yield Deployment(function=Function(), tenant=tenant, state=state, credentials=credentials)
        state.close()
