"""`check` tries every system, names a remedy for each failure, and writes nothing to the warehouse."""

import json
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.check import check_connector
from connector.app.service import build
from connector.app.settings import load_settings
from tests.e2e.profiles import Function, Profile, embedded_environment, set_environment
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.cloud_tasks import running_cloud_tasks

PAGE = Path(__file__).parents[2] / "docs" / "acumatica-setup.md"
QUEUE = "projects/p1/locations/l1/queues/q1"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny", real_time=True)) as running:
        yield running


@pytest.fixture
def function(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Function:
    set_environment(monkeypatch, embedded_environment(sandbox, tmp_path))
    return Function()


def checks_of(function: Function, **members: Any) -> dict[str, dict[str, Any]]:
    """Return the lines by what they are about."""
    answer = function.call(mode="check", **members)
    assert answer.json["status"] == ("succeeded" if answer.status == 200 else "failed")
    return {line["subject"]: line for line in answer.json["checks"]}


def failures(lines: dict[str, dict[str, Any]]) -> list[str]:
    failed = [subject for subject, line in lines.items() if not line["ok"]]
    assert all(lines[subject]["remedy"] for subject in failed)
    return failed


def test_everything_is_well_before_the_first_run(
    function: Function, sandbox: Sandbox, tmp_path: Path
) -> None:
    lines = checks_of(function)
    assert failures(lines) == []
    subjects = list(lines)
    assert subjects[:6] == [
        "acumatica secret", "SQLite file", "acumatica sign-in", "acumatica tenant", "acumatica seat",
        "acumatica endpoint",
    ]  # fmt: skip
    assert {"acumatica vendors", "acumatica gl_entries", "DuckDB file"} <= set(subjects)
    assert sandbox.seats == 0
    assert not (tmp_path / "erp.duckdb").exists()


@pytest.mark.parametrize(
    ("fixture", "subject"),
    [
        ("embedded", "DuckDB table invoices_log"),
        pytest.param("cloud", "BigQuery table invoices_log", marks=pytest.mark.emulator),
    ],
)
def test_the_views_of_every_entity_are_tried_before_the_first_run_and_after_it(
    request: pytest.FixtureRequest, fixture: str, subject: str
) -> None:
    profile: Profile = request.getfixturevalue(fixture)
    before = checks_of(profile.function, entity="invoices")
    assert failures(before) == []
    assert "3 views are valid" in before[subject]["finding"]
    assert profile.function.call(entity="invoices").status == 200
    after = checks_of(profile.function, entity="invoices")
    assert failures(after) == []
    assert "3 views are valid" in after[subject]["finding"]


def test_views_are_tried_with_the_contract_of_old_when_acumatica_is_down(
    function: Function, sandbox: Sandbox
) -> None:
    function.call(entity="vendors")
    sandbox.configure(maintenance="html")
    lines = checks_of(function)
    assert failures(lines) == ["acumatica sign-in"]
    assert [subject for subject in lines if subject.startswith("DuckDB table")] == [
        "DuckDB table vendors_log"
    ]


def test_each_failure_has_its_remedy(function: Function, sandbox: Sandbox, tmp_path: Path) -> None:
    wrong = {**sandbox.credentials("password"), "password": "hunter2-wrong"}
    (tmp_path / "credentials.json").write_text(json.dumps(wrong))

    answer = function.call(mode="check")

    assert (answer.status, answer.json["status"]) == (500, "failed")
    failed = [line for line in answer.json["checks"] if not line["ok"]]
    assert failed
    assert all(line["remedy"] for line in failed)
    assert "hunter2" not in json.dumps(answer.json)
    assert answer.json["error"]["action"]


def test_a_secret_that_cannot_be_read_is_told_once_and_nothing_that_needs_it_is_tried(
    function: Function, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_CREDENTIALS", "env:NOWHERE")
    monkeypatch.setenv("NOTIFY_SECRET", "env:NOT_THERE")
    lines = checks_of(function)
    assert failures(lines) == ["acumatica secret", "notify secret"]
    assert "NOT_THERE" in lines["notify secret"]["finding"]
    assert list(lines)[2:] == ["SQLite file", "DuckDB file"]
    assert not sandbox.requests


@pytest.mark.emulator
def test_the_secret_of_bigquery_is_tried_where_one_is_named(
    cloud: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "warehouse secret" not in checks_of(cloud.function, entity="vendors")
    monkeypatch.setenv("BIGQUERY_CREDENTIALS", "env:NOWHERE")
    lines = checks_of(cloud.function, entity="vendors")
    assert failures(lines) == ["warehouse secret"]
    assert lines["acumatica vendors"]["ok"]
    assert not [subject for subject in lines if subject.startswith("BigQuery")]


@pytest.mark.parametrize("is_allowed", [True, False])
def test_the_queue_is_asked_without_enqueuing_anything(
    function: Function, monkeypatch: pytest.MonkeyPatch, is_allowed: bool
) -> None:
    with running_cloud_tasks(is_allowed=is_allowed) as (host, tasks):
        monkeypatch.setenv("CONTINUATION_QUEUE", QUEUE)
        monkeypatch.setenv("CONTINUATION_URL", "https://function.example.com")
        monkeypatch.setenv("CONTINUATION_EMULATOR_HOST", host)
        lines = checks_of(function, entity="vendors")
    assert failures(lines) == ([] if is_allowed else ["continuation queue"])
    assert QUEUE in lines["continuation queue"]["finding"]
    assert is_allowed or "roles/cloudtasks.enqueuer" in lines["continuation queue"]["remedy"]
    assert not tasks


@pytest.mark.parametrize("fixture", ["embedded", pytest.param("cloud", marks=pytest.mark.emulator)])
def test_every_line_is_explained_on_the_page_for_the_administrator(
    request: pytest.FixtureRequest, fixture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile: Profile = request.getfixturevalue(fixture)
    with running_cloud_tasks() as (host, _):
        monkeypatch.setenv("CONTINUATION_QUEUE", QUEUE)
        monkeypatch.setenv("CONTINUATION_URL", "https://function.example.com")
        monkeypatch.setenv("CONTINUATION_EMULATOR_HOST", host)
        monkeypatch.setenv("NOTIFY_SECRET", "env:PATH")
        printed = checks_of(profile.function, entity="vendors")
    section = PAGE.read_text(encoding="utf-8").split("## Verify the setup")[1]
    first_cells = " ".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE))
    explained = set(re.findall(r"`([^`]+)`", first_cells))
    assert {subject.replace("vendors", "ENTITY") for subject in printed} <= explained


@pytest.mark.usefixtures("function")
def test_the_slot_of_a_slow_check_is_not_given_to_another(sandbox: Sandbox, clock: FakeClock) -> None:
    connector = build(load_settings(os.environ), clock=clock)
    state = connector.wiring.open_state()
    taken = []

    def be_slow(_: object) -> None:
        clock.advance(timedelta(minutes=6))
        taken.append(state.seats.acquire("another run", 1, timedelta(minutes=1)))

    sandbox.faults.add(path="/Vendor", hook=be_slow)
    assert all(line.ok for line in check_connector(connector, ["vendors"]))
    assert taken == [None]
    assert state.seats.acquire("another run", 1, timedelta(minutes=1))


def test_an_unknown_entity_is_a_bad_request(function: Function) -> None:
    assert function.call(mode="check", entity="nothing").status == 400
