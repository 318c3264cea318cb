"""Everything kept between runs, in parts, so that a caller is given what it needs."""

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
    PageLimit,
    RefusedSignIn,
    Seat,
)
from connector.domain.records.contract import Contract


class EntityStateStore(Protocol):
    """What is remembered of each entity, and the lease of the run that may change it.

    Methods that take a lease raise LeaseLostError, and change nothing, when the stored one has another fence or owner;
    that test and the change are one transaction.
    """

    def read(self, entity: str) -> EntityState:
        """Return what is remembered of an entity; an empty EntityState when nothing is."""

    def acquire_lease(self, entity: str, owner: str, ttl: timedelta) -> tuple[Lease, EntityState] | Lease:
        """Return a new lease and the state as read in the same transaction, or the other owner's unexpired lease.

        An expired lease is taken over with its fence plus one; so is one acquired in the future, as after the clock was set
        back. An owner that asks again before its lease ends gets the
        same lease with a later end.
        """

    def save_checkpoint(self, lease: Lease, mode: str, checkpoint: Checkpoint | None) -> None:
        """Store the mode's progress (None forgets it)."""

    def save_contract(self, lease: Lease, contract: Contract) -> None:
        """Remember the entity's contract."""

    def save_read_one_by_one(self, lease: Lease) -> None:
        """Remember that this entity's list cannot be optimised."""

    def save_page_limit(self, lease: Lease, limit: PageLimit | None) -> None:
        """Remember how many rows of this entity's list can be had at once; None: as many as configured."""

    def remove_reported_deletions(self, lease: Lease, record_ids: Sequence[str]) -> None:
        """Forget records reported deleted that were looked at; others, reported since, stay."""

    def commit(self, lease: Lease, entity_state: EntityState, *, covers_reports: bool = False) -> bool:
        """Replace the whole state but what was reported, and give the lease back; return whether changes are still reported.

        The watermark never goes back: the later one is kept. With `covers_reports` the changes reported before this
        lease was taken are read.
        """

    def release_lease(self, lease: Lease) -> None:
        """Give the lease back; nothing happens when it is no longer ours."""


class NotificationStore(Protocol):
    """Which push notifications were taken."""

    def note(
        self, entity: str, notification_id: str, reported_deletions: Sequence[str], ttl: timedelta
    ) -> bool:
        """Remember a notification for `ttl`, and in the entity's state what it reports; False when it was noted before.

        Needs no lease. Of more than `MAX_REPORTED_DELETIONS` reported records the oldest go. For an entity never read
        nothing is reported: its first run reads everything.
        """


class SeatStore(Protocol):
    """Who holds the API sessions (licensed seats) this connector may use, over all its runs."""

    def acquire(self, owner: str, limit: int, ttl: timedelta) -> Seat | None:
        """Return one of `limit` seats, or None while others hold them all, unexpired and not acquired in the future.

        With it come the refused sign-in and the origin that are remembered. An owner that asks again gets the seat it
        has, with a later end.
        """

    def release(self, seat: Seat) -> None:
        """Give the seat back; nothing happens when it is no longer ours."""

    def remember_refused_sign_in(self, refused: RefusedSignIn | None) -> None:
        """Tell all who take a seat from now on of a refused sign-in, in place of the one before; None forgets it."""

    def remember_origin(self, origin: Origin) -> None:
        """Tell all who take a seat from now on what the warehouse is a copy of, in place of what was told before."""


class AuditStore(Protocol):
    """What each run did, and what became of each record it read."""

    def open_run(self, run_id: str, entry: Mapping[str, Any]) -> None:
        """Store the audit entry of a run (plain values: text, numbers, booleans, None, datetimes, nested)."""

    def close_run(self, run_id: str, entry: Mapping[str, Any]) -> None:
        """Merge the outcome into the run's entry; it becomes its entity's last run."""

    def record_page(
        self, run_id: str, entity: str, mode: str, number: int, entries: Sequence[AuditEntry]
    ) -> None:
        """Store what became of the records of one page. Storing the same number again replaces it."""

    def read_trail(self, entity: str, record_id: str) -> Iterator[AuditedPage]:
        """Yield every audit entry of one record, oldest first."""

    def find_records(self, entity: str, key: str) -> Sequence[str]:
        """Return the ids of the records that page audits know under this key (most recent first, at most 10)."""


class DeadLetterStore(Protocol):
    """Records that could not be used, whole, until they can."""

    def add(self, letter: DeadLetter) -> None:
        """Keep a dead letter whole, whatever its size; one with the same record replaces it, counting attempts on.

        The same run may add the same record twice, because any step may happen twice: that is one attempt.
        """

    def read(self, entity: str, record_id: str | None = None) -> Iterator[DeadLetter]:
        """Yield an entity's dead letters, each once though it be removed or kept again meanwhile, or that of one record."""

    def read_digests(self, entity: str) -> Mapping[str, str]:
        """Return the ids of an entity's dead letters, each with `build_digest` of its payload ("" if that is not known)."""

    def remove(self, entity: str, record_id: str, until: datetime) -> None:
        """Forget the dead letter of a record that can be used after all, unless it was rejected (again) after `until`."""


class StateStore(Protocol):
    """All that is kept between runs, in one place.

    Every method of it and of its parts may raise StateStoreUnavailableError, and TerminalError when a stored value
    cannot be read.
    """

    entities: EntityStateStore
    notifications: NotificationStore
    seats: SeatStore
    audit: AuditStore
    dead_letters: DeadLetterStore

    def statuses(self, entities: Sequence[str]) -> Sequence[EntityStatus]:
        """Return what the status page shows, in the order asked for; a lease that has ended is not shown."""

    def check(self) -> CheckLine:
        """Write, read and remove one document of its own; never raises."""

    def close(self) -> None:
        """Release files and connections. Safe to call twice; the next call opens again."""
