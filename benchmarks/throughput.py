"""The connector and the plain script, side by side: `python -m benchmarks.throughput [BILLS] [ROUNDS]`.

Both read the same bills with four lines from the sandbox tenant and write them to a counting BigQuery, each program in a
process of its own, in turn. CPU is that of the measured process alone; records per second are those of its whole life, start of
the interpreter included. The ratios are of one round each; the median is what counts on a noisy machine.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


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


def measure(arguments: Sequence[str], environment: dict[str, str]) -> dict[str, float]:
    """Run a module to its end; return its records, wall and CPU seconds and peak memory (MB)."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.PIPE,
        env={**os.environ, **environment},
        cwd=ROOT,
    )
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if status:
        raise SystemExit(f"{arguments[0]} failed: {output.decode()[-2000:]}")
    records = json.loads(output.splitlines()[-1])["records"]
    cpu = usage.ru_utime + usage.ru_stime
    return {"records": records, "wall": wall, "cpu": cpu, "memory": usage.ru_maxrss / 1024}


def build_environment(tenant: dict[str, Any], sink: str, folder: Path) -> dict[str, str]:
    """Return the settings both programs read."""
    secret = folder / "credentials.json"
    secret.write_text(json.dumps(tenant["credentials"]))
    return {
        "ACUMATICA_URL": tenant["url"],
        "ACUMATICA_ENDPOINT_VERSION": "24.200.001",
        "ACUMATICA_CREDENTIALS": f"file:{secret}",
        "WAREHOUSE": "bigquery",
        "BIGQUERY_PROJECT": "p",
        "BIGQUERY_EMULATOR_HOST": sink,
        "STATE": f"sqlite:{folder / 'state.db'}",
        "LOG_LEVEL": "ERROR",
    }


def compare(bills: int, rounds: int) -> None:
    """Measure in turn and print a table."""
    measured: dict[str, list[dict[str, float]]] = {"connector": [], "plain script": []}
    with serving("benchmarks.tenant", str(bills)) as line:
        tenant = json.loads(line)
        for number in range(rounds + 1):
            with tempfile.TemporaryDirectory() as folder, serving("benchmarks.sink") as sink:
                environment = build_environment(tenant, sink, Path(folder))
                pair = {
                    "connector": measure(["benchmarks.connector_run", "invoices"], environment),
                    "plain script": measure(["benchmarks.plain_script"], environment),
                }
            if number:  # the first round warms the tenant's cache
                for name, figures in pair.items():
                    assert figures["records"] == bills, (name, figures)
                    measured[name].append(figures)
    show(measured)


def show(measured: dict[str, list[dict[str, float]]]) -> None:
    """Print medians, and the ratios round by round."""
    print(f"{'':14}{'records/s':>12}{'wall s':>10}{'CPU s':>10}{'peak MB':>10}")
    for name, rounds in measured.items():
        rate = statistics.median(r["records"] / r["wall"] for r in rounds)
        wall, cpu, memory = (statistics.median(r[key] for r in rounds) for key in ("wall", "cpu", "memory"))
        print(f"{name:14}{rate:12,.0f}{wall:10.2f}{cpu:10.2f}{memory:10.0f}")
    ours, theirs = measured["connector"], measured["plain script"]
    faster = statistics.median(b["wall"] / a["wall"] for a, b in zip(ours, theirs, strict=True))
    share = statistics.median(a["cpu"] / b["cpu"] for a, b in zip(ours, theirs, strict=True))
    print(f"records per second: {faster:.2f} x the plain script's; CPU: {share:.2f} x")


if __name__ == "__main__":
    compare(
        int(sys.argv[1]) if len(sys.argv) > 1 else 10_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 5,
    )
