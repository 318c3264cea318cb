"""Servers of other programs, started on a free port of this machine and ended by their own process id."""

import http.client
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

HOST = "127.0.0.1"
START_SECONDS = 60.0
TRIES = 3


class StandInUnavailableError(Exception):
    """This machine lacks what the stand-in needs; the text says what."""


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: Callable[[int], Sequence[str]], *, environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Run the server that `command` builds for a port, and yield the port once it answers HTTP."""
    with tempfile.TemporaryFile() as log:
        for attempt in range(1, TRIES + 1):
            port = free_port()
            process = subprocess.Popen(
                command(port), stdout=log, stderr=log, env={**os.environ, **(environment or {})}
            )
            try:
                if _answers(process, port):
                    yield port
                    return
            finally:
                process.terminate()
                process.wait(10)
            if attempt == TRIES:
                log.seek(0)
                tail = log.read().decode(errors="replace")[-2000:]
                raise StandInUnavailableError(f"it did not start: {' '.join(command(port)[:2])} …\n{tail}")


def _answers(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Wait until the server answers; False when its process ended, because another took the port, say."""
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse()
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        else:
            return True
        finally:
            connection.close()
    return False
