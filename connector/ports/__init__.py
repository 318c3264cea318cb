"""What the core needs from the world. The docstrings are the contract that every adapter's tests check."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from connector.domain.batch import Append
from connector.domain.check_line import CheckLine
from connector.domain.entity import Entity
from connector.domain.entity_state import Origin, RefusedSignIn
from connector.domain.listing import DeletedIds, ListAnswer, ListQuery
from connector.domain.records.contract import Contract
from connector.domain.tables.schema import Column, Table, TableStatus
from connector.domain.versions import CurrentVersion
from connector.ports.state import (
    AuditStore,
    DeadLetterStore,
    EntityStateStore,
    NotificationStore,
    SeatStore,
    StateStore,
)

__all__ = [
    "AuditStore",
    "CallQueue",
    "Clock",
    "DeadLetterStore",
    "EntityStateStore",
    "NotificationStore",
    "Ports",
    "SeatStore",
    "SecretStore",
    "Source",
    "StateStore",
    "Warehouse",
]

MAX_LOOKED_UP = 500
"""Records whose versions one query may name; of more, the versions of all records are asked for."""


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

        A TransientError that `is_request_specific` says that Acumatica answers, but keeps failing on this page: a smaller one
        may be answered. Read one by one, a record on which it keeps failing is `unreadable` in the answer.

        If the endpoint has lost something the contract names, the entity is described once afresh and asked for by that;
        SourceSetupError says what is asked for when that fails too. So it is with `read_record`.
        """

    def read_record(self, entity: Entity, record_id: str) -> bytes | None:
        """Return one record by its id, expanded as lists are, or None when Acumatica says it is gone.

        A TransientError that `is_request_specific` says that Acumatica answers, but keeps failing on this record.
        """

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

    def read_columns(self, name: str) -> Sequence[Column]:
        """Return the columns of a table or view as they are, nested ones and descriptions too; none when it is not there.

        One metadata request. Of a view the types are not promised.
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

    def current_versions(
        self, table: Table, record_ids: Collection[str] | None = None
    ) -> Iterator[CurrentVersion]:
        """Yield the newest version of every record, or of those with these ids, deleted ones too, in ascending order of id.

        Of ids at most MAX_LOOKED_UP may be asked for at once.
        """

    def record_versions(self, table: Table, keys: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Yield every logged row of the records with these column values, oldest first, without details."""

    def check(self, tables: Sequence[Table]) -> Iterator[CheckLine]:
        """Try access, the dataset and a dry run of the views, writing nothing; never raises."""

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
