"""What every run has in common: the lease, the seat, the audit entry, and one honest answer however it ends."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from connector.domain.batch import Append, Row
from connector.domain.entity import Entity
from connector.domain.entity_state import EntityState, Lease, Seat
from connector.domain.instants import to_text
from connector.domain.run import (
    DEFAULT_RETRY_AFTER,
    RunFailure,
    RunRequest,
    RunResult,
    Status,
    Tally,
    WriteMethod,
    WritePolicy,
)
from connector.domain.tables.schema import Table, TableStatus
from connector.domain.tables.sync_runs import SYNC_RUNS, to_plain
from connector.errors import ConnectorError, SessionsBusyError, TransientError
from connector.ports import Clock, Source, StateStore, Warehouse
from connector.runs.seats import give_seat_back, note_origin, take_seat

logger = logging.getLogger(__name__)

AFTER_LEASE = timedelta(seconds=5)
"""Clocks differ a little: a call made just before a lease ends would be skipped too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The systems a run works with."""

    source: Source
    warehouse: Warehouse
    state: StateStore
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds a run keeps. `batch_bytes` is how much is written at once, `deadline` when it stops between pages."""

    deadline: datetime
    page_size: int = 1000
    lookback: timedelta = timedelta(seconds=900)
    write_policy: WritePolicy = WritePolicy.AUTO
    max_sessions: int = 1
    lease_ttl: timedelta = timedelta(minutes=35)
    """How long the entity and the seat are the run's: longer than it can last, so that neither is ever renewed."""
    batch_bytes: int = 8 * 1024 * 1024
    is_stopping: Callable[[], bool] = field(default=lambda: False)
    """Whether the instance was asked to end (SIGTERM)."""
    on_progress: Callable[[Tally], None] = field(default=lambda _: None)
    """Told the counts after every page, for a progress display."""


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
        self.tally = Tally()
        self.details: dict[str, object] = {}
        self.follow_up_at: datetime | None = None
        self.write_method: WriteMethod | None = None
        self.watermark_before: datetime | None = None
        self.watermark_after: datetime | None = None
        self._started_at = ports.clock.now()
        self._lease: Lease | None = None
        self._slot: Seat | None = None
        self._table: Table | None = None

    @property
    def lease(self) -> Lease:
        """The lease; only asked for while the run holds it."""
        if self._lease is None:
            raise RuntimeError("the run holds no lease")
        return self._lease

    def must_stop(self) -> bool:
        """Whether the time budget is used up or the instance is ending."""
        return self.ports.clock.now() >= self.limits.deadline or self.limits.is_stopping()

    def is_cut_short(self, exc: ConnectorError) -> bool:
        """Whether a call failed only because time ran out, in a run that had got somewhere: it is partial, not failed."""
        is_out_of_time = isinstance(exc, TransientError) and (exc.is_out_of_time or self.must_stop())
        return is_out_of_time and self.tally.pages > 0

    def prepare(self, table: Table) -> TableStatus:
        """Make the table as it should be; from then on the run has something to tell analysts."""
        status = self.ports.warehouse.prepare(table)
        self._table = table
        return status

    def begin_page(self) -> None:
        """At every page of the list: count it, tell the progress, note whence it comes."""
        self.tally.pages += 1
        self.limits.on_progress(self.tally)
        if self._slot is not None:
            self._slot = note_origin(self.ports.state, self.ports.source, self._slot)

    def execute(self, work: Callable[["Run", EntityState], Status]) -> RunResult:
        """Do the work under the entity's lease; return what happened, whatever happens. Never raises ConnectorError."""
        try:
            taken = self.ports.state.acquire_lease(self.entity.name, self.run_id, self.limits.lease_ttl)
            if isinstance(taken, Lease):
                return self._skip(taken)
            self._lease, entity_state = taken
            result = self._work(work, entity_state)
        except ConnectorError as exc:
            result = self._fail(exc)
        finally:
            self._release()
        return result

    def commit(self, entity_state: EntityState, *, covers_reports: bool) -> None:
        """Store what is remembered of the entity and give the lease back, in one fenced transaction."""
        self._refresh()
        if self.ports.state.commit(self.lease, entity_state, covers_reports=covers_reports):
            self.follow_up_at = self.ports.clock.now()
        self._lease = None

    def open_session(self) -> None:
        """Take one of the seats this connector may hold; raise SessionsBusyError when other entities hold them all."""
        self._slot = take_seat(
            self.ports.state,
            self.ports.source,
            self.run_id,
            self.limits.max_sessions,
            self.limits.lease_ttl,
        )
        if self._slot is None:
            raise SessionsBusyError(
                f"All {self.limits.max_sessions} Acumatica sessions this connector may hold are in use by other entities.",
                action="It is tried again by itself; raise ACUMATICA_MAX_SESSIONS if the licence has seats to spare.",
                retry_after=DEFAULT_RETRY_AFTER,
            )

    def _work(self, work: Callable[["Run", EntityState], Status], entity_state: EntityState) -> RunResult:
        self.watermark_before = self.watermark_after = entity_state.watermark
        self.ports.state.open_run(self.run_id, self._describe())
        try:
            self.open_session()
            status = work(self, entity_state)
            if self._lease is not None:
                self._refresh()
            result = self._build_result(status)
        except ConnectorError as exc:
            result = self._fail(exc)
        except BaseException as exc:
            self._close(self._fail_unexpectedly(exc))
            if isinstance(exc, Exception):
                logger.exception("the run ended with an error it does not know")
                return self._fail_unexpectedly(exc)
            raise
        self._close(result)
        return result

    def _refresh(self) -> None:
        """Bring current rows that are kept in a table up to the log, while nobody else works on the entity."""
        if self._table is not None:
            self.ports.warehouse.refresh(self._table)

    def _describe(self) -> dict[str, object]:
        return {
            "entity": self.entity.name,
            "mode": self.request.mode.value,
            "status": "running",
            "started_at": self._started_at,
        }

    def _close(self, result: RunResult) -> None:
        """Sign out, then write the run down: in the state, and for analysts. A failure here hides nothing."""
        self.ports.source.close()
        entry = {**to_plain(result), "started_at": self._started_at, "finished_at": self.ports.clock.now()}
        self._attempt("the audit entry", lambda: self.ports.state.close_run(self.run_id, entry))
        if self._table is not None:
            self._attempt("the row of sync_runs", lambda: self._record(result))

    def _record(self, result: RunResult) -> None:
        plain = to_plain(result)
        row = {name: plain[name] for name in (column.name for column in SYNC_RUNS.columns) if name in plain}
        row["started_at"] = to_text(self._started_at)
        row["finished_at"] = to_text(self.ports.clock.now())
        row["error"] = result.error.message if result.error else None
        row["details"] = msgspec.json.encode(self.details).decode() if self.details else None
        status = self.ports.warehouse.prepare(SYNC_RUNS)
        self.ports.warehouse.append(
            Append(
                table=SYNC_RUNS,
                rows=[Row(insert_id=self.run_id, data=msgspec.json.encode(row))],
                method=WriteMethod.STREAMING if status.accepts_streaming else WriteMethod.LOAD,
                batch_id=f"{self.run_id}_run",
            )
        )

    def _release(self) -> None:
        if self._slot is not None:
            seat = self._slot
            self._attempt(
                "the session slot", lambda: give_seat_back(self.ports.state, self.ports.source, seat)
            )
        if self._lease is not None:
            lease = self._lease
            self._attempt("the lease", lambda: self.ports.state.release_lease(lease))
        self._attempt("the warehouse", self.ports.warehouse.close)

    def _attempt(self, what: str, action: Callable[[], object]) -> None:
        try:
            action()
        except ConnectorError as exc:
            logger.warning("%s could not be written or released: %s", what, exc.message)

    def _skip(self, holder: Lease) -> RunResult:
        if self.ports.state.read_entity_state(self.entity.name).reported_at_fence is not None:
            self.follow_up_at = holder.expires_at + AFTER_LEASE
        return self._build_result(
            Status.SKIPPED,
            reason=f"Run {holder.owner} is working on {self.entity.name}; its lease ends at {to_text(holder.expires_at)}.",
        )

    def _fail(self, exc: ConnectorError) -> RunResult:
        return self._build_result(Status.FAILED, error=RunFailure.from_error(exc))

    def _fail_unexpectedly(self, exc: BaseException) -> RunResult:
        if isinstance(exc, KeyboardInterrupt):
            return self._build_result(
                Status.FAILED,
                error=RunFailure(
                    type="Interrupted",
                    message=f"The run of {self.entity.name} was interrupted.",
                    action="Run it again; it goes on where this one stopped.",
                    http_status=500,
                ),
            )
        return self._build_result(
            Status.FAILED,
            error=RunFailure(
                type=type(exc).__name__,
                message=f"The run of {self.entity.name} ended with an error the connector does not know.",
                action=f"Look at the log lines of run {self.run_id} and report them; the next run goes on where this one stopped.",
                http_status=500,
            ),
        )

    def _build_result(
        self, status: Status, *, reason: str | None = None, error: RunFailure | None = None
    ) -> RunResult:
        return RunResult(
            run_id=self.run_id,
            entity=self.entity.name,
            mode=self.request.mode,
            status=status,
            records_read=self.tally.records_read,
            records_written=self.tally.records_written,
            records_unchanged=self.tally.records_unchanged,
            records_rejected=self.tally.records_rejected,
            pages=self.tally.pages,
            watermark_before=self.watermark_before,
            watermark_after=self.watermark_after,
            started_at=self._started_at,
            duration_seconds=(self.ports.clock.now() - self._started_at).total_seconds(),
            write_method=self.write_method,
            reason=reason,
            error=error,
            follow_up_at=self.follow_up_at,
            details=dict(self.details),
        )
