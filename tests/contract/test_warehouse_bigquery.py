"""The warehouse's promises, kept by BigQuery as its stand-in plays it.

The stand-in cannot query a table that a nested column was added to, and makes no NUMERIC column BIGNUMERIC; those promises
are tested with the scripted server.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from connector.adapters.bigquery import credentials
from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.adapters.retrying import Retry
from tests.contract.warehouse_contract import WarehouseContract
from tests.contract.warehouse_shelf import Shelf
from tests.stand_ins.clock import FakeClock

pytestmark = pytest.mark.emulator
PROJECT = "demo"


class BigQueryShelf(Shelf):
    def __init__(self, url: str, dataset: str, clock: FakeClock) -> None:
        self.url = url
        self.dataset = dataset
        self.clock = clock

    def open(self) -> BigQueryWarehouse:
        return BigQueryWarehouse(
            project=PROJECT,
            dataset=self.dataset,
            location="EU",
            credentials=credentials.anonymous,
            retry=Retry(clock=self.clock, attempts=3),
            endpoint=self.url,
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with bigquery.Client(
            project=PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": self.url}
        ) as client:
            text = sql.replace("{dataset}", f"`{PROJECT}.{self.dataset}`")
            return [tuple(row.values()) for row in client.query(text).result()]


@pytest.fixture
def shelf(bigquery_url: str, bigquery_dataset: str, clock: FakeClock) -> BigQueryShelf:
    return BigQueryShelf(bigquery_url, bigquery_dataset, clock)


@pytest.fixture
def warehouse(shelf: BigQueryShelf) -> Iterator[BigQueryWarehouse]:
    opened = shelf.open()
    yield opened
    opened.close()


class TestBigQueryWarehouse(WarehouseContract):
    pass
