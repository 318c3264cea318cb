"""Whatever is wrong, the answer says what, with the right status; nothing is written and no seat stays taken."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.e2e.profiles import Function, embedded_environment, serve_html, set_environment


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny", real_time=True)) as running:
        yield running


@pytest.fixture
def function(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    set_environment(monkeypatch, embedded_environment(sandbox, tmp_path))
    yield Function()
    assert sandbox.seats == 0
    assert not list(tmp_path.glob("erp.duckdb*")), "something was written"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"entity": "customersx"}, "Unknown entity 'customersx'"),
        ("{", "not JSON"),
        ("", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ("[]", "not valid"),
        ({}, "entity"),
        ({"entity": "vendors", "mode": "everything"}, "everything"),
        ({"entity": "vendors", "colour": "red"}, "colour"),
        ({"entity": 7}, "entity"),
        ({"entity": "vendors", "since": "2026-01-31T00:00:00Z"}, "since belongs to mode backfill"),
        ({"entity": "vendors", "mode": "backfill", "since": "yesterday"}, "not a timestamp"),
        ({"entity": "vendors", "mode": "backfill", "since": "2026-01-31T00:00:00"}, "not a timestamp"),
        ({"entity": "vendors", "depth": "content"}, "depth belongs to mode reconcile"),
        ({"entity": "vendors", "record_id": "x"}, "record_id belongs to mode replay"),
        ({"entity": "vendors", "force": True}, "force belongs to mode reconcile"),
        ("x" * 70_000, "more than"),
    ],
)
def test_a_bad_request_is_answered_400_and_says_why(function: Function, body: Any, says: str) -> None:
    answer = function.call(body)

    assert answer.status == 400
    assert says in answer.json["error"]["message"]
    assert answer.json["error"]["action"]


def test_an_unknown_entity_is_answered_with_the_valid_ones(function: Function) -> None:
    assert "gl_entries" in function.call(entity="x").json["error"]["action"]


def test_an_unknown_address_is_answered_400(function: Function) -> None:
    assert function.get("/nothing/here").status_code == 400


def test_every_missing_variable_is_named_at_once(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACUMATICA_URL")
    monkeypatch.setenv("ACUMATICA_CREDENTIALS", "hunter2-in-the-wrong-place")
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "many")

    answer = function.call(entity="vendors")

    assert answer.status == 500
    message = answer.json["error"]["message"]
    assert "ACUMATICA_URL is missing" in message
    assert "ACUMATICA_CREDENTIALS must be a secret reference" in message
    assert "ACUMATICA_PAGE_SIZE must be a whole number" in message
    assert "hunter2" not in json.dumps(answer.json)


def _expect(function: Function, status: int, kind: str, *says: str) -> dict[str, Any]:
    answer = function.call(entity="vendors")
    error = answer.json["error"]
    assert (answer.status, error["type"]) == (status, kind), error
    for text in says:
        assert text in error["message"] + error["action"]
    assert answer.json["records_written"] == 0
    return answer.json


def test_an_unreadable_secret(function: Function, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ACUMATICA_CREDENTIALS", f"file:{tmp_path}/nowhere.json")
    _expect(function, 500, "SecretUnavailableError", "nowhere.json")


def test_a_secret_that_is_no_credentials(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", '{"auth": "password"}')
    monkeypatch.setenv("ACUMATICA_CREDENTIALS", "env:SOME_SECRET")
    answer = function.call(entity="vendors")
    assert answer.status == 500
    assert "client_id" in answer.json["error"]["message"] + answer.json["error"]["action"]


def test_a_wrong_password(function: Function, sandbox: Sandbox, tmp_path: Path) -> None:
    wrong = {**sandbox.credentials("password"), "password": "hunter2-wrong"}
    (tmp_path / "credentials.json").write_text(json.dumps(wrong))
    tries = len(sandbox.requests)

    result = _expect(function, 500, "CredentialsError")

    assert "hunter2" not in json.dumps(result)
    sign_ins = [r for r in sandbox.requests[tries:] if r.path.endswith("/connect/token")]
    assert len(sign_ins) == 1, "a wrong password is never tried twice: it locks the account"


def test_a_wrong_endpoint_version_lists_the_offered_ones(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_ENDPOINT_VERSION", "19.200.001")
    _expect(function, 500, "EndpointVersionError", "24.200.001", "20.200.001")


def test_a_long_wait_that_acumatica_asks_for_is_handed_to_the_caller(
    function: Function, sandbox: Sandbox
) -> None:
    sandbox.faults.add(path="/swagger.json", status=503, headers={"Retry-After": "3600"})
    answer = function.call(entity="vendors")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "3600")


def test_an_unreachable_host(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACUMATICA_URL", "http://127.0.0.1:9/AcmeERP")
    monkeypatch.setenv("SYNC_TIME_BUDGET_SECONDS", "1")
    answer = function.call(entity="vendors")
    assert answer.status == 503
    assert "Retry-After" in answer.headers
    assert "127.0.0.1" in answer.json["error"]["message"]


def test_html_instead_of_json(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNC_TIME_BUDGET_SECONDS", "1")
    with serve_html(b"<html><title>Welcome</title></html>") as url:
        monkeypatch.setenv("ACUMATICA_URL", url)
        answer = function.call(entity="vendors")
    assert answer.status in (500, 503)
    assert "web page titled «Welcome»" in answer.json["error"]["message"]
    assert "ACUMATICA_URL" in answer.json["error"]["action"]


def test_plain_http_to_another_host_is_refused(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACUMATICA_URL", "http://erp.example.com/Acme")
    answer = function.call(entity="vendors")
    assert answer.status == 500
    assert "https" in answer.json["error"]["message"] + answer.json["error"]["action"]


def test_a_broken_catalogue_names_its_line(
    function: Function, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text("vendors:\n  acumatica_entity: Vendor\n  colour: red\n")
    monkeypatch.setenv("ENTITIES_FILE", str(tmp_path / "mine.yaml"))
    answer = function.call(entity="vendors")
    assert answer.status == 500
    assert "line 3" in answer.json["error"]["message"]
