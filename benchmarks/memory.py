"""Peak memory of a first sync, by number of records: `python -m benchmarks.memory [VENDORS ...]`.

Shown is what the run needs above an interpreter that has imported the same modules. The tenant makes the vendors as they are
asked for, in a process of its own, and takes most of the time: about five minutes for a million.
"""

import sys

from benchmarks.processes import measure, serving_tenant, settings

SIZES = (10_000, 100_000, 1_000_000)
IMPORTS = "import benchmarks.connector_run, connector.adapters.bigquery.warehouse, connector.adapters.sqlite"


def show(sizes: tuple[int, ...]) -> None:
    """Measure each size once: memory does not vary as time does."""
    base = measure(["-c", IMPORTS], {}).peak_mb
    print(f"interpreter with its imports: {base:.0f} MB")
    print(f"{'vendors':>10}{'peak MB':>10}{'above MB':>10}{'wall s':>9}")
    for size in sizes:
        with (
            serving_tenant("--entity", "Vendor", "--records", str(size)) as tenant,
            settings(tenant) as base_settings,
        ):
            run = measure(["-m", "benchmarks.connector_run", "vendors"], base_settings)
        assert run.answer["records"] == size, run
        print(f"{size:10,}{run.peak_mb:10.0f}{run.peak_mb - base:10.0f}{run.wall:9.0f}", flush=True)


if __name__ == "__main__":
    show(tuple(int(size) for size in sys.argv[1:]) or SIZES)
