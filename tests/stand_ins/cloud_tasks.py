"""A Cloud Tasks that takes every task of a new name, and refuses a name it knows as the real one does."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.stand_ins.servers import HOST


@contextmanager
def running_cloud_tasks() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield `host:port` for CONTINUATION_EMULATOR_HOST, and the tasks taken so far."""
    tasks: list[dict[str, Any]] = []

    class Tasks(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            task = {"path": self.path, **json.loads(body)["task"]}
            is_known = task["name"] in {known["name"] for known in tasks}
            if not is_known:
                tasks.append(task)
            self.send_response(409 if is_known else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Tasks)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{HOST}:{server.server_address[1]}", tasks
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
