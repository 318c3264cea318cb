"""Many entities with one seat and with several: `python -m benchmarks.seats [RECORDS] [ROUNDS]`.

Nine entities of so many records each are synced for the first time into a DuckDB file by `sync --all`, every answer of the tenant
taking 500 ms: with three licensed sessions, then with one, in turn. Wall times, start of the interpreter included.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.processes import Measured, measure, serving_tenant
from connector.app.catalogue import load_catalogue

SEATS = (3, 1)
PAGE_SECONDS = 0.5


def compare(records: int, rounds: int) -> None:
    """Measure in turn and print wall times, and the ratio round by round."""
    entities = [entity.acumatica_entity for entity in load_catalogue().enabled]
    options = ["--entity", *entities, "--records", str(records), "--latency", str(PAGE_SECONDS)]
    with serving_tenant(*options) as tenant:
        measured = [{seats: _sync(tenant, seats) for seats in SEATS} for _ in range(rounds + 1)][1:]
    for seats in SEATS:
        walls, cpu = ([getattr(found[seats], name) for found in measured] for name in ("wall", "cpu"))
        print(f"{seats} seats {statistics.median(walls):7.1f} s, {statistics.median(cpu):.1f} s of CPU")
    ratio = statistics.median(found[SEATS[0]].wall / found[SEATS[1]].wall for found in measured)
    print(f"{len(entities)} entities of {records:,} records: {ratio:.2f} x the wall time")


def _sync(tenant: Mapping[str, Any], seats: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder, "credentials.json")
        secret.write_text(json.dumps(tenant["credentials"]))
        environment = {
            "ACUMATICA_URL": tenant["url"],
            "ACUMATICA_ENDPOINT_VERSION": "24.200.001",
            "ACUMATICA_CREDENTIALS": f"file:{secret}",
            "ACUMATICA_MAX_SESSIONS": str(seats),
            "WAREHOUSE": f"duckdb:{folder}/warehouse.duckdb",
            "STATE": f"sqlite:{folder}/state.db",
        }
        return measure(["-m", "connector", "sync", "--all", "--json"], environment)


if __name__ == "__main__":
    compare(
        int(sys.argv[1]) if len(sys.argv) > 1 else 3_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 3,
    )
