"""What all runs share: lease and seat, the audit entry, and one truthful result however the run ends."""

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from connector.domain.entity import Entity
from connector.domain.entity_state import EntityState, Lease
from connector.domain.run import RunProgress, RunRequest, RunResult, Status, Tally, WritePolicy
from connector.domain.tables.schema import Table, TableStatus
from connector.errors import (
    ConnectorError,
    SourceAnswerError,
    SourceThrottledError,
    SourceUnavailableError,
    TransientError,
)
from connector.ports import Ports
from connector.runs.claims import Claims
from connector.runs.outcome import RunOutcome
from connector.runs.run_records import attempt, close_audit, record_run

logger = logging.getLogger(__name__)

SOURCE_ERRORS = (SourceUnavailableError, SourceAnswerError, SourceThrottledError)
"""The errors of requests for which Acumatica needed more time than there was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a run. `batch_bytes` is the size of one write; after `deadline` the run stops between pages.

    A page has at most `page_size` rows, and as many as make about `page_bytes`.
    """

    deadline: datetime
    page_size: int = 1000
    lookback: timedelta = timedelta(seconds=900)
    write_policy: WritePolicy = WritePolicy.AUTO
    max_sessions: int = 1
    waits_for_seat: bool = False
    """Whether a run waits until the deadline while other runs hold all seats, in place of failing."""
    lease_ttl: timedelta = timedelta(minutes=35)
    """How long the run may hold its lease and seat: longer than a run can last, so neither is ever renewed."""
    page_bytes: int = 12 * 1024 * 1024
    batch_bytes: int = 8 * 1024 * 1024
    is_stopping: Callable[[], bool] = field(default=lambda: False)
    """Whether the instance was asked to stop (SIGTERM)."""
    on_progress: Callable[[RunProgress], None] = field(default=lambda _: None)
    """Called at every page, for a progress display."""
    on_signed_in: Callable[[], None] = field(default=lambda: None)
    """Called when Acumatica is known to let the run in, and then at every page."""


class Run:
    """One invocation on one entity, from its lease to its last audit entry."""

    def __init__(
        self, *, run_id: str, entity: Entity, request: RunRequest, ports: Ports, limits: Limits
    ) -> None:
        self.run_id = run_id
        self.entity = entity
        self.request = request
        self.ports = ports
        self.limits = limits
        self.outcome = RunOutcome(run_id=run_id, request=request, clock=ports.clock)
        self._claims = Claims(ports, owner=run_id, max_sessions=limits.max_sessions, ttl=limits.lease_ttl)
        self._table: Table | None = None
        self._progress = RunProgress()

    @property
    def lookback(self) -> timedelta:
        """How long before now a record may have been stamped that becomes visible only later."""
        return self.limits.lookback if self.entity.lookback is None else self.entity.lookback

    @property
    def lease(self) -> Lease:
        """The lease. Read it only while the run holds one."""
        return self._claims.lease

    def must_stop(self) -> bool:
        """Whether the time budget is used up or the instance is stopping."""
        return self.ports.clock.now() >= self.limits.deadline or self.limits.is_stopping()

    def is_out_of_time(self, exc: ConnectorError) -> bool:
        """Whether Acumatica could not be read only because time ran out."""
        return isinstance(exc, SOURCE_ERRORS) and (exc.is_out_of_time or self.must_stop())

    def is_cut_short(self, exc: ConnectorError) -> bool:
        """Whether time ran out after the run had got somewhere: it is then partial, not failed."""
        got_somewhere = self.outcome.tally.pages > 0 or self.outcome.has_progressed
        return got_somewhere and self.is_out_of_time(exc)

    def prepare(self, table: Table, *, is_filled: bool) -> TableStatus:
        """Prepare the table, which is not filled before its first pass is complete. From here on the run gets a row in `sync_runs`."""
        status = self.ports.warehouse.prepare(table, is_filled=is_filled)
        self._table = table
        if self.ports.source.origin() is not None:
            self.limits.on_signed_in()
        return status

    def count_page(self, records: int) -> None:
        """Count a page of the list with so many records, and report progress."""
        self.outcome.count(Tally(pages=1))
        self.limits.on_signed_in()
        before = self._progress
        self._progress = dataclasses.replace(before, pages=before.pages + 1, records=before.records + records)
        self.limits.on_progress(self._progress)

    def expect_records(self, total: int | None, *, read_before: int = 0) -> None:
        """Note for a progress display about how many records the pass has, and how many earlier runs of it have read."""
        self._progress = dataclasses.replace(self._progress, total=total, read_before=read_before)

    def remember_origin(self) -> None:
        """Store which tenant is read before its first rows are written; from then on no run reads another tenant."""
        self._claims.remember_origin()

    def execute(self, work: Callable[["Run", EntityState], Status]) -> RunResult:
        """Run `work` under the entity's lease and return the result, whatever happens. Never raises ConnectorError."""
        try:
            taken = self._claims.take_lease(self.entity.name)
            result = self._skip(taken) if isinstance(taken, Lease) else self._work(work, taken)
        except ConnectorError as exc:
            result = self.outcome.fail(exc)
        finally:
            self._claims.release()
            attempt("the warehouse", self.ports.warehouse.close)
        return result

    def save_bounds(
        self,
        entity_state: EntityState,
        *,
        complete_until: datetime | None,
        deletions_checked_at: datetime | None,
    ) -> EntityState:
        """Store up to when changes and deletions are in the warehouse; return the state with these bounds."""
        self.ports.state.entities.save_bounds(
            self.lease, complete_until=complete_until, deletions_checked_at=deletions_checked_at
        )
        entity_state = replace(
            entity_state, complete_until=complete_until, deletions_checked_at=deletions_checked_at
        )
        self.outcome.note_bounds(entity_state)
        return entity_state

    def commit(self, entity_state: EntityState, *, covers_reports: bool) -> None:
        """Store the entity's state and release the lease, in one fenced transaction."""
        self._refresh()
        is_due = self._claims.commit(entity_state, covers_reports=covers_reports)
        self.outcome.note_committed(entity_state, is_due=is_due)

    def _work(self, work: Callable[["Run", EntityState], Status], entity_state: EntityState) -> RunResult:
        self.outcome.note_opened(entity_state)
        self.ports.state.audit.open_run(self.run_id, self._describe())
        try:
            result = self._work_in_seat(work, entity_state)
        except ConnectorError as exc:
            result = self.outcome.fail(exc)
        except BaseException as exc:
            result = self.outcome.fail_unexpectedly(exc)
            if not isinstance(exc, Exception):
                self._close(result)
                raise
            logger.exception("the run failed with an unexpected error")
        self._close(result)
        return result

    def _work_in_seat(
        self, work: Callable[["Run", EntityState], Status], entity_state: EntityState
    ) -> RunResult:
        self._claims.take_seat(lambda: self.limits.waits_for_seat and not self.must_stop())
        status, reason = self._work_in_time(work, entity_state)
        if self._claims.has_lease:
            self._refresh()
        return self.outcome.build_result(status, reason=reason)

    def _work_in_time(
        self, work: Callable[["Run", EntityState], Status], entity_state: EntityState
    ) -> tuple[Status, str | None]:
        """Return how the work ended; if time ran out in a request outside the list, that the run is partial and why."""
        try:
            return work(self, entity_state), None
        except TransientError as exc:
            if not self.is_cut_short(exc):
                raise
            logger.warning("time ran out: %s", exc.message)
            return Status.PARTIAL, f"Time ran out: {exc.message}"

    def _refresh(self) -> None:
        """Update the current-rows table, if there is one, while the run still holds the lease."""
        if self._table is not None:
            self.ports.warehouse.refresh(self._table)

    def _describe(self) -> dict[str, object]:
        return {
            "entity": self.entity.name,
            "mode": self.request.mode.value,
            "kind": self.request.kind.value,
            "status": "running",
            "started_at": self.outcome.started_at,
        }

    def _close(self, result: RunResult) -> None:
        """Sign out, then record the run."""
        self.ports.source.close()
        close_audit(self.ports.state.audit, result, self.request.kind, self.ports.clock.now())
        if self._table is not None:
            record_run(self.ports.warehouse, result, self.ports.clock.now())

    def _skip(self, holder: Lease) -> RunResult:
        entity_state = self.ports.state.entities.read(self.entity.name)
        return self.outcome.skip(holder, is_due=entity_state.reported_at_fence is not None)
