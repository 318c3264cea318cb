"""Rows of a feed in the form of the contract-based API (`{"Type": {"value": "Bill"}}`), so that all behind it is the same."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from connector.domain.block_members import NOTE_ID
from connector.domain.entity import Entity, Identity
from connector.domain.records.contract import Contract, Kind, Shape

NUMBERS = (Kind.DECIMAL, Kind.DOUBLE, Kind.INT)
NUMBER = re.compile(rb'"(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)"')
"""A number in quotes; `0012` is a text."""
MIDNIGHT = re.compile(rb'("\d{4}-\d{2}-\d{2})T[^"]*"')
"""A day as OData sends it; anything else is left whole."""
NULL = Raw(b"null")

FeedRow = Mapping[str, Raw]


def wrap_row(row: FeedRow, entity: Entity, contract: Contract) -> bytes:
    """Return the row as a record: texts without blanks at their end, numbers as numbers, days without a time.

    Of an entity whose records have an id, it is the NoteID.
    """
    members = [_wrap_level(row, contract.root, is_closed=bool(entity.columns))]
    if entity.identity is Identity.ID and (note := row.get(NOTE_ID, NULL)) != NULL:
        members.insert(0, b'"id":%b' % bytes(note).lower())
    return b"{%b}" % b",".join(filter(None, members))


def _wrap_level(row: FeedRow, shape: Shape, *, is_closed: bool) -> bytes:
    """Return the members; where it is closed, those alone that were asked for."""
    members = (
        b"%b:%b" % (msgspec.json.encode(name), _wrap_member(raw, shape, name))
        for name, raw in row.items()
        if name not in shape.unread
        and not _is_annotation(name)
        and (not is_closed or name in shape.fields or name in shape.linked)
    )
    return b",".join(members)


def _wrap_member(raw: Raw, shape: Shape, name: str) -> bytes:
    """Return a column's value, or those of the columns of what it refers to; nothing where it refers to nothing."""
    if name not in shape.linked:
        return _wrap(raw, shape.fields.get(name))
    if not bytes(raw).startswith(b"{"):
        return b"{}" if raw == NULL else bytes(raw)
    row = msgspec.json.decode(raw, type=dict[str, Raw])
    return b"{%b}" % _wrap_level(row, shape.linked[name], is_closed=True)


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
    if kind is Kind.DATE and (day := MIDNIGHT.fullmatch(value)):
        return b'{"value":%b"}' % day[1]
    if value.endswith(b' "'):
        value = msgspec.json.encode(trim(msgspec.json.decode(value)))
    return b'{"value":%b}' % value
