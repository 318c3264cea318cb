"""The real function on this machine, as Cloud Functions starts it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socket import socket

import requests

from connector.app.settings import list_variables
from connector.errors import ConfigurationError, SourceUnavailableError

PACKAGES = Path(__file__).parents[3]
"""The folder of this package: a process started there can import it, installed or not."""
STARTUP_SECONDS = 60
LOOPBACK = requests.Session()
LOOPBACK.trust_env = False
"""Calls to this machine never go through the user's proxy."""


def build_environment(tenant_url: str, folder: Path) -> dict[str, str]:
    """Return the function's environment: none of the user's own configuration, and no proxy for loopback."""
    own = {variable.name for variable in list_variables()}
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return {
        **kept,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "ACUMATICA_URL": tenant_url,
        "ACUMATICA_ENDPOINT_VERSION": "24.200.001",
        "ACUMATICA_CREDENTIALS": f"file:{folder / 'credentials.json'}",
        "WAREHOUSE": f"duckdb:{folder / 'acumatica.duckdb'}",
        "STATE": f"sqlite:{folder / 'state.db'}",
    }


@contextmanager
def serve_function(environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """Start the function and yield its address; it ends with the block. What it prints goes to the log.

    Raises ConnectorError if it does not start.
    """
    source = log.with_name("main.py")
    source.write_text("from connector.faces.http import sync as sync\n")
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "functions_framework", "--target", "sync", "--source", str(source)]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, cwd=PACKAGES, stdout=output, stderr=output)  # noqa: S603 - our own interpreter and file
        try:
            _wait_until_it_answers(f"http://127.0.0.1:{port}/status", process, log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    ends_at = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < ends_at:
        if process.poll() is not None:
            raise ConfigurationError("The function could not be started.", action=f"Read {log}.")
        try:
            LOOPBACK.get(url, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise SourceUnavailableError(
        f"The function did not answer within {STARTUP_SECONDS} s.", action=f"Read {log}."
    )
