"""The connector of `tests.builders.Rig` with one of its systems in the cloud, where a test can make it misbehave."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import msgspec
from google.cloud import firestore

from connector.adapters.bigquery import credentials
from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.adapters.firestore import FirestoreStateStore
from connector.adapters.retrying import Retry
from connector.domain.batch import Append, Row
from connector.domain.run import WriteMethod
from tests.builders import Rig
from tests.stand_ins.faulty_firestore import Faults, FaultyClient
from tests.stand_ins.scripted_bigquery_state import BigQueryState


class BigQueryRig(Rig):
    """With its warehouse in the scripted BigQuery. What that holds is queried in a DuckDB file, by the same views."""

    def __init__(self, folder: Path, url: str, bigquery: BigQueryState) -> None:
        super().__init__(folder)
        self.bigquery = bigquery
        self._bigquery_url = url

    def open_warehouse(self, retry: Retry) -> BigQueryWarehouse:
        return BigQueryWarehouse(
            project="demo",
            dataset="erp",
            location="EU",
            credentials=credentials.anonymous,
            retry=retry,
            endpoint=self._bigquery_url,
        )

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a copy of every log."""
        (self.folder / "warehouse.duckdb").unlink(missing_ok=True)
        copy = DuckDbWarehouse(self.folder / "warehouse.duckdb")
        for name, stored in self.bigquery.tables.items():
            if name.endswith("_log"):
                self._copy(copy, name.removesuffix("_log"), stored.rows)
        copy.close()
        with super().reading() as connection:
            yield connection

    def _copy(self, copy: DuckDbWarehouse, entity: str, rows: list[dict[str, Any]]) -> None:
        table = self.build_table(entity)
        copy.prepare(table)
        copied = [Row(insert_id=str(i), head=msgspec.json.encode(row)) for i, row in enumerate(rows)]
        append = Append(table=table, rows=copied, method=WriteMethod.LOAD, batch_id="copy")
        assert copy.append(append) == {}


class FirestoreRig(Rig):
    """With its state in Firestore, whose answers to a run `faults` decides; others see it without."""

    def __init__(self, folder: Path, project: str) -> None:
        super().__init__(folder)
        self.faults = Faults()
        self._project = project
        self._beside = self._open(firestore.Client(project=project), Retry(clock=self.clock))

    @property
    def state(self) -> FirestoreStateStore:
        return self._beside

    def open_state(self, retry: Retry) -> FirestoreStateStore:
        return self._open(FaultyClient(self._project, self.faults), retry)

    def _open(self, client: firestore.Client, retry: Retry) -> FirestoreStateStore:
        return FirestoreStateStore(connect=lambda: client, prefix="acumatica", clock=self.clock, retry=retry)

    def close(self) -> None:
        super().close()
        self._beside.close()
