"""Every benchmark at a size that keeps all of them below ten minutes on two cores: `make bench`."""

import subprocess
import sys
import time

from benchmarks.processes import ROOT

COMMANDS = (
    "imports",
    "start 5",
    "idle",
    "stages 1000 2",
    "throughput 8000 2",
    "overlap 10 2",
    "seats 500 1",
    "odd_members 5000 2",
    "versions 20000 10",
    "bytes",
    "scaling 10000 50000",
    "deep_paging 10000 50000",
    "served_memory --bills 5000",
    "month 1",
)


def run_all() -> int:
    """Run them in turn, each under its own name; return 1 if one failed."""
    began = time.perf_counter()
    failed = []
    for command in COMMANDS:
        print(f"\n== python -m benchmarks.{command}", flush=True)
        module, *arguments = command.split()
        if subprocess.run([sys.executable, "-m", f"benchmarks.{module}", *arguments], cwd=ROOT).returncode:
            failed.append(module)
    print(f"\n{len(COMMANDS)} benchmarks in {time.perf_counter() - began:.0f} s; failed: {failed or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run_all())
