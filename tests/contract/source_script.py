"""A server that plays back bytes, for answers no honest server gives: cut, stalled, malformed, under TLS."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TLS_HELLO = b"\x16\x03"
"""How a client begins that takes a plain port for one with TLS."""

Play = Callable[[socket.socket, bytes], None]


@dataclass(slots=True, kw_only=True)
class Script:
    """What is played for the n-th request; the last one goes on for ever. `heard` holds the requests' heads."""

    url: str
    plays: list[Play]
    heard: list[bytes] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    """Set when the test is over; plays that stall wait for it."""


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> Play:
    """A whole answer; `length` lies about the body's."""
    head = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return raw("\r\n".join(head).encode() + b"\r\n\r\n" + body)


def raw(text: bytes) -> Play:
    """These bytes, then the end of the connection."""

    def play(connection: socket.socket, _: bytes) -> None:
        connection.sendall(text)

    return play


@contextmanager
def running_script(*plays: Play, certificate: Path | None = None) -> Iterator[Script]:
    """Listen on this machine until the block ends; each connection serves one request."""
    listener = socket.create_server(("127.0.0.1", 0))
    scheme = "https" if certificate else "http"
    script = Script(url=f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/AcmeERP", plays=list(plays))
    thread = threading.Thread(target=_serve, args=(listener, script, certificate), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        script.release.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


def _serve(listener: socket.socket, script: Script, certificate: Path | None) -> None:
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        try:
            with context.wrap_socket(connection, server_side=True) if context else connection as channel:
                _play(channel, script)
        except OSError:
            continue


def _play(connection: socket.socket, script: Script) -> None:
    heard = b""
    while b"\r\n\r\n" not in heard and not heard.startswith(TLS_HELLO):
        received = connection.recv(65_536)
        if not received:
            return
        heard += received
    head, _, body = heard.partition(b"\r\n\r\n")
    wanted = next(
        (
            int(line.split(b":")[1])
            for line in head.splitlines()
            if line.lower().startswith(b"content-length")
        ),
        0,
    )
    while len(body) < wanted:
        body += connection.recv(65_536)
    script.heard.append(head)
    number = min(len(script.heard), len(script.plays)) - 1
    script.plays[number](connection, head)
