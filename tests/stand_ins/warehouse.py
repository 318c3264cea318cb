"""A warehouse in memory that shows current rows as the views do: for tests of thousands of runs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from typing_extensions import override

from connector.domain.batch import Append
from connector.domain.check_line import CheckLine
from connector.domain.tables.schema import Table, TableStatus
from connector.domain.versions import CurrentVersion
from connector.ports import Warehouse


class LoggedRow(msgspec.Struct, frozen=True):
    """The columns that decide which row is current, and the row as it came."""

    id: str = msgspec.field(name="_id", default="")
    modified_at: datetime | None = msgspec.field(name="_modified_at", default=None)
    version: str = msgspec.field(name="_version", default="")
    synced_at: datetime | None = msgspec.field(name="_synced_at", default=None)
    deleted: bool = msgspec.field(name="_deleted", default=False)
    data: msgspec.Raw = msgspec.Raw(b"")


DECODER = msgspec.json.Decoder(LoggedRow)


class MemoryWarehouse(Warehouse):
    """Appends to lists. `refuse` may name a reason for a row; such a row is not stored.

    `accepts_streaming` and `retyped` are what `prepare` finds; what was prepared, refreshed and closed is noted.
    """

    def __init__(self, refuse: Callable[[bytes], str | None] = lambda _: None) -> None:
        self.logs: dict[str, list[LoggedRow]] = {}
        self.views: dict[str, frozenset[str]] = {}
        """The columns of each view, as the last `prepare` made it."""
        self.refuse = refuse
        self.accepts_streaming = True
        self.retyped: frozenset[str] = frozenset()
        self.appends: list[Append] = []
        self.prepared: list[Table] = []
        self.refreshed: list[Table] = []
        self.closed = 0

    @override
    def prepare(self, table: Table) -> TableStatus:
        self.prepared.append(table)
        self.views |= {view.name: frozenset(column.name for column in view.columns) for view in table.views}
        created = table.name not in self.logs
        log = self.logs.setdefault(table.name, [])
        return TableStatus(
            created=created, accepts_streaming=self.accepts_streaming, retyped=self.retyped, empty=not log
        )

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

    def current(self, table: str) -> dict[str, LoggedRow]:
        """Return the rows of the current view by id: the newest by stamp and time of reading, without deleted ones."""
        newest: dict[str, LoggedRow] = {}
        for row in self.logs.get(table, ()):
            if row.id not in newest or _rank(row) >= _rank(newest[row.id]):
                newest[row.id] = row
        return {record_id: row for record_id, row in newest.items() if not row.deleted}

    @override
    def current_versions(self, table: Table) -> Iterator[CurrentVersion]:
        for record_id, row in sorted(self.current(table.name).items()):
            yield CurrentVersion(record_id=record_id, modified_at=row.modified_at, version=row.version)

    @override
    def record_versions(self, table: Table, keys: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        for row in self.logs.get(table.name, ()):
            values = msgspec.json.decode(row.data)
            if all(values.get(column) == value for column, value in keys.items()):
                yield values

    @override
    def check(self, tables: Sequence[Table]) -> Iterator[CheckLine]:
        for table in tables:
            yield CheckLine(subject=table.name, ok=True, finding="held in memory")

    @override
    def close(self) -> None:
        self.closed += 1


def _rank(row: LoggedRow) -> tuple[float, float]:
    return tuple(at.timestamp() if at else 0.0 for at in (row.modified_at, row.synced_at))  # type: ignore[return-value]
