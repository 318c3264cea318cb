"""How tests of the sandbox call it: in-process, signed in, with exact decimals."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from acumatica_sandbox import Request, Response, Sandbox, SandboxOptions

START = "2026-03-16T14:30:00+00:00"
NEWEST = (*(f"{year}.200.001" for year in (20, 22, 23, 24, 25)), "26.200.001")
"""Every version of the endpoint Default that the newest build offers."""


def a_sandbox(**options: Any) -> Sandbox:
    """A small tenant that does not listen."""
    return Sandbox(SandboxOptions(**{"size": "tiny", **options}))


class Caller:
    """A client of one sandbox."""

    def __init__(self, sandbox: Sandbox, version: str = "24.200.001", endpoint: str = "Default") -> None:
        self.sandbox = sandbox
        self.base = sandbox.options.base_path
        self.endpoint = f"{self.base}/entity/{endpoint}/{version}"
        self.headers: dict[str, str] = {}

    def send(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        every = {**self.headers, **(headers or {})}
        return self.sandbox.handle(Request(method=method, path=path, query=query, headers=every, body=body))

    def token(self, **form: str) -> Response:
        body = urlencode(form, quote_via=quote).encode()
        return self.send("POST", f"{self.base}/identity/connect/token", body=body)

    def password_form(self, **changes: str) -> dict[str, str]:
        credentials = self.sandbox.credentials("password")
        del credentials["auth"]
        return {"grant_type": "password", "scope": "api offline_access", **credentials, **changes}

    def sign_in(self, **changes: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.token(**self.password_form(**changes)).json()
        self.headers = {"Authorization": f"Bearer {answer['access_token']}"}
        return answer

    def log_in(self, **changes: str) -> Response:
        credentials = self.sandbox.credentials("cookie")
        form = {
            "name": credentials["username"],
            "password": credentials["password"],
            "tenant": credentials["tenant"],
            "branch": credentials["branch"],
        }
        body = json.dumps({**form, **changes}).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        response = self.send("POST", f"{self.base}/entity/auth/login", body=body, headers=headers)
        pairs = [value.split(";")[0] for name, value in response.headers if name == "Set-Cookie"]
        if response.status == 204:
            self.headers = {"Cookie": "; ".join(pairs)}
        return response

    def log_out(self) -> Response:
        return self.send("POST", f"{self.base}/entity/auth/logout", headers={"Content-Length": "0"})

    def get(self, path: str, headers: Mapping[str, str] | None = None, **options: str) -> Response:
        """GET below the endpoint; `filter="…"` becomes `$filter`."""
        query = urlencode({f"${name}": value for name, value in options.items()}, quote_via=quote)
        return self.send("GET", f"{self.endpoint}/{path}", query, headers=headers)

    def list(
        self, entity: str, headers: Mapping[str, str] | None = None, **options: str
    ) -> list[dict[str, Any]]:
        response = self.get(entity, headers, **options)
        assert response.status == 200, response.body
        rows: list[dict[str, Any]] = exact(response)
        return rows

    def control(self, call: str, **body: Any) -> Any:
        response = self.send("POST", f"{self.base}/sandbox/{call}", body=json.dumps(body).encode())
        assert response.status == 200, response.body
        return response.json()


def exact(response: Response) -> Any:
    """The JSON of a response with its digits as they are."""
    return json.loads(response.body, parse_float=Decimal)


def a_caller(version: str = "24.200.001", endpoint: str = "Default", **options: Any) -> Caller:
    """A client that is signed in to a small tenant of its own."""
    caller = Caller(a_sandbox(**options), version, endpoint)
    caller.sign_in()
    return caller


def the_error(response: Response) -> str:
    """The useful text of a 500."""
    assert response.status == 500
    return str(response.json()["exceptionMessage"])


def references(rows: list[dict[str, Any]], name: str = "ReferenceNbr") -> list[str]:
    """One field of every row."""
    return [row[name]["value"] for row in rows]
