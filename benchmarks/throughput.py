"""The connector and the plain script, side by side: `python -m benchmarks.throughput [BILLS] [ROUNDS]`.

Both read the same bills with four lines from the sandbox tenant and write them to a counting BigQuery, each program in a
process of its own, in turn. Records per second and CPU are those of the program's whole life, start of the interpreter
included; the cost of a further record is the difference of two sizes, which leaves the start out. The tenant and the BigQuery
run on the same processors, and their CPU is nobody's. So a third program, which asks for the pages and throws them away, shows
what no program can undercut. The ratios are of one round each; the median is what counts on a noisy machine.
"""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from benchmarks.processes import Measured, measure, serving_tenant, settings

PROGRAMS = {
    "connector": ["-m", "benchmarks.connector_run", "invoices"],
    "plain script": ["-m", "benchmarks.plain_script"],
    "pages alone": ["-m", "benchmarks.page_reader"],
}
PAGE = 1000
SMALLER = 10
"""The smaller of the two sizes is so many times smaller."""

Round = Mapping[tuple[str, int], Measured]


def compare(bills: int, rounds: int) -> None:
    """Measure in turn and print a table."""
    sizes = (bills // SMALLER, bills)
    with ExitStack() as stack:
        tenants = {
            size: stack.enter_context(serving_tenant("--entity", "Bill", "--records", str(size)))
            for size in sizes
        }
        measured = [_measure_all(tenants) for _ in range(rounds + 1)]
    show(measured[1:], sizes)  # the first round warms the tenants' caches


def _measure_all(tenants: Mapping[int, Mapping[str, Any]]) -> Round:
    found: dict[tuple[str, int], Measured] = {}
    for size, tenant in tenants.items():
        for name, command in PROGRAMS.items():
            with settings(tenant) as environment:
                measured = measure(command, {**environment, "ACUMATICA_PAGE_SIZE": str(PAGE)})
            assert measured.answer["records"] == size, (name, measured)
            found[name, size] = measured
    return found


def show(rounds: Sequence[Round], sizes: tuple[int, int]) -> None:
    """Print medians, and the ratios round by round."""
    small, large = sizes
    print(f"{'':14}{'records':>9}{'records/s':>11}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}")
    for name in PROGRAMS:
        for size in sizes:
            runs = [found[name, size] for found in rounds]
            wall, cpu, peak = (
                statistics.median(getattr(run, figure) for run in runs)
                for figure in ("wall", "cpu", "peak_mb")
            )
            print(f"{name:14}{size:9,}{size / wall:11,.0f}{wall:8.2f}{cpu:8.2f}{peak:9.0f}")
    for name in ("connector", "pages alone"):
        _show_ratios(name, f"a run of {large:,} records", rounds, lambda found, each: found[each, large])
        _show_ratios(
            name,
            "a further record",
            rounds,
            lambda found, each: _subtract(found[each, large], found[each, small]),
        )


def _subtract(large: Measured, small: Measured) -> Measured:
    return Measured(wall=large.wall - small.wall, cpu=large.cpu - small.cpu, peak_mb=0, answer=None)


def _show_ratios(
    name: str, what: str, rounds: Sequence[Round], pick: Callable[[Round, str], Measured]
) -> None:
    pairs = [(pick(found, name), pick(found, "plain script")) for found in rounds]
    faster = statistics.median(theirs.wall / ours.wall for ours, theirs in pairs)
    share = statistics.median(ours.cpu / theirs.cpu for ours, theirs in pairs)
    print(f"{name}, {what}: {faster:.2f} x the plain script's records per second, {share:.2f} x its CPU")


if __name__ == "__main__":
    compare(
        int(sys.argv[1]) if len(sys.argv) > 1 else 20_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 5,
    )
