"""How every entity stands, as plain values that the faces show."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from connector import __version__
from connector.app.service import Connector
from connector.domain.entity_state import EntityStatus
from connector.domain.instants import to_text

STALE_AFTER = timedelta(hours=26)
"""A nightly entity is late after a day and two hours of grace."""


def render_status(
    connector: Connector, *, report: Callable[[EntityStatus, datetime], None] = lambda _status, _now: None
) -> dict[str, Any]:
    """Return all entities' standing; raise StateStoreUnavailableError when the state cannot be read.

    `report` is told each one, as the function does to write the lines that the alerts for late data read.
    """
    now = connector.clock.now()
    entities = connector.catalogue.entities
    statuses = connector.statuses()
    for status in statuses:
        report(status, now)
    return {
        "now": to_text(now),
        "version": __version__,
        "entities": [
            {
                "entity": entity.name,
                "enabled": entity.enabled,
                "schedule": entity.schedule,
                **_describe(status, now),
            }
            for entity, status in zip(entities.values(), statuses, strict=True)
        ],
    }


def _describe(status: EntityStatus, now: datetime) -> dict[str, Any]:
    entity_state, lease = status.entity_state, status.lease
    lag = (
        None
        if entity_state.last_success_at is None
        else int((now - entity_state.last_success_at).total_seconds())
    )
    return {
        "watermark": _text(entity_state.watermark),
        "last_success_at": _text(entity_state.last_success_at),
        "lag_seconds": lag,
        "dead_letters": status.dead_letters,
        "in_progress": sorted(entity_state.checkpoints),
        "due": entity_state.reported_at_fence is not None,
        "running": None
        if lease is None
        else {"run_id": lease.owner, "lease_ends_at": to_text(lease.expires_at)},
        "last_run": _plain(status.last_run),
    }


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else to_text(instant)


def _plain(entry: Any) -> Any:
    if isinstance(entry, datetime):
        return to_text(entry)
    if isinstance(entry, dict):
        return {name: _plain(value) for name, value in entry.items()}
    return entry


def judge(entry: dict[str, Any]) -> tuple[str, str]:
    """Return a class (`ok`, `running`, `late`, `failed`, `off`) and a word for an entity's standing."""
    last = entry["last_run"] or {}
    if entry["running"]:
        return "running", "running"
    if last.get("status") == "failed":
        return "failed", "failed"
    if entry["lag_seconds"] is None:
        word = "in progress" if entry["in_progress"] else "never synced"
        return "late" if entry["enabled"] else "off", word
    if timedelta(seconds=entry["lag_seconds"]) > STALE_AFTER:
        return "late", "late"
    return ("ok", "in progress") if entry["in_progress"] else ("ok", "ok")
