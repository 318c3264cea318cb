"""The instance on a real loopback socket, with faults that only sockets can have."""

from __future__ import annotations

import socket
import struct
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .api import handle
from .messages import Request, Response
from .site import Site


class SandboxServer(ThreadingHTTPServer):
    """Listens on 127.0.0.1 only; one thread per connection, all of them daemons."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, site: Site, port: int = 0) -> None:
        """Bind at once; port 0 takes any free one."""
        self.site = site
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), SandboxHandler)

    @property
    def url(self) -> str:
        """The instance's URL."""
        return f"http://127.0.0.1:{self.server_address[1]}{self.site.options.base_path}"

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection, known to `server_close` as long as it is open."""
        self._connections.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.discard(request)

    def server_close(self) -> None:
        """Stop listening, and end the connections that clients keep alive."""
        super().server_close()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; a mistake of the sandbox is, and is printed."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class SandboxHandler(BaseHTTPRequestHandler):
    """Translates between the socket and the simulation."""

    protocol_version = "HTTP/1.1"
    server: SandboxServer
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        response = handle(self._request(), self.server.site, time.sleep)
        if response.breakage in ("reset_before", "reset_after"):
            self._reset()
        else:
            self._send(response)

    def _request(self) -> Request:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        path, _, query = self.path.partition("?")
        headers = dict(self.headers.items())
        return Request(method=self.command, path=path, query=query, headers=headers, body=body)

    def _reset(self) -> None:
        """Close with a TCP reset instead of a goodbye."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if response.breakage == "cut_body":
            self.wfile.write(response.body[: len(response.body) // 2])
            self.wfile.flush()
            self._reset()
        else:
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name http.server uses
        """Say nothing: requests are in the sandbox's own log."""

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the names http.server looks for
