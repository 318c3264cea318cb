"""A laptop with a sandbox tenant, for tests of the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.settings import list_variables
from tests.unit.faces.shell import Shell


@pytest.fixture(scope="module")
def tenant() -> Iterator[Sandbox]:
    """One small company for all tests; they leave it as it was."""
    with Sandbox(SandboxOptions(size="tiny", real_time=True, lockout_attempts=3)) as sandbox:
        yield sandbox


@pytest.fixture
def shell(
    tenant: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """A laptop with Acumatica credentials, in a folder of its own."""
    for variable in list_variables():
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "credentials.json").write_text(json.dumps(tenant.credentials("password")))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACUMATICA_URL", tenant.url)
    monkeypatch.setenv("ACUMATICA_CREDENTIALS", "file:credentials.json")
    monkeypatch.setenv("WAREHOUSE", "duckdb:erp.duckdb")
    monkeypatch.setenv("STATE", "sqlite:state.db")
    yield Shell(tmp_path, capsys)
    tenant.faults.clear()
    assert tenant.seats == 0
