"""The command line: exit codes, JSON, tables and the sentences of its errors."""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from acumatica_sandbox import Sandbox, SandboxOptions
from connector import __version__
from connector.app.service import build
from connector.app.settings import load_settings
from connector.domain.run import RunRequest
from connector.faces.run_all import run_all
from connector.faces.stop_signals import StopSignals
from connector.redaction import register_secret
from tests.contract.state_builders import a_dead_letter
from tests.stand_ins.clock import FakeClock
from tests.unit.faces.shell import Shell


def test_a_sync_prints_its_counts_and_ends_with_0(shell: Shell, tenant: Sandbox) -> None:
    count = len(tenant.tenant.records("Vendor"))
    assert shell.run("sync", "vendors") == 0
    assert f"{count} read, {count} written, 0 unchanged, 0 rejected" in shell.out
    assert shell.query("SELECT count(*) FROM vendors") == [(count,)]
    assert shell.err == ""


def test_json_is_one_document_a_run(shell: Shell) -> None:
    assert shell.run("sync", "gl_accounts", "non_stock_items", "--json") == 0
    assert [(d["entity"], d["status"]) for d in shell.documents()] == [
        ("gl_accounts", "succeeded"),
        ("non_stock_items", "succeeded"),
    ]


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


def test_the_line_of_a_run_is_logged_when_asked_for(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    assert shell.run("sync", "vendors", "--json") == 0
    assert "vendors incremental succeeded" in shell.err
    assert len(shell.documents()) == 1


def test_a_wait_is_told_with_its_cause(shell: Shell, tenant: Sandbox) -> None:
    tenant.faults.add(path="/Vendor?", times=1, status=503, headers={"Retry-After": "0"})
    assert shell.run("sync", "vendors") == 0
    assert "WARNING: Acumatica failed with status 503 on" in shell.err
    assert "trying again in 0.0 s (2nd of 6)" in shell.err


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


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_stores_the_page_at_hand_and_the_next_sync_goes_on(
    shell: Shell, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "10")
    tenant.faults.add(path="/Bill?", ordinal=3, hook=lambda _: _send(number))
    assert shell.run("sync", "invoices", "vendors", "--json") == code
    (stopped,) = shell.documents()
    assert (stopped["entity"], stopped["status"]) == ("invoices", "partial")
    assert stopped["records_written"] > 0
    assert "Ctrl-C again stops at once" in shell.err
    assert shell.run("sync", "invoices", "--json") == 0
    (rest,) = shell.documents()
    assert rest["records_written"] + stopped["records_written"] == len(tenant.tenant.records("Bill"))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


def test_a_command_that_is_to_outlive_its_terminal_does() -> None:
    """As `nohup` starts it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop = StopSignals()
    try:
        with stop.taken(), stop.patient():
            _send(signal.SIGHUP)
            assert not stop.is_requested()
            _send(signal.SIGTERM)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert stop.exit_code == 143


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_a_check_gives_the_seat_back(
    shell: Shell, tenant: Sandbox, number: signal.Signals, code: int
) -> None:
    tenant.faults.add(path="/Vendor?", ordinal=1, hook=lambda _: _send(number))
    assert shell.run("check", "vendors") == code
    assert shell.err == "Stopped.\n", "no run goes on from there"
    assert shell.run("sync", "vendors") == 0, "no seat is taken any more"


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


def test_a_second_ctrl_c_stops_at_once_and_is_written_down_as_that(shell: Shell, tenant: Sandbox) -> None:
    assert shell.run("sync", "vendors") == 0
    tenant.faults.add(path="/Vendor?", ordinal=1, hook=lambda _: _press_ctrl_c_twice())
    assert shell.run("sync", "vendors", "--mode", "backfill") == 130
    assert "the next run goes on from there" in shell.err
    assert shell.query("SELECT error FROM sync_runs WHERE mode = 'backfill'") == [
        ("The run of vendors was interrupted.",)
    ]


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


@pytest.fixture(autouse=True)
def _signals_as_on_a_terminal() -> Iterator[None]:
    """A shell starts what it puts in the background with Ctrl-C ignored, and nohup with SIGHUP; these are about a terminal."""
    usual: dict[signal.Signals, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _press_ctrl_c_twice() -> None:
    """Press it again as soon as the first has been taken, which gives Ctrl-C its usual meaning back."""
    _send(signal.SIGINT)
    ends_at = time.monotonic() + 10
    while signal.getsignal(signal.SIGINT) is not signal.default_int_handler and time.monotonic() < ends_at:
        threading.Event().wait(0.005)
    _send(signal.SIGINT)


def _send(number: signal.Signals) -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, number)


def test_replay_without_dead_letters_says_so(shell: Shell) -> None:
    assert shell.run("replay", "vendors") == 0
    assert "There is no dead letter to process." in shell.out


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


def test_status_shows_every_entity_and_a_shared_reason_once(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell.run("sync", "gl_accounts") == 0
    monkeypatch.setenv("ACUMATICA_ENDPOINT", "Finance")
    for entity in ("vendors", "items"):
        assert shell.run("sync", entity) == 1
    assert shell.run("status") == 0
    rows = {line.split()[0]: line for line in shell.out.splitlines()}
    assert "fresh" in rows["gl_accounts"]
    assert "just now" in rows["gl_accounts"]
    assert "failed" in rows["items"]
    assert "never synced" in rows["invoices"]
    assert "customers" not in rows
    assert shell.out.count("There is no endpoint Finance here") == 1
    assert "vendors, items: There is no endpoint" in shell.out
    assert shell.run("status", "--json") == 0
    (document,) = shell.documents()
    assert len(document["entities"]) == 16


def test_audit_tells_a_records_story_by_key_and_by_id(shell: Shell) -> None:
    assert shell.run("sync", "invoices") == 0
    ((key, record_id),) = shell.query("SELECT type || '/' || reference_nbr, _id FROM invoices LIMIT 1")
    assert shell.run("audit", "invoices", key) == 0
    assert "version stored" in shell.out
    assert "incremental: written" in shell.out
    assert shell.run("audit", "invoices", record_id, "--json") == 0
    (lines,) = shell.documents()
    assert {line["record_id"] for line in lines} == {record_id}


def test_audit_of_an_unknown_key_ends_with_1_and_says_how_to_write_it(shell: Shell) -> None:
    assert shell.run("audit", "invoices", "000001[/bold]") == 1
    assert "Nothing is known of 000001[/bold] in invoices." in shell.out
    assert "(Type/ReferenceNbr)" in shell.out
    assert shell.run("audit", "invoices", "000001", "--json") == 1
    assert shell.documents() == [[]]


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


class TestDropLetter:
    """A dead letter that no replay will ever mend."""

    @pytest.fixture
    def letter(self, shell: Shell) -> str:
        """The id of a letter that waits."""
        with closing(build(load_settings(os.environ)).wiring.open_state()) as state:
            state.dead_letters.add(a_dead_letter(record_id="id-1", key="V001"))
        return "id-1"

    def test_it_is_dropped_and_the_audit_tells_it(self, shell: Shell, letter: str) -> None:
        assert shell.run("letters", "drop", "vendors", "V001", "--reason", "it is gone", "--json") == 0
        assert shell.documents() == [
            {"entity": "vendors", "record_id": letter, "key": "V001", "dropped": True}
        ]
        assert shell.run("audit", "vendors", letter, "--json") == 0
        ((line,),) = shell.documents()
        assert (line["what"], line["reason"]) == (
            "letters drop: dropped",
            "it is gone; it was kept because: no readable amount",
        )
        assert shell.run("letters", "drop", "vendors", "V001") == 2
        assert "vendors has no dead letter 'V001'." in shell.err

    def test_a_person_is_told_what_follows(self, shell: Shell, letter: str) -> None:
        assert shell.run("letters", "drop", "vendors", letter) == 0
        assert "The dead letter V001 of vendors is dropped." in shell.out
