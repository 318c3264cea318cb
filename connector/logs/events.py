"""The log lines behind metrics and alerts: how a run ended, which calls never became a run, how fresh an entity is."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from connector import __version__
from connector.domain.entity_state import EntityStatus
from connector.domain.run import Mode, RunFailure, RunKind, RunResult, Status
from connector.domain.standing import Standing
from connector.errors import ConnectorError
from connector.logs.context import run_context

RECONCILES = (RunKind.RECONCILE_KEYS, RunKind.RECONCILE_CONTENT)

RUN = logging.getLogger("connector.run")
STATUS = logging.getLogger("connector.status")


def log_run(result: RunResult) -> None:
    """Write the run's one canonical line (`event` = `run`) with every figure of its result, whatever its outcome."""
    with run_context(run_id=result.run_id, entity=result.entity, mode=result.mode):
        RUN.log(
            _choose_level(result),
            _describe(result),
            extra={"event": "run", "version": __version__, **asdict(result)},
        )


def _choose_level(result: RunResult) -> int:
    """ERROR needs a person; a WARNING passes by itself or concerns one record; everything else succeeded."""
    if result.status is Status.FAILED:
        needs_person = result.error is None or result.error.http_status == 500
        return logging.ERROR if needs_person else logging.WARNING
    return logging.WARNING if result.records_rejected else logging.INFO


def _describe(result: RunResult) -> str:
    head = f"{result.entity} {result.mode} {result.status}"
    if result.error:
        return f"{head}: {result.error.message} {result.error.action}"
    if result.reason:
        head = f"{head} ({result.reason})"
    return (
        f"{head}: {result.records_read} read, {result.records_written} written, {result.records_unchanged} unchanged, "
        f"{result.records_rejected} rejected in {result.duration_seconds:.1f} s"
    )


def log_refused(error: ConnectorError) -> None:
    """Write why a call never became a run (`event` = `refused`): a wrong setting or catalogue, or a wrong request."""
    failure = RunFailure.from_error(error)
    level = logging.ERROR if failure.http_status == 500 else logging.WARNING
    figures = {**failure.describe(), "http_status": failure.http_status}
    RUN.log(
        level,
        "%s %s",
        failure.message,
        failure.action,
        extra={"event": "refused", "version": __version__, "error": figures},
    )


def log_freshness(status: EntityStatus, kinds: Mapping[RunKind, Standing], now: datetime) -> None:
    """Write how the entity stands (`event` = `freshness`); the alerts for late data and for reconciles read this line.

    `pass_seconds` is the age of a reading that run after run has not completed. Nothing is written for an entity that was
    never tried: a fresh deployment is not late yet.
    """
    succeeded_at = status.entity_state.last_success_at
    if succeeded_at is None and not status.last_run:
        return
    entity = status.entity_state.entity
    incremental = kinds.get(RunKind.INCREMENTAL, Standing())
    lag = None if succeeded_at is None else int((now - succeeded_at).total_seconds())
    late_after = incremental.late_after
    figures = {
        "entity": entity,
        "last_success_at": succeeded_at,
        "lag_seconds": lag,
        "late_after_seconds": None if late_after is None else int(late_after.total_seconds()),
        "is_late": incremental.is_late,
        "never_succeeded": succeeded_at is None,
        "last_status": (status.last_run or {}).get("status"),
        "dead_letters": status.dead_letters,
        "pass_seconds": _age_of_pass(status, now),
        **_describe_reconciles(kinds),
    }
    said = "has never succeeded" if lag is None else f"last succeeded {lag} s ago"
    with run_context(entity=entity):
        STATUS.info("%s %s", entity, said, extra={"event": "freshness", **figures})


def _describe_reconciles(kinds: Mapping[RunKind, Standing]) -> dict[str, Any]:
    """Return the alert's own member, and the kinds behind it."""
    reconciles = {kind.value: kinds[kind] for kind in RECONCILES if kind in kinds}
    late = [name for name, standing in reconciles.items() if standing.is_late]
    failed = [name for name, standing in reconciles.items() if standing.failure]
    return {
        "reconcile_overdue": bool(late or failed),
        "reconcile": ", ".join(dict.fromkeys(late + failed)),
        "late_reconciles": late,
        "failed_reconciles": failed,
    }


def _age_of_pass(status: EntityStatus, now: datetime) -> int | None:
    checkpoint = status.entity_state.checkpoints.get(Mode.INCREMENTAL.value)
    return None if checkpoint is None else int((now - checkpoint.source_time_at_start).total_seconds())
