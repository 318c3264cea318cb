"""Peak memory of the served function: `python -m benchmarks.served_memory [--bills | --gl-lines N] [RECORDS ...]`.

The function is served by functions-framework as Google serves it, with the clients of BigQuery and Firestore at work: a first
sync, a reconcile of contents that reads every record again, and the status. What counts against the instance's memory is the
sum over its processes, memory they share counted once. Needs what the Firestore emulator needs. The records are vendors, or
bills with four lines each, which the tenant has to hold in memory, or GL batches of so many lines. A million vendors take as long as the tenant takes to make
them twice.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

from benchmarks.processes import ROOT, serving, serving_tenant, settings
from tests.stand_ins.firestore import running_firestore
from tests.stand_ins.servers import free_port

SIZES = (10_000, 100_000)
PAUSE_SECONDS = 0.2
CALLS: Mapping[str, Mapping[str, str]] = {
    "first sync": {},
    "reconcile of contents": {"mode": "reconcile", "depth": "content"},
}
ENTITIES = {"Vendor": "vendors", "Bill": "invoices", "JournalTransaction": "gl_entries"}
"""What is copied, by its name in Acumatica."""


def find_processes(root: int) -> list[int]:
    """Return a process and everything it started."""
    found = [root]
    for pid in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def measure_memory(root: int) -> float:
    """Return what a process and its children hold, in MiB: the proportional share of each, so shared pages count once."""
    total = 0
    for pid in find_processes(root):
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


class Peak(threading.Thread):
    """Looks at a process until it is stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._done = threading.Event()
        self._highest = 0.0

    def run(self) -> None:
        """Keep the highest of what is seen."""
        while not self._done.is_set():
            self._highest = max(self._highest, measure_memory(self._pid))
            self._done.wait(PAUSE_SECONDS)

    def take(self) -> float:
        """Return the peak since the last time, in MiB."""
        highest, self._highest = self._highest, 0.0
        return highest

    def stop(self) -> None:
        """Look no more."""
        self._done.set()
        self.join()


@contextlib.contextmanager
def served(environment: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Serve the function; yield its address and its process."""
    port = free_port()
    command = [sys.executable, "-m", "functions_framework", "--source", "main.py", "--target", "sync"]
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            await_answer(address)
            yield address, process.pid
        finally:
            process.terminate()


def await_answer(address: str) -> None:
    """Return once the function answers."""
    end = time.monotonic() + 60
    while True:
        try:
            requests.get(f"{address}/status", timeout=60)
        except requests.ConnectionError:
            if time.monotonic() > end:
                raise
        else:
            return


@contextlib.contextmanager
def cloud(kind: str, size: int, lines: int) -> Iterator[dict[str, str]]:
    """Yield the function's environment: a tenant with so many records, Firestore's emulator, a BigQuery that remembers."""
    with (
        serving_tenant("--entity", kind, "--records", str(size), "--lines", str(lines)) as tenant,
        settings(tenant) as environment,
        serving("benchmarks.sink", "--remember") as sink,
        running_firestore(heap="4g") as firestore,
    ):
        yield {
            **environment,
            "BIGQUERY_EMULATOR_HOST": sink,
            "FIRESTORE_EMULATOR_HOST": firestore,
            "FIRESTORE_PROJECT": "benchmark",
            "STATE": "firestore",
            "SYNC_TIME_BUDGET_SECONDS": "3500",
        }


def call(address: str, body: Mapping[str, str]) -> dict[str, Any]:
    """Return the answer of a run that succeeded."""
    answer: dict[str, Any] = requests.post(address, json=body, timeout=3600).json()
    assert answer["status"] == "succeeded", answer
    return answer


def show(kind: str, size: int, lines: int = 0) -> None:
    """Print a line for each call."""
    with cloud(kind, size, lines) as environment, served(environment) as (address, pid):
        peak = Peak(pid)
        peak.start()
        time.sleep(2 * PAUSE_SECONDS)
        print(f"{size:10,}  {'served, nothing run':24}{peak.take():8.0f}", flush=True)
        for name, body in CALLS.items():
            began = time.perf_counter()
            answer = call(address, {"entity": ENTITIES[kind], **body})
            seconds = time.perf_counter() - began
            assert answer["records_read"] == size, answer
            assert answer["records_written"] == (size if name == "first sync" else 0), answer
            print(f"{size:10,}  {name:24}{peak.take():8.0f}{seconds:9.0f}", flush=True)
        peak.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bills", action="store_true")
    parser.add_argument("--gl-lines", type=int, default=0, metavar="N")
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES, metavar="RECORDS")
    arguments = parser.parse_args()
    chosen = "Bill" if arguments.bills else "JournalTransaction" if arguments.gl_lines else "Vendor"
    print(f"{ENTITIES[chosen]:>10}  {'call':24}{'peak MiB':>8}{'seconds':>9}")
    for each in arguments.sizes:
        show(chosen, each, arguments.gl_lines)
