"""The variables a command finds: wrong, misspelt, missing, or in a file of the folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.faces.shell import Shell


def test_every_wrong_variable_is_told_at_once(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE", "postgres:x")
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "1")
    monkeypatch.delenv("ACUMATICA_CREDENTIALS")
    assert shell.run("status") == 1
    for part in ("WAREHOUSE must be", "ACUMATICA_PAGE_SIZE must be", "ACUMATICA_CREDENTIALS is missing"):
        assert part in shell.err


def test_an_unknown_log_level_is_a_wrong_variable(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "chatty")
    assert shell.run("status") == 1
    assert "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR" in shell.err


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize(("own", "used"), [({}, "of the file"), ({"WAREHOUSE": "duckdb:own.duckdb"}, "own")])
def test_variables_of_a_file_in_the_folder_are_taken_and_the_environments_own_win(
    tmp_path: Path, own: dict[str, str], used: str
) -> None:
    (tmp_path / ".env").write_text("WAREHOUSE='duckdb:of the file.duckdb'\n")
    others = {name: value for name, value in os.environ.items() if name != "WAREHOUSE"}
    done = subprocess.run(
        [sys.executable, "-m", "connector", "query", "SELECT 1"],
        env={**others, **own, "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{used}.duckdb does not exist yet." in done.stderr


@pytest.mark.parametrize("content", [b"# caf\xe9\n", b"WAREHOUSE=\x00\n"])
def test_a_file_of_variables_that_is_no_text_is_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.chdir(shell.folder)
    monkeypatch.delenv("WAREHOUSE")
    (shell.folder / ".env").write_bytes(content)
    assert shell.run("status") == 1
    assert "The file .env in this folder cannot be read" in shell.err


def test_a_misspelt_variable_is_told_and_its_value_is_not(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_CREDENTAILS", "hunter2-hunter2")
    monkeypatch.setenv("SYNC_LOOKBACK", "900")
    assert shell.run("status") == 0
    assert "SYNC_LOOKBACK is no variable" in shell.err
    assert "did you mean SYNC_LOOKBACK_SECONDS?" in shell.err
    assert (
        "ACUMATICA_CREDENTAILS is no variable of the connector and has no effect; did you mean ACUMATICA_CREDENTIALS?"
        in shell.err
    )
    assert "hunter2" not in shell.err + shell.out


@pytest.mark.parametrize("command", ["sync", "status", "check"])
def test_an_empty_folder_is_told_of_init(shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.delenv("ACUMATICA_URL")
    assert shell.run(command) == 1
    assert "Or call init" in shell.err
