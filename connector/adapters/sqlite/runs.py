"""The audit entries of runs, as a status needs them: the last ones, and the last of each kind."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.adapters.sqlite import rows
from connector.domain.entity_state import RECENT_RUNS
from connector.domain.run import RunKind

Entries = dict[RunKind, Mapping[str, object]]


def select_run(connection: sqlite3.Connection, run_id: str) -> Mapping[str, Any] | None:
    """Return the entry of a run, closed or not; None if it is unknown."""
    row = connection.execute("SELECT entry FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    return None if row is None else rows.load_run(row["entry"], f"runs, {run_id}")


def select_recent_runs(connection: sqlite3.Connection, entity: str) -> Sequence[Mapping[str, object]]:
    """Return the entries of the last runs that ended, newest first."""
    found = connection.execute(
        "SELECT entry FROM runs WHERE entity = ? AND closed_number IS NOT NULL ORDER BY closed_number DESC LIMIT ?",
        (entity, RECENT_RUNS),
    )
    return [rows.load_run(row["entry"], f"runs of {entity}") for row in found]


def select_last_runs(connection: sqlite3.Connection, entity: str) -> tuple[Entries, Entries]:
    """Return the last closed run of each kind, and the last successful one.

    A reconcile that a release before wrote down without its depth is of no kind.
    """
    found = connection.execute(
        "SELECT max(closed_number) AS number, entry,"
        " CASE WHEN json_valid(entry) THEN coalesce(entry ->> '$.kind', entry ->> '$.mode') END AS kind,"
        " CASE WHEN json_valid(entry) THEN entry ->> '$.status' = 'succeeded' END AS is_success"
        " FROM runs WHERE entity = ? AND closed_number IS NOT NULL GROUP BY kind, is_success ORDER BY number",
        (entity,),
    )
    last_runs: Entries = {}
    last_successes: Entries = {}
    for row in found:
        entry = rows.load_run(row["entry"], f"runs of {entity}")
        if row["kind"] in [*RunKind]:
            last_runs[RunKind(row["kind"])] = entry
            if row["is_success"]:
                last_successes[RunKind(row["kind"])] = entry
    return last_runs, last_successes


def select_successes(
    connection: sqlite3.Connection, entity: str, kind: RunKind
) -> Sequence[Mapping[str, Any]]:
    """Return the entries of the runs of this kind that succeeded."""
    found = connection.execute(
        "SELECT entry FROM runs WHERE entity = ? AND closed_number IS NOT NULL AND CASE WHEN json_valid(entry)"
        " THEN entry ->> '$.kind' = ? AND entry ->> '$.status' = 'succeeded' END",
        (entity, kind.value),
    )
    return [rows.load_run(row["entry"], f"runs of {entity}") for row in found]


def select_known_since(connection: sqlite3.Connection, entity: str) -> datetime | None:
    """Return when the oldest incremental run that was written down with its kind began."""
    row = connection.execute(
        "SELECT entry FROM runs WHERE entity = ? AND closed_number IS NOT NULL"
        " AND CASE WHEN json_valid(entry) THEN entry ->> '$.kind' = ? END ORDER BY closed_number LIMIT 1",
        (entity, RunKind.INCREMENTAL.value),
    ).fetchone()
    began = row and rows.load_run(row["entry"], f"runs of {entity}").get("started_at")
    return began if isinstance(began, datetime) else None
