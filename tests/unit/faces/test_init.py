"""`init`: what a person answers becomes files the other commands read, if it works."""

import io
import signal
import sys
import threading
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox
from connector.adapters.acumatica.offers import PROVEN
from tests.unit.faces.shell import Shell


def answer(patch: pytest.MonkeyPatch, tenant: Sandbox, **other: str) -> None:
    """Pipe the answers in, for a sign-in with a connected application."""
    secret = {**tenant.credentials("password"), **other}
    names = ("client_id", "client_secret", "username", "password")
    lines = [tenant.url, "", "", *(secret[name] for name in names)]
    patch.setattr(sys, "stdin", io.StringIO("\n".join(lines) + "\n"))


@pytest.fixture
def folder(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nothing in it, and an environment that says nothing."""
    (shell.folder / "credentials.json").unlink()
    for name in ("ACUMATICA_URL", "ACUMATICA_CREDENTIALS", "WAREHOUSE", "STATE"):
        monkeypatch.delenv(name)
    return shell.folder


def test_what_works_is_written_for_the_owner_alone_and_the_next_command_reads_it(
    shell: Shell, folder: Path, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, tenant)
    assert shell.run("init") == 0
    for name in (".env", "acumatica-credentials.json"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    for name in (
        "ACUMATICA_URL",
        "ACUMATICA_ENDPOINT_VERSION",
        "ACUMATICA_CREDENTIALS",
        "WAREHOUSE",
        "STATE",
    ):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)  # set by what follows, and taken back at the end
    assert shell.run("sync", "vendors") == 0
    assert (folder / "acumatica.duckdb").exists()


def test_what_does_not_work_is_told_and_nothing_is_written(
    shell: Shell, folder: Path, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, tenant, password="a-wrong-one")
    assert shell.run("init") == 1
    assert "Nothing is written." in shell.err
    assert "a-wrong-one" not in shell.out + shell.err
    assert list(folder.iterdir()) == [], "no state either"


def test_a_stop_while_it_tries_is_told_and_nothing_is_written(
    shell: Shell, folder: Path, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, tenant)
    tenant.faults.add(path="/identity/connect/token", ordinal=1, hook=lambda _: interrupt())
    assert shell.run("init") == 130
    assert shell.err == "Nothing is written.\nStopped.\n"
    assert list(folder.iterdir()) == []


def interrupt() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_without_a_version_the_newest_that_is_proven_is_used(
    shell: Shell, folder: Path, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, tenant)
    assert shell.run("init", "--json") == 0
    assert "ACUMATICA_ENDPOINT_VERSION" not in (folder / ".env").read_text()
    _, newest = PROVEN["default"]
    assert newest in shell.out


def test_a_hint_on_the_secret_names_its_form_whole(
    shell: Shell, folder: Path, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, tenant, client_id="")
    assert shell.run("init", "--json") == 1
    (lines,) = shell.documents()
    assert '{"auth": "password", "client_id", "client_secret"' in "".join(line["remedy"] for line in lines)
    assert list(folder.iterdir()) == []


def test_answers_that_end_early_are_told(shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO("https://erp.example.com/X\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert shell.run("init") == 2
    assert "The answers ended before the last question." in shell.err
    assert list(folder.glob(".env")) + list(folder.glob("*.json")) == []


def test_nothing_is_overwritten(shell: Shell, folder: Path) -> None:
    (folder / ".env").write_text("")
    assert shell.run("init") == 2
    assert ".env is here already." in shell.err
