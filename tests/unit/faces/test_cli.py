"""The command line: exit codes, JSON, and the sentences of its errors."""

import argparse
import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from rich.console import Console

from acumatica_sandbox import Sandbox
from connector import __version__
from connector.app.service import build
from connector.app.settings import load_settings
from connector.domain.run import RunRequest
from connector.faces.run_all import run_all
from connector.faces.stop_signals import StopSignals
from connector.redaction import register_secret
from tests.stand_ins.clock import FakeClock
from tests.unit.faces.shell import Shell


def test_an_entity_named_twice_is_synced_once(shell: Shell) -> None:
    assert shell.run("sync", "vendors", "vendors", "--json") == 0
    assert len(shell.documents()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sync"], "No entity is named."),
        (["sync", "vendors", "--all"], "Both entities and --all are given."),
        (["sync", "vendros"], "Unknown entity 'vendros'. Did you mean vendors? Use one of: checks,"),
        (["audit", "vendros", "X"], "Unknown entity 'vendros'."),
        (["check", "vendros"], "Unknown entity 'vendros'."),
        (["sync", "vendors", "--since", "2026-01-01T00:00:00Z"], "--since belongs to mode backfill"),
        (["sync", "vendors", "--depth", "content"], "--depth belongs to mode reconcile"),
        (["sync", "vendors", "--force"], "--force belongs to mode reconcile or check, not to incremental."),
        (["sync", "vendors", "--mode", "backfill", "--since", "yesterday"], "Write it as 2026-01-31T00:00"),
        (["sync", "vendors", "--mode", "chek"], "invalid choice"),
        (["sync", "Bill"], "Unknown entity 'Bill'. Did you mean invoices (Bill)?"),
        (["sync", "invoice_lines"], "Did you mean invoices (invoice_lines)?"),
        (["letters", "vendros"], "Unknown entity 'vendros'."),
        (["query"], "required: SQL"),
        (["quory", "SELECT 1"], "did you mean query?"),
        (["snyc", "--all"], "did you mean sync?"),
        (["replay"], "required: ENTITY"),
        ([], "required: COMMAND"),
    ],
)
def test_a_wrong_command_ends_with_2_and_reads_nothing(
    shell: Shell, tenant: Sandbox, arguments: list[str], sentence: str
) -> None:
    before = len(tenant.requests)
    assert shell.run(*arguments) == 2
    assert sentence in shell.err
    assert shell.out == ""
    assert len(tenant.requests) == before


def test_a_wrong_command_is_json_too(shell: Shell) -> None:
    assert shell.run("sync", "vendros", "--json") == 2
    (document,) = shell.documents()
    assert document["status"] == "failed"
    assert document["error"]["type"] == "BadRequestError"


def test_a_failure_is_told_once(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACUMATICA_ENDPOINT_VERSION", "18.200.001")
    assert shell.run("sync", "vendors") == 1
    sentence = "The endpoint Default is not offered in version 18.200.001"
    assert (shell.out + shell.err).count(sentence) == 1


COMMANDS = (
    "status",
    "letters",
    "check",
    "audit vendors V1",
    "letters drop vendors V1",
    "sync --all",
    "backfill vendors",
    "reconcile vendors",
    "replay vendors",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_error_nobody_thought_of_is_a_sentence_or_a_document_and_tells_no_secret(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("gave up at Sup3r-secret-token")

    register_secret("Sup3r-secret-token")
    monkeypatch.setattr("connector.faces.commands.command.load_settings", fail)
    assert (shell.run(*command.split()), shell.out) == (1, "")
    assert shell.err.startswith("The command ended with an error the connector does not know (RuntimeError).")
    assert len(shell.err.splitlines()) == 1
    assert shell.run(*command.split(), "--json") == 1
    (document,) = shell.documents()
    assert (document["status"], document["error"]["type"], shell.err) == ("failed", "UnknownError", "")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    assert shell.run(*command.split(), "--json") == 1
    assert len(shell.documents()) == 1
    assert "gave up at [hidden]" in shell.err
    assert "Sup3r" not in shell.err


@pytest.mark.parametrize("seats", ["1", "3"])
def test_a_wrong_password_is_tried_once_not_once_per_entity(
    shell: Shell, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch, seats: str
) -> None:
    monkeypatch.setenv("ACUMATICA_MAX_SESSIONS", seats)
    wrong = {**tenant.credentials("password"), "password": "wrong"}
    (shell.folder / "credentials.json").write_text(json.dumps(wrong))
    before = len(tenant.requests)
    assert shell.run("sync", "--all", "--json") == 1
    (document,) = shell.documents()
    assert document["error"]["type"] == "CredentialsError"
    assert "The other entities are not tried" in shell.err
    assert "wrong" not in shell.out
    assert len(tenant.requests) == before + 1


def test_a_failure_of_one_entity_keeps_no_other_from_running(shell: Shell, tenant: Sandbox) -> None:
    tenant.configure(forbidden=["Vendor"])
    try:
        assert shell.run("sync", "vendors", "gl_accounts", "--json") == 1
    finally:
        tenant.configure(forbidden=[])
    assert [d["status"] for d in shell.documents()] == ["failed", "succeeded"]


def test_a_run_out_of_time_goes_on_by_itself(
    shell: Shell, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "10")
    clock = FakeClock()
    hour = timedelta(hours=1)
    tenant.faults.add(path="/Bill", times=2, hook=lambda _: clock.advance(hour))
    connector = build(load_settings(os.environ), clock=clock)
    options, requests = argparse.Namespace(json=True), [RunRequest(entity="invoices")]
    assert shell.call(lambda: run_all(connector, requests, options, Console(), StopSignals())) == 0
    assert [d["status"] for d in shell.documents()] == ["partial", "partial", "succeeded"]
    assert shell.query("SELECT count(*) = count(DISTINCT _id) FROM invoices") == [(True,)]


def test_a_sync_of_entities_that_other_runs_work_on_ends_with_3(shell: Shell) -> None:
    wiring = build(load_settings(os.environ)).wiring
    state = wiring.open_state()
    state.entities.acquire_lease("vendors", "another run", timedelta(minutes=7))
    try:
        assert shell.run("sync", "vendors", "--json") == 3
        assert [d["status"] for d in shell.documents()] == ["skipped"]
        assert shell.run("sync", "vendors", "gl_accounts", "--json") == 0
        assert [d["status"] for d in shell.documents()] == ["skipped", "succeeded"]
    finally:
        state.close()


def test_the_version_is_told(shell: Shell) -> None:
    assert shell.run("--version") == 0
    assert shell.out.split()[-1] == __version__


def test_what_gets_no_further_within_its_budget_is_not_run_for_ever(
    shell: Shell, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record on the first page was changed, and never comes in time."""
    assert shell.run("sync", "invoices") == 0
    bill = min(tenant.tenant.records("Bill"), key=lambda record: record.fields["ReferenceNbr"])
    tenant.tenant.change("Bill", bill.id, {"Description": "later"})
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "15")
    monkeypatch.setenv("SYNC_TIME_BUDGET_SECONDS", "40")
    tenant.faults.add(path="/Bill/", times=10_000, status=429, headers={"Retry-After": "50"})
    assert shell.run("reconcile", "invoices", "--json") == 1
    (result,) = shell.documents()
    assert (result["status"], result["records_read"]) == ("partial", 14)
    assert "SYNC_TIME_BUDGET_SECONDS" in shell.err


def test_a_duckdb_file_open_elsewhere_is_named_with_what_to_do(shell: Shell) -> None:
    assert shell.run("sync", "vendors") == 0
    script = (
        "import duckdb, sys; c = duckdb.connect('erp.duckdb'); print('open', flush=True); sys.stdin.read()"
    )

    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=shell.folder
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        assert shell.run("sync", "vendors") == 1
        assert f"(PID {other.pid}). Close that program" in shell.out
        other.communicate()
    assert shell.run("sync", "vendors") == 0
