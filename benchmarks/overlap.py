"""A slow source and a slow warehouse: `python -m benchmarks.overlap [PAGES] [ROUNDS] [--rows N]`.

Every answer of the tenant takes 500 ms and every write of the BigQuery 200 ms. The wall time of a run is compared with that of
a program that signs in, asks for the same pages one after the other and throws them away: what is written should cost no time.

The first run of an entity also asks for its contract, for two small pages, whose answers tell how large a record is, and for
three single records to compare the list with. The pass after it is into a new BigQuery, so that it reads and writes
everything again by what the first one found out.
"""

import argparse
import statistics
from collections.abc import Mapping
from typing import Any

from benchmarks.processes import Measured, measure, serving, serving_tenant, settings

PAGE_SECONDS, WRITE_SECONDS = 0.5, 0.2
RUN = ["-m", "benchmarks.connector_run", "invoices"]
ALONE = "pages alone"


def compare(pages: int, rows: int, rounds: int) -> None:
    """Measure in turn and print wall times and their ratios."""
    with serving_tenant("--records", str(pages * rows), "--latency", str(PAGE_SECONDS)) as tenant:
        measured = [_measure_all(tenant, rows) for _ in range(rounds)]
    for name in measured[0]:
        walls = [found[name].wall for found in measured]
        ratio = statistics.median(found[name].wall / found[ALONE].wall for found in measured)
        print(f"{name:12}{statistics.median(walls):8.2f} s{ratio:8.2f} x that of the pages alone")


def _measure_all(tenant: Mapping[str, Any], rows: int) -> dict[str, Measured]:
    found: dict[str, Measured] = {}
    with (
        settings(tenant, write_seconds=WRITE_SECONDS) as environment,
        serving("benchmarks.sink", str(WRITE_SECONDS)) as other,
    ):
        environment |= {"ACUMATICA_PAGE_SIZE": str(rows)}
        found[ALONE] = measure(["-m", "benchmarks.page_reader"], environment)
        found["first run"] = measure(RUN, environment)
        found["later pass"] = measure(RUN, {**environment, "BIGQUERY_EMULATOR_HOST": other})
    assert len({measured.answer["records"] for measured in found.values()}) == 1, found
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("pages", type=int, nargs="?", default=10)
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    parser.add_argument("--rows", type=int, default=1000, help="of a page")
    arguments = parser.parse_args()
    compare(arguments.pages, arguments.rows, arguments.rounds)
