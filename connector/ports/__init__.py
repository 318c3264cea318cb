"""The systems the core depends on. These docstrings are the contracts that the tests of every adapter check.

The values that calls take and return are imported for the type checker alone: a command that needs one port would
load the values of all, for a tenth of its start.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from connector.ports.state import (
    AuditStore,
    DeadLetterStore,
    EntityStateStore,
    NotificationStore,
    SeatStore,
    StateStore,
)

if TYPE_CHECKING:
    from connector.domain.batch import Append
    from connector.domain.block_members import SourceKind
    from connector.domain.check_line import CheckLine
    from connector.domain.entity import Entity, Parameter
    from connector.domain.entity_state import Origin, RefusedSignIn
    from connector.domain.list_query import DeletedIds, ListAnswer, ListQuery
    from connector.domain.offer import Offer
    from connector.domain.records.contract import Contract
    from connector.domain.tables.schema import Column, Table, TableStatus
    from connector.domain.versions import CurrentVersion

__all__ = [
    "AuditStore",
    "CallQueue",
    "Clock",
    "DeadLetterStore",
    "EntityStateStore",
    "Explorer",
    "NotificationStore",
    "Ports",
    "SeatStore",
    "SecretStore",
    "Source",
    "StateStore",
    "Warehouse",
]

MAX_LOOKED_UP = 500
"""How many record ids one query may name; to look up more, query the versions of all records."""
MAX_SHARED_IDS = 20
"""How many ids that several records share are told."""


class Clock(Protocol):
    """The current time and a way to wait, so that tests can replace both."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware, in UTC."""

    def sleep(self, duration: timedelta) -> None:
        """Return after `duration`; immediately if it is not positive."""


class Source(Protocol):
    """Acumatica. Signs in at the first call; `close` signs out. Handles one call at a time.

    Raises CredentialsError, EndpointVersionError, AccessDeniedError, SourceSetupError or OtherTenantError if nothing can be read
    until an operator acts; a TransientError once the retries are used up; NotOptimizableError from `read_list`.
    """

    def describe(self, entity: Entity) -> Contract:
        """Return the contract of the entity, freshly read from the endpoint's `swagger.json`."""

    def contract_matches(self, entity: Entity, contract: Contract) -> bool:
        """Whether a stored contract was read from the current endpoint version with the current catalogue settings.

        If no version is configured, asks the instance for its newest one first. Returns False as long as the endpoint lacks
        something the catalogue names.
        """

    def read_list(self, query: ListQuery) -> ListAnswer:
        """Return one page of the list. With `one_by_one`, read the keys, then each record by id, possibly fewer rows than asked for.

        A TransientError with `is_request_specific` means that Acumatica answers, but keeps failing on this page; a smaller page
        may succeed; if it has not two whole rows within `most_bytes`, it failed in this way. Read one by one, a record on which it keeps failing is listed in `unreadable` of the answer.

        If the endpoint no longer has something the contract names, read the contract afresh and try once more with it. If
        that fails too, raise SourceSetupError, which says what was requested. `read_record` does the same.
        """

    def read_record(self, entity: Entity, record_id: str) -> bytes | None:
        """Return one record by its id, expanded as in lists, or None if Acumatica says it does not exist.

        A TransientError with `is_request_specific` means that Acumatica answers, but keeps failing on this record.
        """

    def read_deleted(self, entity: Entity, since: datetime) -> DeletedIds | None:
        """Return the ids Acumatica lists as deleted since then; None if the tenant does not track or report deletions.

        Each id is a hint to be confirmed by `read_record`, because other entities may share the table. Takes one request
        per page of the answer, up to a limit.
        """

    def forbid_credentials(self, refused: RefusedSignIn | None) -> None:
        """Never send these credentials again, except from `check`: signing in with them raises CredentialsError."""

    def refused_sign_in(self) -> RefusedSignIn | None:
        """Return the credentials the next run must not send: those refused last or forbidden; None once a sign-in succeeded."""

    def require_origin(self, origin: Origin | None) -> None:
        """Read from this origin only: signing in to another one raises OtherTenantError. None allows any at first; each later
        sign-in must lead to the same one as the first.
        """

    def origin(self) -> Origin | None:
        """Return the origin of the last sign-in; None if none succeeded yet or nothing identifies the tenant."""

    def check(
        self, entities: Sequence[Entity], on_contract: Callable[[Entity, Contract], None]
    ) -> Iterator[CheckLine]:
        """Test sign-in (even one refused before), tenant, seat, endpoint version and each entity's list; write nothing.

        Never raises. Calls `on_contract` with the contract of each entity once it is read.
        """

    def close(self) -> None:
        """Sign out, which frees the seat. Safe to call twice or before any other call; never raises."""


class Explorer(Source, Protocol):
    """A source that also tells what there is to read. Writes nothing."""

    def list_offers(self, *, classes: str | None) -> Iterator[Offer]:
        """Yield all entities of the endpoint and all inquiries, each with a look at a few rows of its list.

        Takes a few requests for each. `classes` is a pattern of the names of data access classes to yield too, which takes a
        request more, whose answer has about 20 MB; rows of these are looked at unless the pattern is `*`. What the user has no
        right to, or what cannot be listed, is told in the look.
        """

    def examine(
        self, name: str, kind: SourceKind | None, *, expand: Sequence[str], parameters: Sequence[Parameter]
    ) -> Offer:
        """Return what has this name (an entity before an inquiry, that before a data access class), with its keys tried.

        Of an entity these levels are read too, or else its main lines; an inquiry with parameters is read with these. Raises
        BadRequestError if nothing has this name.
        """


class Warehouse(Protocol):
    """BigQuery, or a DuckDB file. Opens at the first call; `close` lets other processes use it.

    Raises WarehouseUnavailableError (may pass by itself), CredentialsError, AccessDeniedError or ConfigurationError (an
    operator must act), WarehouseRefusedError (what was sent is wrong).
    """

    def prepare(self, table: Table, *, is_filled: bool = True) -> TableStatus:
        """Create the dataset, the table and its views if they are missing, add missing columns, and mend what is not right.

        The table's columns only grow: new ones (nested ones too) are NULLABLE; nothing is dropped, retyped or rewritten,
        except that NUMERIC becomes BIGNUMERIC where required and possible in place. A view that was dropped, replaced,
        renamed or made for another log is made again. Current rows that do not fit the log are made again from it, those of
        a log that is gone and superseded tables of the connector's own are dropped.
        If existing columns are described as made for other fields than they are wanted for, nothing is changed, and the
        status names these columns (`other_fields`): the names belong to another log.
        As long as the table is not `is_filled`, views that show the log of another entity are left to that (`held_by`).
        Takes one metadata request for the table and one for its views if nothing has to change, and one for a table of current rows.
        """

    def read_columns(self, name: str) -> Sequence[Column]:
        """Return the existing columns of a table or view, with nested ones and descriptions; none if it does not exist.

        Takes one metadata request. The types of a view's columns are not reliable.
        """

    def append(self, append: Append) -> Mapping[int, str]:
        """Store the rows; return the refused ones as index in `rows` → reason.

        A refused row never stops another. Repeating an append adds no row that the views would show twice. Raises
        WarehouseUnavailableError if the table was dropped after `prepare`, because only a new `prepare` reports it as empty.
        """

    def refresh(self, table: Table) -> None:
        """Update the current-rows table from the log, if this table has one and it is time; otherwise do nothing.

        Never replaces a row by an older version. Catches up on updates that earlier runs missed. Where the current view shows rows
        as they arrive it is time once a day, or when rows were logged that it does not show. May make such a table.
        """

    def current_versions(
        self, table: Table, record_ids: Collection[str] | None = None
    ) -> Iterator[CurrentVersion]:
        """Yield the newest version of every record, or of those with these ids, in ascending order of id.

        Includes deleted records. At most MAX_LOOKED_UP ids may be given.
        """

    def record_versions(self, table: Table, record_id: str) -> Iterator[Mapping[str, Any]]:
        """Yield every logged row of a record, oldest first, without details."""

    def find_ids(self, table: Table, keys: Mapping[str, str]) -> Sequence[str]:
        """Return the ids of the records of which a logged row has these column values, as text, in ascending order."""

    def find_shared_ids(self, table: Table, keys: Sequence[str], since: datetime) -> Sequence[str]:
        """Return ids whose rows synced at or after `since` have different values in one of the columns `keys`.

        They belong to several records, or to one that was renamed meanwhile. Returns at most MAX_SHARED_IDS, the first ones
        in ascending order. Takes one query.
        """

    def rename_log(self, before: str, after: str) -> bool:
        """Rename the log table of the entity `before`; return False if it has none, as when it is renamed already.

        Raises ConfigurationError, and renames nothing, if `after` has a log too.
        """

    def drop_derived(self, entity: str) -> Sequence[str]:
        """Drop the views and current rows that were made for an entity whose log is gone; return their names."""

    def check(self, tables: Sequence[Table]) -> Iterator[CheckLine]:
        """Test access, the dataset and a dry run of the views; write nothing; never raise."""

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
    """Reads and replaces the secrets that references point to."""

    def read(self, reference: str) -> bytes:
        """Return the newest value, or raise SecretUnavailableError naming the reference and the reason."""

    def check_replaceable(self, reference: str) -> None:
        """Raise ConfigurationError if `replace` can never succeed, as far as that shows without storing anything."""

    def replace(self, reference: str, value: bytes) -> None:
        """Store a new value durably, then disable the old one if possible. The old one stays if storing fails.

        Storing is tried only once. It may have succeeded despite a TransientError, so read before trying again.
        """


class CallQueue(Protocol):
    """A queue of calls to this connector. Connects at the first use."""

    def enqueue(self, name: str, body: bytes, at: datetime | None = None) -> None:
        """Enqueue one call with this JSON body, to be made no earlier than `at`; ignore a name already enqueued.

        Raises TransientError if the queue does not answer, ConfigurationError if it refuses.
        """

    def check(self) -> CheckLine:
        """Test whether calls may be enqueued without enqueuing one; never raises. The test itself needs no permission."""
