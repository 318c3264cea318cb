"""A first sync where a page takes the longer the more rows it skips: `python -m benchmarks.deep_paging [VENDORS ...]`.

The tenant takes LATENCY for each request and SKIP for each row that a page skips, as a server that counts through them does;
this moves its clock alone, so nobody waits. Shown is how long Acumatica would have been at work, and how much of it skipping is.
"""

import argparse
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

from acumatica_sandbox import Sandbox, SandboxOptions
from benchmarks.processes import measure, settings

SIZES = (100_000, 1_000_000)
LATENCY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A first sync: its requests, and how many seconds of the tenant's time they and their skipping took."""

    requests: int
    seconds: float
    skipping: float


def load(size: int, page_size: int, skip_seconds: float) -> Loaded:
    """Copy so many vendors."""
    options = SandboxOptions(
        size="empty",
        bulk={"Vendor": size},
        real_time=True,
        latency_seconds=LATENCY,
        skip_seconds=skip_seconds,
    )
    with Sandbox(options) as tenant, tempfile.TemporaryDirectory() as folder:
        reached = {"url": tenant.url, "credentials": tenant.credentials("password")}
        with settings(reached) as environment:
            environment |= {
                "ACUMATICA_PAGE_SIZE": str(page_size),
                "WAREHOUSE": f"duckdb:{Path(folder, 'warehouse.duckdb')}",
            }
            run = measure(["-m", "benchmarks.connector_run", "vendors"], environment)
        assert run.answer["records"] == size, run
        passed = (tenant.tenant.clock.now() - datetime.now(UTC)).total_seconds()
        skipped = [int(parse_qs(request.query).get("$skip", ["0"])[0]) for request in tenant.requests]
        return Loaded(requests=len(skipped), seconds=passed, skipping=sum(skipped) * skip_seconds)


def show(sizes: Sequence[int], page_size: int, skip_microseconds: float) -> None:
    """Print a line for each size; the exponent says how the time grows from one size to the next."""
    print(f"{'vendors':>10}{'requests':>10}{'minutes':>10}{'skipping':>10}{'exponent':>10}")
    before: tuple[int, float] | None = None
    for size in sizes:
        found = load(size, page_size, skip_microseconds / 1e6)
        share = found.skipping / found.seconds
        exponent = "" if before is None else f"{math.log(found.seconds / before[1], size / before[0]):.2f}"
        print(
            f"{size:10,}{found.requests:10,}{found.seconds / 60:10.1f}{share:10.0%}{exponent:>10}",
            flush=True,
        )
        before = size, found.seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--page-size", type=int, default=1000)
    parser.add_argument("--skip-microseconds", type=float, default=1.0)
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES, metavar="VENDORS")
    chosen = parser.parse_args()
    show(chosen.sizes, chosen.page_size, chosen.skip_microseconds)
