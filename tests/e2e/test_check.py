"""`check` tries every system, names a remedy for each failure, and writes nothing to the warehouse."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.sandbox import Sandbox, SandboxOptions
from tests.e2e.profiles import Function, embedded_environment, set_environment


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny", real_time=True)) as running:
        yield running


@pytest.fixture
def function(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Function:
    set_environment(monkeypatch, embedded_environment(sandbox, tmp_path))
    return Function()


def test_everything_is_well_before_the_first_run(
    function: Function, sandbox: Sandbox, tmp_path: Path
) -> None:
    answer = function.call(mode="check")

    assert (answer.status, answer.json["status"]) == (200, "succeeded")
    subjects = " ".join(line["subject"] for line in answer.json["checks"])
    for system in ("sign-in", "endpoint", "vendors", "gl_entries", "DuckDB", "State"):
        assert system in subjects
    assert sandbox.seats == 0
    assert not (tmp_path / "erp.duckdb").exists()


def test_views_are_tried_once_a_contract_is_known(function: Function) -> None:
    function.call(entity="vendors")
    answer = function.call(mode="check", entity="vendors")
    assert "vendors_log" in {line["subject"] for line in answer.json["checks"]}


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


def test_an_unknown_entity_is_a_bad_request(function: Function) -> None:
    assert function.call(mode="check", entity="nothing").status == 400
