"""Collects the counts and details of a run, and builds its result however it ends."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from connector.domain.entity_state import EntityState, Lease
from connector.domain.instants import to_text
from connector.domain.run import (
    RunFailure,
    RunRequest,
    RunResult,
    Status,
    Tally,
    WriteMethod,
)
from connector.errors import ConnectorError
from connector.ports import Clock

AFTER_LEASE = timedelta(seconds=5)
"""Margin for differing clocks: a call made just before the lease ends would be skipped again."""


class RunOutcome:
    """What a run has done so far, and the result it ends with."""

    def __init__(self, *, run_id: str, request: RunRequest, clock: Clock) -> None:
        self._run_id = run_id
        self._request = request
        self._clock = clock
        self._started_at = clock.now()
        self._tally = Tally()
        self._details: dict[str, object] = {}
        self._write_method: WriteMethod | None = None
        self._watermark_before: datetime | None = None
        self._watermark_after: datetime | None = None
        self._complete_until: datetime | None = None
        self._deletions_checked_at: datetime | None = None
        self._follow_up_at: datetime | None = None
        self._has_progressed = False

    @property
    def started_at(self) -> datetime:
        """Our clock when the run began."""
        return self._started_at

    @property
    def tally(self) -> Tally:
        """The counts so far."""
        return self._tally

    @property
    def has_progressed(self) -> bool:
        """Whether something was stored that lets the next run begin further on."""
        return self._has_progressed

    def note_progress(self) -> None:
        """Note that something was stored that lets the next run begin further on.

        A run out of time is then followed up at once. So it must be nothing that every run could store again.
        """
        self._has_progressed = True

    def count(self, tally: Tally) -> None:
        """Add these counts to the run's."""
        self._tally += tally

    def add_details(self, details: Mapping[str, object]) -> None:
        """Add figures that only this mode reports."""
        self._details |= details

    def count_detail(self, name: str, count: int) -> None:
        """Add to a figure that is reported only if it is not zero."""
        before = self._details.get(name)
        self._details[name] = count + (before if isinstance(before, int) else 0)

    def note_write_method(self, method: WriteMethod) -> None:
        """Note the method of the last write."""
        self._write_method = method

    def note_opened(self, entity_state: EntityState) -> None:
        """Note the watermark and the bounds before the run."""
        self._watermark_before = self._watermark_after = entity_state.watermark
        self.note_bounds(entity_state)

    def note_bounds(self, entity_state: EntityState) -> None:
        """Note up to when changes and deletions are in the warehouse."""
        self._complete_until = entity_state.complete_until
        self._deletions_checked_at = entity_state.deletions_checked_at

    def note_committed(self, entity_state: EntityState, *, is_due: bool) -> None:
        """Note the new watermark, and whether another run must follow immediately."""
        self._watermark_after = entity_state.watermark
        self.note_bounds(entity_state)
        if is_due:
            self._follow_up_at = self._clock.now()

    def skip(self, holder: Lease, *, is_due: bool) -> RunResult:
        """Return the result of a run skipped for another one; if the entity `is_due`, a call follows when that lease ends."""
        if is_due:
            self._follow_up_at = holder.expires_at + AFTER_LEASE
        return self.build_result(
            Status.SKIPPED,
            reason=f"Run {holder.owner} is working on {holder.entity}; its lease ends at {to_text(holder.expires_at)}.",
        )

    def fail(self, exc: ConnectorError) -> RunResult:
        """Return the result of a run that failed with an error written for operators."""
        return self.build_result(Status.FAILED, error=RunFailure.from_error(exc))

    def fail_unexpectedly(self, exc: BaseException) -> RunResult:
        """Return the result of an interruption or an unexpected error, without its text, which may contain a secret."""
        if isinstance(exc, KeyboardInterrupt):
            return self._fail_for(
                "Interrupted",
                f"The run of {self._request.entity} was interrupted.",
                "Run it again; it resumes where this one stopped.",
            )
        return self._fail_for(
            type(exc).__name__,
            f"The run of {self._request.entity} failed with an unexpected error.",
            f"Look at the log lines of run {self._run_id} and report them; the next run resumes where this one stopped.",
        )

    def _fail_for(self, kind: str, message: str, action: str) -> RunResult:
        error = RunFailure(type=kind, message=message, action=action, http_status=500)
        return self.build_result(Status.FAILED, error=error)

    def build_result(
        self, status: Status, *, reason: str | None = None, error: RunFailure | None = None
    ) -> RunResult:
        """Return the result as of now."""
        return RunResult(
            run_id=self._run_id,
            entity=self._request.entity,
            mode=self._request.mode,
            status=status,
            records_read=self._tally.records_read,
            records_written=self._tally.records_written,
            records_unchanged=self._tally.records_unchanged,
            records_rejected=self._tally.records_rejected,
            pages=self._tally.pages,
            watermark_before=self._watermark_before,
            watermark_after=self._watermark_after,
            complete_until=self._complete_until,
            deletions_checked_at=self._deletions_checked_at,
            started_at=self._started_at,
            duration_seconds=(self._clock.now() - self._started_at).total_seconds(),
            write_method=self._write_method,
            reason=reason,
            error=error,
            follow_up_at=self._follow_up_at,
            has_progressed=self._has_progressed,
            details=dict(self._details),
        )
