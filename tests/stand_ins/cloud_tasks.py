"""A Cloud Tasks that takes every task of a new name, and refuses a name it knows as the real one does."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.stand_ins.servers import HOST

ENQUEUER = ("cloudtasks.tasks.create", "cloudtasks.tasks.fullView")
"""What roles/cloudtasks.enqueuer grants on a queue; without it, or the queue, nothing is."""


@contextmanager
def running_cloud_tasks(*, is_allowed: bool = True) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield `host:port` for CONTINUATION_EMULATOR_HOST, and the tasks taken so far."""
    tasks: list[dict[str, Any]] = []

    class Tasks(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith(":testIamPermissions"):
                granted = [name for name in body["permissions"] if is_allowed and name in ENQUEUER]
                self._answer(200, {"permissions": granted} if granted else {})
            else:
                self._take({"path": self.path, **body["task"]})

        def _take(self, task: dict[str, Any]) -> None:
            is_known = task["name"] in {known["name"] for known in tasks}
            if not is_known:
                tasks.append(task)
            self._answer(409 if is_known else 200, {})

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            answer = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

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
