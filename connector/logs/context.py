"""What every log line says about where it comes from: the run, and the request that started it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

CLOUD_TRACE = re.compile(r"([0-9a-fA-F]{32})(?:/([0-9]{1,20}))?(?:;o=([01]))?")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The request that a line belongs to, as Cloud Trace names it (ids in lower-case hexadecimal)."""

    trace_id: str
    span_id: str | None = None
    sampled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """The labels of a line; None where nothing is known yet."""

    run_id: str | None = None
    entity: str | None = None
    mode: str | None = None
    trace: Trace | None = None

    @property
    def labels(self) -> dict[str, str]:
        """The labels known so far."""
        known = {"run_id": self.run_id, "entity": self.entity, "mode": self.mode}
        return {name: value for name, value in known.items() if value}


_context: ContextVar[RunContext | None] = ContextVar("run_context", default=None)


def current_context() -> RunContext:
    """Return the context of the code that asks; an empty one outside every run."""
    return _context.get() or RunContext()


@contextmanager
def run_context(
    *,
    run_id: str | None = None,
    entity: str | None = None,
    mode: str | None = None,
    trace: Trace | None = None,
) -> Iterator[None]:
    """Label every line until the end of the block; what is not given is kept from the block around it.

    A thread does not inherit this: start it with `contextvars.copy_context().run`.
    """
    given = {"run_id": run_id, "entity": entity, "mode": mode, "trace": trace}
    known: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    token = _context.set(replace(current_context(), **known))
    try:
        yield
    finally:
        _context.reset(token)


def find_trace(headers: Mapping[str, str]) -> Trace | None:
    """Return the trace named by `traceparent` or `X-Cloud-Trace-Context`; None if neither is there and well formed."""
    lowered = {name.lower(): value for name, value in headers.items()}
    if match := TRACEPARENT.fullmatch(lowered.get("traceparent", "")):
        return Trace(trace_id=match[1], span_id=match[2], sampled=bool(int(match[3], 16) & 1))
    if match := CLOUD_TRACE.fullmatch(lowered.get("x-cloud-trace-context", "")):
        span_id = f"{int(match[2]) % 2**64:016x}" if match[2] else None
        return Trace(trace_id=match[1].lower(), span_id=span_id, sampled=match[3] == "1")
    return None
