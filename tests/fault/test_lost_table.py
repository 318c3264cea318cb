"""Logs that somebody drops while a run writes to them: the run fails, and the next one reads everything again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connector.adapters.duckdb.file import connect
from connector.domain.run import RunResult, Status
from tests.builders import Rig
from tests.fault.cloud_rigs import BigQueryRig
from tests.fault.mortal import Life
from tests.oracle import assert_shows_tenant

BATCHES: dict[str, Any] = {"page_size": 15, "batch_bytes": 1}


@pytest.fixture(params=["rig", "bigquery_rig"])
def either(request: pytest.FixtureRequest) -> Rig:
    made: Rig = request.getfixturevalue(request.param)
    return made


def _drop(rig: Rig) -> None:
    if isinstance(rig, BigQueryRig):
        del rig.bigquery.tables["invoices_log"]
        return
    with connect(rig.folder / "warehouse.duckdb") as connection:
        connection.execute("DROP TABLE invoices_log")


def _replace(rig: Rig) -> None:
    """Another program makes it anew, as the connector would."""
    _drop(rig)
    other = rig.open_ports().warehouse
    other.prepare(rig.build_table("invoices"))
    other.close()


def _run(rig: Rig, happens: Callable[[Rig], None], moment: str, ordinal: int) -> RunResult:
    def decide(at: str, count: int) -> None:
        if (at, count) == (moment, ordinal):
            happens(rig)

    return rig.run("invoices", life=Life(decide), **BATCHES)


def _assert_failed_for_now(result: RunResult) -> None:
    assert result.status is Status.FAILED
    assert result.error is not None
    assert (result.error.type, result.error.http_status) == ("WarehouseUnavailableError", 503)
    assert result.error.retry_after_seconds is not None
    assert "invoices_log" in result.error.message
    assert "Run again" in result.error.action
    assert result.watermark_after == result.watermark_before


def _assert_made_good(rig: Rig) -> None:
    rig.pass_time(timedelta(minutes=1))
    result = rig.run("invoices", **BATCHES)
    assert (result.status, result.records_written) == (Status.SUCCEEDED, 40)
    assert_shows_tenant(rig, "invoices")
    rig.pass_time(timedelta(hours=1))
    assert rig.run("invoices").records_written == 0


def test_a_log_dropped_before_the_few_rows_of_a_run_is_filled_by_the_next(either: Rig) -> None:
    assert either.run("invoices").records_written == 40
    either.pass_time(timedelta(hours=1))
    either.sandbox.tenant.change("Bill", either.sandbox.tenant.records("Bill")[0].id, {"Description": "x"})
    _assert_failed_for_now(_run(either, _drop, "before warehouse.append", 1))
    _assert_made_good(either)


@pytest.mark.parametrize("ordinal", [1, 2, 3])
def test_a_log_dropped_between_the_batches_of_a_run_is_filled_by_the_next(either: Rig, ordinal: int) -> None:
    _assert_failed_for_now(_run(either, _drop, "before warehouse.append", ordinal))
    _assert_made_good(either)


def test_a_log_dropped_after_the_last_row_of_a_run_is_filled_by_the_next(either: Rig) -> None:
    assert _run(either, _drop, "before state.entities.commit", 1).status is Status.SUCCEEDED
    _assert_made_good(either)


@pytest.mark.parametrize("ordinal", [1, 2, 3])
def test_a_log_that_somebody_makes_anew_in_the_middle_of_a_run_is_filled_by_the_next(
    bigquery_rig: BigQueryRig, ordinal: int
) -> None:
    """Only in BigQuery: nobody else can write to a DuckDB file meanwhile."""
    _assert_failed_for_now(_run(bigquery_rig, _replace, "before warehouse.append", ordinal))
    _assert_made_good(bigquery_rig)
