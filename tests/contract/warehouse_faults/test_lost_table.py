"""A log that somebody drops while a run writes to it: no row may go into another one of its name."""

import pytest

from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.domain.batch import Row
from connector.domain.run import WriteMethod
from connector.domain.tables.sync_runs import SYNC_RUNS
from connector.errors import WarehouseUnavailableError
from tests.contract.warehouse_rows import BUSINESS, a_column, a_log, a_row, a_table, an_append
from tests.stand_ins.scripted_bigquery_state import BigQueryState

METHODS = pytest.mark.parametrize("method", list(WriteMethod))
WIDER = a_table((*BUSINESS, a_column("terms")), views=())


@pytest.fixture(autouse=True)
def _prepared(warehouse: BigQueryWarehouse) -> None:
    warehouse.prepare(a_log())
    warehouse.append(an_append(a_row("r1")))


@METHODS
def test_a_log_dropped_between_two_writes_takes_no_row_and_the_next_run_makes_it(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState, method: WriteMethod
) -> None:
    del bigquery.tables["bills_log"]
    with pytest.raises(WarehouseUnavailableError, match="bills_log was dropped or replaced"):
        warehouse.append(an_append(a_row("r2"), method=method, batch_id="2"))
    assert "bills_log" not in bigquery.tables
    warehouse.close()
    assert warehouse.prepare(a_log()).created
    assert warehouse.append(an_append(a_row("r2"), method=method, batch_id="3")) == {}


@METHODS
def test_a_log_dropped_and_made_again_by_somebody_stays_empty_so_that_the_next_run_sees_it(
    warehouse: BigQueryWarehouse,
    other_warehouse: BigQueryWarehouse,
    bigquery: BigQueryState,
    method: WriteMethod,
) -> None:
    del bigquery.tables["bills_log"]
    other_warehouse.prepare(a_log())
    with pytest.raises(WarehouseUnavailableError, match="bills_log was dropped or replaced"):
        warehouse.append(an_append(a_row("r2"), method=method, batch_id="2"))
    warehouse.close()
    assert warehouse.prepare(a_log()).must_be_filled


def test_a_log_that_a_run_finds_dropped_while_it_widens_it_takes_none_of_its_rows(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState
) -> None:
    del bigquery.tables["bills_log"]
    warehouse.prepare(WIDER)
    with pytest.raises(WarehouseUnavailableError, match="bills_log was dropped or replaced"):
        warehouse.append(an_append(a_row("r2", terms="30D"), table=WIDER, batch_id="2"))
    assert bigquery.ids("bills_log") == []


@METHODS
def test_a_log_dropped_after_the_look_is_noticed_by_the_write_itself(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState, method: WriteMethod
) -> None:
    bigquery.drop_at("insertAll" if method is WriteMethod.STREAMING else "upload", "bills_log")
    with pytest.raises(WarehouseUnavailableError, match="bills_log was dropped or replaced"):
        warehouse.append(an_append(a_row("r2"), method=method, batch_id="2"))
    assert "bills_log" not in bigquery.tables


def test_looking_costs_one_request_a_write_and_none_for_the_list_of_runs(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState
) -> None:
    bigquery.calls.clear()
    warehouse.append(an_append(a_row("r2"), method=WriteMethod.STREAMING, batch_id="2"))
    assert bigquery.calls == {"get table": 1, "insertAll": 1}
    warehouse.prepare(SYNC_RUNS)
    bigquery.calls.clear()
    row = Row(insert_id="1", head=b'{"run_id":"1","entity":"bills","finished_at":"2026-01-01T00:00:00Z"}')
    warehouse.append(an_append(row, table=SYNC_RUNS, method=WriteMethod.STREAMING))
    assert bigquery.calls == {"insertAll": 1}
