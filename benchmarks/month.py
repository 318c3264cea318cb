"""What a month leaves behind: `python -m benchmarks.month [DAYS]`.

The demo company goes about its business; all entities of the catalogue are read every hour, and both reconciles run every night, with clocks
that are moved by hand. Counted are the runs, the audit entries by outcome, the bytes of the SQLite file, and what the same documents
take in Firestore with their index entries, after each day for all days until then. A day takes 40 seconds of CPU.
"""

import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.data.business_day import BusinessDay
from benchmarks.firestore_size import measure_document, measure_elements, measure_ordered
from connector.adapters.firestore.packed_values import entry_value
from connector.adapters.firestore.pages import page_name, split_page
from connector.adapters.firestore.runs import CLOSED, KIND_CLOSED, KIND_SUCCEEDED, closed_term, kind_term
from connector.app.catalogue import load_catalogue
from connector.domain.entity import Depth
from connector.domain.entity_state import AuditEntry
from connector.domain.run import Mode, Status
from connector.domain.stored_json import load, load_run
from tests.builders import Rig

HOUR = timedelta(hours=1)
OPENING, NIGHT = 9, 2
SEARCHED = ("entity", CLOSED, KIND_CLOSED, KIND_SUCCEEDED)
KEPT_DAYS = 400
ENTITIES = tuple(entity.name for entity in load_catalogue().enabled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is stored of runs (count, bytes in Firestore) and of records (entries by outcome, bytes in Firestore), and in SQLite."""

    runs: int
    run_bytes: int
    outcomes: Counter[str]
    page_bytes: int
    file_bytes: int


def live(rig: Rig, days: int) -> Iterator[int]:
    """Let days pass, with a run of each entity every hour and both reconciles of each at night; yield each that is over."""
    for day in range(1, days + 1):
        steps = BusinessDay(rig.sandbox.tenant, rig.sandbox.options)
        waiting = iter(list(steps.steps()))
        for hour in range(24):
            if hour >= OPENING and (step := next(waiting, None)) is not None:
                step()
                steps.save()
            for name in ENTITIES:
                check(rig, name)
                if hour == NIGHT:
                    check(rig, name, mode=Mode.RECONCILE, depth=Depth.KEYS)
                    check(rig, name, mode=Mode.RECONCILE, depth=Depth.CONTENT)
            rig.pass_time(HOUR)
        yield day


def check(rig: Rig, name: str, **parts: Any) -> None:
    """Run and expect it to succeed."""
    result = rig.run(name, page_size=1000, **parts)
    assert result.status is Status.SUCCEEDED, result


def read_runs(connection: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    """Yield each run's document as Firestore would hold it."""
    for (text,) in connection.execute("SELECT entry FROM runs"):
        entry = load_run(text)
        closed = entry["finished_at"]
        terms = {
            CLOSED: closed_term(entry["entity"], closed),
            KIND_CLOSED: closed_term(kind_term(entry["entity"], entry["kind"]), closed),
            KIND_SUCCEEDED: closed_term(kind_term(entry["entity"], entry["kind"]), closed),
        }
        yield {**{name: entry_value(value) for name, value in entry.items()}, **terms, "expires_at": closed}


def measure_runs(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return how many runs there are, and the bytes of their documents."""
    count = size = 0
    for fields in read_runs(connection):
        path = f"acumatica_runs/{fields['run_id']}"
        count += 1
        size += measure_document(path, fields) + measure_ordered(path, fields, SEARCHED)
    return count, size


def measure_pages(connection: sqlite3.Connection) -> tuple[Counter[str], int]:
    """Return the audit entries by outcome, and the bytes of their documents."""
    outcomes, size = Counter[str](), 0
    for row in connection.execute("SELECT * FROM pages"):
        entries = load(row["entries"], list[AuditEntry])
        outcomes.update(entry.outcome.value for entry in entries)
        about = {name: row[name] for name in ("run_id", "entity", "mode", "number")}
        now = datetime.fromisoformat(row["recorded_at"])
        for part in split_page({**about, "recorded_at": now, "expires_at": now}, entries):
            path = f"acumatica_runs/{row['run_id']}/pages/{page_name(row['number'], part.position)}"
            size += measure_document(path, part.values)
            size += measure_elements(path, part.values, ("record_ids", "keys"))
    return outcomes, size


def measure(rig: Rig) -> Left:
    """Return what is stored by now."""
    file = rig.folder / "state.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        runs, run_bytes = measure_runs(connection)
        outcomes, page_bytes = measure_pages(connection)
    return Left(
        runs=runs,
        run_bytes=run_bytes,
        outcomes=outcomes,
        page_bytes=page_bytes,
        file_bytes=file.stat().st_size,
    )


def show(days: int) -> None:
    """Live so many days after a first sync, and print what is left of them."""
    with tempfile.TemporaryDirectory() as folder, Sandbox(SandboxOptions(size="demo")) as sandbox:
        rig = Rig(Path(folder), sandbox)
        for name in ENTITIES:
            check(rig, name)
        before = after = measure(rig)
        entries = before.outcomes.total()
        print(f"first sync: {entries:,} entries, {before.page_bytes / entries:,.0f} bytes each")
        print(
            f"{'days':>5}{'runs':>8}{'bytes':>7}{'entries':>9}{'bytes':>7}{'SQLite MiB':>12}{'Firestore GiB':>15}"
        )
        for day in live(rig, days):
            after = measure(rig)
            show_growth(day, before, after)
    print(f"entries: {dict(after.outcomes - before.outcomes)}")
    print(
        f"Firestore GiB are what is stored when {KEPT_DAYS} days are kept; bytes include index entries there"
    )


def show_growth(days: int, before: Left, after: Left) -> None:
    """Print a line of what so many days left."""
    runs, run_bytes = after.runs - before.runs, after.run_bytes - before.run_bytes
    entries = after.outcomes.total() - before.outcomes.total()
    page_bytes = after.page_bytes - before.page_bytes
    grown = (after.file_bytes - before.file_bytes) / 2**20
    kept = (run_bytes + page_bytes) / 2**30 * KEPT_DAYS / days
    print(
        f"{days:5}{runs:8,}{run_bytes / runs:7,.0f}{entries:9,}{page_bytes / max(1, entries):7,.0f}{grown:12.2f}{kept:15.2f}",
        flush=True,
    )


if __name__ == "__main__":
    show(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
