"""Preparing when steps fail: no step is lost, and what an operator must mend is named."""

from dataclasses import replace

import pytest

from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.errors import (
    AccessDeniedError,
    ConfigurationError,
)
from tests.contract.warehouse_faults.conftest import open_warehouse
from tests.contract.warehouse_rows import a_log, a_table
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.scripted_bigquery_state import BigQueryState


class TestTrouble:
    @pytest.mark.parametrize("kind", ["get table", "create dataset", "create table", "patch table", "submit"])
    def test_passing_errors_and_lost_answers_are_survived_at_every_step(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, kind: str
    ) -> None:
        bigquery.fail(kind, 503, "backendError")
        bigquery.break_off(kind)
        bigquery.lose_answer(kind)
        assert warehouse.prepare(a_table()).created
        assert set(bigquery.tables) == {"bills_log", "bills", "bill_lines", "bills_history"}

    def test_too_many_table_updates_are_waited_for(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, clock: FakeClock
    ) -> None:
        bigquery.fail("patch table", 403, "rateLimitExceeded", "too many table update operations", times=3)
        assert warehouse.prepare(a_table()).created
        assert len(clock.sleeps) == 3

    def test_a_run_that_dies_before_the_views_leaves_the_next_one_to_make_them(
        self, warehouse: BigQueryWarehouse, other_warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.fail("submit", 400, "invalidQuery")
        with pytest.raises(Exception, match="as scripted"):
            warehouse.prepare(a_table())
        assert not other_warehouse.prepare(a_table()).created
        assert len(bigquery.tables) == 4

    def test_a_dataset_elsewhere_is_named(
        self, scripted: tuple[str, BigQueryState], warehouse: BigQueryWarehouse, clock: FakeClock
    ) -> None:
        warehouse.prepare(a_log())
        scripted[1].tables.clear()
        with pytest.raises(ConfigurationError, match="is in EU, not in US") as caught:
            open_warehouse(scripted[0], clock, location="US").prepare(a_log())
        assert "BIGQUERY_LOCATION" in caught.value.action

    def test_a_missing_right_is_named_with_the_role_that_brings_it(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        message = "Access Denied: Project demo: User does not have bigquery.datasets.create permission"
        bigquery.fail("create dataset", 403, "accessDenied", message)
        with pytest.raises(AccessDeniedError) as caught:
            warehouse.prepare(a_table())
        assert "roles/bigquery.user" in caught.value.action
        assert "bigquery.datasets.create" in caught.value.action

    def test_a_table_where_a_view_should_be_is_not_touched(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_log())
        table = replace(bigquery.tables["bills_log"], resource={**bigquery.tables["bills_log"].resource})
        table.resource["tableReference"] = {"projectId": "demo", "datasetId": "erp", "tableId": "bills"}
        bigquery.tables["bills"] = table
        with pytest.raises(ConfigurationError, match="bills in the dataset erp is a TABLE"):
            warehouse.prepare(a_table())

    def test_check_tries_no_table_without_the_right_to_run_jobs(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_log())
        bigquery.fail("submit", 403, "accessDenied", "no bigquery.jobs.create", times=9)
        lines = list(warehouse.check([a_log()]))
        assert [(line.subject, line.ok) for line in lines] == [
            ("BigQuery jobs", False),
            ("BigQuery dataset", True),
        ]

    def test_check_names_missing_rights(self, warehouse: BigQueryWarehouse, bigquery: BigQueryState) -> None:
        warehouse.prepare(a_log())
        bigquery.permissions = frozenset({"bigquery.tables.get", "bigquery.tables.getData"})
        line = list(warehouse.check([a_log()]))[-1]
        assert not line.ok
        assert "bigquery.tables.updateData" in line.finding
        assert "roles/bigquery.dataEditor" in line.remedy

    def test_check_names_what_the_next_run_will_mend(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_table())
        del bigquery.tables["bill_lines"]
        bigquery.tables["bills"].resource["labels"] = {}
        line = list(warehouse.check([a_table()]))[-1]
        assert line.ok
        assert "the next run makes bill_lines, which is missing" in line.finding
        assert "the next run makes bills again, which is not as the connector made it" in line.finding
        assert not warehouse.prepare(a_table()).created
        assert "bill_lines" in bigquery.tables
        assert "the next run" not in list(warehouse.check([a_table()]))[-1].finding
