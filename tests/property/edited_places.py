"""The warehouses of an edited catalogue, and how an operator gets at them beside the connector."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from typing_extensions import override

from connector.adapters.bigquery import credentials
from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.adapters.retrying import Retry
from connector.domain.batch import Append
from connector.domain.tables.schema import Table, TableStatus
from connector.domain.tables.sync_runs import SYNC_RUNS
from connector.ports import Clock, Warehouse
from tests.stand_ins.bigquery import PROJECT

HISTORIES_OF_A_DATABASE = 10
Rows = list[dict[str, Any]]


class Place(ABC):
    """A warehouse whose objects can be looked at, and dropped, as somebody with a SQL console would."""

    renames_views = True
    merges_daily = False
    """Whether current rows of no form in particular have a table."""
    warehouse: Warehouse

    @abstractmethod
    def rows(self, sql: str) -> Rows:
        """Return the rows of a statement; raise PermissionError for one that does not fit what is there."""

    @abstractmethod
    def tables(self) -> frozenset[str]:
        """Return the names of the tables, without the views."""

    @abstractmethod
    def close(self) -> None:
        """Leave nothing behind."""


class _OpenDuckDb(DuckDbWarehouse):
    """A file that never leaves memory."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(Path("memory"))
        self._connection = connection

    @override
    def prepare(self, table: Table, *, is_filled: bool = True) -> TableStatus:
        """Keep no table of runs: its row takes as long as a page of records, and no edit touches it."""
        if table.name == SYNC_RUNS.name:
            return TableStatus(created=False, accepts_streaming=True)
        return super().prepare(table, is_filled=is_filled)

    @override
    def append(self, append: Append) -> Mapping[int, str]:
        return {} if append.table.name == SYNC_RUNS.name else super().append(append)

    @override
    def close(self) -> None:
        """Stay open."""


class DuckDbPlace(Place):
    """A database in memory for several histories, one at a time: opening one takes as long as a run, and each that was
    dropped slows it down.
    """

    _opened: duckdb.DuckDBPyConnection | None = None
    _histories = 0

    def __init__(self) -> None:
        if DuckDbPlace._opened is None or DuckDbPlace._histories % HISTORIES_OF_A_DATABASE == 0:
            DuckDbPlace._opened = duckdb.connect(":memory:")
            DuckDbPlace._opened.execute("SET TimeZone = 'UTC'; SET threads = 1")
        DuckDbPlace._histories += 1
        self._connection = DuckDbPlace._opened
        self.warehouse = _OpenDuckDb(self._connection)
        self.close()  # a history that failed left its objects behind

    @override
    def rows(self, sql: str) -> Rows:
        try:
            found = self._connection.execute(sql)
        except duckdb.CatalogException as exc:
            raise PermissionError(sql) from exc
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    @override
    def tables(self) -> frozenset[str]:
        return frozenset(row["table_name"] for row in self.rows("SELECT table_name FROM duckdb_tables()"))

    @override
    def close(self) -> None:
        for row in self.rows("SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal"):
            self._connection.execute('DROP VIEW "{schema_name}"."{view_name}"'.format(**row))
        for table in self.tables():
            self._connection.execute(f'DROP TABLE "{table}"')


class BigQueryPlace(Place):
    """A dataset of BigQuery's stand-in."""

    renames_views = False
    merges_daily = True

    def __init__(self, url: str, dataset: str, clock: Clock) -> None:
        self.warehouse = BigQueryWarehouse(
            project=PROJECT,
            dataset=dataset,
            location="EU",
            credentials=credentials.anonymous,
            retry=Retry(clock=clock, attempts=3),
            endpoint=url,
            table_from_bytes=0,
        )
        options = {"api_endpoint": url}
        self._client = bigquery.Client(PROJECT, AnonymousCredentials(), client_options=options)
        self._dataset = f"{PROJECT}.{dataset}"

    @override
    def rows(self, sql: str) -> Rows:
        config = bigquery.QueryJobConfig(default_dataset=self._dataset)
        try:
            return [dict(row.items()) for row in self._client.query(sql, job_config=config).result()]
        except GoogleAPICallError as exc:
            raise PermissionError(sql) from exc

    @override
    def tables(self) -> frozenset[str]:
        listed = self._client.list_tables(self._dataset)
        return frozenset(item.table_id for item in listed if item.table_type == "TABLE")

    @override
    def close(self) -> None:
        self.warehouse.close()
        self._client.close()
