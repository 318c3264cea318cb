"""Everything stored between runs, split into parts, so that each caller gets only the part it needs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from connector.domain.check_line import CheckLine
from connector.domain.entity_state import (
    AuditedPage,
    AuditEntry,
    Checkpoint,
    DeadLetter,
    EntityState,
    EntityStatus,
    Lease,
    Origin,
    RefusedSignIn,
    RunPage,
    Seat,
)
from connector.domain.records.contract import Contract
from connector.domain.run import RunKind


class EntityStateStore(Protocol):
    """The state of each entity, and the lease of the run that may change it.

    Methods that take a lease raise LeaseLostError and change nothing if the stored lease has another fence or owner;
    that test and the change are one transaction.
    """

    def read(self, entity: str) -> EntityState:
        """Return the state of an entity; an empty EntityState if none is stored."""

    def acquire_lease(self, entity: str, owner: str, ttl: timedelta) -> tuple[Lease, EntityState] | Lease:
        """Return a new lease and the state read in the same transaction, or the unexpired lease of another owner.

        Takes over an expired lease with its fence plus one, and likewise a lease acquired in the future (the clock was set
        back). An owner that still holds the lease gets it again with a later end. `took_over` of the new lease tells whether
        the one before was never released.
        """

    def save_checkpoint(self, lease: Lease, mode: str, checkpoint: Checkpoint | None) -> None:
        """Store the progress of a mode; None deletes it."""

    def save_contract(self, lease: Lease, contract: Contract) -> None:
        """Store the entity's contract."""

    def save_findings(self, lease: Lease, entity_state: EntityState) -> None:
        """Store these members of the entity's state: `read_one_by_one`, `list_trial`, `compared_for`, `page_limit`,
        `record_bytes`, `proven_identity`, `written_since`; and nothing else of it.
        """

    def save_bounds(
        self, lease: Lease, *, complete_until: datetime | None, deletions_checked_at: datetime | None
    ) -> None:
        """Store up to when changes and deletions are known to be in the warehouse; None if that is not known any more."""

    def settle_reported_deletions(
        self, lease: Lease, dealt_with: Sequence[str], postponed: Sequence[str]
    ) -> None:
        """Remove ids that were dealt with from the reported deletions, and put those postponed behind all others.

        An id that was reported under this lease, be it for the second time, stays: it was deleted after it was looked at.
        """

    def commit(self, lease: Lease, entity_state: EntityState, *, covers_reports: bool = False) -> bool:
        """Replace the state except reported changes and release the lease; return whether reported changes remain.

        The watermark never moves back: the later one is kept. `covers_reports` says that the run has read every change
        reported before it took this lease.
        """

    def release_lease(self, lease: Lease) -> None:
        """Release the lease; do nothing if it is no longer ours."""


class NotificationStore(Protocol):
    """The push notifications received so far."""

    def note(
        self, entity: str, notification_id: str, reported_deletions: Sequence[str], ttl: timedelta
    ) -> bool:
        """Store a notification for `ttl`, and what it reports in the entity's state; return False if it was stored before.

        Needs no lease. Keeps the newest `MAX_REPORTED_DELETIONS` reported records; one reported again counts as new. Reports nothing for an entity that was
        never read, because its first run reads everything.
        """


class SeatStore(Protocol):
    """The seats (licensed API sessions) that all runs of this connector share."""

    def acquire(self, owner: str, limit: int, ttl: timedelta) -> Seat | None:
        """Return one of `limit` seats, or None if others hold them all. Seats expired or acquired in the future are free.

        The seat carries the stored refused sign-in and origin. An owner that still holds a seat gets it again with a
        later end.
        """

    def release(self, seat: Seat) -> None:
        """Release the seat; do nothing if it is no longer ours."""

    def remember_refused_sign_in(self, refused: RefusedSignIn | None) -> None:
        """Store the refused sign-in that later seats carry, replacing the one before; None deletes it."""

    def read_origin(self) -> Origin | None:
        """Return the origin of the warehouse's data; None if none is stored."""

    def remember_origin(self, origin: Origin) -> None:
        """Store the origin of the warehouse's data, which later seats carry, replacing the one before."""


class AuditStore(Protocol):
    """What each run did, and the outcome of each record it read."""

    def open_run(self, run_id: str, entry: Mapping[str, Any]) -> None:
        """Store the audit entry of a run: values that JSON can hold, and the instants `started_at` and `finished_at`."""

    def close_run(self, run_id: str, entry: Mapping[str, Any]) -> None:
        """Merge the outcome into the run's entry, and make it the last run of its entity."""

    def record_page(
        self, run_id: str, entity: str, mode: str, number: int, entries: Sequence[AuditEntry]
    ) -> None:
        """Store the outcomes of one page of records. Storing the same number again replaces it."""

    def read_trail(self, entity: str, record_id: str) -> Iterator[AuditedPage]:
        """Yield every audit entry of one record, oldest first."""

    def read_run(self, run_id: str) -> Mapping[str, Any] | None:
        """Return the audit entry of a run, closed or not; None if it is unknown."""

    def read_run_page(self, run_id: str, after: int = -1) -> RunPage | None:
        """Return the first audited page of a run whose number is above `after`; None if there is none."""

    def read_successes(self, entity: str, kind: RunKind) -> Iterator[Mapping[str, Any]]:
        """Yield the audit entry of each run of this kind that succeeded, in no particular order."""

    def find_records(self, entity: str, key: str) -> Sequence[str]:
        """Return the ids of the records audited under this key, most recent first, at most 10."""


class DeadLetterStore(Protocol):
    """Records that could not be used, kept in full until they can."""

    def add(self, dead_letter: DeadLetter) -> None:
        """Store a dead letter in full, whatever its size; replace the one of the same record and count its attempts on.

        If the same run adds the same record twice, because any step may happen twice, that counts as one attempt.
        """

    def read(self, entity: str, record_id: str | None = None) -> Iterator[DeadLetter]:
        """Yield the dead letters of an entity, or of one record. Each comes once, even if removed or replaced meanwhile."""

    def read_digests(self, entity: str) -> Mapping[str, str]:
        """Return `build_digest` of the payload of each dead letter of an entity, by record id; "" where it is unknown."""

    def remove(self, entity: str, record_id: str, until: datetime) -> None:
        """Delete the dead letter of a record, unless the record was rejected again after `until`."""


class StateStore(Protocol):
    """Everything stored between runs.

    Every method of this protocol and of its parts may raise StateStoreUnavailableError, and TerminalError if a stored
    value cannot be read.
    """

    entities: EntityStateStore
    notifications: NotificationStore
    seats: SeatStore
    audit: AuditStore
    dead_letters: DeadLetterStore

    def statuses(self, entities: Sequence[str]) -> Sequence[EntityStatus]:
        """Return the status of each entity, in the given order, without expired leases."""

    def rename_entity(self, before: Lease, after: Lease) -> None:
        """Move everything stored of one entity to another: state, audit and dead letters, but not the lease.

        What `after` has of a state gives way if `before` has one. May be repeated after a failure. Raises LeaseLostError.
        """

    def check(self) -> CheckLine:
        """Write, read and remove one document of its own; never raises."""

    def close(self) -> None:
        """Release files and connections. Safe to call twice; the next call opens again."""
