"""The table `sync_runs`: one row per run, so that analysts see freshness and can join on `_run_id`."""

from datetime import datetime
from typing import Any

from connector.domain.instants import to_text
from connector.domain.run import RunResult
from connector.domain.tables.schema import Column, ColumnType, Table

SYNC_RUNS = Table(
    name="sync_runs",
    description="One row per run of the connector: what it read and wrote, and up to which change.",
    columns=(
        Column(
            name="run_id", type=ColumnType.STRING, required=True, description="Joins _run_id of every table"
        ),
        Column(name="entity", type=ColumnType.STRING, required=True, description="Entity of the catalogue"),
        Column(name="mode", type=ColumnType.STRING, description="incremental, backfill, reconcile or replay"),
        Column(name="status", type=ColumnType.STRING, description="succeeded, partial or failed"),
        Column(name="started_at", type=ColumnType.TIMESTAMP, description="When the run began"),
        Column(
            name="finished_at", type=ColumnType.TIMESTAMP, required=True, description="When the run ended"
        ),
        Column(name="records_read", type=ColumnType.INT64, description="Records read from Acumatica"),
        Column(name="records_written", type=ColumnType.INT64, description="New versions written"),
        Column(
            name="records_unchanged",
            type=ColumnType.INT64,
            description="Records whose version was there already",
        ),
        Column(name="records_rejected", type=ColumnType.INT64, description="Records kept as dead letters"),
        Column(name="pages", type=ColumnType.INT64, description="Pages of the list"),
        Column(
            name="watermark_before",
            type=ColumnType.TIMESTAMP,
            description="Highest change seen before the run",
        ),
        Column(
            name="watermark_after", type=ColumnType.TIMESTAMP, description="Highest change seen after the run"
        ),
        Column(
            name="complete_until",
            type=ColumnType.TIMESTAMP,
            description="Every change made in Acumatica before this instant was in the warehouse after the run, if it moved the stamp",
        ),
        Column(
            name="deletions_checked_at",
            type=ColumnType.TIMESTAMP,
            description="Every record deleted in Acumatica before this instant was marked after the run",
        ),
        Column(name="write_method", type=ColumnType.STRING, description="streaming or load"),
        Column(name="error", type=ColumnType.STRING, description="Why the run failed"),
        Column(
            name="details", type=ColumnType.STRING, description="Figures of this mode alone, as JSON text"
        ),
        Column(
            name="duration_seconds", type=ColumnType.FLOAT64, description="How long the run took, in seconds"
        ),
        Column(
            name="depth", type=ColumnType.STRING, description="What a reconcile compared: keys or content"
        ),
        Column(
            name="matched",
            type=ColumnType.INT64,
            description="Records that a reconcile found equal in Acumatica and in the warehouse",
        ),
        Column(
            name="repaired",
            type=ColumnType.INT64,
            description="Versions that a reconcile wrote because they were missing or stale",
        ),
        Column(
            name="stale",
            type=ColumnType.INT64,
            description="Records whose newest version in the warehouse was not the one in Acumatica",
        ),
        Column(name="deleted", type=ColumnType.INT64, description="Records marked as deleted"),
    ),
    partition_by="finished_at",
    cluster_by=("entity",),
)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else to_text(instant)


def build_answer(result: RunResult) -> dict[str, Any]:
    """Return a result as the JSON members of the response (times as text), without empty optional ones."""
    plain: dict[str, Any] = {
        "run_id": result.run_id,
        "entity": result.entity,
        "mode": result.mode.value,
        "status": result.status.value,
        "records_read": result.records_read,
        "records_written": result.records_written,
        "records_unchanged": result.records_unchanged,
        "records_rejected": result.records_rejected,
        "pages": result.pages,
        "watermark_before": _text(result.watermark_before),
        "watermark_after": _text(result.watermark_after),
        "complete_until": _text(result.complete_until),
        "deletions_checked_at": _text(result.deletions_checked_at),
        "duration_seconds": round(result.duration_seconds, 3),
        "write_method": result.write_method.value if result.write_method else None,
    }
    plain |= result.details
    if result.reason is not None:
        plain["reason"] = result.reason
    if result.error is not None:
        plain["error"] = result.error.describe()
    return plain
