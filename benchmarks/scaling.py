"""How time and memory grow with the number of records: `python -m benchmarks.scaling [--bills] [--warehouse KIND] [RECORDS ...]`.

For each number: a first sync, a run that finds nothing new, a reconcile of keys and one of contents, each a process of its own,
into a DuckDB file or a BigQuery that remembers what it was sent. Below stand the exponent of the CPU time (1 is linear) and what each further
thousand records take of memory, between one number and the next, and how many bytes the state of the entity has in the end. The records
are vendors, of which a million take as long as the tenant takes to make them three times, or bills with four lines, which the tenant
has to hold in memory: 5 GB for 300,000. All bills have one stamp, so an idle run reads them again.
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
STATE = "SELECT * FROM streams LEFT JOIN checkpoints USING (entity) WHERE entity = ?"
ENTITIES = {"Vendor": "vendors", "Bill": "invoices"}
"""What is copied, by its name in Acumatica."""


def run_all(warehouse: str, kind: str, size: int) -> tuple[dict[str, Measured], int]:
    """Run each kind once, and print a line for it; return what they took, and the bytes of the entity's state afterwards."""
    with ExitStack() as stack:
        tenant = stack.enter_context(serving_tenant("--entity", kind, "--records", str(size)))
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
            found[name] = measure(["-m", "benchmarks.connector_run", ENTITIES[kind], *arguments], environment)
            assert found[name].answer["records"] == (size if name == "first sync" else 0), found[name]
            run = found[name]
            print(f"{name:24}{size:10,}{run.wall:9.1f}{run.cpu:9.2f}{run.peak_mb:9.0f}", flush=True)
        return found, measure_state(Path(environment["STATE"].removeprefix("sqlite:")), ENTITIES[kind])


def measure_state(file: Path, entity: str) -> int:
    """Return how many bytes the state keeps of the entity itself, its audit aside."""
    with closing(sqlite3.connect(file)) as connection:
        return sum(len(str(value)) for row in connection.execute(STATE, [entity]) for value in row)


def show(warehouse: str, kind: str, sizes: Sequence[int]) -> None:
    """Run everything at each size, then print how it grew."""
    print(f"{warehouse:24}{ENTITIES[kind]:>10}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
    found: dict[int, dict[str, Measured]] = {}
    for size in sizes:
        found[size], state = run_all(warehouse, kind, size)
        ratio = found[size]["reconcile of contents"].cpu / found[size]["first sync"].cpu
        print(f"{'of contents : first sync':24}{size:10,}{ratio:18.2f}")
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
    parser.add_argument("--bills", action="store_true")
    parser.add_argument("--warehouse", choices=WAREHOUSES, action="append")
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES, metavar="RECORDS")
    chosen = parser.parse_args()
    for each in chosen.warehouse or WAREHOUSES:
        show(each, "Bill" if chosen.bills else "Vendor", chosen.sizes)
