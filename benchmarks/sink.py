"""A BigQuery that only counts: it takes every row, and never is the slow part.

With `--remember` it also answers the query for the current versions, so that a reconcile finds what was written.
"""

import argparse
import json
import re
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.remembered import Remembered


class Sink(ThreadingHTTPServer):
    """What was made and how many rows came. `write_seconds` is how long each write takes."""

    daemon_threads = True

    def __init__(self, write_seconds: float = 0.0, remembered: Remembered | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.write_seconds = write_seconds
        self.tables: dict[str, Any] = {}
        self.jobs: dict[str, Any] = {}
        self.waiting: list[dict[str, Any]] = []
        self.rows = 0
        self.remembered = remembered


class Handler(BaseHTTPRequestHandler):
    """Answers the calls the connector and the client library make."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Sink

    def do_GET(self) -> None:
        if found := re.search(r"/tables/(\w+)", self.path):
            table = self.server.tables.get(found[1])
            self._send(200, table) if table else self._refuse(404, "notFound")
        elif found := re.search(r"/(?:jobs|queries)/([\w-]+)", self.path):
            job = self.server.jobs.get(found[1])
            if job and "/queries/" in self.path and self._asks_versions(job):
                self._send_versions(job)
                return
            self._send(200, job) if job else self._refuse(404, "notFound")
        else:
            self._send(200, {"datasetReference": {"projectId": "p", "datasetId": "d"}, "location": "EU"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "/insertAll" in self.path:
            self._write(body.count(b'"insertId"'))
            if self.server.remembered:
                self.server.remembered.note_insert(body)
            self._send(200, {"kind": "bigquery#tableDataInsertAllResponse"})
        elif "/upload/" in self.path:
            self._take_upload(body)
        elif "/jobs" in self.path or "/queries" in self.path:
            self._send(200, self._finish(json.loads(body), 0))
        elif "/tables" in self.path:
            table = json.loads(body)
            table |= {
                "creationTime": "0",
                "lastModifiedTime": "0",
                "etag": "e",
                "location": "EU",
                "type": "TABLE",
            }
            self.server.tables[table["tableReference"]["tableId"]] = table
            self._send(200, table)
        else:
            self._send(200, json.loads(body))

    def _take_upload(self, body: bytes) -> None:
        """Job and rows in one request, or the job alone, its rows to follow with a PUT."""
        if "uploadType=resumable" in self.path:
            self.server.waiting.append(json.loads(body))
            self._send(200, {}, {"Location": f"http://{self.headers['Host']}{self.path}"})
            return
        boundary = b"--" + self.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
        _, job, rows, _ = body.split(boundary)
        self._load(json.loads(job.partition(b"\r\n\r\n")[2]), rows.partition(b"\r\n\r\n")[2])

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._load(self.server.waiting.pop(), body)

    def _load(self, job: dict[str, Any], rows: bytes) -> None:
        count = rows.strip().count(b"\n") + 1
        if self.server.remembered:
            self.server.remembered.note_lines(rows)
        self._write(count)
        self._send(200, self._finish(job, count))

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        name = self.path.rsplit("/", 1)[1].partition("?")[0]
        self.server.tables[name] |= body
        self._send(200, self.server.tables[name])

    def _asks_versions(self, job: Mapping[str, Any]) -> bool:
        sql = job.get("configuration", {}).get("query", {}).get("query", "")
        return self.server.remembered is not None and self.server.remembered.is_asked_for(sql)

    def _send_versions(self, job: Mapping[str, Any]) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        token, most = asked.get("pageToken", [None])[0], int(asked.get("maxResults", ["0"])[0])
        if self.server.remembered:
            self._send(
                200, {"jobReference": job["jobReference"], **self.server.remembered.build_page(token, most)}
            )

    def _finish(self, job: dict[str, Any], count: int) -> dict[str, Any]:
        name = job.get("jobReference", {}).get("jobId") or f"job-{len(self.server.jobs)}"
        done = {
            **job,
            "jobReference": {"projectId": "p", "jobId": name, "location": "EU"},
            "status": {"state": "DONE"},
            "statistics": {"load": {"outputRows": str(count)}},
            "jobComplete": True,
            "schema": {"fields": []},
            "totalRows": "0",
        }
        self.server.jobs[name] = done
        return done

    def _write(self, rows: int) -> None:
        self.server.rows += rows
        time.sleep(self.server.write_seconds)

    def _refuse(self, status: int, reason: str) -> None:
        self._send(status, {"error": {"code": status, "message": reason, "errors": [{"reason": reason}]}})

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


def main() -> None:
    """Serve until the end of the process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("write_seconds", type=float, nargs="?", default=0.0)
    parser.add_argument("--remember", action="store_true")
    arguments = parser.parse_args()
    sink = Sink(arguments.write_seconds, Remembered() if arguments.remember else None)
    print(f"http://127.0.0.1:{sink.server_port}", flush=True)
    sink.serve_forever()


if __name__ == "__main__":
    main()
