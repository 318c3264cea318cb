"""Records as JSON for control calls, and back: decimals and times as text, so nothing is rounded on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .contract import TypeContract, all_types
from .rows import Record, Row, Scalar


def plain_record(record: Record) -> dict[str, Any]:
    """Everything about a record."""
    return {
        "id": record.id,
        "keys": list(record.keys),
        "stamp": record.stamp.isoformat(),
        "archived": record.archived,
        "hidden": record.hidden,
        **_members(record),
    }


def _members(row: Row) -> dict[str, Any]:
    return {
        "fields": {name: _text(value) for name, value in row.fields.items()},
        "details": {
            name: [{"id": line.id, **_members(line)} for line in lines] for name, lines in row.details.items()
        },
        "linked": {name: {"id": linked.id, **_members(linked)} for name, linked in row.linked.items()},
        "custom": {name: _text(value) for name, value in row.custom.items()},
    }


def _text(value: Scalar) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def typed_fields(type_name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Field values from JSON as the contract's types want them; a day is `YYYY-MM-DD`, an instant has an offset."""
    kinds = _merged(type_name, lambda contract: contract.fields)
    return {name: _typed(kinds.get(name, ""), value) for name, value in fields.items()}


def typed_details(entity: str, details: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Detail lines from JSON, by collection."""
    kinds = _merged(entity, lambda contract: contract.details)
    return {name: [typed_fields(kinds[name], line) for line in lines] for name, lines in details.items()}


def _typed(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "decimal":
        return Decimal(str(value))
    if kind in ("datetime", "date") and isinstance(value, str):
        return date.fromisoformat(value) if len(value) == len("YYYY-MM-DD") else datetime.fromisoformat(value)
    return value


def _merged(type_name: str, part: Callable[[TypeContract], dict[str, str]]) -> dict[str, str]:
    """One part of a type's contract over all endpoint versions."""
    merged: dict[str, str] = {}
    for contract in all_types():
        if contract.type == type_name:
            merged |= part(contract)
    return merged
