"""What members cost that are not as announced: `python -m benchmarks.odd_members [BILLS] [ROUNDS]`.

Bills with four lines are copied into a DuckDB file: as announced, with one member on every line that the contract does not
announce, and with one value on every line of another type than announced. CPU is that of the whole run, start of the
interpreter included; the ratios are of one round each.
"""

import statistics
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.processes import Measured, measure, serving_tenant, settings
from benchmarks.tenant import ODD

PLAIN = "as announced"


def compare(bills: int, rounds: int) -> None:
    """Measure in turn and print a table."""
    with ExitStack() as stack:
        records = ("--entity", "Bill", "--records", str(bills))
        tenants = {PLAIN: stack.enter_context(serving_tenant(*records))} | {
            kind: stack.enter_context(serving_tenant(*records, "--odd", kind)) for kind in ODD
        }
        measured = [
            {kind: copy(tenant, bills) for kind, tenant in tenants.items()} for _ in range(rounds + 1)
        ][1:]  # the first round warms the tenants' caches
    print(f"{'lines':16}{'CPU s':>8}{'ratio':>8}")
    for kind in tenants:
        cpu = statistics.median(found[kind].cpu for found in measured)
        ratio = statistics.median(found[kind].cpu / found[PLAIN].cpu for found in measured)
        print(f"{kind:16}{cpu:8.2f}{ratio:8.2f}")


def copy(tenant: Mapping[str, Any], bills: int) -> Measured:
    """Do a first run into a new file."""
    with settings(tenant) as environment, tempfile.TemporaryDirectory() as folder:
        warehouse = {"WAREHOUSE": f"duckdb:{Path(folder, 'warehouse.duckdb')}"}
        found = measure(["-m", "benchmarks.connector_run", "invoices"], environment | warehouse)
    assert found.answer["records"] == bills, found
    return found


if __name__ == "__main__":
    compare(
        int(sys.argv[1]) if len(sys.argv) > 1 else 10_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 3,
    )
