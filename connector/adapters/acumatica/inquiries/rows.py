"""Rows of a feed in the form of the contract-based API (`{"Type": {"value": "Bill"}}`), so that all behind it is the same."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from connector.domain.entity import Entity
from connector.domain.records.contract import Contract, Kind

NUMBERS = (Kind.DECIMAL, Kind.DOUBLE, Kind.INT)
NUMBER = re.compile(rb'"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"')
NULL = Raw(b"null")

FeedRow = Mapping[str, Raw]


def wrap_row(row: FeedRow, contract: Contract) -> bytes:
    """Return the row as a record: texts without blanks at their end, numbers as numbers, days without a time."""
    shape = contract.root
    members = (
        b"%b:%b" % (msgspec.json.encode(name), _wrap(raw, shape.fields.get(name)))
        for name, raw in row.items()
        if name not in shape.unread and not _is_annotation(name)
    )
    return b"{%b}" % b",".join(members)


def find_keys(row: FeedRow, entity: Entity) -> tuple[Raw, ...] | None:
    """Return the values of the row's keys as they were sent; None if it lacks one."""
    values = tuple(row.get(key, NULL) for key in entity.keys)
    return None if any(bytes(value) == b"null" for value in values) else values


def trim(value: Any) -> Any:
    """Return a text without the blanks that the database pads it with; anything else as it is."""
    return value.rstrip(" ") if isinstance(value, str) else value


def find_repeated(rows: Sequence[FeedRow], entity: Entity) -> str | None:
    """Return the keys that two of these rows share, for people; None if each row has its own."""
    seen = set()
    for row in rows:
        keys = find_keys(row, entity)
        if keys is None:
            continue
        plain = tuple(str(trim(msgspec.json.decode(value))) for value in keys)
        if plain in seen:
            return "/".join(plain)
        seen.add(plain)
    return None


def _is_annotation(name: str) -> bool:
    return "@" in name or name.startswith("odata.")


def _wrap(raw: Raw, kind: Kind | None) -> bytes:
    value = bytes(raw)
    if value == b"null":
        return b"{}"
    if not value.startswith(b'"'):
        return b'{"value":%b}' % value
    if kind in NUMBERS and (digits := NUMBER.fullmatch(value)):
        return b'{"value":%b}' % digits[1]
    if kind is Kind.DATE:
        return b'{"value":%b"}' % value[:11] if len(value) > 12 else b'{"value":%b}' % value
    if value.endswith(b' "'):
        value = msgspec.json.encode(trim(msgspec.json.decode(value)))
    return b'{"value":%b}' % value
