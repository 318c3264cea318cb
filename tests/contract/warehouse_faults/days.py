"""Days of runs on the scripted BigQuery, with current rows that are merged once a day."""

from datetime import UTC, datetime, timedelta

from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.domain.batch import Row
from connector.domain.tables.schema import Table
from tests.contract.warehouse_current_contract import a_daily_table
from tests.contract.warehouse_faults.conftest import open_warehouse
from tests.contract.warehouse_rows import a_row, an_append
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.scripted_bigquery_state import BigQueryState

DAILY = a_daily_table()
NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)


class Days:
    """Runs, each with a warehouse of its own, by a clock that a test moves."""

    def __init__(self, url: str, bigquery: BigQueryState, from_bytes: int = 0) -> None:
        self.bigquery, self.clock = bigquery, FakeClock(NOON)
        self._url, self._from_bytes, self._batches = url, from_bytes, 0

    def open(self) -> BigQueryWarehouse:
        return open_warehouse(self._url, self.clock, table_from_bytes=self._from_bytes)

    def run(self, *rows: Row, table: Table = DAILY, is_killed: bool = False) -> list[str]:
        """Prepare, append, and refresh unless the run is killed before; return the statements."""
        self.bigquery.statements.clear()
        warehouse = self.open()
        try:
            warehouse.prepare(table)
            if rows:
                self._batches += 1
                warehouse.append(an_append(*rows, table=table, batch_id=str(self._batches)))
            if not is_killed:
                warehouse.refresh(table)
        finally:
            warehouse.close()
        return [statement.split(" ", 1)[0] for statement in self.bigquery.statements]

    def read_at(self, hours_ago: int = 0) -> str:
        return f"{self.clock.now() - timedelta(hours=hours_ago):%Y-%m-%dT%H:%M:%SZ}"

    def row(self, record: str = "r1", hours_ago: int = 0) -> Row:
        return a_row(record, _synced_at=self.read_at(hours_ago))

    @property
    def labels(self) -> dict[str, str]:
        labels: dict[str, str] = self.bigquery.tables["bills_current"].resource["labels"]
        return labels

    def since(self) -> str:
        """Where the last MERGE began."""
        queries = [job["configuration"].get("query", {}) for job in self.bigquery.jobs.values()]
        (parameter,) = [query["queryParameters"] for query in queries if "queryParameters" in query][-1]
        value: str = parameter["parameterValue"]["value"]
        return value
