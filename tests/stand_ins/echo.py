"""A server that repeats every secret it was sent or gave out, in whatever place of whichever answer a test chooses."""

import base64
import html
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

PASSWORD = 'Hunter/2&"é+Gatherer'
CLIENT_SECRET = "kX9-cl1ent-s3cr3t-0a7b"
REFRESH = "rt-5Jq8wZ0nT3vB7mKx"
GRANTED = "at-Yp4Lr6Tn1Qs8Wd3Fg"
GRANTED_REFRESH = "rt-next-2Bv9Nc5Xz7"
COOKIE = "9F0AC0FFEE5E55104D6B2E1A7C8D3B5F"
SECRETS = (PASSWORD, CLIENT_SECRET, REFRESH, GRANTED, GRANTED_REFRESH, COOKIE)
ID = "5f1d2c3b-0000-4000-a000-00000000000a"
FORMS = {
    "password": {
        "auth": "password", "client_id": "app@ACME", "client_secret": CLIENT_SECRET, "username": "api", "password": PASSWORD,
    },
    "refresh_token": {
        "auth": "refresh_token", "client_id": "app@ACME", "client_secret": CLIENT_SECRET, "refresh_token": REFRESH,
    },
    "cookie": {"auth": "cookie", "username": "api", "password": PASSWORD, "tenant": "ACME"},
}  # fmt: skip


def in_base64(text: str) -> str:
    return base64.b64encode(f"x{text}y".encode()).decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a URL": lambda text: quote(text, safe=""),
    "in a form": quote_plus,
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "in JSON within JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "in HTML": html.escape,
    "in base64": in_base64,
    "in capitals": str.upper,
    "broken up": lambda text: f"{text[:7]}\n   {text[7:]}",
}


@dataclass
class Echo:
    """What the server does next: at `strike` it answers with `status`; elsewhere as Acumatica would."""

    strike: str = ""
    status: int = 500
    body: Callable[[str], bytes] = lambda text: text.encode()
    spelling: str = "plain"
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    known: set[str] = field(default_factory=set)
    """The secrets that were sent to the server, and those it gave out."""

    @property
    def text(self) -> str:
        return " ; ".join(SPELLINGS[self.spelling](secret) for secret in SECRETS if secret in self.known)

    def hear(self, said: str) -> None:
        self.known |= {secret for secret in SECRETS if secret in said}


def an_error(text: str) -> bytes:
    """Every member of Acumatica's and of the identity server's error objects at once."""
    inner = dict.fromkeys(("message", "exceptionMessage", "exceptionType", "stackTrace"), text)
    identity = {"error": text, "error_description": text}
    return json.dumps({**inner, **identity, "modelState": {text: [text]}, "innerException": inner}).encode()


def a_code(code: str) -> Callable[[str], bytes]:
    return lambda text: json.dumps({"error": code, "error_description": text, "error_uri": text}).encode()


def a_page(text: str) -> bytes:
    return f"<html><title>{text}</title><body>{text}</body></html>".encode()


def offers(text: str = "") -> bytes:
    listed = [{"name": "Default", "version": "24.200.001"}] + (
        [{"name": text, "version": text}] if text else []
    )
    return json.dumps({"version": {"acumaticaBuildVersion": text or "25.2"}, "endpoints": listed}).encode()


def swagger(text: str = "") -> bytes:
    value = {"type": "object", "properties": {"value": {"type": "string"}}}
    stamp = {"type": "object", "properties": {"value": {"type": "string", "format": "date-time"}}}
    members = {
        name: {"$ref": "#/components/schemas/StringValue"}
        for name in ("VendorID", "VendorName", text)
        if name
    }
    members["LastModifiedDateTime"] = {"$ref": "#/components/schemas/DateTimeValue"}
    schemas = {"Vendor": {"properties": members}, "StringValue": value, "DateTimeValue": stamp}
    info = {"title": text, "version": "4"}
    return json.dumps({"info": info, "components": {"schemas": schemas}, "paths": {"/Vendor": {}}}).encode()


def vendors(text: str = "") -> bytes:
    row: dict[str, Any] = {
        "id": ID, "note": {"value": text}, "VendorID": {"value": "V1"}, "VendorName": {"value": text},
        "LastModifiedDateTime": {"value": "2026-03-01T10:00:00+00:00"},
    }  # fmt: skip
    return json.dumps([row | ({text: {"value": text}, "custom": {text: text}} if text else {})]).encode()


def a_broken_vendor(text: str) -> bytes:
    return json.dumps([{"id": "", "VendorID": {"value": text}, "VendorName": {"value": [text]}}]).encode()


class Handler(BaseHTTPRequestHandler):
    echo: Echo

    def respond(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        members = json.loads(sent).values() if sent.startswith("{") else ()
        self.echo.hear("\n".join([str(self.headers), unquote_plus(sent), *members]))
        if self.echo.strike and self.echo.strike in self.path:
            body = self.echo.body(self.echo.text)
            line = self.echo.text.encode("latin-1", "replace").decode("latin-1").replace("\n", " ")
            self.send_response(self.echo.status, line)
            self.send_header("X-Echo", line)
            for name, value in self.echo.headers.items():
                self.send_header(name, value.format(line))
        else:
            status, body, cookie = self.honest()
            self.send_response(status)
            if cookie:
                self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def honest(self) -> tuple[int, bytes, str]:
        path = self.path.partition("?")[0]
        if path.endswith("/connect/token"):
            tokens = {"access_token": GRANTED, "refresh_token": GRANTED_REFRESH}
            self.echo.hear(str(tokens))
            return 200, json.dumps(tokens).encode(), ""
        if path.endswith("/auth/login"):
            self.echo.hear(COOKIE)
            return 204, b"", f".ASPXAUTH={COOKIE}; path=/"
        if path.endswith("/auth/logout"):
            return 204, b"", ""
        pages = {"/entity": offers(), "swagger.json": swagger(), "/Vendor": vendors(), ID: vendors()[1:-1]}
        return 200, next((page for end, page in pages.items() if path.endswith(end)), b"[]"), ""

    do_GET = respond  # noqa: N815 - the library's name
    do_POST = respond  # noqa: N815 - the library's name

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


REFUSALS = {
    "token error": ("/connect/token", 400, an_error, {}),
    "token refused": ("/connect/token", 400, a_code("invalid_grant"), {}),
    "token page": ("/connect/token", 200, a_page, {}),
    "token firewall": ("/connect/token", 403, a_page, {}),
    "token redirect": (
        "/connect/token",
        302,
        a_page,
        {"Location": "https://elsewhere.example/{0}?message={0}"},
    ),
    "token failure": ("/connect/token", 500, an_error, {}),
    "offers": ("/entity", 500, an_error, {}),
    "swagger page": ("swagger.json", 200, a_page, {}),
    "list error": ("/Vendor", 500, an_error, {}),
    "list refused": ("/Vendor", 400, an_error, {}),
    "list forbidden": ("/Vendor", 403, an_error, {}),
    "list page": ("/Vendor", 503, a_page, {"Retry-After": "{0}"}),
    "list redirect": ("/Vendor", 302, a_page, {"Location": "/Frames/Error.aspx?message={0}"}),
    "list moved": ("/Vendor", 301, a_page, {"Location": "https://{0}.example/{0}"}),
    "list text": ("/Vendor", 404, str.encode, {"Content-Type": "{0}"}),
}
"""Where, with which status, how, and in which headers the request is repeated in place of an answer."""


@contextmanager
def running_echo() -> Iterator[Echo]:
    """Listen on this machine until the block ends."""
    echo = Echo()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Echoing", (Handler,), {"echo": echo}))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    echo.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield echo
    finally:
        server.shutdown()
        server.server_close()


def leaked(text: str) -> list[str]:
    """Return which secrets a text holds, in any spelling."""
    flat = "".join(text.split()).casefold()
    spelled = {
        f"{secret} {name}": "".join(spell(secret).split()).casefold()
        for secret in SECRETS
        for name, spell in SPELLINGS.items()
        if name != "in base64"
    }
    spelled |= {f"{secret} in base64": in_base64(secret)[2:-4].casefold() for secret in SECRETS}
    return [name for name, spelling in spelled.items() if spelling in flat]
