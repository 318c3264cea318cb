"""Whether a schedule ever fires, and its longest pause."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

from croniter import croniter
from croniter.croniter import CroniterBadCronError, CroniterBadDateError

ANY_INSTANT = datetime(2001, 1, 1, tzinfo=UTC)
"""Where the search for the next time begins; croniter looks fifty years ahead, which holds every combination of days."""


MIN_SPAN = timedelta(days=15)
MIN_TIMES = 60
"""How far a schedule is evaluated to find its longest pause: two weekends, or five years of months."""


@cache
def find_longest_pause(schedule: str) -> timedelta:
    """Return the longest time between two runs of a cron schedule."""
    times = croniter(schedule, ANY_INSTANT)
    first = last = times.get_next(datetime)
    longest, seen = timedelta(0), 0
    while seen < MIN_TIMES or last - first < MIN_SPAN:
        following = times.get_next(datetime)
        longest, last, seen = max(longest, following - last), following, seen + 1
    return longest


def find_next(schedule: str, after: datetime, zone: tzinfo) -> datetime:
    """Return the next instant, in UTC, at which a cron comes that is meant in this zone."""
    following: datetime = croniter(schedule, after.astimezone(zone)).get_next(datetime)
    return following.astimezone(UTC)


def find_mistake(schedule: str) -> str:
    """Return what is wrong with a cron of five fields, or "" when it comes at some time."""
    try:
        croniter(schedule, ANY_INSTANT).get_next(datetime)
    except CroniterBadDateError:
        return f"{schedule!r} never comes: no month it names has such a day"
    except CroniterBadCronError as exc:
        return f"{schedule!r} is no schedule: {str(exc).removeprefix(f'[{schedule}] ')}"
    return ""
