"""Records a finished run in the audit and in `sync_runs`. A failure here never hides the run's own result."""

import logging
from collections.abc import Callable
from datetime import datetime

import msgspec

from connector.domain.batch import Append, Row
from connector.domain.instants import to_text
from connector.domain.run import RunKind, RunResult, WriteMethod
from connector.domain.tables.sync_runs import SYNC_RUNS, build_answer
from connector.errors import ConnectorError, WarehouseRefusedError
from connector.ports import AuditStore, Warehouse

logger = logging.getLogger(__name__)


def attempt(what: str, action: Callable[[], object]) -> None:
    """Run `action`; log a ConnectorError instead of raising it, so that the run still reports its own result."""
    try:
        action()
    except ConnectorError as exc:
        logger.warning("%s could not be written or released: %s", what, exc.message)


def close_audit(audit: AuditStore, result: RunResult, kind: RunKind, finished_at: datetime) -> None:
    """Complete the run's audit entry."""
    entry = {
        **build_answer(result),
        "kind": kind.value,
        "started_at": result.started_at,
        "finished_at": finished_at,
    }
    attempt("the audit entry", lambda: audit.close_run(result.run_id, entry))


def record_run(warehouse: Warehouse, result: RunResult, finished_at: datetime) -> None:
    """Append the run's row of `sync_runs`."""
    attempt("the row of sync_runs", lambda: _append_row(warehouse, result, finished_at))


def _append_row(warehouse: Warehouse, result: RunResult, finished_at: datetime) -> None:
    row = Row(insert_id=result.run_id, head=msgspec.json.encode(_build_row(result, finished_at)))
    status = warehouse.prepare(SYNC_RUNS)
    method = WriteMethod.STREAMING if status.accepts_streaming else WriteMethod.LOAD
    refused = warehouse.append(
        Append(table=SYNC_RUNS, rows=[row], method=method, batch_id=f"{result.run_id}_run")
    )
    if refused:
        raise WarehouseRefusedError(
            f"The warehouse refused it: {refused[0]}.", action="Correct the columns of sync_runs."
        )


def _build_row(result: RunResult, finished_at: datetime) -> dict[str, object]:
    plain = build_answer(result)
    row = {column.name: plain[column.name] for column in SYNC_RUNS.columns if column.name in plain}
    return {
        **row,
        "started_at": to_text(result.started_at),
        "finished_at": to_text(finished_at),
        "error": result.error.message if result.error else None,
        "details": msgspec.json.encode(result.details).decode() if result.details else None,
    }
