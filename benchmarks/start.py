"""How long a command takes to start: `python -m benchmarks.start [ROUNDS]`.

`--help` and the commands that only look, on a connector that never ran, in wall time beside `python -c 'import msgspec'`, in turn.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

from benchmarks.processes import BYTECODE, ROOT

BASE = "import msgspec"
PROGRAMS: Mapping[str, Sequence[str]] = {
    BASE: ["-c", BASE],
    "--help": ["-m", "connector", "--help"],
    "status": ["-m", "connector", "status"],
    "entities": ["-m", "connector", "entities"],
    "letters": ["-m", "connector", "letters"],
    "audit": ["-m", "connector", "audit", "vendors", "V000001"],
}


def take_time(command: Sequence[str], folder: str) -> float:
    """Return how many seconds the interpreter runs."""
    environment = {name: value for name, value in os.environ.items() if name != BYTECODE} | {
        "ACUMATICA_URL": "https://erp.example",
        "ACUMATICA_CREDENTIALS": "env:NONE",
        "WAREHOUSE": f"duckdb:{folder}/warehouse.duckdb",
        "STATE": f"sqlite:{folder}/state.db",
    }
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command], check=False, capture_output=True, env=environment, cwd=ROOT
    )
    assert b"Error" not in done.stderr, done.stderr
    return time.perf_counter() - began


def compare(rounds: int) -> None:
    """Measure in turn and print medians, and the ratios round by round."""
    with tempfile.TemporaryDirectory() as folder:
        measured = [
            {name: take_time(command, folder) for name, command in PROGRAMS.items()}
            for _ in range(rounds + 1)
        ][1:]  # the first round may have to compile
    for name in PROGRAMS:
        ratio = statistics.median(found[name] / found[BASE] for found in measured)
        print(f"{name:16}{statistics.median(found[name] for found in measured):7.3f} s {ratio:6.1f} x")


if __name__ == "__main__":
    compare(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
