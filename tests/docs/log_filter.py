"""The part of Cloud Logging's query language that our filters use, and log entries as Cloud Run makes them of lines.

Comparisons with `=`, `>`, `>=` and `:`, joined with AND, OR and parentheses; `log_id()`; text in quotes, numbers, booleans
and severities. As in Cloud Logging a comparison with a field that is not there is false.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Entry = Mapping[str, Any]
Matcher = Callable[[Entry], bool]

TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|(AND\b|OR\b)|(>=|[=>:()])|([\w.]+))')

SEVERITIES = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL"]

LABELS = "logging.googleapis.com/labels"


def compile_filter(text: str) -> Matcher:
    """Return a function that tells whether the filter matches an entry; raise ValueError for what is not understood."""
    tokens = _Tokens(text)
    matcher = _parse_or(tokens)
    if tokens.peek() is not None:
        raise ValueError(f"not understood: {tokens.peek()!r} in {text}")
    return matcher


def build_entry(line: str, *, service: str) -> Entry:
    """Return the log entry that Cloud Run makes of a line on standard output."""
    payload = json.loads(line)
    return {
        "log_id": "run.googleapis.com/stdout",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": service}},
        "severity": payload.pop("severity", "DEFAULT"),
        "labels": payload.pop(LABELS, {}),
        "timestamp": payload.pop("time", None),
        "jsonPayload": payload,
    }


def extract(expression: str, entry: Entry) -> Any:
    """Return what an extractor, `EXTRACT(path)`, finds in an entry."""
    found = re.fullmatch(r"EXTRACT\(([\w.]+)\)", expression)
    if found is None:
        raise ValueError(f"not an extractor: {expression}")
    return _look_up(entry, found[1])


class _Tokens:
    def __init__(self, text: str) -> None:
        self._tokens = list(_split(text))

    def peek(self) -> str | None:
        return self._tokens[0] if self._tokens else None

    def take(self) -> str:
        if not self._tokens:
            raise ValueError("the filter ends too early")
        return self._tokens.pop(0)

    def require_origin(self, token: str) -> None:
        taken = self.take()
        if taken != token:
            raise ValueError(f"expected {token}, found {taken}")


def _split(text: str) -> Iterator[str]:
    position = 0
    while position < len(text.rstrip()):
        match = TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"not understood: {text[position : position + 20]!r}")
        position = match.end()
        yield match[match.lastindex or 0]


def _parse_or(tokens: _Tokens) -> Matcher:
    parts = [_parse_and(tokens)]
    while tokens.peek() == "OR":
        tokens.take()
        parts.append(_parse_and(tokens))
    return lambda entry: any(part(entry) for part in parts)


def _parse_and(tokens: _Tokens) -> Matcher:
    parts = [_parse_one(tokens)]
    while tokens.peek() == "AND":
        tokens.take()
        parts.append(_parse_one(tokens))
    return lambda entry: all(part(entry) for part in parts)


def _parse_one(tokens: _Tokens) -> Matcher:
    token = tokens.take()
    if token == "(":
        inner = _parse_or(tokens)
        tokens.require_origin(")")
        return inner
    if token == "log_id":
        tokens.require_origin("(")
        wanted = _read_value(tokens.take())
        tokens.require_origin(")")
        return lambda entry: bool(entry.get("log_id") == wanted)
    return _parse_comparison(token, tokens.take(), _read_value(tokens.take()))


def _parse_comparison(path: str, operator: str, wanted: Any) -> Matcher:
    if operator not in ("=", ">", ">=", ":"):
        raise ValueError(f"not an operator: {operator}")

    def compare(entry: Entry) -> bool:
        found = _look_up(entry, path)
        if found is None:
            return False
        if path == "severity":
            return _compare(operator, SEVERITIES.index(found), SEVERITIES.index(wanted))
        if isinstance(found, bool) or isinstance(wanted, bool):
            return operator == "=" and found is wanted
        if isinstance(found, int | float) and isinstance(wanted, int | float):
            return _compare(operator, found, wanted)
        if operator == ":":
            return str(wanted).lower() in str(found).lower()
        return operator == "=" and str(found).lower() == str(wanted).lower()

    return compare


def _compare(operator: str, found: float, wanted: float) -> bool:
    return {"=": found == wanted, ">": found > wanted, ">=": found >= wanted, ":": found == wanted}[operator]


def _read_value(token: str) -> Any:
    if token.startswith('"'):
        return json.loads(token)
    if token in ("true", "false"):
        return token == "true"
    if token in SEVERITIES:
        return token
    return float(token)


def _look_up(entry: Entry, path: str) -> Any:
    value: Any = entry
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
