"""The HTTP face: whatever is sent, the answer is one of those the README names, and never a traceback."""

import io
import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from functions_framework import create_app
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typing_extensions import override
from werkzeug.test import Client, TestResponse

from connector import __version__
from connector.app.settings import list_variables
from tests.docs.configuration import ROOT
from tests.unit.faces.any_request import BODIES, CONTENT_TYPES, HEADER, HEADERS, METHODS, PATHS, SECRET

DOCUMENTED = {200, 202, 204, 303, 400, 401, 403, 500, 503}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The function over a state of its own; every run ends at its secret, which cannot be read."""
    folder = tmp_path_factory.mktemp("function")
    with pytest.MonkeyPatch.context() as monkeypatch:
        for variable in list_variables():
            monkeypatch.delenv(variable.name, raising=False)
        monkeypatch.setenv("ACUMATICA_URL", "https://erp.example.com/Books")
        monkeypatch.setenv("ACUMATICA_CREDENTIALS", "env:NOT_THERE")
        monkeypatch.setenv("WAREHOUSE", f"duckdb:{folder / 'erp.duckdb'}")
        monkeypatch.setenv("STATE", f"sqlite:{folder / 'state.db'}")
        monkeypatch.setenv("NOTIFY_SECRET", "env:OF_NOTIFICATIONS")
        monkeypatch.setenv("OF_NOTIFICATIONS", SECRET)
        monkeypatch.setenv("LOG_LEVEL", "ERROR")
        yield create_app("sync", str(ROOT / "main.py")).test_client()  # type: ignore[no-untyped-call]


def call(client: Client, method: str, path: str, body: bytes = b"", **headers: str) -> TestResponse:
    return client.open(path, method=method, data=body, headers=headers)


def read_error(answer: TestResponse) -> dict[str, str]:
    document = json.loads(answer.data)
    assert document["status"] == "failed"
    error: dict[str, str] = document["error"]
    assert set(error) == {"type", "message", "action"}
    assert error["message"].endswith((".", "!", "?"))
    return error


@settings(
    max_examples=300,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    method=st.sampled_from(METHODS),
    path=PATHS | st.text("abc/%.?#\xe9\x00", max_size=8).map(lambda rest: f"/{rest}"),
    body=BODIES,
    headers=HEADERS,
)
@example(method="POST", path="/", body=b"", headers={"Origin": "http://["})
@example(method="POST", path="/notify", body=b"[" * 50_000, headers={HEADER: SECRET})
@example(
    method="POST",
    path="/entities/vendors/replay",
    body=b"[" * 50_000,
    headers={"Content-Type": "application/x-www-form-urlencoded"},
)
@example(method="POST", path="/", body=b'{"entity":"vendors","entity":"items"}', headers={})
@example(
    method="POST",
    path="/",
    body=b'{"entity":"vendors","mode":"backfill","since":"0001-01-01T00:00:00+14:00"}',
    headers={},
)
def test_whatever_is_sent_is_answered(
    client: Client, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> None:
    """The path is given as a server gives it, past the checks of a test client."""
    answer = client.open(
        "/", method=method, data=body, headers=dict(headers), environ_overrides={"PATH_INFO": path}
    )
    if answer.status_code == HTTPStatus.PERMANENT_REDIRECT:  # by the framework: two slashes become one
        return
    assert answer.status_code in DOCUMENTED
    assert b"Traceback" not in answer.data
    assert "UnknownError" not in answer.text
    if method in ("HEAD", "OPTIONS") and answer.status_code in (200, 204):
        assert answer.data == b""
    elif answer.mimetype == "application/json" and answer.data:
        document = json.loads(answer.data)
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            assert document["error"]["message"]
            assert document["error"]["action"]
    elif method != "HEAD" and answer.status_code != 303:
        assert answer.mimetype == "text/html"
        assert answer.status_code == 200 or "text/html" in headers.get("Accept", "")


@pytest.mark.parametrize("path", ["/", "/status"])
def test_head_is_a_get_without_its_body(client: Client, path: str) -> None:
    got, head = call(client, "GET", path), call(client, "HEAD", path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.mimetype == got.mimetype
    assert got.data


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/", "GET, HEAD, OPTIONS, POST"), ("/status", "GET, HEAD, OPTIONS"), ("/notify", "OPTIONS, POST")],
)
def test_options_tells_what_an_address_takes(client: Client, path: str, allowed: str) -> None:
    answer = call(client, "OPTIONS", path)
    assert (answer.status_code, answer.headers["Allow"], answer.data) == (204, allowed, b"")


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/"), ("POST", "/status"), ("GET", "/x"), ("OPTIONS", "/x")]
)
def test_an_address_there_is_none_of_is_told(client: Client, method: str, path: str) -> None:
    answer = call(client, method, path)
    assert answer.status_code == 400
    assert f"There is nothing at {method} {path}" in read_error(answer)["message"]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_the_body_tells_what_it_is_whatever_its_content_type_says(client: Client, content_type: str) -> None:
    """`curl -d` sends JSON as a form."""
    headers: dict[str, Any] = {"Content-Type": content_type}
    answer = client.post("/", data=b'{"entity": "vendros"}', headers=headers)
    assert "Unknown entity 'vendros'" in read_error(answer)["message"]


def test_a_body_whose_length_is_not_told_is_read_as_far_as_it_may_be(client: Client) -> None:
    environment = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = client.post("/", data=b" " * 70_000, environ_overrides={**environment, "CONTENT_LENGTH": ""})
    assert "more than 65536 bytes" in read_error(answer)["message"]


def test_a_failed_run_is_answered_with_its_counts_and_its_error(client: Client) -> None:
    answer = call(client, "POST", "/", b'{"entity": "vendors"}')
    assert answer.status_code == 500
    assert json.loads(answer.data)["records_read"] == 0
    assert read_error(answer)["type"] == "SecretUnavailableError"


def test_a_check_that_fails_says_so_with_its_first_remedy(client: Client) -> None:
    answer = call(client, "POST", "/", b'{"entity": "vendors", "mode": "check"}')
    error = read_error(answer)
    assert (answer.status_code, error["type"]) == (500, "CheckFailed")
    assert "the first, acumatica secret: " in error["message"]
    assert json.loads(answer.data)["checks"]


def test_a_sender_that_does_not_know_the_secret_is_answered_401(client: Client) -> None:
    assert call(client, "POST", "/notify", b"{}").status_code == 401
    assert call(client, "POST", "/notify", b"{}", **{HEADER: SECRET}).status_code == 400


def test_a_replay_that_fails_is_answered_as_the_caller_can_read_it(client: Client) -> None:
    path = "/entities/vendors/replay"
    assert read_error(call(client, "POST", path))["type"] == "SecretUnavailableError"
    page = call(client, "POST", path, Accept="text/html")
    assert (page.status_code, page.mimetype) == (500, "text/html")
    assert "Nothing was replayed in vendors" in page.text


def test_the_version_is_told(client: Client) -> None:
    assert json.loads(call(client, "GET", "/status").data)["version"] == __version__
    assert f"version {__version__}" in call(client, "GET", "/").text


class BrokenStream(io.BytesIO):
    """A connection that fails once, in a way no library announces."""

    has_failed = False

    @override
    def readinto(self, buffer: Any) -> int:
        if self.has_failed:
            return super().readinto(buffer)
        self.has_failed = True
        raise RuntimeError("it had sent a password")


def test_an_error_nobody_expected_is_an_answer_too_and_is_logged(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.post("/", input_stream=BrokenStream(b"{}"))
    assert answer.status_code == 500
    assert read_error(answer)["type"] == "UnknownError"
    assert "password" not in answer.text
    assert "BrokenStream" not in answer.text
    assert "RuntimeError" in json.loads(capsys.readouterr().out)["stack_trace"]


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/status"), ("POST", "/notify")])
def test_so_it_is_wherever_it_happens_as_the_caller_can_read_it(
    client: Client, monkeypatch: pytest.MonkeyPatch, method: str, path: str, accept: str
) -> None:
    """The page for a person at a browser, JSON for everybody else; the cause is in the log alone."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError("it held a password")

    monkeypatch.setattr("connector.faces.http.build", fail)
    answer = call(client, method, path, b"{}", **{"Accept": accept, HEADER: SECRET})
    assert answer.status_code == 500
    assert "error the connector does not know" in answer.text
    assert not {part for part in ("password", "KeyError", "Traceback") if part in answer.text}
    is_page = accept == "text/html"
    assert answer.mimetype == ("text/html" if is_page else "application/json")
    assert is_page or read_error(answer)["type"] == "UnknownError"


def test_a_state_that_cannot_be_read_is_told(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STATE", f"sqlite:{tmp_path}")
    answer = call(client, "GET", "/status")
    assert answer.status_code == 500
    assert read_error(answer)["type"] == "ConfigurationError"
