"""What a cold start pays for imports: `python -m benchmarks.imports [ROUNDS]`.

`main.py` is compared with the client libraries of the cloud profile alone; so is `main.py` with every adapter that a first run in
the cloud imports later. The figures are CPU seconds above those of an interpreter that does nothing, in turn.
"""

import statistics
import sys

from benchmarks.processes import measure

LIBRARIES = "client libraries"
PROGRAMS = {
    LIBRARIES: "import functions_framework, requests; from google.cloud import bigquery, firestore, secretmanager",
    "main.py": "import main",
    "main.py, adapters": "import main, connector.adapters.bigquery.warehouse, connector.adapters.firestore; "
    "from google.cloud import secretmanager",
}


def compare(rounds: int) -> None:
    """Measure in turn and print medians, and the ratios round by round."""
    measured: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for number in range(rounds + 1):
        nothing = measure(["-c", "pass"], {}).cpu
        for name, program in PROGRAMS.items():
            cpu = measure(["-c", program], {}).cpu - nothing
            if number:  # the first round may have to compile
                measured[name].append(cpu)
    for name, figures in measured.items():
        share = statistics.median(a / b for a, b in zip(figures, measured[LIBRARIES], strict=True))
        print(f"{name:20}{statistics.median(figures):6.2f} s of CPU, {share:.2f} x the client libraries")


if __name__ == "__main__":
    compare(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
