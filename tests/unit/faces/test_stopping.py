"""Ctrl-C and the other signals: the page at hand is stored, and a second one stops at once."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO
from types import ModuleType
from typing import Any

import pytest

import connector.__main__
from acumatica_sandbox import Sandbox
from connector.faces.stop_signals import StopSignals
from tests.unit.faces.shell import Shell


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


def test_a_second_ctrl_c_stops_at_once_and_is_written_down_as_that(shell: Shell, tenant: Sandbox) -> None:
    assert shell.run("sync", "vendors") == 0
    told = StringIO()
    tenant.faults.add(path="/Vendor?", ordinal=1, hook=lambda _: _press_ctrl_c_twice(told))
    with redirect_stderr(told):
        assert shell.run("sync", "vendors", "--mode", "backfill") == 130
    assert "the next run goes on from there" in told.getvalue()
    assert shell.query("SELECT error FROM sync_runs WHERE mode = 'backfill'") == [
        ("The run of vendors was interrupted.",)
    ]


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


def _press_ctrl_c_twice(told: StringIO) -> None:
    """Press it again as soon as the first has been taken, which is told."""
    _send(signal.SIGINT)
    ends_at = time.monotonic() + 10
    while "Ctrl-C again stops at once" not in told.getvalue():
        assert time.monotonic() < ends_at
        threading.Event().wait(0.005)
    _send(signal.SIGINT)


def _send(number: signal.Signals) -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, number)


def test_a_stop_while_the_modules_are_loaded_is_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Loading(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "connector.faces.cli", Loading("connector.faces.cli"))
    assert connector.__main__.main() == 130
    assert capsys.readouterr().err == "Stopped.\n"
