"""Current rows that are merged once a day, in BigQuery as its stand-in plays it: the view shows the newest rows at any moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from connector.domain.batch import Row
from connector.domain.entity import CurrentForm
from connector.domain.tables.schema import Table
from tests.contract.test_warehouse_bigquery import BigQueryShelf
from tests.contract.warehouse_current_contract import CURRENT, a_daily_table, a_kept_table
from tests.contract.warehouse_rows import BUSINESS, a_column, a_row, a_table, an_append, an_entity
from tests.stand_ins.bigquery import PROJECT
from tests.stand_ins.clock import FakeClock

pytestmark = pytest.mark.emulator

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DAILY, KEPT = a_daily_table(), a_kept_table()
PLAIN = a_table(
    entity=an_entity(line_views=(), current=CurrentForm.VIEW),
    views=DAILY.views,
    superseded=("bills_current",),
)


class Runs:
    """One run after the other, each with a warehouse of its own, by a clock that a test moves."""

    def __init__(self, url: str, dataset: str) -> None:
        self.clock = FakeClock(NOON)
        self._shelf = BigQueryShelf(url, dataset, self.clock)
        self._batches = 0

    def run(self, *rows: Row, table: Table = DAILY, is_killed: bool = False) -> None:
        """Prepare, append, and refresh unless the run is killed before."""
        warehouse = self._shelf.open(table_from_bytes=0)
        warehouse.prepare(table)
        if rows:
            self._batches += 1
            warehouse.append(an_append(*rows, table=table, batch_id=str(self._batches)))
        if not is_killed:
            warehouse.refresh(table)
        warehouse.close()

    def row(self, record: str, version: str, hours_ago: int = 0, **more: Any) -> Row:
        read_at = self.clock.now() - timedelta(hours=hours_ago)
        return a_row(record, version, _synced_at=f"{read_at:%Y-%m-%dT%H:%M:%SZ}", **more)

    def shows(self, query: str = CURRENT) -> list[tuple[Any, ...]]:
        return self._shelf.query(query)

    def relabel(self, labels: dict[str, str]) -> None:
        """Change labels of the table of current rows, as a person may."""
        options = {"api_endpoint": self._shelf.url}
        with bigquery.Client(
            project=PROJECT, credentials=AnonymousCredentials(), client_options=options
        ) as client:
            found = client.get_table(f"{PROJECT}.{self._shelf.dataset}.bills_current")
            found.labels = found.labels | labels
            client.update_table(found, ["labels"])

    def merged(self) -> list[tuple[Any, ...]]:
        return self._shelf.query("SELECT _id, _version FROM {dataset}.bills_current ORDER BY _id")


@pytest.fixture
def runs(bigquery_url: str, bigquery_dataset: str) -> Runs:
    return Runs(bigquery_url, bigquery_dataset)


def test_rows_show_as_they_arrive_before_and_after_the_merge_of_the_day(runs: Runs) -> None:
    runs.run(runs.row("r1", "v1"), runs.row("r2", "v1"))
    assert runs.shows() == runs.merged() == [("r1", "v1"), ("r2", "v1")]
    runs.clock.advance(DAY)
    runs.run(runs.row("r1", "v2", modified_at=9), is_killed=True)
    assert runs.shows() == [("r1", "v2"), ("r2", "v1")]
    assert runs.merged() == [("r1", "v1"), ("r2", "v1")]
    runs.run(runs.row("r2", "gone", modified_at=9, deleted=True))
    assert runs.shows() == [("r1", "v2")]
    assert runs.merged() == [("r1", "v2"), ("r2", "gone")]
    runs.run(
        runs.row("r2", "older", modified_at=3), runs.row("r3", "v1"), runs.row("r4", "late", hours_ago=70)
    )
    assert runs.shows() == [("r1", "v2"), ("r3", "v1"), ("r4", "late")], "what was deleted does not come back"


def test_an_entity_changes_between_all_forms_with_all_its_rows(runs: Runs) -> None:
    for number, table in enumerate((PLAIN, DAILY, KEPT, DAILY, PLAIN, KEPT, PLAIN), 1):
        runs.run(runs.row(f"r{number}", "v1"), runs.row("r0", f"v{number}", modified_at=number), table=table)
        assert runs.shows() == [("r0", f"v{number}"), *((f"r{i}", "v1") for i in range(1, number + 1))]
        runs.clock.advance(DAY)


def test_a_column_that_is_not_read_for_a_while_is_neither_lost_nor_stale_when_it_comes_back(
    runs: Runs,
) -> None:
    wide = a_daily_table((*BUSINESS, a_column("terms")))
    runs.run(runs.row("r1", "v1", terms="30D"), runs.row("r2", "v1", terms="10D"), table=wide)
    for number, table in enumerate((DAILY, wide, wide), 2):
        runs.clock.advance(2 * DAY)
        runs.run(runs.row("r2", f"v{number}", modified_at=number), table=table)
    shown = runs.shows("SELECT _id, terms FROM {dataset}.bills ORDER BY _id")
    assert shown == runs.shows("SELECT _id, terms FROM {dataset}.bills_current ORDER BY _id")
    assert shown == [("r1", "30D"), ("r2", None)]


def test_a_label_that_no_merge_has_written_hides_no_row(runs: Runs) -> None:
    runs.run(runs.row("r1", "v1"))
    future = int((runs.clock.now() + 30 * DAY).timestamp())
    for number, seconds in enumerate((future, 10**20), 2):
        runs.relabel({"merged_until": str(seconds)})
        runs.run(runs.row("r1", f"v{number}", modified_at=number), is_killed=True)
        assert runs.shows() == [("r1", f"v{number}")]
        runs.run()
        assert runs.merged() == [("r1", f"v{number}")]
