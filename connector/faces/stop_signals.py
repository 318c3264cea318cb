"""Ctrl-C, SIGTERM and a closed terminal (SIGHUP) on the command line."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event
from typing import Any

from connector.faces.terminal import write_note

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """Handles the signals that ask a command to stop.

    While runs are patient the first lets the page at hand be stored and the second stops at once; else the first does.
    Stopping at once is a KeyboardInterrupt, so that what was taken (a lease, a seat) is given back. Runs in other threads
    than the first, which a signal does not reach, raise it themselves, in `pause` and in `check`.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self.note = "Stopped."
        """What a stopped command tells."""
        self._is_patient = False
        self._at_once = Event()

    @property
    def exit_code(self) -> int:
        """The code of a shell for a command that a signal ended: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""
        return 128 + (self.received or signal.SIGINT)

    def is_requested(self) -> bool:
        """Whether the command was asked to stop."""
        return self.received is not None

    def pause(self, duration: timedelta) -> None:
        """Wait; raise KeyboardInterrupt once the command was asked to stop at once."""
        self._at_once.wait(duration.total_seconds())
        self.check()

    def check(self) -> None:
        """Raise KeyboardInterrupt if the command was asked to stop at once."""
        if self._at_once.is_set():
            raise KeyboardInterrupt

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Handle the signals until the end of the block."""
        taken = [number for number in SIGNALS if not _is_nohup(number)]
        before = {number: signal.signal(number, self._take) for number in taken}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def patient(self) -> Iterator[None]:
        """Let the current page be stored before stopping, until the end of the block."""
        self._is_patient = True
        self.note = "Stopped. What is done is done; the next run goes on from there."
        try:
            yield
        finally:
            self._is_patient = False

    def _take(self, number: int, _: Any) -> None:
        is_first = self.received is None
        self.received = signal.Signals(number)
        if not (is_first and self._is_patient):
            self._at_once.set()
            raise KeyboardInterrupt
        with suppress(OSError):  # the terminal may be closed
            write_note("Stopping after the page at hand; Ctrl-C again stops at once.")


def _is_nohup(number: signal.Signals) -> bool:
    """Whether the command was started so that it outlives its terminal."""
    return number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN
