"""Puts a record right that is not as its contract says: what does not fit is set aside, never dropped."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Raw

from connector.domain.records.contract import Kind, Shape
from connector.errors import RecordRejectedError

FIRST_MEMBERS, LAST_MEMBERS = ("id", "rowNumber", "note"), ("custom", "_links", "files", "error")
ENVELOPE = frozenset({*FIRST_MEMBERS, *LAST_MEMBERS})
"""Members of every record that are Acumatica's packaging, not fields: before the fields and after them."""

EXACT = msgspec.json.Decoder(float_hook=lambda digits: Raw(digits.encode()))


@dataclass(slots=True)
class Sifted:
    """What is left of a record, and what was set aside: path to value.

    `unannounced` are the paths of members the contract does not know, empty ones too: the contract has changed.
    `retyped` are the paths whose value is of another type than announced.
    """

    kept: bytes
    extra: dict[str, Any] = field(default_factory=dict)
    unannounced: set[str] = field(default_factory=set)
    retyped: set[str] = field(default_factory=set)


class _Sieve:
    """Walks a record beside its shape and collects what does not belong."""

    def __init__(self, fits: Callable[[Kind, str, Any], bool]) -> None:
        self._fits = fits
        self.extra: dict[str, Any] = {}
        self.unannounced: set[str] = set()
        self.retyped: set[str] = set()

    def sift(self, node: dict[str, Any], shape: Shape, path: str, place: str) -> dict[str, Any]:
        """Return the members that fit. `path` is without line numbers, `place` with them (`Details[3]/`)."""
        kept: dict[str, Any] = {}
        for member, value in node.items():
            if member == "custom" and isinstance(value, dict):
                kept[member] = self._sift_custom(value, shape, path, place)
            elif member in ENVELOPE:
                kept[member] = value
            elif member in shape.unread or (value is None and _is_announced(member, shape)):
                continue
            elif member in shape.fields:
                if self._fits(shape.fields[member], path + member, value):
                    kept[member] = value
                else:
                    self._set_aside(member, value, shape, path, place)
            elif member in shape.linked and isinstance(value, dict):
                kept[member] = self.sift(value, shape.linked[member], f"{path}{member}/", f"{place}{member}/")
            elif member in shape.details and isinstance(value, list) and _all_objects(value):
                kept[member] = [
                    self.sift(line, shape.details[member], f"{path}{member}/", f"{place}{member}[{number}]/")
                    for number, line in enumerate(value, 1)
                ]
            else:
                self._set_aside(member, value, shape, path, place)
        return kept

    def _set_aside(self, member: str, value: Any, shape: Shape, path: str, place: str) -> None:
        (self.retyped if _is_announced(member, shape) else self.unannounced).add(path + member)
        plain = _unwrap(value)
        if plain not in (None, {}, []):
            self.extra[place + member] = plain

    def _sift_custom(self, views: dict[str, Any], shape: Shape, path: str, place: str) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for view, fields in views.items():
            for name, value in fields.items() if isinstance(fields, dict) else ():
                kind = shape.custom.get(f"{view}.{name}")
                bare = {"value": value.get("value")} if isinstance(value, dict) else value
                if kind is not None and self._fits(kind, f"{path}{view}.{name}", bare):
                    kept.setdefault(view, {})[name] = bare
                else:
                    self._set_aside(f"custom/{view}.{name}", bare, shape, path, place)
        return kept


def sift(raw: bytes, shape: Shape, fits: Callable[[Kind, str, Any], bool]) -> Sifted:
    """Split a record's JSON text into what fits the shape and what does not.

    Numbers keep their digits: in what is kept they are written as they came, in what is set aside they are text, so
    that no JSON column rounds them. Raises RecordRejectedError when the text is no JSON object.
    """
    try:
        node = EXACT.decode(raw)
    except (ValueError, RecursionError) as exc:  # no JSON, no UTF-8, or levels without end
        raise RecordRejectedError(f"not readable as JSON: {exc}", action="Read the record again.") from exc
    if not isinstance(node, dict):
        raise RecordRejectedError("not a JSON object", action="Read the record again.")
    sieve = _Sieve(fits)
    kept = sieve.sift(node, shape, "", "")
    return Sifted(
        kept=msgspec.json.encode(kept),
        extra=sieve.extra,
        unannounced=sieve.unannounced,
        retyped=sieve.retyped,
    )


def _is_announced(member: str, shape: Shape) -> bool:
    return member in shape.fields or member in shape.linked or member in shape.details


def _all_objects(values: list[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _unwrap(value: Any) -> Any:
    """Return bare values at every level: `{"value": x}` is x, `{}` is None, digits are text."""
    if isinstance(value, Raw):
        return bytes(value).decode()
    if isinstance(value, dict):
        if set(value) <= {"value", "type"}:
            return _unwrap(value.get("value"))
        return {name: _unwrap(inner) for name, inner in value.items() if name not in ENVELOPE}
    if isinstance(value, list):
        return [_unwrap(inner) for inner in value]
    return value
