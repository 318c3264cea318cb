"""`Warehouse` in BigQuery."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from google.auth.credentials import Credentials
from google.cloud.bigquery.table import Row
from typing_extensions import override

from connector.adapters.bigquery.checks import check_access, check_tables
from connector.adapters.bigquery.connection import Connection
from connector.adapters.bigquery.current_rows import TABLE_FROM_BYTES, CurrentRows
from connector.adapters.bigquery.ddl import Layout
from connector.adapters.bigquery.errors import TableMissingError
from connector.adapters.bigquery.jobs import run_query
from connector.adapters.bigquery.load_jobs import Loader
from connector.adapters.bigquery.metadata import Metadata
from connector.adapters.bigquery.rename import drop_derived, rename_log
from connector.adapters.bigquery.streaming_inserts import Streamer
from connector.adapters.retrying import Retry
from connector.domain.batch import Append
from connector.domain.check_line import CheckLine
from connector.domain.instants import to_text
from connector.domain.run import WriteMethod
from connector.domain.tables.log_queries import (
    build_days_query,
    build_ids_query,
    build_shared_ids_query,
    build_trail_query,
    build_versions_query,
)
from connector.domain.tables.schema import Column, Table, TableStatus
from connector.domain.versions import CurrentVersion
from connector.errors import WarehouseUnavailableError
from connector.ports import MAX_SHARED_IDS, Warehouse


class BigQueryWarehouse(Warehouse):
    """The warehouse in one dataset of a project.

    `location` None: a new dataset goes where the project's default is. `credentials` is called at the first use, and may
    raise our errors. `retry` carries the clock and the run's deadline. `endpoint` replaces Google's, for an emulator.
    `table_from_bytes`: how large a log is when its current rows get a table that is merged once a day.
    """

    def __init__(
        self,
        *,
        project: str,
        dataset: str,
        location: str | None,
        credentials: Callable[[], Credentials],
        retry: Retry,
        endpoint: str | None = None,
        table_from_bytes: int = TABLE_FROM_BYTES,
    ) -> None:
        self._connection = Connection(
            project=project,
            dataset=dataset,
            location=location,
            credentials=credentials,
            retry=retry,
            endpoint=endpoint,
        )
        self._current_rows = CurrentRows(self._connection, table_from_bytes)
        self._layout = Layout(self._connection, self._current_rows)
        self._streamer = Streamer(self._connection)

    @override
    def prepare(self, table: Table, *, is_filled: bool = True) -> TableStatus:
        return self._layout.prepare(table, is_filled=is_filled)

    @override
    def read_columns(self, name: str) -> Sequence[Column]:
        return self._layout.read_columns(name)

    @override
    def append(self, append: Append) -> Mapping[int, str]:
        """Stream the rows, or load them; what cannot be streamed is loaded."""
        if append.rows and append.table.entity:
            self._require_prepared(append.table)
        self._current_rows.note(append.table, append.rows)
        everything = range(len(append.rows))
        if append.method is not WriteMethod.STREAMING:
            return self._load(append, everything)
        streamed = self._streamer.stream(append.table, append.rows)
        return streamed.refused | self._load(append, sorted(streamed.left))

    @override
    def refresh(self, table: Table) -> None:
        """Run one MERGE, if rows were stored that it has not seen and it is time; make the table if it is worth it."""
        if not self._current_rows.refresh(table):
            self._layout.restore_current_rows(table)

    @override
    def current_versions(
        self, table: Table, record_ids: Collection[str] | None = None
    ) -> Iterator[CurrentVersion]:
        """Yield from a finished query's pages, so memory does not grow with the table."""
        values = {f"id_{i}": record_id for i, record_id in enumerate(record_ids or ())}
        sql = build_versions_query(table, None if record_ids is None else len(record_ids))
        for row in self._query(table, sql, values):
            yield CurrentVersion(
                record_id=row[0],
                modified_at=row[1],
                version=row[2],
                own_stamp=row[3],
                synced_at=row[4],
                is_deleted=row[5],
                first_synced_at=row[6],
            )

    @override
    def record_versions(self, table: Table, record_id: str) -> Iterator[Mapping[str, Any]]:
        """Find the days first: BigQuery charges a column of each day that a query looks at, however few rows it finds there."""
        values = {"record_id": record_id}
        days = [row[0] for row in self._query(table, build_days_query(table), values)]
        if days:
            for row in self._query(table, build_trail_query(table, days), values):
                yield dict(row.items())

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
        return rename_log(self._connection, before, after)

    @override
    def drop_derived(self, entity: str) -> Sequence[str]:
        return drop_derived(self._connection, entity)

    @override
    def check(self, tables: Sequence[Table]) -> Iterator[CheckLine]:
        """Ask for the dataset, for the right to query and to write, and then try each table's views."""
        has_access = True
        for line in check_access(self._connection):
            has_access &= line.ok
            yield line
        if has_access:
            yield from check_tables(self._connection, tables)

    @override
    def close(self) -> None:
        self._layout.forget()
        self._connection.close()

    def _require_prepared(self, table: Table) -> None:
        """Raise WarehouseUnavailableError when the log is gone, or is another one than was prepared: one request.

        Rows in a log that somebody made anew would hide from the next run that all the others are missing.
        """
        if not self._layout.is_as_prepared(table):
            raise _build_loss(table)

    def _load(self, append: Append, indexes: Sequence[int]) -> dict[int, str]:
        """Load the rows. The job's id tells the making of the table: what was loaded into one dropped since is not there."""
        incarnation = self._layout.incarnation(append.table)
        loader = Loader(self._connection, append.table, f"{append.batch_id} {incarnation}")
        try:
            return loader.load(append.rows, indexes)
        except TableMissingError as missing:
            raise _build_loss(append.table) from missing

    def _query(self, table: Table, sql: str, values: Mapping[str, str]) -> Iterator[Row]:
        """Yield the rows of a query on the table; none when there is no such table yet."""
        try:
            yield from run_query(self._connection, self._connection.render(sql), values)
        except TableMissingError as missing:
            if Metadata(self._connection).find(table.name) is not None:
                raise missing.error from missing


def _build_loss(table: Table) -> WarehouseUnavailableError:
    return WarehouseUnavailableError(
        f"The table {table.name} was dropped or replaced while a run was writing to it",
        action="Run again: the table is made anew if it is missing, and if it is empty everything is read into it.",
    )
