"""A BigQuery that misbehaves on command: what the other stand-in cannot do, in memory, over HTTP on this machine.

It keeps datasets, tables and rows, checks rows as the service does, and runs load jobs; it does not run queries. A test
scripts what goes wrong: the next calls of a kind fail, or lose their answer after the work was done; the streaming side has
not heard of a change yet; requests are too large; jobs fail, or take their time.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.stand_ins.scripted_bigquery_service import Service
from tests.stand_ins.scripted_bigquery_state import AnswerLost, BigQueryState, Refused

KINDS: Sequence[tuple[str, str, str]] = (
    ("insertAll", "POST", r"/tables/(?P<table>\w+)/insertAll"),
    ("upload", "POST", r"/upload/.*/jobs"),
    ("chunk", "PUT", r"/upload/.*/jobs"),
    ("submit", "POST", r"/projects/\w+/jobs"),
    ("job", "GET", r"/jobs/(?P<job>[\w-]+)"),
    ("results", "GET", r"/queries/(?P<job>[\w-]+)"),
    ("rights", "POST", r"/tables/(?P<table>\w+):testIamPermissions"),
    ("get table", "GET", r"/tables/(?P<table>\w+)"),
    ("patch table", "PATCH", r"/tables/(?P<table>\w+)"),
    ("delete table", "DELETE", r"/tables/(?P<table>\w+)"),
    ("create table", "POST", r"/datasets/\w+/tables"),
    ("list tables", "GET", r"/datasets/\w+/tables"),
    ("get dataset", "GET", r"/datasets/\w+"),
    ("create dataset", "POST", r"/datasets"),
)
"""What calls are named in a script."""


class Server(ThreadingHTTPServer):
    """Serves one state, one call at a time."""

    daemon_threads = True

    def __init__(self, state: BigQueryState) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.service = Service(state)
        self.one_at_a_time = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """From HTTP to the service and back."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True  # else every answer waits 40 ms for the client's acknowledgement
    server: Server

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        called = _find_kind(self.command, path)
        if called is None:
            self._send(404, {"error": {"code": 404, "message": f"no such call: {self.command} {path}"}})
            return
        kind, names = called
        names |= {name: values[0] for name, values in parse_qs(query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            with self.server.one_at_a_time:
                done = self.server.service.answer(kind, names, headers, body)
        except Refused as refused:
            self._send(refused.status, refused.body)
        except AnswerLost:
            self.close_connection = True
        else:
            if isinstance(done, str):
                self._send(200, {}, {"Location": f"http://{self.headers['Host']}{path}?upload_id={done}"})
            else:
                self._send(200, done)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815 - named by the library

    def _send(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _find_kind(verb: str, path: str) -> tuple[str, dict[str, str]] | None:
    for kind, wanted, pattern in KINDS:
        found = re.search(pattern + "$", path)
        if found and wanted == verb:
            return kind, found.groupdict()
    return None


@contextmanager
def running_scripted_bigquery() -> Iterator[tuple[str, BigQueryState]]:
    """Yield the base URL of a server with the project `demo` and the dataset `erp`, and what it holds."""
    state = BigQueryState()
    with Server(state) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", state
        finally:
            server.shutdown()
