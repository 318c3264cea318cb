"""One look when all is well; columns added and widened; two runs at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.domain.run import WriteMethod
from connector.domain.tables.schema import ColumnType
from connector.errors import (
    WarehouseRefusedError,
    WarehouseUnavailableError,
)
from tests.contract.warehouse_current_contract import a_kept_table
from tests.contract.warehouse_faults.conftest import SETTLED
from tests.contract.warehouse_prepare_contract import WIDE_LINES
from tests.contract.warehouse_rows import BUSINESS, LINE, a_column, a_log, a_row, a_table, an_append
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.scripted_bigquery_state import BigQueryState

WIDER = a_table((*BUSINESS, a_column("terms")))


class TestSteadyState:
    def test_two_requests_when_everything_is_as_it_should_be(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_table())
        bigquery.calls.clear()
        warehouse.prepare(a_table())
        assert bigquery.calls == {"get table": 1, "list tables": 1}

    def test_what_was_made_is_partitioned_clustered_described_and_labelled(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_table())
        resource = bigquery.tables["bills_log"].resource
        assert resource["timePartitioning"] == {"type": "DAY", "field": "_synced_at"}
        assert resource["clustering"] == {"fields": ["_id"]}
        assert resource["description"] == a_table().description
        assert resource["labels"].items() >= {"app": "acumatica-connector", "entity": "bills"}.items()
        assert resource["schema"]["fields"][0]["description"] == "Bill.Type (string)"
        assert bigquery.datasets["erp"]["labels"] == {"app": "acumatica-connector"}
        assert bigquery.datasets["erp"]["location"] == "EU"

    def test_views_come_with_descriptions_and_labels_in_one_statement_each(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_table())
        assert len(bigquery.statements) == len(a_table().views)
        assert '`type` OPTIONS(description="Bill.Type (string)")' in bigquery.statements[0]
        assert '("entity", "bills")' in bigquery.statements[0]
        assert "`demo.erp`.`bills_log`" in bigquery.statements[0]

    def test_only_views_whose_text_changed_are_replaced(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_table())
        bigquery.statements.clear()
        warehouse.prepare(WIDER)
        made = [statement.split("`")[3] for statement in bigquery.statements]
        assert made == ["bills", "bills_history"]


class TestSettling:
    def test_a_new_table_settles_after_fifteen_minutes(
        self, warehouse: BigQueryWarehouse, clock: FakeClock
    ) -> None:
        assert not warehouse.prepare(a_table()).accepts_streaming
        clock.advance(SETTLED - timedelta(seconds=1))
        assert not warehouse.prepare(a_table()).accepts_streaming
        clock.advance(timedelta(seconds=1))
        assert warehouse.prepare(a_table()).accepts_streaming

    def test_an_added_column_unsettles_the_table_even_for_another_run(
        self, warehouse: BigQueryWarehouse, other_warehouse: BigQueryWarehouse, clock: FakeClock
    ) -> None:
        warehouse.prepare(a_table())
        clock.advance(SETTLED)
        warehouse.prepare(WIDER)
        assert not other_warehouse.prepare(WIDER).accepts_streaming

    def test_a_changed_view_does_not(self, warehouse: BigQueryWarehouse, clock: FakeClock) -> None:
        warehouse.prepare(a_table())
        clock.advance(SETTLED)
        assert warehouse.prepare(a_log()).accepts_streaming

    @pytest.mark.parametrize("loses", [True, False])
    def test_rows_written_as_the_status_says_survive_a_streaming_side_that_lags(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, clock: FakeClock, loses: bool
    ) -> None:
        bigquery.lags = True
        bigquery.loses_lagging_rows = loses
        for i in range(4):
            accepts_streaming = warehouse.prepare(a_log()).accepts_streaming
            method = WriteMethod.STREAMING if accepts_streaming else WriteMethod.LOAD
            warehouse.append(an_append(a_row(f"r{i}"), method=method, batch_id=str(i)))
            clock.advance(timedelta(minutes=8))
            if i == 1:
                bigquery.catch_up()
        assert bigquery.ids("bills_log") == ["r0", "r1", "r2", "r3"]
        assert bigquery.calls["insertAll"] == 2


class TestColumns:
    def test_nested_columns_are_added_and_at_once_take_values(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_log())
        allocations = a_column(
            "allocations", ColumnType.RECORD, repeated=True, fields=(*LINE[-1].fields, a_column("bin"))
        )
        details = a_column("details", ColumnType.RECORD, repeated=True, fields=(*LINE[:-1], allocations))
        wider = a_table((*BUSINESS[:8], details, *BUSINESS[9:]), views=())
        warehouse.prepare(wider)
        row = a_row(details=[{"allocations": [{"bin": "B1"}]}])
        assert warehouse.append(an_append(row, table=wider)) == {}
        assert bigquery.tables["bills_log"].rows[0]["details"][0]["allocations"][0]["bin"] == "B1"

    def test_what_an_administrator_put_on_columns_and_table_stays(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_table())
        resource = bigquery.tables["bills_log"].resource
        tag = {"names": ["projects/demo/locations/eu/taxonomies/1/policyTags/2"]}
        resource["schema"]["fields"][2]["policyTags"] = tag
        resource["schema"]["fields"].append({"name": "note", "type": "GEOGRAPHY", "mode": "NULLABLE"})
        resource["labels"]["team"] = "finance"
        assert warehouse.prepare(WIDER).incompatible_columns == frozenset()
        fields = {field["name"]: field for field in resource["schema"]["fields"]}
        assert fields["amount"]["policyTags"] == tag
        assert fields["note"]["type"] == "GEOGRAPHY"
        assert "terms" in fields
        assert resource["labels"]["team"] == "finance"

    def test_a_header_number_is_widened_by_a_statement_and_a_number_in_lines_stays(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, clock: FakeClock
    ) -> None:
        """BigQuery alters no field within an array, and no type at all by `tables.patch`."""
        warehouse.prepare(a_table())
        clock.advance(SETTLED)
        amount = a_column("amount", ColumnType.BIGNUMERIC)
        wide = replace(WIDE_LINES, columns=(*BUSINESS[:2], amount, *WIDE_LINES.columns[3:]))
        bigquery.statements.clear()
        status = warehouse.prepare(wide)
        assert [text for text in bigquery.statements if "ALTER" in text] == [
            "ALTER TABLE `demo.erp`.`bills_log` ALTER COLUMN `amount` SET DATA TYPE BIGNUMERIC"
        ]
        assert status.numeric_not_widened == {"details.amount"}
        assert not status.incompatible_columns
        assert not status.accepts_streaming
        row = a_row(amount="1234567890123456789012345678901.5", details=[{"amount": "1.5"}])
        assert warehouse.append(an_append(row, table=wide)) == {}
        bigquery.calls.clear()
        assert warehouse.prepare(wide).numeric_not_widened == {"details.amount"}
        assert bigquery.calls == {"get table": 1, "list tables": 1}

    @pytest.mark.parametrize("kind", ["patch table", "submit"])
    def test_a_widening_that_is_broken_off_is_done_by_the_next_run(
        self,
        warehouse: BigQueryWarehouse,
        other_warehouse: BigQueryWarehouse,
        bigquery: BigQueryState,
        kind: str,
    ) -> None:
        warehouse.prepare(a_log())
        wide = a_table((*BUSINESS[:2], a_column("amount", ColumnType.BIGNUMERIC), *BUSINESS[3:]), views=())
        bigquery.fail(kind, 400, "invalidQuery")
        with pytest.raises(WarehouseRefusedError, match="as scripted"):
            warehouse.prepare(wide)
        bigquery.lose_answer(kind)
        assert other_warehouse.prepare(wide).numeric_not_widened == frozenset()
        assert bigquery.tables["bills_log"].schema[2]["type"] == "BIGNUMERIC"

    def test_a_table_of_current_rows_is_widened_with_its_log(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_kept_table())
        warehouse.prepare(
            a_kept_table((*BUSINESS[:2], a_column("amount", ColumnType.BIGNUMERIC), *BUSINESS[3:]))
        )
        for table in ("bills_log", "bills_current"):
            types = {column["name"]: column["type"] for column in bigquery.tables[table].schema}
            assert types["amount"] == "BIGNUMERIC"

    def test_a_column_of_a_type_we_never_make_counts_as_retyped(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_table())
        bigquery.tables["bills_log"].resource["schema"]["fields"][0]["type"] = "BYTES"
        assert warehouse.prepare(a_table()).incompatible_columns == {"type"}


class TestTwoRunsAtOnce:
    def test_another_run_creates_everything_between_our_look_and_our_step(
        self, warehouse: BigQueryWarehouse, other_warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.fail("create table", 409, "duplicate")
        other_warehouse.prepare(a_table())
        assert warehouse.prepare(a_table()).incompatible_columns == frozenset()

    def test_another_run_widens_the_table_first(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_table())
        bigquery.fail("patch table", 412, "conditionNotMet", times=2)
        warehouse.prepare(WIDER)
        assert "terms" in {field["name"] for field in bigquery.tables["bills_log"].schema}

    def test_a_table_that_never_rests_is_an_error_that_time_may_mend(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_table())
        bigquery.fail("patch table", 412, "conditionNotMet", times=50)
        with pytest.raises(WarehouseUnavailableError, match="bills_log"):
            warehouse.prepare(WIDER)
