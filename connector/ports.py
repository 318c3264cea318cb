"""What the core needs from the world. The docstrings are the contract that every adapter's tests check."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from connector.domain.batch import Append
from connector.domain.check_line import CheckLine
from connector.domain.entity import Entity
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
    Seat,
)
from connector.domain.listing import DeletedIds, ListAnswer, ListQuery
from connector.domain.records.contract import Contract
from connector.domain.tables.schema import Table, TableStatus
from connector.domain.versions import CurrentVersion


class Clock(Protocol):
    """Time, so that tests need not wait for it."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""

    def sleep(self, duration: timedelta) -> None:
        """Return after the duration; at once when it is not positive."""


class Source(Protocol):
    """Acumatica. Signs in by itself at the first call; `close` signs out. Serves one call at a time.

    Raises CredentialsError, EndpointVersionError, AccessDeniedError, SourceSetupError, OtherTenantError (nothing was read, the
    operator acts); TransientError kinds once the retry policy is used up; NotOptimizableError from `read_list`.
    """

    def describe(self, entity: Entity) -> Contract:
        """Return the contract of the entity, read afresh from the endpoint's `swagger.json`."""

    def contract_matches(self, entity: Entity, contract: Contract) -> bool:
        """Whether a remembered contract was read from this endpoint version with these catalogue choices.

        Asks the instance for its newest version first when none is configured. False as long as the endpoint lacks something
        the catalogue asks for.
        """

    def read_list(self, query: ListQuery) -> ListAnswer:
        """Return one page of the list; `one_by_one` reads its keys and then each record by id, and may return fewer rows.

        If the endpoint has lost something the contract names, the entity is described once afresh and asked for by that;
        SourceSetupError says what is asked for when that fails too. So it is with `read_record`.
        """

    def read_record(self, entity: Entity, record_id: str) -> bytes | None:
        """Return one record by Acumatica's id, expanded as lists are, or None when Acumatica says it is gone."""

    def read_deleted(self, entity: Entity, since: datetime) -> DeletedIds | None:
        """Return the ids Acumatica lists as deleted since then; None when the tenant does not track or tell them.

        Each is a hint, to be confirmed by `read_record`: other entities may share the table. One request, and one more for
        each further page of the answer, up to a bound.
        """

    def forbid_credentials(self, refused: RefusedSignIn | None) -> None:
        """Do not send these credentials again, by any call but `check`: the sign-in raises CredentialsError instead."""

    def refused_sign_in(self) -> RefusedSignIn | None:
        """Return what the next run has to avoid: a sign-in refused just now, else what was avoided; None once one succeeded."""

    def require_origin(self, origin: Origin | None) -> None:
        """Read from nowhere else: a sign-in that leads elsewhere raises OtherTenantError. None allows any."""

    def origin(self) -> Origin | None:
        """Return where the last sign-in led; None before one succeeded, and when nothing tells the tenant."""

    def check(
        self, entities: Sequence[Entity], on_contract: Callable[[Entity, Contract], None]
    ) -> Iterator["CheckLine"]:
        """Try sign-in (a refused one too), tenant, seat, endpoint version and each entity's list, writing nothing.

        Never raises. `on_contract` is told the contract of each entity as it is read.
        """

    def close(self) -> None:
        """Sign out, so that the seat is free. Safe to call twice, and when nothing was ever opened; never raises."""


class Warehouse(Protocol):
    """BigQuery, or a DuckDB file. Opens itself at the first call; `close` lets others at it.

    Raises WarehouseUnavailableError (time helps), CredentialsError / AccessDeniedError / ConfigurationError (the
    operator acts), WarehouseRefusedError (what was sent is wrong).
    """

    def prepare(self, table: Table) -> TableStatus:
        """Make the dataset, the table and its views exist with at least these columns.

        Additive: missing columns (nested ones too) are added as NULLABLE, nothing is dropped, retyped or rewritten, except
        that NUMERIC becomes BIGNUMERIC where that is wanted and the warehouse can do it in place.
        One metadata request when everything is as it should be.
        """

    def append(self, append: Append) -> Mapping[int, str]:
        """Add the rows and return the refused ones: index in `rows` to reason. All others are stored when it returns.

        A refused row never holds back another. Repeating an append adds no row the views would show twice. Raises
        WarehouseUnavailableError when the table is gone since it was prepared: only a new `prepare` can tell the run so.
        """

    def refresh(self, table: Table) -> None:
        """Bring the current rows up to the log, where the table keeps them in a table of their own; else do nothing.

        No row gives way to an older one. What an earlier run did not come to is made up for.
        """

    def current_versions(self, table: Table) -> Iterator[CurrentVersion]:
        """Yield the newest version of every record that is not deleted, in ascending order of its id."""

    def record_versions(self, table: Table, keys: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Yield every logged row of the records with these column values, oldest first, without details."""

    def check(self, tables: Sequence[Table]) -> Iterator[CheckLine]:
        """Try access, the dataset and a dry run of the views, writing nothing; never raises."""

    def close(self) -> None:
        """Release files and connections. Safe to call twice; the next call opens again."""


class StateStore(Protocol):
    """Watermarks, checkpoints, leases, audit and dead letters of all entities.

    Every method may raise StateStoreUnavailableError. Methods that take a lease raise LeaseLostError, and change
    nothing, when the stored one has another fence or owner; that test and the change are one transaction.
    """

    def read_entity_state(self, entity: str) -> EntityState:
        """Return what is remembered of an entity; an empty Stream when nothing is."""

    def acquire_lease(self, entity: str, owner: str, ttl: timedelta) -> tuple[Lease, EntityState] | Lease:
        """Return a new lease and the stream as read in the same transaction, or the other owner's unexpired lease.

        An expired lease is taken over with its fence plus one.
        """

    def save_checkpoint(self, lease: Lease, mode: str, checkpoint: Checkpoint | None) -> None:
        """Store the mode's progress (None forgets it)."""

    def save_contract(self, lease: Lease, contract: Contract) -> None:
        """Remember the entity's contract."""

    def save_read_one_by_one(self, lease: Lease) -> None:
        """Remember that this entity's list cannot be optimised."""

    def commit(self, lease: Lease, entity_state: EntityState, *, covers_reports: bool = False) -> bool:
        """Replace the whole stream but its suspects and its mark of being due, and give the lease back.

        The watermark never goes back: the later one is kept. With `covers_reports` the changes reported before this
        lease was taken are read. Return whether the entity is due all the same.
        """

    def release_lease(self, lease: Lease) -> None:
        """Give the lease back; nothing happens when it is no longer ours."""

    def note_notification(
        self, entity: str, notification_id: str, reported_deletions: Sequence[str], ttl: timedelta
    ) -> bool:
        """Remember a notification for `ttl`, its suspects, and that its entity is due; False when it was noted before.

        Needs no lease. Of more than `MAX_REPORTED_DELETIONS` suspects the oldest go. An entity never read keeps none and is not
        due: its first run reads everything.
        """

    def remove_reported_deletions(self, lease: Lease, record_ids: Sequence[str]) -> None:
        """Forget suspects that were looked at; others, reported since, stay."""

    def acquire_seat(self, owner: str, limit: int, ttl: timedelta) -> Seat | None:
        """Return one of `limit` session slots, or None while unexpired ones of others fill them all.

        With it come the refused sign-in and the origin that are remembered.
        """

    def release_seat(self, seat: Seat) -> None:
        """Give the slot back; nothing happens when it is no longer ours."""

    def remember_refused_sign_in(self, refused: RefusedSignIn | None) -> None:
        """Tell all who take a slot from now on of a refused sign-in, in place of the one before; None forgets it."""

    def remember_origin(self, origin: Origin) -> None:
        """Tell all who take a slot from now on what the warehouse is a copy of, in place of what was told before."""

    def open_run(self, run_id: str, entry: Mapping[str, Any]) -> None:
        """Store the audit entry of a run (plain values: text, numbers, booleans, None, datetimes, nested)."""

    def close_run(self, run_id: str, entry: Mapping[str, Any]) -> None:
        """Merge the outcome into the run's entry; it becomes its entity's last run."""

    def record_page(
        self, run_id: str, entity: str, mode: str, number: int, entries: Sequence[AuditEntry]
    ) -> None:
        """Store what became of the records of one page. Storing the same number again replaces it."""

    def audit_trail(self, entity: str, record_id: str) -> Iterator[AuditedPage]:
        """Yield every audit entry of one record, oldest first."""

    def find_records(self, entity: str, key: str) -> Sequence[str]:
        """Return the ids of the records that page audits know under this key (most recent first, at most 10)."""

    def add_dead_letter(self, letter: DeadLetter) -> None:
        """Keep a dead letter whole, whatever its size; one with the same record replaces it, counting attempts on."""

    def dead_letters(self, entity: str, record_id: str | None = None) -> Iterator[DeadLetter]:
        """Yield an entity's dead letters, each once though it be removed or kept again meanwhile, or that of one record."""

    def dead_letter_digests(self, entity: str) -> Mapping[str, str]:
        """Return the ids of an entity's dead letters, each with `build_digest` of its payload ("" if that is not known)."""

    def remove_dead_letter(self, entity: str, record_id: str, until: datetime) -> None:
        """Forget the dead letter of a record that can be used after all, unless it was rejected (again) after `until`."""

    def statuses(self, entities: Sequence[str]) -> Sequence[EntityStatus]:
        """Return what the status page shows, in the order asked for."""

    def check(self) -> CheckLine:
        """Write, read and remove one document of its own; never raises."""

    def close(self) -> None:
        """Release files and connections. Safe to call twice; the next call opens again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The systems a run works with."""

    source: Source
    warehouse: Warehouse
    state: StateStore
    clock: Clock


class SecretStore(Protocol):
    """Where secret references lead."""

    def read(self, reference: str) -> bytes:
        """Return the newest value, or raise SecretUnavailableError naming the reference and the reason."""

    def check_replaceable(self, reference: str) -> None:
        """Raise ConfigurationError when `replace` could never succeed, as far as can be told without storing anything."""

    def replace(self, reference: str, value: bytes) -> None:
        """Store a new value durably, then make the old one unusable, as well as can be. The old one stays if storing fails.

        Storing is tried once: after a TransientError it may have happened all the same, so read before trying again.
        """


class CallQueue(Protocol):
    """Where a call of this connector waits to be made. Reached at the first call."""

    def enqueue(self, name: str, body: bytes, at: datetime | None = None) -> None:
        """Enqueue one call with this JSON body, to be made not before `at`; a name that is known is not enqueued again.

        Raises TransientError when the queue does not answer, ConfigurationError when it refuses.
        """

    def check(self) -> CheckLine:
        """Ask whether calls may be enqueued, enqueuing none; never raises. Asking takes no right."""
