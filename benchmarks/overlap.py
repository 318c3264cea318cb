"""A slow source and a slow warehouse: `python -m benchmarks.overlap [BILLS] [ROUNDS]`.

Every answer of the tenant takes 500 ms and every write of the BigQuery 200 ms. The run's wall time is compared with that of a
program that signs in, asks for the same pages one after the other and throws them away: what is written should cost no time.
"""

import statistics
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks.processes import Measured, measure, serving_tenant, settings

PAGE_SECONDS, WRITE_SECONDS = 0.5, 0.2
PAGE = 1000
PROGRAMS = {
    "connector": ["-m", "benchmarks.connector_run", "invoices"],
    "pages alone": ["-m", "benchmarks.page_reader"],
}


def compare(bills: int, rounds: int) -> None:
    """Measure in turn and print wall times and their ratio."""
    with serving_tenant("--records", str(bills), "--latency", str(PAGE_SECONDS)) as tenant:
        measured = [_measure_both(tenant) for _ in range(rounds + 1)]
    for name in PROGRAMS:
        walls = [found[name].wall for found in measured[1:]]
        print(f"{name:12}{statistics.median(walls):8.2f} s, {measured[-1][name].answer['records']:,} records")
    ratio = statistics.median(found["connector"].wall / found["pages alone"].wall for found in measured[1:])
    print(f"wall time: {ratio:.2f} x that of reading the pages alone")


def _measure_both(tenant: Mapping[str, Any]) -> dict[str, Measured]:
    found: dict[str, Measured] = {}
    for name, command in PROGRAMS.items():
        with settings(tenant, write_seconds=WRITE_SECONDS) as environment:
            found[name] = measure(command, {**environment, "ACUMATICA_PAGE_SIZE": str(PAGE)})
    return found


if __name__ == "__main__":
    compare(
        int(sys.argv[1]) if len(sys.argv) > 1 else 10_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 3,
    )
