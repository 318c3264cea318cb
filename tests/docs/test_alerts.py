"""Alerts and metrics against the lines that real runs write: each outcome calls whom it should, and nobody else."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.docs.configuration import Configuration, find_resource
from tests.docs.log_filter import Entry, compile_filter, extract
from tests.docs.outcomes import (
    Deployment,
    be_asked_for_nonsense,
    be_fresh,
    be_late,
    be_late_without_a_schedule,
    be_refused,
    crash,
    fail_a_reconcile,
    find_no_seat,
    lack_a_setting,
    never_finish,
    never_reconcile,
    never_succeed,
    read_entries,
    reject_a_record,
    skip,
    stop_early,
    succeed,
)


@pytest.fixture(autouse=True)
def _untouched_logging() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("connector")
    before = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers[:], root.level, ours.level = before


OUTCOMES: list[tuple[Callable[[Deployment], None], str, set[str]]] = [
    (succeed, "succeeded", set()),
    (skip, "skipped", set()),
    (stop_early, "partial", set()),
    (find_no_seat, "failed", set()),
    (be_refused, "failed", {"run_failed"}),
    (reject_a_record, "succeeded", {"records_rejected"}),
    (lack_a_setting, "", {"run_failed"}),
    (be_asked_for_nonsense, "", set()),
    (crash, "succeeded", {"run_failed"}),
    (be_fresh, "succeeded", set()),
    (be_late, "succeeded", {"entity_late"}),
    (be_late_without_a_schedule, "succeeded", set()),
    (never_succeed, "failed", {"run_failed", "entity_late"}),
    (fail_a_reconcile, "succeeded failed failed", {"run_failed", "reconcile_overdue", "entity_late"}),
    (never_reconcile, "succeeded succeeded", {"reconcile_overdue"}),
    (never_finish, "partial", {"budget_reached"}),
]


@pytest.mark.parametrize(
    ("happen", "status", "alerts"), OUTCOMES, ids=lambda value: getattr(value, "__name__", "")
)
def test_each_outcome_raises_its_alerts_and_no_others(
    configuration: Configuration,
    deployment: Deployment,
    capsys: pytest.CaptureFixture[str],
    happen: Callable[[Deployment], None],
    status: str,
    alerts: set[str],
) -> None:
    happen(deployment)
    entries = read_entries(configuration, capsys)
    runs = [entry["jsonPayload"]["status"] for entry in entries if entry["jsonPayload"].get("event") == "run"]
    assert runs == status.split()
    filters = configuration.evaluate("local.alert_filters")
    raised = {name for name, text in filters.items() if any(map(compile_filter(text), entries))}
    assert raised == alerts


def test_another_connector_in_the_project_is_not_listened_to(
    configuration: Configuration, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    be_refused(deployment)
    entries = read_entries(configuration, capsys)
    filters = configuration.evaluate("local.alert_filters", prefix="another")
    assert not any(compile_filter(text)(entry) for text in filters.values() for entry in entries)


def test_metrics_take_their_figures_from_the_lines(
    configuration: Configuration, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    reject_a_record(deployment)
    deployment.look()
    entries = read_entries(configuration, capsys)
    metrics = configuration.evaluate("local.metrics")
    measured = {
        name: [measure(metric, entry) for entry in select(metric, entries)]
        for name, metric in metrics.items()
    }
    assert measured["runs"] == [(None, {"entity": "items", "mode": "incremental", "status": "succeeded"})]
    assert measured["records_written"] == [(19, {"entity": "items"})]
    assert measured["dead_letters"] == [(1, {"entity": "items"})]
    [(seconds, _)] = measured["run_seconds"]
    assert 0 < seconds < 60
    [(lag, labels)] = measured["lag_seconds"]
    assert (0 <= lag < 60, labels) == (True, {"entity": "items"})


def select(metric: dict[str, Any], entries: list[Entry]) -> list[Entry]:
    return list(filter(compile_filter(metric["filter"]), entries))


def measure(metric: dict[str, Any], entry: Entry) -> tuple[Any, dict[str, Any]]:
    labels = {name: extract(expression, entry) for name, expression in metric["labels"].items()}
    return (extract(metric["value"], entry) if metric["value"] else None), labels


def test_what_an_alert_says_of_a_line_is_in_the_line(
    configuration: Configuration, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    never_succeed(deployment)
    reject_a_record(deployment)
    entries = read_entries(configuration, capsys)
    filters = configuration.evaluate("local.alert_filters")
    alerts = configuration.evaluate("local.line_alerts")
    assert set(alerts) == set(filters)
    for name in ("run_failed", "entity_late"):
        line = next(filter(compile_filter(filters[name]), entries))
        said = {label: extract(expression, line) for label, expression in alerts[name]["labels"].items()}
        assert said["entity"] == "items"
        assert said.get("error", "CredentialsError") == "CredentialsError"


def test_silence_is_noticed_by_cloud_runs_own_count_of_calls(configuration: Configuration) -> None:
    condition = find_resource("google_monitoring_alert_policy", "silent").body["conditions"][0][
        "condition_absent"
    ][0]
    text = configuration.evaluate(condition["filter"])
    point = {
        "metric": {"type": "run.googleapis.com/request_count", "labels": {"response_code_class": "2xx"}},
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "acumatica-sync"}},
    }
    assert compile_filter(text)(point)
    assert condition["duration"].strip('"') == "10800s"
