"""The function in either profile, called over HTTP, and its rows read back as plain values."""

import decimal
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests
from functions_framework import create_app
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from acumatica_sandbox import Sandbox
from tests.stand_ins.bigquery import PROJECT
from tests.stand_ins.secret_manager import FakeSecretManager

MAIN = Path(__file__).parents[2] / "main.py"
VERSION = "24.200.001"


class Function:
    """The function as functions-framework serves it, in this process."""

    def __init__(self) -> None:
        self.client = create_app("sync", str(MAIN)).test_client()  # type: ignore[no-untyped-call]

    def call(self, body: Any = None, **members: Any) -> "Answer":
        """POST a body (the members as JSON, or text as it is)."""
        data = body if isinstance(body, str | bytes) else json.dumps(body if body is not None else members)
        response = self.client.post("/", data=data, content_type="application/json")
        return Answer(
            status=response.status_code, headers=dict(response.headers), json=json.loads(response.data)
        )

    def get(self, path: str) -> Any:
        """GET a path."""
        return self.client.get(path)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    json: dict[str, Any]


@dataclass(frozen=True)
class Profile:
    """A function with its environment set, and a way to look into its warehouse."""

    name: str
    function: Function
    warehouse: Any

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return a query's rows as plain values (`{view}` names are written bare)."""
        rows: list[dict[str, Any]] = self.warehouse(query)
        return rows


def base_environment(sandbox: Sandbox) -> dict[str, str]:
    """Return what both profiles share."""
    return {"ACUMATICA_URL": sandbox.url, "ACUMATICA_ENDPOINT_VERSION": VERSION, "LOG_LEVEL": "ERROR"}


def set_environment(monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str]) -> None:
    """Set the function's environment, and nothing else of ours."""
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def embedded_environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """Return the environment of a laptop."""
    secret = folder / "credentials.json"
    secret.write_text(json.dumps(sandbox.credentials("password")))
    return {
        **base_environment(sandbox),
        "ACUMATICA_CREDENTIALS": f"file:{secret}",
        "WAREHOUSE": f"duckdb:{folder / 'erp.duckdb'}",
        "STATE": f"sqlite:{folder / 'state.db'}",
    }


def read_duckdb(folder: Path) -> Any:
    """Return a function that queries the file between runs."""

    def query(sql: str) -> list[dict[str, Any]]:
        with duckdb.connect(str(folder / "erp.duckdb"), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return query


def cloud_environment(
    sandbox: Sandbox, secrets: FakeSecretManager, bigquery_url: str, dataset: str, firestore_project: str
) -> dict[str, str]:
    """Return the environment of the cloud, led to its stand-ins."""
    name = "projects/p1/secrets/acumatica"
    secrets.create(name, json.dumps(sandbox.credentials("password")).encode())
    return {
        **base_environment(sandbox),
        "ACUMATICA_CREDENTIALS": name,
        "BIGQUERY_PROJECT": PROJECT,
        "FIRESTORE_PROJECT": firestore_project,
        "BIGQUERY_DATASET": dataset,
        "BIGQUERY_EMULATOR_HOST": bigquery_url,
        "SECRET_MANAGER_EMULATOR_HOST": secrets.host,
    }


def read_bigquery(url: str, dataset: str) -> Any:
    """Return a function that queries the dataset."""
    client = bigquery.Client(
        project=PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": url}
    )

    def query(sql: str) -> list[dict[str, Any]]:
        config = bigquery.QueryJobConfig(default_dataset=f"{PROJECT}.{dataset}")
        return [dict(row.items()) for row in client.query(sql, job_config=config).result()]

    return query


def normalise(value: Any) -> Any:
    """Return a value as both warehouses would write it: decimals without trailing zeros, instants in UTC."""
    if isinstance(value, decimal.Decimal):
        return value.normalize() + 0
    if isinstance(value, Mapping):
        return {name: normalise(inner) for name, inner in value.items() if inner not in (None, [])}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [normalise(inner) for inner in value]
    return value.timestamp() if hasattr(value, "timestamp") else value


@contextmanager
def serve_html(text: bytes) -> Iterator[str]:
    """Serve one page of HTML at every address: what a wrong ACUMATICA_URL leads to."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def control(sandbox: Sandbox, call: str, body: Any) -> None:
    """Make a control call as another process would."""
    requests.post(f"{sandbox.url}/sandbox/{call}", json=body, timeout=30).raise_for_status()


def succeed(profile: Profile, entity: str, **members: Any) -> dict[str, Any]:
    """Do a run that must succeed, and return its answer."""
    answer = profile.function.call(entity=entity, **members)
    assert (answer.status, answer.json["status"]) == (200, "succeeded"), answer.json
    return answer.json


def shown_ids(profile: Profile, view: str) -> list[str]:
    """Return the ids a view shows, in order, each as often as it is there."""
    return [row["_id"] for row in profile.rows(f"SELECT _id FROM {view} ORDER BY _id")]


def stored_ids(sandbox: Sandbox, entity: str) -> list[str]:
    """Return the ids the tenant holds, in order."""
    return sorted(record.id for record in sandbox.tenant.records(entity))
