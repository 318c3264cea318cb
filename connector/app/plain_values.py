"""Values of the status as JSON holds them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connector.domain.instants import to_text


def as_age(instant: datetime | None, now: datetime) -> int | None:
    """Return how many whole seconds ago an instant was."""
    return None if instant is None else int((now - instant).total_seconds())


def as_seconds(duration: timedelta | None) -> int | None:
    """Return a duration in whole seconds."""
    return None if duration is None else int(duration.total_seconds())


def as_text(instant: datetime | None) -> str | None:
    """Return an instant as text."""
    return None if instant is None else to_text(instant)


def as_plain(value: Any) -> Any:
    """Return an audit entry, or any part of one, with its instants as text."""
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, Mapping):
        return {name: as_plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(member) for member in value]
    return value
