"""How time and memory grow with the number of records: `python -m benchmarks.scaling [--warehouse KIND] [VENDORS ...]`.

For each number: a first sync, a run that finds nothing new, a reconcile of keys and one of contents, each a process of its own,
into a DuckDB file or a BigQuery that remembers what it was sent. Below stand the exponent of the CPU time (1 is linear) and what each further
thousand records take of memory, between one number and the next, and how many bytes the state of the entity has in the end. A million
vendors take as long as the tenant takes to make them three times.
"""

import argparse
import math
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path

from benchmarks.processes import Measured, measure, serving, serving_tenant, settings

SIZES = (10_000, 100_000, 1_000_000)
WAREHOUSES = ("duckdb", "bigquery")
RUNS: Mapping[str, Sequence[str]] = {
    "first sync": (),
    "idle run": (),
    "reconcile of keys": ("reconcile", "keys"),
    "reconcile of contents": ("reconcile", "content"),
}
STATE = "SELECT * FROM streams LEFT JOIN checkpoints USING (entity) WHERE entity = 'vendors'"


def run_all(warehouse: str, size: int) -> tuple[dict[str, Measured], int]:
    """Run each kind once; return what it took, and the bytes of the entity's state afterwards."""
    with ExitStack() as stack:
        tenant = stack.enter_context(serving_tenant("--entity", "Vendor", "--records", str(size)))
        environment = dict(stack.enter_context(settings(tenant)))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        if warehouse == "duckdb":
            environment["WAREHOUSE"] = f"duckdb:{Path(folder, 'warehouse.duckdb')}"
        else:
            environment["BIGQUERY_EMULATOR_HOST"] = stack.enter_context(
                serving("benchmarks.sink", "--remember")
            )
        found = {}
        for name, arguments in RUNS.items():
            found[name] = measure(["-m", "benchmarks.connector_run", "vendors", *arguments], environment)
            assert found[name].answer["records"] == (size if name == "first sync" else 0), found[name]
        return found, measure_state(Path(environment["STATE"].removeprefix("sqlite:")))


def measure_state(file: Path) -> int:
    """Return how many bytes the state keeps of the entity itself, its audit aside."""
    with closing(sqlite3.connect(file)) as connection:
        return sum(len(str(value)) for row in connection.execute(STATE) for value in row)


def show(warehouse: str, sizes: Sequence[int]) -> None:
    """Print a line for each run, then how it grew."""
    print(f"{warehouse:24}{'vendors':>10}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
    found: dict[int, dict[str, Measured]] = {}
    for size in sizes:
        found[size], state = run_all(warehouse, size)
        for name, run in found[size].items():
            print(f"{name:24}{size:10,}{run.wall:9.1f}{run.cpu:9.2f}{run.peak_mb:9.0f}")
        print(f"{'state, bytes':24}{size:10,}{state:9,}", flush=True)
    for smaller, larger in pairwise(sizes):
        for name in RUNS:
            before, after = found[smaller][name], found[larger][name]
            exponent = math.log(after.cpu / before.cpu, larger / smaller)
            slope = (after.peak_mb - before.peak_mb) / (larger - smaller) * 1000
            print(
                f"{name:24}{smaller:10,} to {larger:9,}: CPU ~ n^{exponent:.2f}, {slope:+.3f} MB a thousand"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--warehouse", choices=WAREHOUSES, action="append")
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES, metavar="VENDORS")
    chosen = parser.parse_args()
    for each in chosen.warehouse or WAREHOUSES:
        show(each, chosen.sizes)
