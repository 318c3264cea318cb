"""From which age on an entity's data is late."""

from collections.abc import Mapping
from datetime import timedelta

from connector.app.schedules import find_longest_pause
from connector.domain.entity import Entity

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
    return find_late_after_pauses(entity.schedule)


def find_late_after_pauses(schedule: str) -> timedelta:
    """Return the age from which something is late that follows this schedule, unless an age is set for it."""
    return PAUSES_TOLERATED * find_longest_pause(schedule) + GRACE
