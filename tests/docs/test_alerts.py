"""Alerts and metrics against the lines that real runs write: each outcome calls whom it should, and nobody else."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.control import perform
from connector.adapters.clock import SystemClock
from connector.adapters.sqlite import SqliteStateStore
from connector.app.run_entity import run_entity
from connector.app.service import build
from connector.app.settings import load_settings
from connector.domain.run import RunRequest
from connector.logs import configure_logging
from tests.docs.configuration import Configuration, find_resource
from tests.docs.log_filter import Entry, build_entry, compile_filter, extract
from tests.e2e.profiles import Function
from tests.stand_ins.clock import FakeClock

TEN_HOURS = timedelta(hours=10)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A function on a sandbox tenant and a state file of its own."""

    function: Function
    tenant: Sandbox
    state: SqliteStateStore
    credentials: Path

    def sync(self, entity: str = "vendors") -> None:
        self.function.call(entity=entity)

    def look(self) -> None:
        self.function.get("/status")

    def sync_earlier(self, ago: timedelta, entity: str = "vendors", *, is_stopping: bool = False) -> None:
        configure_logging()
        clock = FakeClock(datetime.now(UTC) - ago)
        connector = build(load_settings(os.environ), clock=clock, is_stopping=lambda: is_stopping)
        run_entity(connector, RunRequest(entity=entity))

    def forget_the_password(self) -> None:
        secret = {**self.tenant.credentials(), "password": "not the password"}
        self.credentials.write_text(json.dumps(secret))


@pytest.fixture(autouse=True)
def _untouched_logging() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("connector")
    before = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers[:], root.level, ours.level = before


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    began = datetime.now(UTC) - TEN_HOURS
    with Sandbox(SandboxOptions(size="tiny", start=began)) as tenant:
        credentials = tmp_path / "credentials.json"
        credentials.write_text(json.dumps(tenant.credentials()))
        monkeypatch.setenv("ACUMATICA_URL", tenant.url)
        monkeypatch.setenv("ACUMATICA_ENDPOINT_VERSION", "24.200.001")
        monkeypatch.setenv("ACUMATICA_CREDENTIALS", f"file:{credentials}")
        monkeypatch.setenv("WAREHOUSE", f"duckdb:{tmp_path / 'warehouse.duckdb'}")
        monkeypatch.setenv("STATE", f"sqlite:{tmp_path / 'state.db'}")
        state = SqliteStateStore(path=tmp_path / "state.db", clock=SystemClock())
        yield Deployment(function=Function(), tenant=tenant, state=state, credentials=credentials)
        state.close()


def succeed(deployment: Deployment) -> None:
    deployment.sync()


def skip(deployment: Deployment) -> None:
    deployment.state.entities.acquire_lease("vendors", "another run", timedelta(minutes=5))
    deployment.sync()


def stop_early(deployment: Deployment) -> None:
    deployment.sync_earlier(TEN_HOURS, is_stopping=True)


def find_no_seat(deployment: Deployment) -> None:
    deployment.state.seats.acquire("another run", 1, timedelta(minutes=5))
    deployment.sync()


def be_refused(deployment: Deployment) -> None:
    deployment.forget_the_password()
    deployment.sync()


def reject_a_record(deployment: Deployment) -> None:
    item = next(iter(deployment.tenant.tenant.records("StockItem")))
    change = {"entity": "StockItem", "id": item.id, "fields": {"DefaultPrice": int("9" * 40)}}
    perform("change", change, deployment.tenant.site)
    deployment.sync("items")


def lack_a_setting(deployment: Deployment) -> None:
    del os.environ["ACUMATICA_URL"]
    deployment.sync()


def be_asked_for_nonsense(deployment: Deployment) -> None:
    deployment.sync("nonsense")


def crash(deployment: Deployment) -> None:
    deployment.sync()
    try:
        int("what nobody thought of")
    except ValueError:
        logging.getLogger("sync").exception("Exception on / [POST]")  # as Flask writes it


def be_fresh(deployment: Deployment) -> None:
    deployment.sync()
    deployment.look()


def be_late(deployment: Deployment) -> None:
    deployment.sync_earlier(TEN_HOURS)
    deployment.look()


def be_late_without_a_schedule(deployment: Deployment) -> None:
    deployment.sync_earlier(TEN_HOURS, "customers")
    deployment.look()


def never_succeed(deployment: Deployment) -> None:
    deployment.forget_the_password()
    deployment.sync("items")
    deployment.look()


def fail_a_reconcile(deployment: Deployment) -> None:
    deployment.sync()
    deployment.forget_the_password()
    deployment.function.call(entity="vendors", mode="reconcile")
    deployment.sync("items")
    deployment.look()


def never_reconcile(deployment: Deployment) -> None:
    deployment.sync_earlier(timedelta(days=3))
    deployment.sync()
    deployment.look()


def never_finish(deployment: Deployment) -> None:
    deployment.sync_earlier(TEN_HOURS, is_stopping=True)
    deployment.look()


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


def read_entries(configuration: Configuration, capsys: pytest.CaptureFixture[str]) -> list[Entry]:
    service = configuration.evaluate("local.function_name")
    lines = capsys.readouterr().out.splitlines()
    assert lines
    return [build_entry(line, service=service) for line in lines]


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


def test_the_dashboard_asks_for_metrics_that_exist(configuration: Configuration) -> None:
    metrics = configuration.evaluate("local.metrics")
    for name, text in configuration.evaluate("local.metric_filters").items():
        assert name in metrics
        assert compile_filter(text)(
            {
                "metric": {"type": f"logging.googleapis.com/user/acumatica_{name}"},
                "resource": {"type": "cloud_run_revision"},
            }
        )
    drawn = json.dumps(configuration.evaluate("local.chart_tiles"))
    assert all(f"/acumatica_{name}" in drawn for name in metrics)


def test_the_tiles_of_the_dashboard_do_not_overlap(configuration: Configuration) -> None:
    tiles = configuration.evaluate("concat(local.chart_tiles, [local.log_tile])")
    cells = [
        (x, y)
        for tile in tiles
        for x in range(tile["xPos"], tile["xPos"] + tile["width"])
        for y in range(tile["yPos"], tile["yPos"] + tile["height"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 48
