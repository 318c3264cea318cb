"""The data of a simulated tenant: what is stored, and what others can see of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random

import msgspec

from .clock import TenantClock
from .contract import entity_names, fields_ever, keys_of
from .rows import Fields, Record, Row, Scalar, new_id
from .transaction import Change, Lines, Transaction

STAMP_FIELDS = ("LastModifiedDateTime", "LastModified", "LastModifiedDate")
CREATED_FIELDS = ("CreatedDateTime", "CreatedDate")


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """What the table of deleted records remembers."""

    entity: str
    id: str
    deleted_at: datetime


class Table:
    """The committed records of one entity."""

    def __init__(self) -> None:
        """Begin empty."""
        self.by_id: dict[str, Record] = {}
        self.generation = 0
        self._ordered: list[Record] | None = None

    def put(self, record: Record) -> None:
        """Store this version of a record in place of the one before."""
        self.by_id[record.id] = record
        self._touch()

    def drop(self, record_id: str) -> None:
        """Forget a record for good."""
        del self.by_id[record_id]
        self._touch()

    def _touch(self) -> None:
        self.generation += 1
        self._ordered = None

    def ordered(self) -> list[Record]:
        """All records in ascending order of their keys."""
        if self._ordered is None:
            self._ordered = sorted(self.by_id.values(), key=lambda record: record.sort_key)
        return self._ordered


class Tenant:
    """One tenant: tables, a clock, transactions that stamp at their start and show at their commit."""

    def __init__(self, clock: TenantClock | None = None, seed: int = 7) -> None:
        """Begin empty; the seed decides every id that will be given out."""
        self.clock = clock or TenantClock()
        self.random = Random(f"{seed}:ids")
        self.tables: dict[str, Table] = {entity: Table() for entity in entity_names()}
        self.deletions: list[Deletion] = []
        self.listeners: list[Callable[[list[Change]], None]] = []
        """Called after each commit with what it changed; push notifications hang here."""

    def table(self, entity: str) -> Table:
        """The table of an entity, or KeyError naming the ones there are."""
        if entity not in self.tables:
            raise KeyError(f"no entity {entity!r} in the sandbox; there are {', '.join(self.tables)}")
        return self.tables[entity]

    def records(self, entity: str, *, archived: bool = True, hidden: bool = True) -> list[Record]:
        """The live records in key order: the oracle of tests. Leave out archived or hidden ones on request."""
        rows = self.table(entity).ordered()
        return [row for row in rows if (archived or not row.archived) and (hidden or not row.hidden)]

    def record(self, entity: str, record_id: str) -> Record:
        """The committed version of one record, or KeyError."""
        return self.table(entity).by_id[record_id]

    def find(self, entity: str, *keys: str) -> Record | None:
        """The record with these key values, compared without case, or None."""
        wanted = tuple(key.casefold() for key in keys)
        return next((row for row in self.table(entity).ordered() if row.sort_key == wanted), None)

    def begin(self) -> Transaction:
        """Open a transaction: its rows carry this moment's stamp and are seen once it commits."""
        return Transaction(self, self.clock.now())

    def commit(self, transaction: Transaction) -> None:
        """Show what the transaction did."""
        transaction.commit()

    def insert(
        self, entity: str, fields: Mapping[str, Scalar], details: Lines | None = None, **parts: object
    ) -> str:
        """Add a record and answer its id; `linked`, `custom`, `note`, `record_id` may be given as well."""
        with self.begin() as transaction:
            return transaction.insert(entity, fields, details, **parts)

    def change(
        self,
        entity: str,
        record_id: str,
        fields: Mapping[str, Scalar | None] | None = None,
        details: Lines | None = None,
        *,
        touch: bool = True,
        **parts: object,
    ) -> None:
        """Set fields (None empties one) or replace details; with `touch` False the stamp stays as it is."""
        with self.begin() as transaction:
            transaction.change(entity, record_id, fields, details, touch=touch, **parts)

    def rename(self, entity: str, record_id: str, keys: Mapping[str, str]) -> None:
        """Give a record other key values; its id stays."""
        with self.begin() as transaction:
            transaction.rename(entity, record_id, keys)

    def delete(self, entity: str, record_id: str) -> None:
        """Delete a record for good."""
        with self.begin() as transaction:
            transaction.delete(entity, record_id)

    def archive(self, entity: str, record_id: str, archived: bool = True) -> None:
        """Archive a record (or take it back): lists leave it out unless the request asks for archived ones."""
        record = self.record(entity, record_id)
        self.tables[entity].put(msgspec.structs.replace(record, archived=archived))

    def hide(self, entity: str, record_id: str, hidden: bool = True) -> None:
        """Put a record into a restriction group that the API user is not in (or take it out again)."""
        record = self.record(entity, record_id)
        self.tables[entity].put(msgspec.structs.replace(record, hidden=hidden))

    def load(
        self,
        entity: str,
        fields: Fields,
        details: dict[str, list[Row]],
        stamp: datetime,
        created: datetime,
        linked: dict[str, Row] | None = None,
        custom: Fields | None = None,
        note: str | None = None,
    ) -> Record:
        """Store a record as history left it, with stamps of its own; for the generator."""
        record_id = new_id(self.random)
        record = Record(
            id=record_id,
            entity=entity,
            keys=tuple(str(fields[key]) for key in keys_of(entity)),
            stamp=stamp,
            created=created,
            fields=system_fields(entity, fields, record_id, stamp, created),
            details=details,
            linked=linked or {},
            custom=custom or {},
            note=note,
        )
        self.tables[entity].put(record)
        return record


def system_fields(
    entity: str, fields: Mapping[str, Scalar], record_id: str, stamp: datetime, created: datetime
) -> Fields:
    """The fields of a record with those that the system fills: stamps, creation, NoteID."""
    known = fields_ever(entity)
    system: Fields = {name: stamp for name in STAMP_FIELDS if name in known}
    system |= {name: created for name in CREATED_FIELDS if name in known}
    if "NoteID" in known:
        system["NoteID"] = record_id
    return {**fields, **system}


def lines_of(random: Random, details: Lines) -> dict[str, list[Row]]:
    """Rows from plain mappings; rows given as they are keep their id."""
    return {name: [_line(random, line) for line in lines] for name, lines in details.items()}


def _line(random: Random, line: Row | Mapping[str, Scalar]) -> Row:
    return line if isinstance(line, Row) else Row(id=new_id(random), fields=dict(line))


LinesOf = Mapping[str, Sequence[Row | Mapping[str, Scalar]]]
