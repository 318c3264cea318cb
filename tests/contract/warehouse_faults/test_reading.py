"""Queries on a bad day: every row once, whatever page or job fails."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.adapters.bigquery import jobs
from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.errors import AccessDeniedError, ConfigurationError, WarehouseUnavailableError
from tests.contract.warehouse_rows import a_log
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.scripted_bigquery_state import BigQueryState

STAMP = datetime(2026, 1, 1, 12, tzinfo=UTC)


def answer(bigquery: BigQueryState, count: int) -> list[str]:
    ids = [f"r{i:06}" for i in range(count)]
    stamp = str(int(STAMP.timestamp() * 1_000_000))
    bigquery.answers = [[name, stamp, "v", None, stamp, "false", stamp] for name in ids]
    return ids


class TestPages:
    def test_every_page_is_read_once_though_each_fails_once(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        ids = answer(bigquery, 2 * jobs.PAGE_ROWS + 1)
        versions = warehouse.current_versions(a_log())
        seen = []
        for i, version in enumerate(versions):
            if i % jobs.PAGE_ROWS == 0:
                bigquery.fail("results", 503, "backendError")
                bigquery.break_off("results")
            seen.append(version.record_id)
        assert seen == ids

    def test_stamps_are_instants_in_utc(self, warehouse: BigQueryWarehouse, bigquery: BigQueryState) -> None:
        answer(bigquery, 1)
        assert next(warehouse.current_versions(a_log())).modified_at == STAMP


class TestJobs:
    def test_a_query_is_waited_for(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, clock: FakeClock
    ) -> None:
        ids = answer(bigquery, 2)
        bigquery.polls_until_done = 4
        assert [version.record_id for version in warehouse.current_versions(a_log())] == ids
        assert len(clock.sleeps) >= 4

    @pytest.mark.parametrize("kind", ["submit", "job", "results"])
    def test_passing_errors_and_lost_answers_are_survived(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, kind: str
    ) -> None:
        ids = answer(bigquery, 2)
        bigquery.polls_until_done = 1
        bigquery.fail(kind, 503, "backendError")
        bigquery.break_off(kind)
        bigquery.lose_answer(kind)
        assert [version.record_id for version in warehouse.current_versions(a_log())] == ids

    def test_a_query_that_fails_for_the_moment_is_submitted_again(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        ids = answer(bigquery, 2)
        bigquery.fail_query("backendError")
        bigquery.fail_query("rateLimitExceeded")
        assert [version.record_id for version in warehouse.current_versions(a_log())] == ids
        assert len(bigquery.jobs) == 3

    def test_a_query_that_takes_too_long_is_an_error_that_time_may_mend(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, clock: FakeClock
    ) -> None:
        bigquery.polls_until_done = 100_000
        before = clock.now()
        with pytest.raises(WarehouseUnavailableError, match="not finished the query"):
            next(warehouse.current_versions(a_log()))
        assert clock.now() - before <= timedelta(minutes=31)


class TestMissing:
    def test_a_table_that_is_not_there_has_no_versions(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.fail_query("notFound", "Not found: Table demo:erp.bills_log was not found in location EU")
        bigquery.fail("submit", 404, "notFound", "Not found: Table demo:erp.bills_log")
        assert list(warehouse.current_versions(a_log())) == []
        assert list(warehouse.current_versions(a_log())) == []

    def test_a_table_that_is_there_and_not_found_is_an_error(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.prepare(a_log())
        bigquery.fail_query("notFound", "Not found: Dataset demo:erp was not found in location US")
        with pytest.raises(ConfigurationError) as caught:
            list(warehouse.current_versions(a_log()))
        assert "BIGQUERY_LOCATION" in caught.value.action

    def test_a_right_that_is_missing_is_an_error(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        message = (
            "Access Denied: Project demo: User does not have bigquery.jobs.create permission in project demo"
        )
        bigquery.fail("submit", 403, "accessDenied", message)
        with pytest.raises(AccessDeniedError) as caught:
            list(warehouse.record_versions(a_log(), "r1"))
        assert "roles/bigquery.jobUser" in caught.value.action
