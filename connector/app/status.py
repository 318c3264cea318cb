"""The status of every entity, as plain values for the faces."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connector import __version__
from connector.app.plain_values import as_age, as_plain, as_seconds, as_text
from connector.app.service import Connector
from connector.app.standings import find_succeeded_at, judge_kinds
from connector.app.timetable import Timetable
from connector.domain.entity import Entity
from connector.domain.entity_state import Checkpoint, EntityState, EntityStatus
from connector.domain.instants import to_text
from connector.domain.run import Mode, RunKind
from connector.domain.standing import Standing

Standings = Mapping[RunKind, Standing]
Report = Callable[[EntityStatus, Standings, datetime], None]
"""Called with each entity's status, the standing of each kind of run, and the current time."""

RUN_MEMBERS = (
    "run_id",
    "kind",
    "mode",
    "status",
    "started_at",
    "duration_seconds",
    "records_read",
    "records_written",
    "records_rejected",
)
"""What the timeline and the charts need of a run."""


def render_status(
    connector: Connector, *, report: Report = lambda _status, _kinds, _now: None
) -> dict[str, Any]:
    """Return the status of all entities; raise StateStoreUnavailableError if the state cannot be read.

    `report` is called for each one; the function uses it to log the lines that the alerts read.
    """
    now = connector.clock.now()
    timetable = Timetable.from_settings(connector.settings.status)
    origin, statuses = connector.read_standing()
    described = []
    for entity, status in zip(connector.catalogue.entities.values(), statuses, strict=True):
        kinds = judge_kinds(entity, status, timetable, now)
        report(status, kinds, now)
        described.append(describe_entity(entity, status, kinds, timetable, now))
    return {
        "now": to_text(now),
        "version": __version__,
        "copy": describe_copy(connector, origin, [status.entity_state for status in statuses]),
        "paused": timetable.is_paused,
        "entities": described,
    }


def describe_entity(
    entity: Entity, status: EntityStatus, kinds: Standings, timetable: Timetable, now: datetime
) -> dict[str, Any]:
    """Return the status of one entity."""
    entity_state = status.entity_state
    incremental = kinds.get(RunKind.INCREMENTAL, Standing())
    entry = {
        "entity": entity.name,
        "acumatica_entity": entity.acumatica_entity,
        "enabled": timetable.is_scheduled(entity),
        "schedule": incremental.schedule or entity.schedule,
        "watermark": as_text(entity_state.watermark),
        "last_success_at": as_text(entity_state.last_success_at),
        "complete_until": as_text(entity_state.complete_until),
        "lag_seconds": as_age(entity_state.last_success_at, now),
        "late_after_seconds": as_seconds(incremental.late_after),
        "is_late": incremental.is_late,
        "deletions_checked_at": as_text(entity_state.deletions_checked_at),
        "contents_checked_at": as_text(find_succeeded_at(status, RunKind.RECONCILE_CONTENT)),
        "next_run_at": as_text(incremental.next_run_at),
        "dead_letters": status.dead_letters,
        "in_progress": sorted(entity_state.checkpoints),
        "due": entity_state.reported_at_fence is not None,
        "running": _describe_running(status, now),
        "last_run": as_plain(status.last_run),
        "last_runs": {kind.value: as_plain(entry) for kind, entry in status.last_runs.items()},
        "kinds": {kind.value: _describe_standing(standing, now) for kind, standing in kinds.items()},
        "failures": {
            kind.value: as_plain(standing.failure) for kind, standing in kinds.items() if standing.failure
        },
        "recent_runs": [
            {name: as_plain(run[name]) for name in RUN_MEMBERS if name in run} for run in status.recent_runs
        ],
    }
    return {**entry, "state": judge(entry)[1]}


def describe_copy(connector: Connector, origin: Any, entity_states: list[EntityState]) -> dict[str, Any]:
    """Return what is copied from where to where. The tenant is unknown before anything was read."""
    settings = connector.settings
    is_cloud = settings.backend.warehouse == "bigquery"
    contracts = [state.contract for state in entity_states if state.contract is not None]
    return {
        "instance": origin.instance if origin else None,
        "tenant": origin.tenant if origin else None,
        "endpoint": settings.acumatica.endpoint,
        "endpoint_version": settings.acumatica.endpoint_version
        or max((contract.version for contract in contracts), default=None),
        "warehouse": "BigQuery" if is_cloud else "DuckDB",
        "dataset": f"{settings.bigquery.project}.{settings.bigquery.dataset}"
        if is_cloud
        else settings.backend.warehouse.partition(":")[2],
    }


def _describe_standing(standing: Standing, now: datetime) -> dict[str, Any]:
    last_run = standing.last_run or {}
    return {
        "schedule": standing.schedule,
        "next_run_at": as_text(standing.next_run_at),
        "succeeded_at": as_text(standing.succeeded_at),
        "age_seconds": as_age(standing.succeeded_at, now),
        "late_after_seconds": as_seconds(standing.late_after),
        "is_late": standing.is_late,
        "last_run_id": last_run.get("run_id"),
        "last_status": last_run.get("status"),
        "failure": as_plain(standing.failure),
    }


def _describe_running(status: EntityStatus, now: datetime) -> dict[str, Any] | None:
    """Return the run that holds the lease: since when, and how many records of how many it has behind it."""
    lease = status.lease
    if lease is None:
        return None
    run = status.current_run or {}
    checkpoint = _find_checkpoint(status, run)
    is_whole = checkpoint is not None and checkpoint.changed_since is None
    return {
        "run_id": lease.owner,
        "kind": run.get("kind"),
        "since": as_text(lease.acquired_at),
        "seconds": as_age(lease.acquired_at, now),
        "lease_ends_at": to_text(lease.expires_at),
        "records_done": checkpoint.offset if checkpoint else None,
        "records_known": (status.entity_state.records_seen or None) if is_whole else None,
    }


def _find_checkpoint(status: EntityStatus, run: Mapping[str, object]) -> Checkpoint | None:
    """Return how far the pass of a list is that this run goes on with; None for a replay, which reads none."""
    if run.get("mode") == Mode.REPLAY:
        return None
    is_of_keys = run.get("kind") == RunKind.RECONCILE_KEYS
    return status.entity_state.checkpoints.get(str(run.get("kind" if is_of_keys else "mode")))


def judge(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return a class (`ok`, `running`, `late`, `failed`, `off`) and a word for an entity's status."""
    if entry["running"]:
        return "running", "running"
    return judge_at_rest(entry)


def judge_at_rest(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return the same, whether or not a run is at work: what needs a look still does."""
    if entry["failures"]:
        others = [kind for kind in entry["failures"] if kind != RunKind.INCREMENTAL]
        return "failed", "failed" if len(others) < len(entry["failures"]) else f"{others[0]} failed"
    if entry["lag_seconds"] is None:
        word = "in progress" if entry["in_progress"] else "never synced"
        return "late" if entry["enabled"] else "off", word
    if entry["is_late"]:
        return "late", "late"
    for kind, standing in entry["kinds"].items():
        if standing["is_late"]:
            return "late", f"{kind} late"
    return ("ok", "in progress") if entry["in_progress"] else ("ok", "fresh")
