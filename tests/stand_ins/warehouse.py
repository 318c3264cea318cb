"""A warehouse in memory that shows current rows as the views do: for tests of thousands of runs."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from typing_extensions import override

from connector.domain.batch import Append
from connector.domain.check_line import CheckLine
from connector.domain.tables.evolution import evolve
from connector.domain.tables.schema import Column, Table, TableStatus
from connector.domain.versions import CurrentVersion
from connector.ports import MAX_SHARED_IDS, Warehouse


class LoggedRow(msgspec.Struct, frozen=True):
    """The columns that decide which row is current, and the row as it came."""

    id: str = msgspec.field(name="_id", default="")
    modified_at: datetime | None = msgspec.field(name="_modified_at", default=None)
    version: str = msgspec.field(name="_version", default="")
    synced_at: datetime | None = msgspec.field(name="_synced_at", default=None)
    deleted: bool = msgspec.field(name="_deleted", default=False)
    data: msgspec.Raw = msgspec.Raw(b"")


NEVER = datetime.min.replace(tzinfo=UTC)
DECODER = msgspec.json.Decoder(LoggedRow)


class MemoryWarehouse(Warehouse):
    """Appends to lists. `refuse` may name a reason for a row; such a row is not stored.

    `accepts_streaming` and `incompatible_columns` are what `prepare` finds; what was prepared, refreshed and closed is noted.
    """

    def __init__(self, refuse: Callable[[bytes], str | None] = lambda _: None) -> None:
        self.logs: dict[str, list[LoggedRow]] = {}
        self.views: dict[str, frozenset[str]] = {}
        """The columns of each view, as the last `prepare` made it."""
        self.owners: dict[str, str] = {}
        """The entity whose log each view shows."""
        self.refuse = refuse
        self.accepts_streaming = True
        self.incompatible_columns: frozenset[str] = frozenset()
        self.columns: dict[str, tuple[Column, ...]] = {}
        self.appends: list[Append] = []
        self.prepared: list[Table] = []
        self.refreshed: list[Table] = []
        self.looked_up: list[Collection[str] | None] = []
        """The ids whose versions were asked for, None for those of all records."""
        self.sought: list[datetime] = []
        """The instants since when records that share an id were looked for."""
        self.closed = 0

    @override
    def prepare(self, table: Table, *, is_filled: bool = True) -> TableStatus:
        self.prepared.append(table)
        evolution = evolve(self.columns.get(table.name, ()), table.columns)
        if evolution.other_fields:
            return TableStatus(created=False, accepts_streaming=False, other_fields=evolution.other_fields)
        found = {self.owners.get(view.name, table.entity) for view in table.views} - {table.entity}
        others = tuple(sorted(owner for owner in found if f"{owner}_log" in self.logs))
        held_by, taken_from = ((), others) if is_filled else (others, ())
        if not held_by:
            self.owners |= {view.name: table.entity for view in table.views}
        self.views |= {view.name: frozenset(column.name for column in view.columns) for view in table.views}
        created = table.name not in self.logs
        log = self.logs.setdefault(table.name, [])
        self.columns[table.name] = evolution.columns
        self.columns |= {view.name: view.columns for view in table.views}
        return TableStatus(
            created=created,
            accepts_streaming=self.accepts_streaming,
            incompatible_columns=self.incompatible_columns,
            empty=not log,
            held_by=held_by,
            taken_from=taken_from,
        )

    @override
    def read_columns(self, name: str) -> Sequence[Column]:
        return self.columns.get(name, ())

    @override
    def append(self, append: Append) -> Mapping[int, str]:
        self.appends.append(append)
        log = self.logs.setdefault(append.table.name, [])
        refused = {}
        for i, row in enumerate(append.rows):
            reason = self.refuse(row.data)
            if reason is None:
                log.append(msgspec.structs.replace(DECODER.decode(row.data), data=msgspec.Raw(row.data)))
            else:
                refused[i] = reason
        return refused

    @override
    def refresh(self, table: Table) -> None:
        """Note it: the current rows are read from the log."""
        self.refreshed.append(table)

    def newest(self, table: str) -> dict[str, LoggedRow]:
        """Return the newest row of each record: by stamp, then by time of reading, then as the views do."""
        newest: dict[str, LoggedRow] = {}
        for row in self.logs.get(table, ()):
            if row.id not in newest or _rank(row) >= _rank(newest[row.id]):
                newest[row.id] = row
        return newest

    def current(self, table: str) -> dict[str, LoggedRow]:
        """Return the rows of the current view by id."""
        return {record_id: row for record_id, row in self.newest(table).items() if not row.deleted}

    @override
    def current_versions(
        self, table: Table, record_ids: Collection[str] | None = None
    ) -> Iterator[CurrentVersion]:
        self.looked_up.append(record_ids)
        for record_id, row in sorted(self.newest(table.name).items()):
            if record_ids is None or record_id in record_ids:
                yield CurrentVersion(
                    record_id=record_id,
                    modified_at=row.modified_at,
                    version=row.version,
                    own_stamp=_own_stamp(row, table),
                    synced_at=row.synced_at or NEVER,
                    is_deleted=row.deleted,
                    first_synced_at=min(
                        other.synced_at or NEVER for other in self.logs[table.name] if other.id == record_id
                    ),
                )

    @override
    def record_versions(self, table: Table, record_id: str) -> Iterator[Mapping[str, Any]]:
        for row in self.logs.get(table.name, ()):
            if row.id == record_id:
                values = {column.name: None for column in table.columns} | msgspec.json.decode(row.data)
                yield values | {"_modified_at": row.modified_at, "_synced_at": row.synced_at}

    @override
    def find_ids(self, table: Table, keys: Mapping[str, str]) -> Sequence[str]:
        rows = ((row.id, msgspec.json.decode(row.data)) for row in self.logs.get(table.name, ()))
        return sorted({found for found, values in rows if keys.items() <= values.items()})

    @override
    def find_shared_ids(self, table: Table, keys: Sequence[str], since: datetime) -> Sequence[str]:
        self.sought.append(since)
        found: dict[str, set[str]] = {}
        for row in self.logs.get(table.name, ()):
            if not row.deleted and (row.synced_at or NEVER) >= since:
                values = msgspec.json.decode(row.data)
                for key in keys:
                    found.setdefault(f"{row.id} {key}", set()).add(str(values.get(key)))
        shared = {name.split(" ", 1)[0] for name, values in found.items() if len(values) > 1}
        return sorted(shared)[:MAX_SHARED_IDS]

    @override
    def rename_log(self, before: str, after: str) -> bool:
        if f"{before}_log" not in self.logs:
            return False
        self.logs[f"{after}_log"] = self.logs.pop(f"{before}_log")
        self.columns[f"{after}_log"] = self.columns.pop(f"{before}_log")
        return True

    @override
    def drop_derived(self, entity: str) -> Sequence[str]:
        made = sorted(name for name, owner in self.owners.items() if owner == entity)
        for name in made:
            del self.owners[name], self.views[name]
        return made

    @override
    def check(self, tables: Sequence[Table]) -> Iterator[CheckLine]:
        for table in tables:
            yield CheckLine(subject=table.name, ok=True, finding="held in memory")

    @override
    def close(self) -> None:
        self.closed += 1


def _rank(row: LoggedRow) -> tuple[datetime, datetime, str, bool]:
    return row.modified_at or NEVER, row.synced_at or NEVER, row.version, not row.deleted


def _own_stamp(row: LoggedRow, table: Table) -> datetime | None:
    if table.stamp is None:
        return row.modified_at
    own: datetime | None = msgspec.convert(
        msgspec.json.decode(row.data).get(table.stamp), datetime | None, strict=False
    )
    return own
