"""The MERGE into the table of current rows: once a run, from where it is needed, and never forgotten."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.domain.run import WriteMethod
from connector.errors import WarehouseUnavailableError
from tests.contract.warehouse_current_contract import a_kept_table
from tests.contract.warehouse_faults.conftest import open_warehouse
from tests.contract.warehouse_rows import a_row, an_append
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.scripted_bigquery_state import BigQueryState

KEPT = a_kept_table()


@pytest.fixture(autouse=True)
def _prepared(warehouse: BigQueryWarehouse, bigquery: BigQueryState) -> None:
    warehouse.prepare(KEPT)
    bigquery.statements.clear()
    bigquery.calls.clear()


def behind(bigquery: BigQueryState) -> str:
    label: str = bigquery.tables["bills_current"].resource["labels"].get("behind_since", "")
    return label


def merges(bigquery: BigQueryState) -> list[str]:
    return [statement for statement in bigquery.statements if statement.startswith("MERGE")]


def test_a_run_that_stored_nothing_asks_once_and_merges_nothing(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState
) -> None:
    warehouse.prepare(KEPT)
    warehouse.refresh(KEPT)
    assert bigquery.calls == {"get table": 3, "list tables": 1}


def test_one_merge_serves_all_writes_of_a_run_from_the_earliest_row_on(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState
) -> None:
    for hour in (9, 5, 7):
        rows = a_row(f"r{hour}", synced_at=hour), a_row(f"s{hour}", synced_at=hour + 1)
        warehouse.append(an_append(*rows, table=KEPT, batch_id=str(hour)))
    assert behind(bigquery) == "1767243600"  # 2026-01-01T05:00:00Z
    warehouse.refresh(KEPT)
    assert len(merges(bigquery)) == 1
    job = list(bigquery.jobs.values())[-1]
    (parameter,) = job["configuration"]["query"]["queryParameters"]
    assert parameter["parameterValue"]["value"] == "2026-01-01T05:00:00Z"
    assert behind(bigquery) == ""


@pytest.mark.parametrize("method", list(WriteMethod))
def test_the_label_stands_before_a_row_is_stored(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState, method: WriteMethod
) -> None:
    bigquery.fail("patch table", 403, "accessDenied")
    with pytest.raises(Exception, match="as scripted"):
        warehouse.append(an_append(a_row("r1"), table=KEPT, method=method))
    assert bigquery.ids("bills_log") == []


def test_a_merge_that_fails_is_made_up_for_by_the_next_run(
    warehouse: BigQueryWarehouse, other_warehouse: BigQueryWarehouse, bigquery: BigQueryState
) -> None:
    warehouse.append(an_append(a_row("r1"), table=KEPT))
    bigquery.fail_query("backendError", times=50)
    with pytest.raises(WarehouseUnavailableError):
        warehouse.refresh(KEPT)
    assert behind(bigquery)
    bigquery.query_faults.clear()
    other_warehouse.refresh(KEPT)
    assert behind(bigquery) == ""


def test_what_another_run_stores_while_we_merge_is_not_forgotten(
    scripted: tuple[str, BigQueryState], other_warehouse: BigQueryWarehouse
) -> None:
    url, bigquery = scripted
    earlier = an_append(a_row("r2", synced_at=3), table=KEPT, batch_id="other")
    warehouse = open_warehouse(url, MeddlingClock(lambda: other_warehouse.append(earlier)))
    warehouse.append(an_append(a_row("r1", synced_at=5), table=KEPT))
    bigquery.polls_until_done = 1
    warehouse.refresh(KEPT)
    warehouse.close()
    assert bigquery.ids("bills_log") == ["r1", "r2"]
    assert behind(bigquery) == "1767236400"  # 2026-01-01T03:00:00Z


class MeddlingClock(FakeClock):
    """Something happens the first time that somebody waits."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        super().__init__()
        self._meddle: Callable[[], object] | None = meddle

    def sleep(self, duration: timedelta) -> None:
        super().sleep(duration)
        meddle, self._meddle = self._meddle, None
        if meddle is not None:
            meddle()


def test_a_table_of_current_rows_that_was_dropped_is_made_and_filled_again(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState
) -> None:
    del bigquery.tables["bills_current"]
    warehouse.append(an_append(a_row("r1"), table=KEPT))
    warehouse.refresh(KEPT)
    assert "bills_current" in bigquery.tables
    assert len(merges(bigquery)) == 1
