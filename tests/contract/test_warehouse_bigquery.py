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
from connector.ports import Warehouse
from tests.contract.warehouse_contract import WarehouseContract
from tests.contract.warehouse_shelf import Shelf
from tests.contract.warehouse_views_contract import (
    LeftoverContract,
    MendingContract,
    RenamingContract,
    RetypedColumnContract,
)
from tests.stand_ins.bigquery import PROJECT
from tests.stand_ins.clock import FakeClock

pytestmark = pytest.mark.emulator


class BigQueryShelf(Shelf):
    def __init__(self, url: str, dataset: str, clock: FakeClock) -> None:
        self.url = url
        self.dataset = dataset
        self.clock = clock

    def open(self, **changes: Any) -> BigQueryWarehouse:
        return BigQueryWarehouse(
            project=PROJECT,
            dataset=self.dataset,
            location="EU",
            credentials=credentials.anonymous,
            retry=Retry(clock=self.clock, attempts=3),
            endpoint=self.url,
            **changes,
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


class TestBigQueryWarehouse(WarehouseContract, RetypedColumnContract):
    """A few of the promises of views and leftovers: making a view takes the stand-in a second."""

    test_views_are_mended = MendingContract.test_views_that_somebody_dropped_or_replaced_are_made_again
    test_a_log_takes_no_other_log_s_name = RenamingContract.test_a_log_takes_no_other_log_s_name
    test_leftovers = LeftoverContract.test_no_deleted_record_comes_back_with_a_log_made_anew

    def test_a_log_is_renamed(self, shelf: Shelf, warehouse: Warehouse) -> None:
        RenamingContract().test_a_log_is_renamed_and_its_views_follow(shelf, warehouse, kept=True)
