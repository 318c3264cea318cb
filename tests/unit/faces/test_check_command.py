"""The command check: each system with a remedy for what fails."""

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.unit.faces.shell import Shell


def test_check_tells_each_system_with_a_remedy_for_what_fails(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell.run("check", "vendors") == 0
    assert "acumatica sign-in" in shell.out
    assert not (shell.folder / "erp.duckdb").exists()
    monkeypatch.setenv("ACUMATICA_ENDPOINT_VERSION", "18.200.001")
    assert shell.run("check", "vendors", "--json") == 1
    (lines,) = shell.documents()
    (failed,) = [line for line in lines if not line["ok"]]
    assert "18.200.001" in failed["finding"]
    assert "ACUMATICA_ENDPOINT_VERSION" in failed["remedy"]


def test_a_moved_tenant_is_said_to_be_the_same_with_a_forced_check(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell.run("sync", "vendors") == 0
    with Sandbox(SandboxOptions(size="tiny", real_time=True, virtual_directory="Moved")) as moved:
        monkeypatch.setenv("ACUMATICA_URL", moved.url)
        assert shell.run("sync", "vendors", "items", "--json") == 1
        (result,) = shell.documents()
        assert result["error"]["type"] == "OtherTenantError"
        assert "would fail in the same way" in shell.err
        assert shell.run("check", "vendors", "--force") == 0
        assert "from now on the tenant ACME at http://localhost/Moved" in shell.out
        assert shell.run("sync", "vendors") == 0


def test_check_shows_each_remedy_below_its_failure_and_counts_them(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell.run("check", "vendors") == 0
    assert "All 9 are well." in shell.out
    monkeypatch.setenv("NOTIFY_SECRET", "env:NOPE")
    assert shell.run("check", "vendors") == 1
    lines = shell.out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("FAILED"))
    assert "NOPE is not set" in lines[at]
    assert lines[at + 1].strip() == "→ Set NOPE to the secret, or name another reference."
    assert lines[-1] == "1 of 10 failed."
    assert max(map(len, lines)) <= 120
