"""Programs as processes of their own: servers to be measured against, and programs to measure from outside."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""Where it is set, a program is compiled at every start, as no installed one is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the operating system says of a process that has ended, and the last line it printed."""

    wall: float
    cpu: float
    peak_mb: float
    answer: Any


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[str]:
    """Run a module that prints one line once it serves; yield the line."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@contextmanager
def serving_tenant(*arguments: str) -> Iterator[dict[str, Any]]:
    """Yield the address and the credentials of a tenant."""
    with serving("benchmarks.tenant", *arguments) as line:
        yield json.loads(line)


@contextmanager
def settings(tenant: Mapping[str, Any], *, write_seconds: float = 0.0) -> Iterator[dict[str, str]]:
    """Yield what both programs read, with a new BigQuery and nothing remembered."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving("benchmarks.sink", str(write_seconds)) as sink,
    ):
        secret = Path(folder, "credentials.json")
        secret.write_text(json.dumps(tenant["credentials"]))
        yield {
            "ACUMATICA_URL": tenant["url"],
            "ACUMATICA_ENDPOINT_VERSION": "24.200.001",
            "ACUMATICA_CREDENTIALS": f"file:{secret}",
            "WAREHOUSE": "bigquery",
            "BIGQUERY_PROJECT": "p",
            "BIGQUERY_EMULATOR_HOST": sink,
            "STATE": f"sqlite:{Path(folder, 'state.db')}",
            "LOG_LEVEL": "ERROR",
        }


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Measured:
    """Run the interpreter with these arguments to the end. The CPU is that of the process alone."""
    inherited = {name: value for name, value in os.environ.items() if name != BYTECODE}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, env={**inherited, **environment}, cwd=ROOT
    )
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if status:
        raise SystemExit(f"{' '.join(command)} failed: {output.decode()[-2000:]}")
    lines = output.splitlines()
    return Measured(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
        answer=json.loads(lines[-1]) if lines else None,
    )
