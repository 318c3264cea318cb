"""BigQuery as it is on a bad day."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connector.adapters.bigquery import credentials
from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.adapters.retrying import Retry
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.scripted_bigquery import running_scripted_bigquery
from tests.stand_ins.scripted_bigquery_state import BigQueryState

SETTLED = timedelta(minutes=15)


@pytest.fixture
def scripted() -> Iterator[tuple[str, BigQueryState]]:
    with running_scripted_bigquery() as running:
        yield running


@pytest.fixture
def bigquery(scripted: tuple[str, BigQueryState]) -> BigQueryState:
    return scripted[1]


def open_warehouse(url: str, clock: FakeClock, **changes: object) -> BigQueryWarehouse:
    options: dict[str, object] = {
        "project": "demo",
        "dataset": "erp",
        "location": "EU",
        "credentials": credentials.anonymous,
        "retry": Retry(clock=clock),
        "endpoint": url,
    }
    return BigQueryWarehouse(**options | changes)  # type: ignore[arg-type]


@pytest.fixture
def warehouse(scripted: tuple[str, BigQueryState], clock: FakeClock) -> Iterator[BigQueryWarehouse]:
    opened = open_warehouse(scripted[0], clock)
    yield opened
    opened.close()


@pytest.fixture
def other_warehouse(scripted: tuple[str, BigQueryState], clock: FakeClock) -> Iterator[BigQueryWarehouse]:
    """Another run's."""
    opened = open_warehouse(scripted[0], clock)
    yield opened
    opened.close()
