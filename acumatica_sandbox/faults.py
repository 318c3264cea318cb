"""Scripted faults: what shall go wrong, at which request, how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .messages import Breakage, Request, Response


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault; it strikes requests that match, after the first `skip` of them, `times` times."""

    method: str = ""
    path: str = ""
    """A part of the path or query; empty matches every one."""
    skip: int = 0
    times: int = 1
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    breakage: Breakage = ""
    delay_seconds: float = 0.0
    hook: Callable[[Request], None] | None = None
    rows: tuple[int, int] | None = None
    """Strikes lists that ask for any of these rows, counted from 0, the second one excluded."""
    larger_than: int = 0
    """Strikes lists that ask for more rows than this; 0 looks at no number."""
    rewrite: tuple[bytes, bytes] | None = None
    """Text of the real answer, and what stands there in its place: content that is no JSON, for example."""
    seen: int = 0
    struck: int = 0

    def strikes(self, request: Request) -> bool:
        """Whether it happens at this request, which it counts."""
        if self.method and self.method.upper() != request.method:
            return False
        if self.path.casefold() not in f"{request.path}?{request.query}".casefold():
            return False
        if not self._asks_for_its_rows(request.parameters):
            return False
        self.seen += 1
        if self.seen <= self.skip or self.struck >= self.times:
            return False
        self.struck += 1
        return True

    def _asks_for_its_rows(self, parameters: Mapping[str, str]) -> bool:
        if self.rows is None and not self.larger_than:
            return True
        if "$top" not in parameters:
            return False
        first, top = int(parameters.get("$skip", "0")), int(parameters["$top"])
        is_touched = self.rows is None or (first < self.rows[1] and first + top > self.rows[0])
        return is_touched and top > self.larger_than

    def answer(self) -> Response | None:
        """The answer given in place of the real one, if the fault has one."""
        if self.breakage == "reset_before":
            return Response(status=0, breakage="reset_before", delay_seconds=self.delay_seconds)
        if not self.status:
            return None
        headers = tuple(self.headers.items())
        return Response(status=self.status, headers=headers, body=self.body, delay_seconds=self.delay_seconds)


class Faults:
    """The faults waiting to happen."""

    def __init__(self) -> None:
        """Begin with none."""
        self.waiting: list[Fault] = []

    def add(self, fault: Fault | None = None, /, **parts: Any) -> Fault:
        """Script a fault, given whole or by its parts; `ordinal=n` strikes the n-th matching request."""
        ordinal = parts.pop("ordinal", None)
        if ordinal is not None:
            parts["skip"] = int(ordinal) - 1
        for flag in ("reset_before", "reset_after", "cut_body"):
            if parts.pop(flag, False):
                parts["breakage"] = flag
        if "delay" in parts:
            parts["delay_seconds"] = parts.pop("delay")
        html = parts.pop("html", None)
        if html is not None:
            parts |= {"body": str(html).encode(), "headers": {"Content-Type": "text/html; charset=utf-8"}}
            parts.setdefault("status", 200)
        if isinstance(parts.get("body"), str):
            parts["body"] = parts["body"].encode()
        if "rows" in parts:
            parts["rows"] = tuple(parts["rows"])
        if "rewrite" in parts:
            parts["rewrite"] = tuple(
                text.encode() if isinstance(text, str) else text for text in parts["rewrite"]
            )
        made = fault or Fault(**parts)
        self.waiting.append(made)
        return made

    def clear(self) -> None:
        """Forget every fault."""
        self.waiting.clear()

    def at(self, request: Request) -> list[Fault]:
        """The faults that strike this request."""
        return [fault for fault in self.waiting if fault.strikes(request)]
