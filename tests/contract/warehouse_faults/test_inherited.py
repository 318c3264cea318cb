"""What a dataset gives to its tables unasked: lifetimes go, the rest is told."""

import logging
from typing import Any

import pytest

from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.domain.check_line import CheckLine
from connector.domain.tables.sync_runs import SYNC_RUNS
from tests.contract.warehouse_current_contract import a_kept_table
from tests.contract.warehouse_rows import a_log, a_table
from tests.stand_ins.scripted_bigquery_state import BigQueryState

SIXTY_DAYS = "5184000000"
LIFETIMES = {"defaultPartitionExpirationMs": SIXTY_DAYS, "defaultTableExpirationMs": SIXTY_DAYS}


def a_dataset(bigquery: BigQueryState, **defaults: Any) -> None:
    bigquery.datasets["erp"] = {
        "datasetReference": {"projectId": "demo", "datasetId": "erp"},
        "location": "EU",
        **defaults,
    }


def find_expiring(bigquery: BigQueryState) -> set[str]:
    return {
        name
        for name, table in bigquery.tables.items()
        if "expirationTime" in table.resource or "expirationMs" in table.resource.get("timePartitioning", {})
    }


def check(warehouse: BigQueryWarehouse, subject: str) -> CheckLine:
    return next(line for line in warehouse.check([a_table()]) if line.subject == subject)


@pytest.mark.parametrize("defaults", [LIFETIMES, *({name: value} for name, value in LIFETIMES.items())])
def test_nothing_that_the_connector_makes_expires(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState, defaults: dict[str, str]
) -> None:
    a_dataset(bigquery, **defaults)
    warehouse.prepare(a_kept_table())
    warehouse.prepare(SYNC_RUNS)
    assert set(bigquery.tables) == {"bills_log", "bills_current", "bills", "sync_runs"}
    assert find_expiring(bigquery) == set()
    assert all(line.ok for line in warehouse.check([a_kept_table()]))


def test_tables_and_views_of_an_earlier_version_are_relieved_too(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState, caplog: pytest.LogCaptureFixture
) -> None:
    warehouse.prepare(a_table())
    log = bigquery.tables["bills_log"].resource
    log["timePartitioning"]["expirationMs"] = SIXTY_DAYS
    log["labels"]["layout"] = "made by an earlier version"
    bigquery.tables["bills"].resource["expirationTime"] = "1800000000000"
    warehouse.prepare(a_table())
    assert find_expiring(bigquery) == set()
    assert "bills_log had inherited an expiration: it was removed" in caplog.messages


def test_a_table_that_stays_costs_no_request_more(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState
) -> None:
    a_dataset(bigquery, **LIFETIMES)
    warehouse.prepare(a_table())
    bigquery.calls.clear()
    warehouse.prepare(a_table())
    assert bigquery.calls == {"get table": 1, "list tables": 1}


def test_somebody_elses_table_is_left_alone_and_the_statement_told(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState, caplog: pytest.LogCaptureFixture
) -> None:
    warehouse.prepare(a_table())
    log = bigquery.tables["bills_log"].resource
    log["timePartitioning"]["expirationMs"] = SIXTY_DAYS
    log["labels"].pop("app")
    statement = "ALTER TABLE `demo.erp`.`bills_log` SET OPTIONS (partition_expiration_days = NULL)"
    with caplog.at_level(logging.WARNING):
        warehouse.prepare(a_table())
    assert find_expiring(bigquery) == {"bills_log"}
    assert any(statement in message for message in caplog.messages)
    line = check(warehouse, "BigQuery table bills_log")
    assert not line.ok
    assert line.remedy == f"Run: {statement}"


def test_an_expiration_that_may_not_be_removed_is_told_and_stops_no_run(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState, caplog: pytest.LogCaptureFixture
) -> None:
    """A project without billing, say."""
    warehouse.prepare(a_log())
    bigquery.tables["bills_log"].resource["expirationTime"] = "1800000000000"
    bigquery.fail_query("billingNotEnabled", "Billing has not been enabled for this project.")
    warehouse.prepare(a_log())
    assert any("Billing has not been enabled" in text for text in caplog.messages)
    assert any("ALTER TABLE `demo.erp`.`bills_log` SET OPTIONS" in text for text in caplog.messages)
    assert find_expiring(bigquery) == {"bills_log"}


def test_an_expiring_view_is_told_by_check(warehouse: BigQueryWarehouse, bigquery: BigQueryState) -> None:
    warehouse.prepare(a_table())
    bigquery.tables["bill_lines"].resource["expirationTime"] = "1800000000000"
    line = check(warehouse, "BigQuery table bills_log")
    assert not line.ok
    assert "bill_lines has an expiration" in line.finding
    assert "ALTER VIEW `demo.erp`.`bill_lines` SET OPTIONS (expiration_timestamp = NULL)" in line.remedy


def test_text_compared_without_regard_to_case_is_told(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState, caplog: pytest.LogCaptureFixture
) -> None:
    a_dataset(bigquery, defaultCollation="und:ci")
    warehouse.prepare(a_table())
    assert any("bills_log compares text without regard to case" in text for text in caplog.messages)
    dataset, table = check(warehouse, "BigQuery dataset"), check(warehouse, "BigQuery table bills_log")
    assert "ALTER SCHEMA `demo.erp` SET DEFAULT COLLATE ''" in dataset.finding
    assert not table.ok
    assert "such as type" in table.finding


@pytest.mark.parametrize(
    ("defaults", "note"),
    [
        ({"defaultRoundingMode": "ROUND_HALF_EVEN"}, "round half to even"),
        ({"isCaseInsensitive": True}, "names of tables in any case"),
        (LIFETIMES, "default expiration is removed"),
    ],
)
def test_a_default_that_changes_no_answer_is_told_and_tolerated(
    warehouse: BigQueryWarehouse, bigquery: BigQueryState, defaults: dict[str, Any], note: str
) -> None:
    a_dataset(bigquery, **defaults)
    line = check(warehouse, "BigQuery dataset")
    assert line.ok
    assert note in line.finding
