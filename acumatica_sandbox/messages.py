"""Requests and responses without sockets, so that the simulation can be driven in-process."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote

JSON_TYPE = "application/json; charset=utf-8"

Breakage = Literal["", "reset_before", "reset_after", "cut_body"]
"""What the socket server does to the connection in place of, or after, a clean answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request; `path` is as on the wire, `query` without its question mark."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str:
        """A header by any case of its name, or an empty text."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")

    @property
    def segments(self) -> list[str]:
        """The decoded parts of the path; `|` separates key values just like `/`."""
        return [unquote(part) for part in self.path.strip("/").split("/")]

    @property
    def parameters(self) -> dict[str, str]:
        """The query options; as in any form encoding, a raw plus sign is a space."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies sent, by name; values may hold `=` and `&`."""
        pairs = (part.strip().partition("=") for part in self.header("Cookie").split(";"))
        return {name: value for name, _, value in pairs if name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP answer, and how long or how badly the socket server shall deliver it."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay_seconds: float = 0.0
    breakage: Breakage = ""

    def header(self, name: str) -> str:
        """The first header of that name in any case, or an empty text."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def json(self) -> Any:
        """The decoded body; numbers with a fraction are floats, so compare amounts on the text."""
        return json.loads(self.body)


def json_response(status: int, value: object, *headers: tuple[str, str]) -> Response:
    """An answer with a JSON body."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status=status, headers=(("Content-Type", JSON_TYPE), *headers), body=body)


def html_response(status: int, title: str, *headers: tuple[str, str]) -> Response:
    """An answer as IIS or the maintenance page gives it: HTML where a client hoped for JSON."""
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    html = ("Content-Type", "text/html; charset=utf-8")
    return Response(status=status, headers=(html, *headers), body=page.encode())
