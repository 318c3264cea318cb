"""Every outside system is told which release of the connector calls it."""

import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials

from connector import USER_AGENT, __version__
from connector.adapters.acumatica import AcumaticaSource
from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.adapters.cloud_tasks import CloudTasksQueue
from connector.adapters.firestore import open_firestore
from connector.adapters.retrying import Retry
from connector.adapters.secrets import SecretManagerSecretStore
from connector.errors import ConnectorError
from tests.builders import an_entity
from tests.contract.warehouse_rows import a_row, an_append
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.servers import HOST

Told = list[tuple[str, str]]
"""What was asked for, and by whom."""


@pytest.fixture
def once(clock: FakeClock) -> Retry:
    return Retry(clock=clock, attempts=1)


@pytest.fixture
def http() -> Iterator[tuple[str, Told]]:
    """`host:port` of a server that knows nothing, and what it was asked for."""
    told: Told = []

    class Nothing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.append((self.path, self.headers["User-Agent"]))
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 (the library's own name)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Nothing)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"{HOST}:{server.server_address[1]}", told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def grpc_host() -> Iterator[tuple[str, Told]]:
    """`host:port` of a gRPC server that knows nothing, and what it was asked for."""
    told: Told = []

    class Nothing(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> None:
            told.append((details.method, str(dict(details.invocation_metadata)["x-goog-api-client"])))

    with futures.ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool, handlers=[Nothing()])
        port = server.add_insecure_port(f"{HOST}:0")
        server.start()
        yield f"{HOST}:{port}", told
        server.stop(None).wait()


def assert_told(told: Told, call: Callable[[], object]) -> None:
    with suppress(ConnectorError):
        call()
    assert told, "nothing was asked for"
    assert [(what, who) for what, who in told if not who.startswith(USER_AGENT)] == []


def test_the_name_carries_the_version() -> None:
    assert USER_AGENT.split("/") == ["acumatica-bigquery-connector", __version__]


def test_acumatica_is_told(http: tuple[str, Told], clock: FakeClock, once: Retry) -> None:
    host, told = http
    source = AcumaticaSource(
        url=f"http://{host}",
        endpoint="Default",
        version="24.200.001",
        credentials=lambda: (
            b'{"auth": "cookie", "username": "admin", "password": "secret", "tenant": "ACME"}'
        ),
        store_credentials=lambda _: None,
        check_storable=lambda: None,
        clock=clock,
        retry=once,
        storing_retry=once,
    )
    assert_told(told, lambda: source.describe(an_entity()))


def test_bigquery_is_told_with_its_client_and_without(http: tuple[str, Told], once: Retry) -> None:
    host, told = http
    warehouse = BigQueryWarehouse(
        project="demo",
        dataset="finance",
        location=None,
        credentials=AnonymousCredentials,
        retry=once,
        endpoint=f"http://{host}",
    )
    assert_told(told, lambda: warehouse.read_columns("bill_log"))
    del told[:]
    assert_told(told, lambda: warehouse.append(an_append(a_row())))


def test_cloud_tasks_is_told(http: tuple[str, Told], once: Retry) -> None:
    host, told = http
    queue = CloudTasksQueue(
        queue="projects/p/locations/l/queues/q",
        url="https://f",
        service_account="",
        retry=once,
        emulator=host,
    )
    assert_told(told, lambda: queue.enqueue("name", b"{}"))


def test_firestore_is_told(
    grpc_host: tuple[str, Told], clock: FakeClock, once: Retry, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, told = grpc_host
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
    store = open_firestore(project="demo", database="d", prefix="p", clock=clock, retry=once)
    assert_told(told, lambda: store.entities.read("bills"))
    store.close()


def test_secret_manager_is_told(grpc_host: tuple[str, Told], once: Retry) -> None:
    host, told = grpc_host
    secrets = SecretManagerSecretStore(retry=once, emulator_host=host)
    assert_told(told, lambda: secrets.read("projects/p/secrets/s"))
