"""Decides how each kind of run stands, in one way for the pages, the command line and the alerts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connector.app.timetable import Timetable
from connector.domain.entity import Entity
from connector.domain.entity_state import EntityStatus
from connector.domain.instants import from_text
from connector.domain.run import RunKind, Status
from connector.domain.standing import Standing

DELETIONS = "deletions_checked_at"


def judge_kinds(
    entity: Entity, status: EntityStatus, timetable: Timetable, now: datetime
) -> dict[RunKind, Standing]:
    """Return the standing of each kind that is scheduled or ever ran, in the order of `RunKind`."""
    schedules = timetable.find_schedules(entity)
    last_runs = _find_last_runs(status)
    found = {}
    for kind in RunKind:
        if kind in schedules or kind in last_runs:
            schedule, last_run = schedules.get(kind), last_runs.get(kind)
            succeeded_at = find_succeeded_at(status, kind)
            late_after = timetable.find_late_after(entity, kind)
            found[kind] = Standing(
                schedule=schedule,
                next_run_at=timetable.find_next(schedule, now) if schedule else None,
                succeeded_at=succeeded_at,
                late_after=late_after,
                is_late=_is_late(status, kind, succeeded_at, late_after, now),
                last_run=last_run,
                failure=last_run.get("error") if last_run and _has_failed(last_run) else None,
            )
    return found


def find_succeeded_at(status: EntityStatus, kind: RunKind) -> datetime | None:
    """Return up to when a kind has done its work; None if no success is known.

    For the incremental runs that is when the last one ended, as the state has always kept it. What a reconcile compared
    is as old as the beginning of its pass, which an earlier run may have begun. One of keys that could not tell which
    records are gone has succeeded without looking for deletions: then it is as old as the last that did.
    """
    if kind is RunKind.INCREMENTAL:
        return status.entity_state.last_success_at
    success = status.last_successes.get(kind, {})
    if kind is RunKind.RECONCILE_KEYS and DELETIONS in success:  # releases before did not say it
        return _read_instant(success[DELETIONS])
    return _read_instant(success.get("contents_checked_at")) or _read_instant(success.get("started_at"))


def _find_last_runs(status: EntityStatus) -> Mapping[RunKind, Mapping[str, object]]:
    """Return the last run of each kind; releases before did not say the kind, and its last run counts as incremental."""
    if status.last_runs or status.last_run is None:
        return status.last_runs
    return {RunKind.INCREMENTAL: status.last_run}


def _is_late(
    status: EntityStatus,
    kind: RunKind,
    succeeded_at: datetime | None,
    late_after: timedelta | None,
    now: datetime,
) -> bool:
    """Whether the success is older than that. One that never came is late once it was tried or had its time.

    One further in the future than that was dated by a clock that was set back since: nobody knows how old it is.
    """
    if late_after is None:
        return False
    if succeeded_at is not None:
        return abs(now - succeeded_at) > late_after
    if kind is RunKind.INCREMENTAL:
        return status.last_run is not None and _has_failed(status.last_run)
    return status.known_since is not None and now - status.known_since > late_after


def _has_failed(run: Mapping[str, object]) -> bool:
    return run.get("status") == Status.FAILED


def _read_instant(value: Any) -> datetime | None:
    return from_text(value) if isinstance(value, str) else value
