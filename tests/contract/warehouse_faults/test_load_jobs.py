"""Load jobs on a bad day: a job runs once, its rows are all there or none, and bad rows are found out."""

from datetime import timedelta

import pytest

from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.adapters.retrying import Retry
from connector.errors import AccessDeniedError, WarehouseRefusedError, WarehouseUnavailableError
from tests.contract.warehouse_faults.conftest import open_warehouse
from tests.contract.warehouse_rows import a_log, a_row, an_append
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.scripted_bigquery_state import BigQueryState


@pytest.fixture(autouse=True)
def _prepared(warehouse: BigQueryWarehouse) -> None:
    warehouse.prepare(a_log())


class TestOnce:
    def test_a_repeated_write_finds_the_first_job(
        self, warehouse: BigQueryWarehouse, other_warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.append(an_append(a_row("r1"), a_row("r2")))
        other_warehouse.prepare(a_log())
        other_warehouse.append(an_append(a_row("r1"), a_row("r2")))
        assert bigquery.ids("bills_log") == ["r1", "r2"]
        assert len(bigquery.jobs) == 1

    def test_other_rows_of_the_same_batch_are_another_job(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.append(an_append(a_row("r1")))
        warehouse.append(an_append(a_row("r2")))
        assert bigquery.ids("bills_log") == ["r1", "r2"]

    @pytest.mark.parametrize("size", [10, 6_000_000])
    def test_a_submit_whose_answer_is_lost_is_found_and_not_run_twice(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, size: int
    ) -> None:
        bigquery.lose_answer("upload" if size < 1_000_000 else "chunk")
        assert warehouse.append(an_append(a_row("r1", type="x" * size))) == {}
        assert bigquery.ids("bills_log") == ["r1"]
        assert len(bigquery.jobs) == 1

    def test_a_job_that_succeeded_in_a_table_dropped_since_counts_for_nothing(
        self, warehouse: BigQueryWarehouse, other_warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        warehouse.append(an_append(a_row("r1")))
        del bigquery.tables["bills_log"]
        other_warehouse.prepare(a_log())
        other_warehouse.append(an_append(a_row("r1")))
        assert bigquery.ids("bills_log") == ["r1"]


class TestWaiting:
    def test_a_job_is_waited_for(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, clock: FakeClock
    ) -> None:
        bigquery.polls_until_done = 6
        assert warehouse.append(an_append(a_row("r1"))) == {}
        assert len(clock.sleeps) == 7
        assert max(clock.sleeps) == timedelta(seconds=5)

    def test_passing_errors_while_waiting_are_survived(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.polls_until_done = 3
        bigquery.fail("job", 503, "backendError")
        bigquery.break_off("job")
        assert warehouse.append(an_append(a_row("r1"))) == {}
        assert bigquery.calls["upload"] == 1

    def test_a_job_that_takes_too_long_goes_on_and_is_found_by_the_next_write(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, clock: FakeClock
    ) -> None:
        bigquery.polls_until_done = 200
        before = clock.now()
        with pytest.raises(WarehouseUnavailableError, match="not finished the load job"):
            warehouse.append(an_append(a_row("r1")))
        assert clock.now() - before <= timedelta(minutes=10)
        assert warehouse.append(an_append(a_row("r1"))) == {}
        assert bigquery.ids("bills_log") == ["r1"]

    def test_no_wait_goes_beyond_the_runs_deadline(
        self, scripted: tuple[str, BigQueryState], clock: FakeClock
    ) -> None:
        scripted[1].polls_until_done = 1000
        deadline = clock.now() + timedelta(seconds=30)
        hasty = open_warehouse(scripted[0], clock, retry=Retry(clock=clock, deadline=deadline))
        with pytest.raises(WarehouseUnavailableError):
            hasty.append(an_append(a_row("r1")))
        hasty.close()
        assert clock.now() <= deadline


class TestFailedJobs:
    @pytest.mark.parametrize(
        "reason", ["backendError", "jobInternalError", "rateLimitExceeded", "quotaExceeded"]
    )
    def test_a_job_that_fails_for_the_moment_is_followed_by_another(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, clock: FakeClock, reason: str
    ) -> None:
        bigquery.fail_job(reason, times=2)
        assert warehouse.append(an_append(a_row("r1"))) == {}
        assert bigquery.ids("bills_log") == ["r1"]
        assert [name[-2:] for name in bigquery.jobs] == ["_0", "_1", "_2"]
        assert len(clock.sleeps) == 2

    def test_a_job_that_fails_for_good_says_why(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.fail_job("accessDenied", "Access Denied: Permission bigquery.tables.updateData denied")
        with pytest.raises(AccessDeniedError) as caught:
            warehouse.append(an_append(a_row("r1")))
        assert "roles/bigquery.dataEditor on the dataset" in caught.value.action

    def test_a_job_that_stored_another_number_of_rows_is_an_error(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.miscounts = True
        with pytest.raises(WarehouseRefusedError, match="stored 1 of 2 rows"):
            warehouse.append(an_append(a_row("r1"), a_row("r2")))

    @pytest.mark.parametrize(("status", "reason"), [(503, "backendError"), (403, "quotaExceeded")])
    def test_a_submit_that_fails_for_the_moment_is_repeated(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState, status: int, reason: str
    ) -> None:
        bigquery.fail("upload", status, reason, times=3)
        assert warehouse.append(an_append(a_row("r1"))) == {}
        assert bigquery.ids("bills_log") == ["r1"]


class TestBadRows:
    def test_bad_rows_are_found_by_the_position_that_the_job_names(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        rows = [a_row(f"r{i:03}", type="é" * (i % 7)) for i in range(300)]
        rows[123] = a_row("r123", details=[{"amount": "x"}])
        refused = warehouse.append(an_append(*rows))
        assert set(refused) == {123}
        assert "details[0].amount" in refused[123] or "numeric" in refused[123]
        assert sorted(bigquery.ids("bills_log")) == [f"r{i:03}" for i in range(300) if i != 123]
        assert len(bigquery.jobs) == 4

    def test_bad_rows_are_found_by_halves_where_no_position_is_named(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        bigquery.fail_job("invalid", "Error while reading data: too many errors", times=2)
        rows = [a_row(f"r{i}") for i in range(8)]
        assert warehouse.append(an_append(*rows)) == {}
        assert sorted(bigquery.ids("bills_log")) == [f"r{i}" for i in range(8)]

    def test_the_repeat_of_a_write_with_bad_rows_finds_every_job_again(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        rows = a_row("r0"), a_row("r1", amount="x"), a_row("r2")
        first = warehouse.append(an_append(*rows))
        jobs = len(bigquery.jobs)
        assert warehouse.append(an_append(*rows)) == first
        assert len(bigquery.jobs) == jobs
        assert bigquery.ids("bills_log") == ["r0", "r2"]

    def test_when_every_row_is_bad_the_cause_is_not_a_row(
        self, warehouse: BigQueryWarehouse, bigquery: BigQueryState
    ) -> None:
        rows = [a_row(f"r{i}", amount="x") for i in range(200)]
        with pytest.raises(WarehouseRefusedError, match="the cause is no single row"):
            warehouse.append(an_append(*rows))
        assert len(bigquery.jobs) < 200
