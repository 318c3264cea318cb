"""Whether a schedule can ever come."""

from datetime import UTC, datetime

from croniter import croniter
from croniter.croniter import CroniterBadCronError, CroniterBadDateError

ANY_INSTANT = datetime(2001, 1, 1, tzinfo=UTC)
"""Where the search for the next time begins; croniter looks fifty years ahead, which holds every combination of days."""


def find_mistake(schedule: str) -> str:
    """Return what is wrong with a cron of five fields, or "" when it comes at some time."""
    try:
        croniter(schedule, ANY_INSTANT).get_next(datetime)
    except CroniterBadDateError:
        return f"{schedule!r} never comes: no month it names has such a day"
    except CroniterBadCronError as exc:
        return f"{schedule!r} is no schedule: {str(exc).removeprefix(f'[{schedule}] ')}"
    return ""
