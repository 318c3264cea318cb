"""Writing to the tenant: rows are stamped when they are saved and seen when their transaction commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from .contract import fields_ever, keys_of
from .rows import Fields, Record, Row, Scalar, new_id, stamped

if TYPE_CHECKING:
    from .tenant import Tenant

Lines = Mapping[str, Sequence[Row | Mapping[str, Scalar]]]
"""Detail collections by name, each line a row with its id or the plain fields of a new one."""

STAMP_FIELDS = ("LastModifiedDateTime", "LastModified", "LastModifiedDate")
CREATED_FIELDS = ("CreatedDateTime", "CreatedDate")


class RecordLockedError(Exception):
    """Another open transaction has already written this record."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a commit did to one record: no `before` is an insertion, no `after` a deletion."""

    entity: str
    id: str
    before: Record | None
    after: Record | None


class Transaction:
    """Writes that become visible together; as a context manager it commits unless an error leaves it."""

    def __init__(self, tenant: Tenant) -> None:
        """Open it on a tenant; see `Tenant.begin`."""
        self._tenant = tenant
        self._writes: list[tuple[str, str, Callable[[Record | None], Record | None]]] = []
        self.is_open = True

    def insert(
        self, entity: str, fields: Mapping[str, Scalar], details: Lines | None = None, **parts: Any
    ) -> str:
        """Add a record; `linked`, `custom`, `note` and `record_id` may be given. Answers its id."""
        random = self._tenant.random
        record_id = str(parts.pop("record_id", None) or new_id(random))
        stamp = stamped(self._tenant.clock.now())
        self._tenant.table(entity)
        missing = [key for key in keys_of(entity) if key not in fields]
        if missing:
            raise ValueError(f"a new {entity} needs its key {', '.join(missing)}")
        keys = tuple(str(fields[key]) for key in keys_of(entity))
        if self._tenant.find(entity, *keys):
            raise ValueError(f"{entity} {'/'.join(keys)} exists already")
        record = Record(
            id=record_id,
            entity=entity,
            keys=keys,
            stamp=stamp,
            created=stamp,
            fields=with_system_fields(entity, fields, record_id, stamp, stamp),
            details=lines_of(random, details or {}),
            **parts,
        )
        self._write(entity, record_id, lambda _: record)
        return record_id

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
        """Set fields (None empties one), replace details, or parts such as `linked`, `custom`, `note`."""
        stamp = stamped(self._tenant.clock.now()) if touch else None
        lines = lines_of(self._tenant.random, details or {})
        self._write(entity, record_id, lambda record: changed(record, fields or {}, lines, stamp, parts))

    def rename(self, entity: str, record_id: str, keys: Mapping[str, str]) -> None:
        """Give a record other key values; its id stays."""
        self.change(entity, record_id, keys)

    def delete(self, entity: str, record_id: str) -> None:
        """Delete a record for good."""
        self._write(entity, record_id, lambda _: None)

    def commit(self) -> None:
        """Show every write, in the order they were made."""
        self._close()
        self._tenant.apply(self._writes)

    def rollback(self) -> None:
        """Forget every write."""
        self._close()

    def _write(self, entity: str, record_id: str, write: Callable[[Record | None], Record | None]) -> None:
        if not self.is_open:
            raise RuntimeError("the transaction is closed")
        holder = self._tenant.locks.setdefault((entity, record_id), self)
        if holder is not self:
            raise RecordLockedError(f"another transaction has written {entity} {record_id}")
        self._writes.append((entity, record_id, write))

    def _close(self) -> None:
        self.is_open = False
        for entity, record_id, _ in self._writes:
            self._tenant.locks.pop((entity, record_id), None)

    def __enter__(self) -> Transaction:
        """Nothing happens until the first write."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit, or roll back when an error passes through; do nothing if it was closed by hand."""
        if self.is_open:
            (self.rollback if kind else self.commit)()


def changed(
    record: Record | None,
    fields: Mapping[str, Scalar | None],
    details: dict[str, list[Row]],
    stamp: datetime | None,
    parts: Mapping[str, Any],
) -> Record:
    """The next version of a record; without a stamp it keeps the one it has."""
    if record is None:
        raise KeyError("the record to change does not exist")
    merged = {**record.fields, **fields}
    kept: Fields = {name: value for name, value in merged.items() if value is not None}
    at = stamp or record.stamp
    return Record(
        id=record.id,
        entity=record.entity,
        keys=tuple(str(kept[key]) for key in keys_of(record.entity)),
        stamp=at,
        created=record.created,
        fields=with_system_fields(record.entity, kept, record.id, at, record.created),
        details={**record.details, **details},
        linked=parts.get("linked", record.linked),
        custom={**record.custom, **parts.get("custom", {})},
        note=parts.get("note", record.note),
        archived=record.archived,
        hidden=record.hidden,
    )


def with_system_fields(
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
    return {
        name: [line if isinstance(line, Row) else Row(id=new_id(random), fields=dict(line)) for line in lines]
        for name, lines in details.items()
    }
