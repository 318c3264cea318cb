"""When each kind of run of an entity is scheduled, and from which age on it is late: as deployed, or as in the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.app.lateness import find_late_after, find_late_after_pauses, parse_late_after
from connector.app.schedules import find_next
from connector.app.sections import StatusSettings
from connector.domain.entity import Depth, Entity
from connector.domain.run import RunKind

KINDS = {
    "": RunKind.INCREMENTAL,
    Depth.KEYS.value: RunKind.RECONCILE_KEYS,
    Depth.CONTENT.value: RunKind.RECONCILE_CONTENT,
}
"""The kinds that are scheduled, by what follows the entity's name in STATUS_SCHEDULES."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """The schedules of all entities. `deployed` is empty where the catalogue's count."""

    deployed: Mapping[str, Mapping[RunKind, str]] = field(default_factory=dict)
    late_after: Mapping[str, timedelta] = field(default_factory=dict)
    zone: tzinfo | None = UTC
    """The zone of the schedules; None if this machine does not know it."""
    is_paused: bool = False

    @classmethod
    def from_settings(cls, settings: StatusSettings) -> "Timetable":
        """Build the timetable that the deployment gives."""
        return cls(
            deployed=parse_schedules(settings.schedules),
            late_after=parse_late_after(settings.late_after),
            zone=find_zone(settings.time_zone),
            is_paused=settings.paused,
        )

    def find_schedules(self, entity: Entity) -> Mapping[RunKind, str]:
        """Return the cron of each kind that is scheduled for this entity."""
        if self.deployed:
            return self.deployed.get(entity.name, {})
        if not entity.enabled:
            return {}
        plans = {KINDS[depth.value]: schedule for depth, schedule in entity.reconcile.plans.items()}
        return {RunKind.INCREMENTAL: entity.schedule, **plans}

    def is_scheduled(self, entity: Entity) -> bool:
        """Whether changes of this entity are read by themselves."""
        return RunKind.INCREMENTAL in self.find_schedules(entity)

    def find_next(self, schedule: str, now: datetime) -> datetime | None:
        """Return when a schedule comes next; None if it is paused or its zone is unknown."""
        return None if self.is_paused or self.zone is None else find_next(schedule, now, self.zone)

    def find_late_after(self, entity: Entity, kind: RunKind) -> timedelta | None:
        """Return the age from which a kind is late, None for one without a schedule."""
        if kind is RunKind.INCREMENTAL:
            return find_late_after(entity, self.late_after)
        schedule = self.find_schedules(entity).get(kind)
        return None if schedule is None else find_late_after_pauses(schedule)


def parse_schedules(text: str) -> dict[str, dict[RunKind, str]]:
    """Return `vendors=CRON; vendors/keys=CRON; vendors/content=CRON` as a mapping."""
    found: dict[str, dict[RunKind, str]] = {}
    for part in filter(str.strip, text.split(";")):
        name, _, schedule = part.partition("=")
        entity, _, kind = name.strip().partition("/")
        found.setdefault(entity, {})[KINDS[kind]] = schedule.strip()
    return found


def find_zone(name: str) -> tzinfo | None:
    """Return the time zone of this name; None if this machine does not know it."""
    try:
        return UTC if name in {"UTC", "Etc/UTC"} else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
