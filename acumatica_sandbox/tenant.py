"""The data of a simulated tenant: what is stored, and what others can see of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from threading import RLock
from typing import Any

import msgspec

from .clock import TenantClock
from .contract import entity_names, keys_of
from .rows import Fields, Record, Row, Scalar, new_id, seeded
from .tables import Table
from .transaction import Change, Lines, Transaction, with_system_fields

Write = tuple[str, str, Callable[[Record | None], Record | None]]


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """What the table of deleted records remembers."""

    entity: str
    id: str
    deleted_at: datetime
    record: Record | None = None
    """What it was last, where that is known."""


class Tenant:
    """One tenant: tables, a clock, and transactions whose rows show when they commit."""

    def __init__(self, clock: TenantClock | None = None, seed: int = 7) -> None:
        """Begin empty; the seed decides every id that will be given out."""
        self.clock = clock or TenantClock()
        self.random = seeded(seed, "ids")
        self.tables: dict[str, Table] = {entity: Table() for entity in entity_names()}
        self.deletions: list[Deletion] = []
        self.locks: dict[tuple[str, str], Transaction] = {}
        self.guard = RLock()
        """Held by whoever needs the tables to stand still: a commit, or a request that reads them."""
        self.listeners: list[Callable[[list[Change]], None]] = []
        """Called after each commit with what it changed; push notifications hang here."""

    def table(self, entity: str) -> Table:
        """The table of an entity, or KeyError naming the ones there are."""
        if entity not in self.tables:
            raise KeyError(f"no entity {entity!r} in the sandbox; there are {', '.join(self.tables)}")
        return self.tables[entity]

    def records(self, entity: str, *, archived: bool = True, hidden: bool = True) -> list[Record]:
        """The live records in key order: the oracle of tests. Archived and hidden ones can be left out."""
        with self.guard:
            rows = self.table(entity).ordered()
            return [row for row in rows if (archived or not row.archived) and (hidden or not row.hidden)]

    def record(self, entity: str, record_id: str) -> Record:
        """The committed version of one record, or KeyError."""
        found = self.table(entity).get(record_id)
        if found is None:
            raise KeyError(f"no {entity} {record_id} in the sandbox")
        return found

    def find(self, entity: str, *keys: str) -> Record | None:
        """The record with these key values, compared without case, or None."""
        return self.table(entity).find(tuple(key.casefold() for key in keys))

    def begin(self) -> Transaction:
        """Open a transaction: its rows are stamped as they are written and seen once it commits."""
        return Transaction(self)

    def commit(self, transaction: Transaction) -> None:
        """Show what the transaction did."""
        transaction.commit()

    def insert(
        self, entity: str, fields: Mapping[str, Scalar], details: Lines | None = None, **parts: Any
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
        **parts: Any,
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
        """Archive a record, or take it back: lists leave it out unless the request asks for archived ones."""
        self._restate(entity, record_id, archived=archived)

    def hide(self, entity: str, record_id: str, hidden: bool = True) -> None:
        """Put a record into a restriction group that the API user is not in, or take it out again."""
        self._restate(entity, record_id, hidden=hidden)

    def apply(self, writes: Iterable[Write]) -> None:
        """Make writes visible at once and tell the listeners; called by a transaction that commits."""
        with self.guard:
            changes = [self._apply(*write) for write in writes]
        for listener in self.listeners:
            listener(changes)

    def _apply(self, entity: str, record_id: str, write: Callable[[Record | None], Record | None]) -> Change:
        table = self.table(entity)
        before = table.get(record_id)
        after = write(before)
        if after is not None:
            table.put(after)
        elif (gone := table.drop(record_id)) is not None:
            deletion = Deletion(entity=entity, id=record_id, deleted_at=self.clock.now(), record=gone)
            self.deletions.append(deletion)
        return Change(entity=entity, id=record_id, before=before, after=after)

    def _restate(self, entity: str, record_id: str, **state: bool) -> None:
        with self.guard:
            record = self.record(entity, record_id)
            self.table(entity).put(msgspec.structs.replace(record, **state, rendered={}))

    def load(
        self,
        entity: str,
        fields: Fields,
        *,
        stamp: datetime,
        created: datetime,
        details: dict[str, list[Row]] | None = None,
        linked: dict[str, Row] | None = None,
        custom: Fields | None = None,
        note: str | None = None,
    ) -> Record:
        """Store a record as history left it, with its own stamps; how the generator fills the tables."""
        record_id = new_id(self.random)
        record = Record(
            id=record_id,
            entity=entity,
            keys=tuple(str(fields[key]) for key in keys_of(entity)),
            stamp=stamp,
            created=created,
            fields=with_system_fields(entity, fields, record_id, stamp, created),
            details=details or {},
            linked=linked or {},
            custom=custom or {},
            note=note,
        )
        self.table(entity).put(record)
        return record
