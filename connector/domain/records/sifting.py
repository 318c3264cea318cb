"""Corrects a record that contradicts its contract: members that do not fit are set aside, never dropped."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from connector.domain.records.contract import Kind, Shape
from connector.domain.records.wire import Choice, name_slot
from connector.errors import RecordRejectedError

FIRST_MEMBERS, LAST_MEMBERS = ("id", "rowNumber", "note"), ("custom", "_links", "files", "error")
ENVELOPE = frozenset({*FIRST_MEMBERS, *LAST_MEMBERS})
"""Members of every record that are Acumatica's packaging, not fields: before the fields and after them."""
BESIDE_VALUE = frozenset({"value", "type", "error"})

CHOICE = frozenset(Choice.__struct_fields__)
"""Members of a drop-down entry that have a column."""


def keep_digits(number: str) -> Raw:
    """Return a number with a point or an exponent as it was written."""
    return Raw(number.encode())


EXACT = msgspec.json.Decoder(float_hook=keep_digits)

Fit = Callable[[Kind, str, Any], Any]
"""Takes a scalar's kind, path and value; returns the value for its column, or None if the column cannot hold it."""


class Sieve:
    """Walks a record along its shape and collects what does not fit: `extra` is what was set aside, path to value.

    `unannounced` are the paths of members the contract does not declare, even empty ones: the contract has changed.
    `unchosen` are those of custom fields that the catalogue does not choose. `mistyped` are the paths whose value is of
    another type than announced, `adjusted` those of fields that had to be put right and have a value for their column all
    the same.
    """

    def __init__(self, fit: Fit) -> None:
        self._fit = fit
        self.extra: dict[str, Any] = {}
        self.unannounced: set[str] = set()
        self.unchosen: set[str] = set()
        self.mistyped: set[str] = set()
        self.adjusted: set[str] = set()

    def sift(self, node: dict[str, Any], shape: Shape, path: str, place: str) -> dict[str, Any]:
        """Return the members that fit. `path` has no line numbers, `place` has them (`Details[3]/`)."""
        kept: dict[str, Any] = {}
        for member, value in node.items():
            if member == "custom":
                kept[member] = self._sift_custom(value, shape, path, place)
            elif member in ENVELOPE:
                kept[member] = value
            elif member in shape.unread:
                continue
            elif value is None and _is_announced(member, shape):
                self.adjusted.add(path + member)
            elif member in shape.fields:
                slot = self._sift_field(shape.fields[member], value, path + member, place + member)
                if slot is not None:
                    kept[name_slot(member)] = slot
            elif member in shape.linked and isinstance(value, dict):
                inner = self.sift(value, shape.linked[member], f"{path}{member}/", f"{place}{member}/")
                kept[name_slot(member)] = inner
            elif member in shape.details and isinstance(value, list) and _all_objects(value):
                kept[name_slot(member)] = [
                    self.sift(line, shape.details[member], f"{path}{member}/", f"{place}{member}[{number}]/")
                    for number, line in enumerate(value, 1)
                ]
            else:
                (self.mistyped if _is_announced(member, shape) else self.unannounced).add(path + member)
                self._set_slot_aside(place + member, value)
        return kept

    def _sift_field(self, kind: Kind, slot: Any, path: str, place: str) -> dict[str, Any] | None:
        """Return the field with the value its column holds, None if set aside; anything beside the value is set aside too."""
        if not isinstance(slot, dict) or not ("value" in slot or slot.keys() <= BESIDE_VALUE):
            self.mistyped.add(path)
            self._set_aside(place, _unwrap(slot))
            return None
        for name, beside in slot.items():
            if name != "value":
                self._set_aside(f"{place}/{name}", _numbers_to_text(beside))
        value = self._split_choices(kind, slot.get("value"), f"{place}/value")
        fitting = None if value is None else self._fit(kind, path, value)
        if value is None or fitting is not None:
            if slot.keys() - {"value"} or fitting != slot.get("value"):
                self.adjusted.add(path)
            return {"value": fitting}
        self.mistyped.add(path)
        self._set_aside(place, _numbers_to_text(value))
        return None

    def _split_choices(self, kind: Kind, value: Any, place: str) -> Any:
        """Return the value; of drop-down entries only what has a column, the rest is set aside."""
        if kind is Kind.MULTISELECT and isinstance(value, list):
            return [
                self._split_choice(choice, f"{place}[{number}]") for number, choice in enumerate(value, 1)
            ]
        return self._split_choice(value, place) if kind is Kind.SELECT else value

    def _split_choice(self, choice: Any, place: str) -> Any:
        if not isinstance(choice, dict) or not CHOICE & choice.keys():
            return choice
        for name, beside in choice.items():
            if name not in CHOICE:
                self._set_aside(f"{place}/{name}", _numbers_to_text(beside))
        return {name: part for name, part in choice.items() if name in CHOICE}

    def _set_slot_aside(self, place: str, slot: Any) -> None:
        """Set aside a whole member; an error beside a field's value stands by itself, as for a field that has a column."""
        if isinstance(slot, dict) and slot.keys() <= BESIDE_VALUE:
            if "error" in slot:
                self._set_aside(f"{place}/error", _numbers_to_text(slot["error"]))
            self._set_aside(place, _unwrap_value(slot.get("value")))
        else:
            self._set_aside(place, _unwrap(slot))

    def _set_aside(self, place: str, plain: Any) -> None:
        if plain not in (None, {}, []):
            self.extra[place] = plain

    def _sift_custom(self, views: Any, shape: Shape, path: str, place: str) -> dict[str, Any] | None:
        """Return the selected fields of a custom block, without their type names."""
        kept: dict[str, Any] = {}
        if not isinstance(views, dict):
            self._set_aside(f"{place}custom", _numbers_to_text(views))
            return None
        for view, fields in views.items():
            if not isinstance(fields, dict):
                self._set_aside(f"{place}custom/{view}", _numbers_to_text(fields))
                continue
            for name, value in fields.items():
                field_path, field_place = f"{path}{view}.{name}", f"{place}custom/{view}.{name}"
                bare = _strip_type(value)
                kind = shape.custom.get(f"{view}.{name}")
                if kind is None:
                    self.unchosen.add(field_path)
                    self._set_slot_aside(field_place, bare)
                elif bare is not None:
                    slot = self._sift_field(kind, bare, field_path, field_place)
                    kept.setdefault(name_slot(view), {})[name_slot(name)] = slot or {}
        return kept


def sift(raw: bytes, shape: Shape, fit: Fit, cut: Callable[[Any], Any]) -> tuple[bytes, Sieve]:
    """Split a record's JSON text into what fits the shape, again as text, and what the sieve collected.

    `cut` takes out what is excluded.

    Numbers keep their digits: in what is kept they are written as they came, in what is set aside they are text, so
    that no JSON column rounds them. Raises RecordRejectedError when the text is no JSON object.
    """
    try:
        node = cut(EXACT.decode(raw))
    except ValueError as exc:  # no JSON, or no UTF-8
        raise RecordRejectedError(f"not readable as JSON: {exc}", action="Read the record again.") from exc
    if not isinstance(node, dict):
        raise RecordRejectedError("not a JSON object", action="Read the record again.")
    sieve = Sieve(fit)
    kept = sieve.sift(node, shape, "", "")
    return msgspec.json.encode(kept), sieve


def _is_announced(member: str, shape: Shape) -> bool:
    return member in shape.fields or member in shape.linked or member in shape.details


def _all_objects(values: list[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _strip_type(field_value: Any) -> Any:
    """Return a custom field without its type name."""
    if not isinstance(field_value, dict):
        return field_value
    return {name: inner for name, inner in field_value.items() if name != "type"}


def _unwrap(value: Any) -> Any:
    """Return bare values at every level of records and fields: `{"value": x}` is x, `{}` is None, numbers are text."""
    if isinstance(value, list):
        return [_unwrap(inner) for inner in value]
    if not isinstance(value, dict):
        return _numbers_to_text(value)
    if value.keys() <= {"value", "type"}:
        return _unwrap_value(value.get("value"))
    if "value" in value:
        return _unwrap_value(value)
    return {name: _unwrap(inner) for name, inner in value.items() if name not in ENVELOPE}


def _unwrap_value(value: Any) -> Any:
    """Return a value that is not a record unchanged, because all of it is content (the id of a drop-down, for example)."""
    if isinstance(value, dict):
        return {name: _unwrap(inner) for name, inner in value.items()}
    return _unwrap(value)


def _numbers_to_text(value: Any) -> Any:
    """Return the value with every number in it as text, digit for digit."""
    if isinstance(value, Raw):
        return bytes(value).decode()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        return {name: _numbers_to_text(inner) for name, inner in value.items()}
    return [_numbers_to_text(inner) for inner in value] if isinstance(value, list) else value
