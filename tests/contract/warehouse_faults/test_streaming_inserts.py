"""`insertAll` on a bad day: every row is stored, or refused with a reason; none is lost, none is refused for another."""

from dataclasses import replace

import pytest

from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.domain.batch import Append, Row
from connector.domain.run import WriteMethod
from connector.errors import ConfigurationError, WarehouseUnavailableError
from tests.contract.warehouse_rows import BUSINESS, a_column, a_log, a_row, a_table, an_append
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.scripted_bigquery_state import BigQueryState


def an_entity_state(*rows: Row) -> Append:
    return an_append(*rows, method=WriteMethod.STREAMING)


@pytest.fixture(autouse=True)
def _prepared(warehouse: BigQueryWarehouse) -> None:
    warehouse.prepare(a_log())


class TestRows:
    def test_rows_stopped_by_an_invalid_one_are_sent_again_without_it(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        rows = a_row("r0"), a_row("r1", amount="x"), a_row("r2")
        refused = warehouse.append(an_entity_state(*rows))
        assert refused == {1: "amount: Cannot convert value to numeric (bad value): x"}
        assert bigquery.ids("bills_log") == ["r0", "r2"]
        assert bigquery.calls["insertAll"] == 2

    def test_an_invalid_nested_field_refuses_its_row_alone(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        rows = (
            a_row("r0", details=[{"allocations": [{"quantity": "many"}]}]),
            a_row("r1", details=[{"allocations": [{"nowhere": "x"}]}]),
            a_row("r2"),
        )
        refused = warehouse.append(an_entity_state(*rows))
        assert set(refused) == {0, 1}
        assert "details[0].allocations[0].quantity" in refused[0]
        assert "no such field" in refused[1]
        assert bigquery.ids("bills_log") == ["r2"]

    @pytest.mark.parametrize("reason", ["backendError", "internalError", "timeout", "stopped"])
    def test_rows_that_fail_without_fault_are_sent_again_under_their_ids(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, reason: str
    ) -> None:
        bigquery.fail_row("r1-v1", reason, times=2)
        assert warehouse.append(an_entity_state(a_row("r0"), a_row("r1"))) == {}
        assert bigquery.ids("bills_log") == ["r0", "r1"]

    def test_rows_that_keep_failing_without_fault_are_no_dead_letters(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.fail_row("r1-v1", "backendError", times=50)
        with pytest.raises(WarehouseUnavailableError, match="backendError"):
            warehouse.append(an_entity_state(a_row("r1")))

    def test_a_reason_we_do_not_know_refuses_the_row_and_says_so(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.fail_row("r1-v1", "somethingNew")
        assert warehouse.append(an_entity_state(a_row("r0"), a_row("r1"))) == {1: "as scripted"}


class TestRequests:
    def test_no_request_has_more_than_five_hundred_rows(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.append(an_entity_state(*(a_row(f"r{i}") for i in range(1001))))
        assert bigquery.calls["insertAll"] == 3
        assert len(bigquery.ids("bills_log")) == 1001

    def test_no_request_has_more_than_five_megabytes(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.largest_request = 5_100_000
        warehouse.append(an_entity_state(*(a_row(f"r{i}", type="x" * 1_500_000) for i in range(7))))
        assert bigquery.calls["insertAll"] == 3
        assert len(bigquery.ids("bills_log")) == 7

    def test_a_request_that_is_too_large_is_cut_in_halves(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.largest_request = 1_000
        warehouse.append(an_entity_state(*(a_row(f"r{i}") for i in range(20))))
        assert sorted(bigquery.ids("bills_log")) == sorted(f"r{i}" for i in range(20))
        assert bigquery.jobs == {}

    def test_a_row_too_large_for_any_request_is_loaded(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        rows = a_row("small"), a_row("large", type="x" * 6_000_000), a_row("bad", amount="x")
        assert set(warehouse.append(an_entity_state(*rows))) == {2}
        assert bigquery.ids("bills_log") == ["small", "large"]
        assert len(bigquery.jobs) == 1

    def test_a_row_that_is_refused_for_its_size_is_loaded(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.largest_request = 1_000
        assert warehouse.append(an_entity_state(a_row("r0"), a_row("r1", type="x" * 2_000))) == {}
        assert bigquery.ids("bills_log") == ["r0", "r1"]

    @pytest.mark.parametrize(
        ("status", "reason"),
        [(503, "backendError"), (500, "internalError"), (429, "rateLimitExceeded"), (403, "quotaExceeded")],
    )
    def test_passing_errors_are_tried_again(
        self,
        warehouse: BigQueryWarehouse,
        bigquery: BigQueryState,
        clock: FakeClock,
        status: int,
        reason: str,
    ) -> None:
        bigquery.fail("insertAll", status, reason, times=3)
        assert warehouse.append(an_entity_state(a_row("r1"))) == {}
        assert bigquery.ids("bills_log") == ["r1"]
        assert len(clock.sleeps) == 3

    def test_a_lost_answer_stores_nothing_twice_where_ids_are_remembered(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.lose_answer("insertAll")
        assert warehouse.append(an_entity_state(a_row("r1"))) == {}
        assert bigquery.calls["insertAll"] == 2
        assert bigquery.ids("bills_log") == ["r1"]

    def test_where_ids_are_forgotten_the_repeated_rows_are_alike_to_the_byte(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.deduplicates = False
        bigquery.lose_answer("insertAll")
        warehouse.append(an_entity_state(a_row("r1", amount="1.50")))
        first, second = bigquery.tables["bills_log"].rows
        assert first == second

    def test_the_free_tier_is_explained(self, warehouse: BigQueryWarehouse, bigquery: BigQueryState) -> None:
        message = "Access Denied: BigQuery: Streaming insert is not allowed in the free tier"
        bigquery.fail("insertAll", 403, "accessDenied", message)
        with pytest.raises(ConfigurationError) as caught:
            warehouse.append(an_entity_state(a_row("r1")))
        assert "SYNC_WRITE_METHOD=load" in caught.value.action


class TestLag:
    def test_rows_with_a_column_the_streaming_side_has_not_heard_of_are_loaded(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.lags = True
        wider = a_table((*BUSINESS, a_column("terms")), views=())
        warehouse.prepare(wider)
        rows = a_row("r0"), a_row("r1", terms="30D"), a_row("r2", amount="x")
        assert set(warehouse.append(replace(an_entity_state(*rows), table=wider))) == {2}
        assert sorted(bigquery.ids("bills_log")) == ["r0", "r1"]

    def test_rows_for_a_table_the_streaming_side_has_not_heard_of_are_loaded(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.tables["bills_log"].streaming_schema = None
        assert warehouse.append(an_entity_state(a_row("r0"), a_row("r1"))) == {}
        assert bigquery.ids("bills_log") == ["r0", "r1"]
