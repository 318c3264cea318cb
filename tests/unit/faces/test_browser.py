"""The pages over HTTP: at which address, for whom, below which path, and what may be started from them."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from functions_framework import create_app
from werkzeug.test import Client, TestResponse

from connector.app.settings import list_variables
from connector.domain.entity_state import AuditEntry, Outcome
from tests.docs.configuration import ROOT
from tests.stand_ins.clock import FakeClock
from tests.unit.app.board import Board

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Site": "same-origin"}
IAP = "X-Goog-Authenticated-User-Email"


@pytest.fixture
def board(tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    """The state that the function reads; its runs end at the secret, which cannot be read."""
    for variable in list_variables():
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.setenv("ACUMATICA_URL", "https://erp.example.com/Books")
    monkeypatch.setenv("ACUMATICA_CREDENTIALS", "env:NOT_THERE")
    monkeypatch.setenv("WAREHOUSE", f"duckdb:{tmp_path / 'erp.duckdb'}")
    monkeypatch.setenv("STATE", f"sqlite:{tmp_path / 'state.db'}")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    board = Board(tmp_path, clock)
    yield board
    board.state.close()


@pytest.fixture
def client(board: Board) -> Client:
    assert board.connector.settings.backend.state == os.environ["STATE"]
    return create_app("sync", str(ROOT / "main.py")).test_client()  # type: ignore[no-any-return, no-untyped-call]


def get(client: Client, path: str, **headers: str) -> TestResponse:
    return client.get(path, headers={**BROWSER, **headers})


def replay(client: Client, headers: dict[str, str], **form: str) -> TestResponse:
    return client.post("/entities/vendors/replay", data=form, headers=headers)


def test_every_page_is_reached_and_has_its_figures_as_json_too(client: Client, board: Board) -> None:
    board.succeed()
    board.reject("id-1", key="V001")
    entries = [
        AuditEntry(record_id=f"id-{n}", key=f"V{n:03}", version="abc", outcome=Outcome.WRITTEN)
        for n in range(2)
    ]
    for number in (1, 2):
        board.state.audit.record_page("vendors-1", "vendors", "incremental", number, entries)
    for path, texts in {
        "/": ("1,234 read",),
        "/entities/vendors": ("Dead letters (1)", "V001"),
        "/runs/vendors-1": ("V001", "1,234", "?after=1"),
        "/runs/vendors-1?after=1": ("V001", "First page"),
        "/records": ("Find a record",),
        "/records?entity=vendors&key=V001": ("kept, tried 1 time", "incremental: written"),
        "/records?entity=vendors&key=nobody": ("Nothing is known of nobody",),
    }.items():
        page = get(client, path)
        assert (page.status_code, page.mimetype) == (200, "text/html"), path
        assert [text for text in texts if text not in page.text] == [], path
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert page.headers["Cache-Control"] == "no-store"
    entity = json.loads(client.get("/status/entities/vendors").data)
    assert [letter["key"] for letter in entity["letters"]] == ["V001"]
    run = json.loads(client.get("/status/runs/vendors-1?after=1").data)
    assert (run["run"]["records_read"], run["page"]["number"], run["page"]["has_next"]) == (1234, 2, False)
    record = json.loads(client.get("/status/records?entity=vendors&key=V001").data)
    assert [line["place"] for line in record["trail"]].count("dead letter") == 1


def test_a_page_renews_itself_unless_it_holds_something_to_press(client: Client, board: Board) -> None:
    board.succeed()
    assert get(client, "/").headers["Refresh"] == "300"
    assert get(client, "/entities/vendors").headers["Refresh"] == "300"
    assert "Refresh" not in get(client, "/?refresh=off").headers
    assert "Refresh" not in get(client, "/records").headers
    board.reject("id-1")
    assert "Refresh" not in get(client, "/entities/vendors").headers


@pytest.mark.parametrize("path", ["/entities/vendros", "/runs/nothing", "/records?entity=x&key=y", "/x"])
def test_what_is_not_there_is_a_page_for_a_browser_and_json_for_all_others(client: Client, path: str) -> None:
    page, plain = get(client, path), client.get(path)
    assert (page.status_code, page.mimetype) == (400, "text/html")
    assert plain.mimetype == "application/json"
    error = json.loads(plain.data)["error"]
    assert error["action"].split("'")[0] in page.text


def test_a_broken_configuration_is_a_page_that_names_every_mistake(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "many")
    monkeypatch.delenv("ACUMATICA_URL")
    page = get(client, "/")
    assert (page.status_code, page.mimetype) == (500, "text/html")
    assert "ACUMATICA_URL is missing" in page.text
    assert "ACUMATICA_PAGE_SIZE must be a whole number" in page.text


@pytest.mark.parametrize("prefix", ["", "/acumatica", "/tools/acumatica/"])
@pytest.mark.parametrize(
    "path", ["/", "/entities/vendors", "/entities/vendors/", "/runs/vendors-1", "/records"]
)
def test_links_hold_below_any_path_of_a_proxy(client: Client, board: Board, prefix: str, path: str) -> None:
    """The proxy takes its prefix off before it asks; the browser resolves the link against what it asked the proxy."""
    board.succeed()
    for headers in ({}, {"X-Forwarded-Prefix": prefix}):
        page = get(client, path, **headers).text
        seen_from = f"https://status.example.com{prefix.rstrip('/')}{path}"
        home = page.split('<nav aria-label="Pages"><a href="')[1].split('"')[0]
        assert urljoin(seen_from, home) == f"https://status.example.com{prefix.rstrip('/')}/"


def test_a_prefix_that_leads_elsewhere_is_not_believed(client: Client) -> None:
    for prefix in ("//evil.example.com", "https://evil.example.com", "/a b", '/"><script>'):
        assert "evil" not in get(client, "/", **{"X-Forwarded-Prefix": prefix}).text


def test_a_replay_that_fails_says_why_on_a_page_and_leads_back(client: Client, board: Board) -> None:
    board.reject("id-1")
    answer = replay(client, BROWSER, record_id="id-1")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "NOT_THERE" in answer.text
    assert 'href="../../entities/vendors">Back' in answer.text


def test_a_replay_behind_a_running_run_says_so(client: Client, board: Board) -> None:
    board.clock.advance(datetime.now(UTC) - board.clock.now())
    taken = board.run()
    answer = replay(client, BROWSER)
    assert "Nothing was replayed in vendors" in answer.text
    assert taken.owner in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/entities/vendors/replay"])
def test_another_web_site_starts_nothing(
    client: Client, board: Board, path: str, headers: dict[str, str]
) -> None:
    board.reject("id-1")
    body = b'{"entity": "vendors", "mode": "reconcile", "force": true}'
    answer = client.post(path, data=body, headers=headers)
    assert answer.status_code == 403
    assert "Another web site" in answer.text
    assert board.entry()["last_run"] is None


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}])
def test_a_scheduler_and_the_page_itself_may_start_runs(client: Client, headers: dict[str, str]) -> None:
    answer = client.post("/", data=b'{"entity": "vendors"}', headers=headers)
    assert json.loads(answer.data)["error"]["type"] == "SecretUnavailableError"


def test_through_the_proxy_only_operators_act_and_all_others_look(
    client: Client, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUS_OPERATORS", "ada@example.com; grace@example.com")
    board.reject("id-1")
    operator = {**BROWSER, IAP: "accounts.google.com:Ada@example.com"}
    viewer = {**BROWSER, IAP: "accounts.google.com:eve@example.com"}

    def start(headers: dict[str, str]) -> list[Any]:
        run = client.post("/", data=b'{"entity": "vendors"}', headers={**headers, "Accept": "*/*"})
        return [run.status_code, replay(client, headers).status_code]

    assert start(operator) == [500, 500]
    assert start(viewer) == [403, 403]
    assert "Replay</button>" in client.get("/entities/vendors", headers=operator).text
    shown = client.get("/entities/vendors", headers=viewer)
    assert shown.status_code == 200
    assert "<button" not in shown.text
