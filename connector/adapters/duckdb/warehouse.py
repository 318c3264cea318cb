"""`Warehouse` in a DuckDB file. The views are the cloud's own, translated."""

import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from typing_extensions import override

from connector.adapters.duckdb import comments, current_rows, dataset, ddl, tables
from connector.adapters.duckdb.current_versions import read_versions
from connector.adapters.duckdb.dialect import read_columns, render_type
from connector.adapters.duckdb.errors import translated
from connector.adapters.duckdb.file import (
    CATALOG,
    close,
    connect,
    open_cursor,
    require_duckdb,
    shrink_cache,
)
from connector.adapters.duckdb.rows import TableWriter
from connector.adapters.duckdb.translation import translate
from connector.adapters.duckdb.views import find_owners, list_objects
from connector.domain.batch import Append
from connector.domain.check_line import CheckLine
from connector.domain.instants import to_text
from connector.domain.tables.current_table import keep_as_view
from connector.domain.tables.evolution import adopt_types
from connector.domain.tables.log_queries import (
    build_ids_query,
    build_shared_ids_query,
    build_trail_query,
)
from connector.domain.tables.schema import Column, ColumnType, Table, TableStatus
from connector.domain.versions import CurrentVersion
from connector.errors import ConnectorError, WarehouseUnavailableError
from connector.ports import MAX_SHARED_IDS, Warehouse

FETCH = 10_000
log = logging.getLogger(__name__)


class DuckDbWarehouse(Warehouse):
    """The warehouse in the file `path`, which other programs can open whenever all that this one has of it are closed.

    Each run of a process may have one of its own for the same file, in a thread of its own: they share DuckDB's instance.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: duckdb.DuckDBPyConnection | None = None

    @override
    def prepare(self, table: Table, *, is_filled: bool = True) -> TableStatus:
        """Create the table and its views, or mend what is not as it should be, in one transaction."""
        table = keep_as_view(table)
        with CATALOG, self._use() as connection:
            objects = list_objects(connection)
            owners = find_owners(table, objects)
            held_by, taken_from = ((), owners) if is_filled else (owners, ())
            if table.name not in objects:
                ddl.create(connection, table, is_filled=is_filled)
                dataset.publish(connection)
                return TableStatus(
                    created=True, accepts_streaming=True, held_by=held_by, taken_from=taken_from
                )
            evolution = tables.compare(connection, table)
            if evolution.other_fields:
                return TableStatus(
                    created=False, accepts_streaming=False, other_fields=evolution.other_fields
                )
            if not ddl.is_fit(connection, table, evolution, objects, is_filled=is_filled):
                evolution = ddl.extend(connection, table, evolution, is_filled=is_filled)
                for kept in evolution.describe_kept():
                    log.warning("%s.%s", table.name, kept)
            dataset.publish(connection)
            return TableStatus(
                created=False,
                accepts_streaming=True,
                incompatible_columns=evolution.incompatible_columns,
                numeric_not_widened=evolution.numeric_not_widened,
                as_text=evolution.as_text,
                empty=ddl.is_empty(connection, table.name),
                held_by=held_by,
                taken_from=taken_from,
            )

    @override
    def read_columns(self, name: str) -> Sequence[Column]:
        if self._connection is None and not self._path.exists():
            return ()
        with self._use() as connection:
            return comments.read_described(connection, name)

    @override
    def append(self, append: Append) -> Mapping[int, str]:
        """Add the rows; the method makes no difference here."""
        table = keep_as_view(append.table)
        with self._use() as connection:
            try:
                held = adopt_types(table, read_columns(connection, table.name))
            except duckdb.CatalogException as exc:
                raise WarehouseUnavailableError(
                    f"The table {table.name} was dropped while a run was writing to it",
                    action="Run again: the table is made anew, and everything is read into it.",
                ) from exc
            current_rows.note(connection, table, append.rows)
            types = {column.name: render_type(column) for column in held.columns}
            refused = TableWriter(connection, table.name, held.columns, types).write(append.rows)
            shrink_cache(connection)
            return refused

    @override
    def refresh(self, table: Table) -> None:
        table = keep_as_view(table)
        if table.merge is not None:
            with self._use() as connection:
                current_rows.refresh(connection, table)

    @override
    def current_versions(
        self, table: Table, record_ids: Collection[str] | None = None
    ) -> Iterator[CurrentVersion]:
        """Yield from a cursor of its own, so that rows can be appended meanwhile; it shows none of those."""
        with self._use_cursor(table) as cursor:
            if cursor is not None:
                yield from read_versions(cursor, table, record_ids)

    @override
    def record_versions(self, table: Table, record_id: str) -> Iterator[Mapping[str, Any]]:
        columns = [column for column in table.columns if column.type is not ColumnType.RECORD]
        for row in self._query(table, build_trail_query(table), {"record_id": record_id}):
            yield {
                column.name: _read_cell(column.type, value)
                for column, value in zip(columns, row, strict=True)
            }

    @override
    def find_ids(self, table: Table, keys: Mapping[str, str]) -> Sequence[str]:
        values = {f"key_{i}": value for i, value in enumerate(keys.values())}
        return [row[0] for row in self._query(table, build_ids_query(table, keys), values)]

    @override
    def find_shared_ids(self, table: Table, keys: Sequence[str], since: datetime) -> Sequence[str]:
        sql = build_shared_ids_query(table, keys, MAX_SHARED_IDS)
        return [row[0] for row in self._query(table, sql, {"since": to_text(since)})]

    @override
    def rename_log(self, before: str, after: str) -> bool:
        with CATALOG, self._use() as connection:
            found = ddl.rename_log(connection, before, after)
            dataset.publish(connection)
            return found

    @override
    def drop_derived(self, entity: str) -> Sequence[str]:
        with CATALOG, self._use() as connection:
            dropped = ddl.drop_derived(connection, entity)
            dataset.publish(connection)
            return dropped

    @override
    def check(self, tables: Sequence[Table]) -> Iterator[CheckLine]:
        """Open the file for reading if it is there, and make the tables and views in memory."""
        tables = [keep_as_view(table) for table in tables]
        repairs: dict[str, str] = {}
        try:
            finding = self._look(tables, repairs)
            yield CheckLine(subject="DuckDB file", ok=True, finding=finding)
        except ConnectorError as exc:
            yield CheckLine(subject="DuckDB file", ok=False, finding=exc.message, remedy=exc.action)
        for table in tables:
            try:
                with translated(), duckdb.connect(":memory:") as connection:
                    ddl.create(connection, table)
                finding = f"its {len(table.views)} views are valid{repairs.get(table.name, '')}"
                yield CheckLine(subject=f"DuckDB table {table.name}", ok=True, finding=finding)
            except ConnectorError as exc:
                yield CheckLine(
                    subject=f"DuckDB table {table.name}", ok=False, finding=exc.message, remedy=exc.action
                )

    @override
    def close(self) -> None:
        if self._connection is not None:
            with translated():
                close(self._connection)
            self._connection = None

    @contextmanager
    def _use(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with translated():
            if self._connection is None:
                self._connection = connect(self._path)
            yield self._connection

    @contextmanager
    def _use_cursor(self, table: Table) -> Iterator[duckdb.DuckDBPyConnection | None]:
        """Yield another connection to the file; None when there is no such table yet."""
        with self._use() as connection:
            if not tables.exists(connection, table.name):
                yield None
                return
            with open_cursor(connection) as cursor:
                yield cursor

    def _query(self, table: Table, sql: str, values: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query on the table; none when there is no such table yet."""
        with self._use_cursor(table) as cursor:
            if cursor is not None:
                cursor.execute(translate(sql), dict(values))
                while rows := cursor.fetchmany(FETCH):
                    yield from rows

    def _look(self, tables: Sequence[Table], repairs: dict[str, str]) -> str:
        """Return what is said of the file; note what the next run will mend of each table."""
        if not self._path.exists():
            ddl.require_folder(self._path)
            return f"{self._path} does not exist yet; the first run creates it"
        if self._connection is not None:
            repairs |= {table.name: ddl.describe_repairs(self._connection, table) for table in tables}
            return f"{self._path} is open"
        require_duckdb(self._path)
        with translated(), duckdb.connect(str(self._path), read_only=True) as connection:
            count = len(connection.execute("SELECT table_name FROM duckdb_tables()").fetchall())
            repairs |= {table.name: ddl.describe_repairs(connection, table) for table in tables}
        return f"{self._path} can be read and holds {count} tables"


def _read_cell(column_type: ColumnType, value: Any) -> Any:
    if value is None:
        return None
    if column_type is ColumnType.TIMESTAMP:
        return value.astimezone(UTC)
    return json.loads(value) if column_type is ColumnType.JSON else value
