"""The status of every entity, as plain values for the faces."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connector import __version__
from connector.app.lateness import find_late_after, is_late, parse_late_after
from connector.app.service import Connector
from connector.domain.entity import Entity
from connector.domain.entity_state import EntityStatus
from connector.domain.instants import to_text
from connector.domain.run import RunKind, Status

Report = Callable[[EntityStatus, timedelta | None, bool, datetime], None]
"""Called with each entity's status, the age from which it is late, whether it is late, and the current time."""


def render_status(
    connector: Connector, *, report: Report = lambda _status, _late_after, _is_late, _now: None
) -> dict[str, Any]:
    """Return the status of all entities; raise StateStoreUnavailableError if the state cannot be read.

    `report` is called for each one; the function uses it to log the lines that the alerts for late data read.
    """
    now = connector.clock.now()
    entities = connector.catalogue.entities
    deployed = parse_late_after(connector.settings.status.late_after)
    statuses = connector.statuses()
    described = []
    for entity, status in zip(entities.values(), statuses, strict=True):
        late_after = find_late_after(entity, deployed)
        late = is_late(status, late_after, now)
        report(status, late_after, late, now)
        described.append(_describe_entity(entity) | _describe(status, late_after, is_late=late, now=now))
    return {
        "now": to_text(now),
        "version": __version__,
        "entities": described,
    }


def _describe_entity(entity: Entity) -> dict[str, Any]:
    return {"entity": entity.name, "enabled": entity.enabled, "schedule": entity.schedule}


def _describe(
    status: EntityStatus, late_after: timedelta | None, *, is_late: bool, now: datetime
) -> dict[str, Any]:
    entity_state, lease = status.entity_state, status.lease
    lag = (
        None
        if entity_state.last_success_at is None
        else int((now - entity_state.last_success_at).total_seconds())
    )
    return {
        "watermark": _text(entity_state.watermark),
        "last_success_at": _text(entity_state.last_success_at),
        "complete_until": _text(entity_state.complete_until),
        "deletions_checked_at": _text(entity_state.deletions_checked_at),
        "lag_seconds": lag,
        "late_after_seconds": None if late_after is None else int(late_after.total_seconds()),
        "is_late": is_late,
        "dead_letters": status.dead_letters,
        "in_progress": sorted(entity_state.checkpoints),
        "due": entity_state.reported_at_fence is not None,
        "running": None
        if lease is None
        else {"run_id": lease.owner, "lease_ends_at": to_text(lease.expires_at)},
        "last_run": _plain(status.last_run),
        "last_runs": {kind.value: _plain(entry) for kind, entry in status.last_runs.items()},
        "failures": {
            kind.value: _plain(entry.get("error"))
            for kind, entry in _last_runs(status).items()
            if entry.get("status") == Status.FAILED
        },
    }


def _last_runs(status: EntityStatus) -> Mapping[RunKind, Mapping[str, object]]:
    """Return the last run of each kind: a failure stands until a run of its kind does not fail."""
    return status.last_runs or ({RunKind.INCREMENTAL: status.last_run} if status.last_run else {})


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else to_text(instant)


def _plain(entry: Any) -> Any:
    if isinstance(entry, datetime):
        return to_text(entry)
    if isinstance(entry, dict):
        return {name: _plain(value) for name, value in entry.items()}
    return entry


def judge(entry: dict[str, Any]) -> tuple[str, str]:
    """Return a class (`ok`, `running`, `late`, `failed`, `off`) and a word for an entity's status."""
    if entry["running"]:
        return "running", "running"
    if entry["failures"]:
        others = [kind for kind in entry["failures"] if kind != RunKind.INCREMENTAL]
        return "failed", "failed" if len(others) < len(entry["failures"]) else f"{others[0]} failed"
    if entry["lag_seconds"] is None:
        word = "in progress" if entry["in_progress"] else "never synced"
        return "late" if entry["enabled"] else "off", word
    if entry["is_late"]:
        return "late", "late"
    return ("ok", "in progress") if entry["in_progress"] else ("ok", "ok")
