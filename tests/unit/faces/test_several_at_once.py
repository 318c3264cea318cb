"""Commands that run several entities, with more than one seat."""

import argparse
import io
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from acumatica_sandbox import Sandbox
from connector.app.service import build
from connector.app.settings import load_settings
from connector.domain.entity import Depth
from connector.domain.run import Mode, RunProgress, RunRequest
from connector.faces.progress import show_progress
from connector.faces.run_all import run_all
from connector.faces.stop_signals import StopSignals
from tests.stand_ins.clock import FakeClock
from tests.unit.faces.shell import Shell

SEATS = 3
ENTITIES = ("vendors", "invoices", "purchase_orders", "gl_accounts", "payments")
PATIENCE = 60
"""Seconds after which a test gives up waiting for runs to meet."""


@pytest.fixture
def shell(shell: Shell, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """Let the tenant refuse one session more than the connector may hold."""
    monkeypatch.setenv("ACUMATICA_MAX_SESSIONS", str(SEATS))
    tenant.configure(seat_limit=SEATS)
    yield shell
    tenant.configure(seat_limit=None)


class Meeting:
    """Lets the first runs wait for each other, each after its first page, then does `action`."""

    def __init__(self, action: Callable[[], None] | None = None) -> None:
        self._barrier = threading.Barrier(SEATS, action, timeout=PATIENCE)
        self._met: set[str] = set()

    def attend(self) -> None:
        name = threading.current_thread().name
        if name.startswith("run_") and name not in self._met:
            self._met.add(name)
            self._barrier.wait()


class Command:
    """Runs the entities as a command does, in a process that gets signals."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.signals = StopSignals()
        self.is_stopping = self.signals.is_requested

    def run(self, meeting: Meeting, **request: Any) -> int:
        """Return the exit code; raise KeyboardInterrupt where the command was stopped."""

        def is_stopping() -> bool:
            meeting.attend()
            return self.is_stopping()

        connector = build(load_settings(os.environ), is_stopping=is_stopping)
        requests = [RunRequest(entity=entity, **request) for entity in ENTITIES]
        options = argparse.Namespace(json=True)
        with self.signals.taken():
            return self._shell.call(lambda: run_all(connector, requests, options, Console(), self.signals))

    def interrupt(self) -> None:
        """Send Ctrl-C and return when it was taken."""
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        while not self.signals.is_requested():
            os.sched_yield()

    def interrupt_twice(self) -> None:
        self.interrupt()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        with suppress(KeyboardInterrupt):
            while True:
                self.signals.check()
                os.sched_yield()


def statuses(shell: Shell) -> dict[str, str]:
    documents = shell.documents()
    assert len({document["run_id"] for document in documents}) == len(documents)
    return {document["entity"]: document["status"] for document in documents}


def read_tables(shell: Shell) -> dict[str, list[Any]]:
    """Return the rows of every table and view but what tells runs and their times apart."""
    names = shell.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'")
    own = "COLUMNS(lambda c: c NOT IN ('_synced_at', '_run_id', 'valid_from', 'valid_to'))"
    return {
        name: sorted(map(repr, shell.query(f'SELECT {own} FROM "{name}"')))
        for (name,) in names
        if name != "sync_runs"
    }


def test_three_seats_give_the_tables_that_one_gives(
    shell: Shell, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions: list[int] = []
    assert Command(shell).run(Meeting(lambda: sessions.append(tenant.seats))) == 0
    assert sessions == [SEATS]
    assert statuses(shell) == dict.fromkeys(ENTITIES, "succeeded")
    assert shell.query("SELECT count(*) FROM sync_runs") == [(len(ENTITIES),)]
    assert shell.query("SELECT count(*) FROM acumatica.vendors") == shell.query(
        "SELECT count(*) FROM vendors"
    )
    several = read_tables(shell)
    (shell.folder / "erp.duckdb").unlink()
    monkeypatch.setenv("ACUMATICA_MAX_SESSIONS", "1")
    monkeypatch.setenv("STATE", "sqlite:other.db")
    assert shell.run("sync", *ENTITIES, "--json") == 0
    assert [document["entity"] for document in shell.documents()] == list(ENTITIES)
    assert several == read_tables(shell)


@pytest.mark.parametrize("depth", list(Depth))
def test_reconciles_share_the_seats_too(shell: Shell, depth: Depth) -> None:
    assert shell.run("sync", *ENTITIES) == 0
    assert f"{len(ENTITIES)} entities: {len(ENTITIES)} succeeded." in shell.out
    assert Command(shell).run(Meeting(), mode=Mode.RECONCILE, depth=depth) == 0
    assert [document["repaired"] for document in shell.documents()] == [0] * len(ENTITIES)


def test_a_failure_of_one_keeps_no_other_from_running(shell: Shell, tenant: Sandbox) -> None:
    tenant.configure(forbidden=["Vendor"])
    try:
        assert shell.run("sync", *ENTITIES, "--json") == 1
    finally:
        tenant.configure(forbidden=[])
    assert statuses(shell) == dict.fromkeys(ENTITIES, "succeeded") | {"vendors": "failed"}


def test_a_seat_that_another_program_holds_is_waited_for(shell: Shell) -> None:
    clock, signals = FakeClock(), StopSignals()
    connector = build(load_settings(os.environ), clock=clock)
    others = connector.wiring.open_state()
    held = [others.seats.acquire(f"other {number}", SEATS, timedelta(hours=1)) for number in range(SEATS)]

    def give_back() -> None:
        for seat in held:
            if seat is not None:
                others.seats.release(seat)

    clock.on_sleep = give_back
    options, requests = argparse.Namespace(json=True), [RunRequest(entity=entity) for entity in ENTITIES]
    assert shell.call(lambda: run_all(connector, requests, options, Console(), signals)) == 0
    assert clock.sleeps
    assert statuses(shell) == dict.fromkeys(ENTITIES, "succeeded")
    others.close()


def test_a_signal_lets_each_run_store_its_page_and_begins_no_other(
    shell: Shell, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "10")
    command = Command(shell)
    with pytest.raises(KeyboardInterrupt):
        command.run(Meeting(command.interrupt))
    shell.call(lambda: command.signals.exit_code)
    assert set(statuses(shell)) == set(ENTITIES[:SEATS])
    assert statuses(shell)["invoices"] == "partial"
    assert shell.err.count("Ctrl-C again stops at once") == 1
    assert shell.run("sync", *ENTITIES, "--json") == 0
    for entity, record in (("invoices", "Bill"), ("vendors", "Vendor"), ("purchase_orders", "PurchaseOrder")):
        assert shell.query(f"SELECT count(*) FROM {entity}") == [(len(tenant.tenant.records(record)),)]


def test_a_second_signal_stops_all_at_once_and_nothing_stays_taken(
    shell: Shell, tenant: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "10")
    command = Command(shell)
    command.is_stopping = lambda: False  # no run stops by itself
    with pytest.raises(KeyboardInterrupt):
        command.run(Meeting(command.interrupt_twice))
    assert shell.call(lambda: command.signals.exit_code) == 130
    assert "invoices" not in statuses(shell)
    assert tenant.seats == 0
    assert shell.run("sync", *ENTITIES, "--json") == 0, "no lease and no seat is held"
    assert statuses(shell) == dict.fromkeys(ENTITIES, "succeeded")


def test_a_wait_between_tries_ends_when_all_is_to_stop_at_once() -> None:
    signals = StopSignals()
    with signals.taken(), signals.patient():
        signals.pause(timedelta(0))
        signal.raise_signal(signal.SIGINT)
        signals.pause(timedelta(0))
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signals.pause(timedelta(hours=1))


def test_one_display_shows_every_run_at_work() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=80)
    with show_progress(console, shown=True) as follow, follow("1/3 vendors") as first:
        first(RunProgress(pages=1, records=812))
        with follow("2/3 invoices"):
            pass
    assert "2/3 invoices: signing in" in written.getvalue()
    assert "812" in written.getvalue()
