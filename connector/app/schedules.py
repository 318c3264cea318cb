"""Whether a schedule ever fires, and its longest pause."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from itertools import pairwise

from croniter import croniter
from croniter.croniter import CroniterBadCronError, CroniterBadDateError

ANY_INSTANT = datetime(2001, 1, 1, tzinfo=UTC)
"""Where the search for the next time begins; croniter looks fifty years ahead, which holds every combination of days."""

MIN_DAYS = timedelta(days=15)
MIN_TIMES = 60
"""How far the days of a schedule are evaluated to find its longest pause: two weekends, or five years of months."""


@cache
def find_longest_pause(schedule: str) -> timedelta:
    """Return the longest time between two runs of a cron schedule, which comes at the same times on each of its days."""
    fields, _ = croniter.expand(schedule)
    minutes, hours = (
        range(size) if "*" in values else values for values, size in zip(fields, (60, 24), strict=False)
    )
    times = sorted(timedelta(hours=hour, minutes=minute) for hour in hours for minute in minutes)
    overnight = _find_longest_gap(" ".join(schedule.split()[2:])) + times[0] - times[-1]
    return max([overnight, *(later - earlier for earlier, later in pairwise(times))])


@cache
def _find_longest_gap(days: str) -> timedelta:
    """Return the longest time from one day to the next on which a schedule comes, given its last three fields."""
    midnights = croniter(f"0 0 {days}", ANY_INSTANT)
    found = [midnights.get_next(datetime)]
    while len(found) < MIN_TIMES or found[-1] - found[0] < MIN_DAYS:
        found.append(midnights.get_next(datetime))
    longest: timedelta = max(later - earlier for earlier, later in pairwise(found))
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
