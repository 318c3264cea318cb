"""Current rows that are merged once a day, in BigQuery as its stand-in plays it: at any moment the view shows the newest rows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.entity import CurrentForm
from connector.domain.tables.current_table import build_merge
from connector.domain.tables.schema import Table
from tests.contract.test_warehouse_bigquery import BigQueryShelf
from tests.contract.warehouse_current_contract import CURRENT, a_kept_table
from tests.contract.warehouse_rows import BUSINESS, a_row, a_table, an_append, an_entity
from tests.stand_ins.clock import FakeClock

pytestmark = pytest.mark.emulator

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TEXT = "SELECT view_definition FROM {dataset}.INFORMATION_SCHEMA.VIEWS WHERE table_name = 'bills'"


def a_daily_table(*more: object) -> Table:
    """As the catalogue makes it that says nothing, with the current view alone."""
    entity, business = an_entity(line_views=()), (*BUSINESS, *more)
    made = a_table(business, entity=entity)  # type: ignore[arg-type]
    merge = build_merge(entity, made.columns)
    return a_table(business, entity=entity, merge=merge, views=made.views[:1])  # type: ignore[arg-type]


DAILY, KEPT = a_daily_table(), a_kept_table()
PLAIN = a_table(
    entity=an_entity(line_views=(), current=CurrentForm.VIEW),
    views=DAILY.views,
    superseded=("bills_current",),
)


class Life:
    """One run after the other, by a clock that is moved by hand; each opens a warehouse of its own."""

    def __init__(self, shelf: BigQueryShelf) -> None:
        self.shelf = shelf
        self.clock = shelf.clock
        self._batches = 0

    def run(self, *rows: object, table: Table = DAILY, refreshes: bool = True, from_bytes: int = 0) -> None:
        """Prepare, append, and refresh unless the run is killed before."""
        warehouse = self.shelf.open(table_from_bytes=from_bytes)
        warehouse.prepare(table)
        if rows:
            self._batches += 1
            warehouse.append(an_append(*rows, table=table, batch_id=str(self._batches)))  # type: ignore[arg-type]
        if refreshes:
            warehouse.refresh(table)
        warehouse.close()

    def shows(self) -> list[object]:
        return [tuple(row) for row in self.shelf.query(CURRENT)]

    def merged(self) -> set[object]:
        return {tuple(row) for row in self.shelf.query("SELECT _id, _version FROM {dataset}.bills_current")}

    def labels(self) -> dict[str, str]:
        warehouse = self.shelf.open()
        found = warehouse._current_rows._metadata.find("bills_current")
        warehouse.close()
        return {} if found is None else found.labels


@pytest.fixture
def life(bigquery_url: str, bigquery_dataset: str) -> Iterator[Life]:
    yield Life(BigQueryShelf(bigquery_url, bigquery_dataset, FakeClock(NOON)))


def test_rows_show_as_they_arrive_before_and_after_the_merge_of_the_day(life: Life) -> None:
    life.run(a_row("r1"), a_row("r2"))
    assert life.shows() == [("r1", "v1"), ("r2", "v1")]
    assert life.merged() == {("r1", "v1"), ("r2", "v1")}, "the first run fills the table"
    life.clock.advance(DAY)
    life.run(a_row("r1", "v2", modified_at=9, _synced_at="2026-01-02T11:00:00Z"), refreshes=False)
    assert life.shows() == [("r1", "v2"), ("r2", "v1")]
    life.run()
    assert life.merged() == {("r1", "v2"), ("r2", "v1")}
    life.run(a_row("r2", deleted=True, modified_at=9, _synced_at="2026-01-02T12:00:00Z"))
    assert life.shows() == [("r1", "v2")]
    assert life.merged() == {("r1", "v2"), ("r2", "v1")}, "it was merged today"
