"""Decides when an entity's data is late, in one way for the page, the command line and the alerts."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from connector.app.schedules import find_longest_pause
from connector.domain.entity import Entity
from connector.domain.entity_state import EntityStatus
from connector.domain.run import Status

GRACE = timedelta(hours=1)
"""For the run itself, and for the hourly look at the status."""
PAUSES_TOLERATED = 2


def parse_late_after(text: str) -> dict[str, timedelta]:
    """Return `entity=seconds; entity=seconds` as a mapping."""
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    return {name.strip(): timedelta(seconds=int(seconds)) for name, _, seconds in pairs}


def find_late_after(entity: Entity, deployed: Mapping[str, timedelta]) -> timedelta | None:
    """Return the age from which data is late, None for an entity without a schedule.

    What the deployment says counts, for exactly the entities it schedules; else the entity's block; else what follows
    from its schedule.
    """
    if deployed or not entity.enabled:
        return deployed.get(entity.name)
    if entity.late_after_hours is not None:
        return timedelta(hours=entity.late_after_hours)
    return PAUSES_TOLERATED * find_longest_pause(entity.schedule) + GRACE


def is_late(status: EntityStatus, late_after: timedelta | None, now: datetime) -> bool:
    """Whether the data is older than that, or no run ever succeeded. A deployment that never ran is not late yet."""
    if late_after is None:
        return False
    succeeded_at = status.entity_state.last_success_at
    if succeeded_at is None:
        return (status.last_run or {}).get("status") == Status.FAILED
    return now - succeeded_at > late_after
