"""The request and the result of one run."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from connector.domain.entity import Depth
from connector.domain.instants import to_text
from connector.errors import ConnectorError, TransientError

DEFAULT_RETRY_AFTER = timedelta(seconds=60)
"""When to call again after a failure that may pass by itself, unless the failure names a delay."""


class Mode(StrEnum):
    """What a run does."""

    INCREMENTAL = "incremental"
    BACKFILL = "backfill"
    RECONCILE = "reconcile"
    REPLAY = "replay"
    CHECK = "check"


class RunKind(StrEnum):
    """What a run does, including the depth of a reconcile; the status shows the last run of each kind."""

    INCREMENTAL = "incremental"
    BACKFILL = "backfill"
    RECONCILE_KEYS = "reconcile keys"
    RECONCILE_CONTENT = "reconcile content"
    REPLAY = "replay"


class Status(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    SKIPPED = "skipped"
    FAILED = "failed"


class WriteMethod(StrEnum):
    """How rows are written: `insertAll` or a load job."""

    STREAMING = "streaming"
    LOAD = "load"


class WritePolicy(StrEnum):
    """The operator's choice of write method; `auto` decides per batch."""

    AUTO = "auto"
    STREAMING = "streaming"
    LOAD = "load"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """One entity, one mode, and the options that mode takes."""

    entity: str
    mode: Mode = Mode.INCREMENTAL
    since: datetime | None = None
    record_id: str | None = None
    depth: Depth = Depth.KEYS
    force: bool = False

    @property
    def kind(self) -> RunKind:
        """The kind of the run; a check has none."""
        return RunKind(f"reconcile {self.depth}" if self.mode is Mode.RECONCILE else self.mode.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailure:
    """Why a run or a call failed, for the operator."""

    type: str
    message: str
    action: str
    http_status: int
    retry_after_seconds: int | None = None
    """When to call again, if the failure may pass by itself; else None."""

    @classmethod
    def from_error(cls, exc: ConnectorError) -> "RunFailure":
        """Build the failure from an error."""
        wait = (exc.retry_after or DEFAULT_RETRY_AFTER) if isinstance(exc, TransientError) else None
        return cls(
            type=type(exc).__name__,
            message=exc.message,
            action=exc.action,
            http_status=exc.http_status,
            retry_after_seconds=None if wait is None else int(wait.total_seconds()),
        )

    def describe(self) -> dict[str, str]:
        """Return the members shown in a response, a log line and the state."""
        return {"type": self.type, "message": self.message, "action": self.action}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts of a run, or of a part of it."""

    records_read: int = 0
    records_written: int = 0
    records_unchanged: int = 0
    records_rejected: int = 0
    pages: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            records_read=self.records_read + other.records_read,
            records_written=self.records_written + other.records_written,
            records_unchanged=self.records_unchanged + other.records_unchanged,
            records_rejected=self.records_rejected + other.records_rejected,
            pages=self.pages + other.pages,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """How far a run is: the pages and records it has read, on top of those that earlier runs of the same pass have read.

    `total` is about how many records the pass has in all, None where nobody knows.
    """

    pages: int = 0
    records: int = 0
    read_before: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The result of one run. Times are timezone-aware UTC; `details` holds figures that only its mode reports."""

    run_id: str
    entity: str
    mode: Mode
    status: Status
    records_read: int = 0
    records_written: int = 0
    records_unchanged: int = 0
    records_rejected: int = 0
    pages: int = 0
    watermark_before: datetime | None = None
    watermark_after: datetime | None = None
    complete_until: datetime | None = None
    """Every change made before this instant is in the warehouse, if it moved the stamp."""
    deletions_checked_at: datetime | None = None
    """Every record deleted before this instant is marked."""
    started_at: datetime
    duration_seconds: float = 0.0
    write_method: WriteMethod | None = None
    reason: str | None = None
    error: RunFailure | None = None
    follow_up_at: datetime | None = None
    """When another run must follow, to read reported changes that this one may have missed."""
    has_progressed: bool = False
    """Whether the next run begins further on than this one did."""
    details: dict[str, Any] = field(default_factory=dict)


def describe_request(request: RunRequest) -> dict[str, Any]:
    """Return the JSON members that request the same run again."""
    members: dict[str, Any] = {"entity": request.entity, "mode": request.mode.value}
    if request.since is not None:
        members["since"] = to_text(request.since)
    if request.record_id is not None:
        members["record_id"] = request.record_id
    if request.mode is Mode.RECONCILE:
        members |= {"depth": request.depth.value, "force": request.force}
    return members


def got_further(result: RunResult) -> bool:
    """Whether an immediate follow-up call helps: time ran out, and this run made progress."""
    return result.status is Status.PARTIAL and result.has_progressed
