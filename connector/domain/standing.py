"""How one kind of run of an entity stands: its schedule, its last success, the failure that stands, whether it is late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The standing of one kind of run. Instants are timezone-aware UTC; runs are given as in their audit entries."""

    schedule: str | None = None
    """Its cron; None if it is not scheduled."""
    next_run_at: datetime | None = None
    succeeded_at: datetime | None = None
    """What the last success covers: everything up to then. None if none is known."""
    late_after: timedelta | None = None
    """From which age of that on it is late; None if never."""
    is_late: bool = False
    last_run: Mapping[str, object] | None = None
    failure: object = None
    """The error of the last run, if it failed: a failure stands until a run of the same kind succeeds or stops early."""
