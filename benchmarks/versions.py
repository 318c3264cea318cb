"""What a log of many versions costs in a DuckDB file: `python -m benchmarks.versions [BILLS] [VERSIONS]`.

A thousand bills with four lines are copied by the connector; then the rows of the log are repeated, so that there are BILLS
more with VERSIONS each. Queries of the views are set beside the same ones of a window over the log, which is how BigQuery is asked. An
idle run with `current: table` stands beside one with the view. Each is a process of its own; memory is that of the whole process.
"""

import argparse
import re
import tempfile
from pathlib import Path

from benchmarks.processes import measure, serving_tenant, settings
from connector.app.catalogue import BUNDLED

COPIED = 1_000
WINDOW = """\
(SELECT * EXCLUDE (_deleted) FROM invoices_log WHERE TRUE QUALIFY row_number() OVER (PARTITION BY _id
 ORDER BY _modified_at DESC NULLS LAST, _synced_at DESC, _version DESC, _deleted) = 1 AND NOT _deleted)"""
QUERIES = {
    "sum of the balances": "SELECT sum(balance)::DOUBLE FROM {source}",
    "sum over the lines": "SELECT sum(line.amount)::DOUBLE FROM {source} CROSS JOIN unnest(details) AS lines(line)",
    "one bill by its key": "SELECT len(to_json(bill)) FROM {source} AS bill WHERE reference_nbr = '000007-7'",
    "one bill by its id": "SELECT count(*) FROM {source} WHERE _id = (SELECT min(_id) FROM invoices_log)",
}
MULTIPLY = """\
INSERT INTO invoices_log SELECT log.* REPLACE (
  log._id || '-' || copy AS _id, log.reference_nbr || '-' || copy AS reference_nbr, md5(log._version || copy || older) AS _version,
  log._modified_at - to_hours(older) AS _modified_at, log._synced_at - to_hours(older) AS _synced_at)
FROM invoices_log AS log, range({copies}) AS copies(copy), range({versions}) AS ages(older)"""
"""Repeats the log's rows under other ids and keys, and each of them with earlier stamps."""
ASK = """\
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("SET enable_progress_bar = false")
print(connection.execute(sys.argv[2]).fetchone()[0])"""


def show(bills: int, versions: int) -> None:
    """Print each pair with the ratio of CPU time and memory."""
    with (
        serving_tenant("--records", str(COPIED)) as tenant,
        settings(tenant) as given,
        tempfile.TemporaryDirectory() as place,
    ):
        path = Path(place, "erp.duckdb")
        environment = {**given, "WAREHOUSE": f"duckdb:{path}"}
        measure(["-m", "benchmarks.connector_run", "invoices"], environment)
        measure(["-c", ASK, str(path), MULTIPLY.format(copies=bills // COPIED, versions=versions)], {})
        print(f"{bills:,} bills of {versions} versions")
        print(f"{'':34}{'CPU s':>8}{'MB':>8}   {'beside':>8}{'MB':>8}{'CPU':>8}{'memory':>8}")
        for name, query in QUERIES.items():
            asked = (query.format(source=source) for source in ("invoices", WINDOW))
            ours, beside = (measure(["-c", ASK, str(path), sql], {}) for sql in asked)
            assert ours.answer == beside.answer, (name, ours, beside)
            print_pair(name, (ours.cpu, ours.peak_mb), (beside.cpu, beside.peak_mb))
        catalogue = Path(place, "entities.yaml")
        catalogue.write_text(re.sub(r"(?m)^invoices:$", "invoices:\n  current: table", BUNDLED.read_text()))
        kept = {**environment, "ENTITIES_FILE": str(catalogue)}
        plain = measure(["-m", "benchmarks.connector_run", "invoices"], environment)
        measure(["-m", "benchmarks.connector_run", "invoices"], kept)
        idle = measure(["-m", "benchmarks.connector_run", "invoices"], kept)
        print_pair("idle run, table beside view", (idle.cpu, idle.peak_mb), (plain.cpu, plain.peak_mb))


def print_pair(name: str, ours: tuple[float, float], beside: tuple[float, float]) -> None:
    """Print CPU seconds and MB of both, and their ratios."""
    ratios = [mine / other for mine, other in zip(ours, beside, strict=True)]
    print(
        f"{name:34}{ours[0]:8.2f}{ours[1]:8.0f}   {beside[0]:8.2f}{beside[1]:8.0f}{ratios[0]:8.2f}{ratios[1]:8.2f}",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("bills", type=int, nargs="?", default=100_000)
    parser.add_argument("versions", type=int, nargs="?", default=10)
    given = parser.parse_args()
    show(given.bills, given.versions)
