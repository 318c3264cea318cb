"""Records as JSON text: fast, because whole pages are compared and measured with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from .dropdowns import code_of
from .rows import Record, Row, Scalar, new_id, seeded
from .shape import Shape

Encoder = Callable[[Any], str]

_REMEMBERED = 8
"""How many shapes of one record are kept as JSON."""


def instant_text(at: datetime, zone: tzinfo) -> str:
    """An instant with the server's offset and at most three fraction digits, trailing zeros dropped."""
    local = at.astimezone(zone)
    text = local.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{local.microsecond // 1000:03}".rstrip("0").rstrip(".")
    return f"{text}{fraction}{_offset(local)}"


def _offset(local: datetime) -> str:
    return local.isoformat()[-6:]


class ValueEncoder:
    """Encodes stored values for one server zone and contract version."""

    def __init__(self, zone: tzinfo, contract_version: int) -> None:
        """Remember days already encoded: a page repeats them often."""
        self._zone = zone
        self._contract_version = contract_version
        self._days: dict[date, str] = {}
        self._by_type: dict[type, Encoder] = {
            str: encode_basestring,
            bool: lambda value: "true" if value else "false",
            int: str,
            Decimal: lambda value: format(value, "f"),
            date: self._day,
            datetime: lambda value: f'"{instant_text(value, self._zone)}"',
        }

    def __call__(self, value: Scalar) -> str:
        """The JSON of a value by its own type."""
        return self._by_type[type(value)](value)

    def for_field(self, type_name: str, name: str, kind: str) -> Encoder:
        """The encoder of one contract field; contract 5 writes bare days and drop-downs as objects."""
        if self._contract_version >= 5 and kind == "date":
            return lambda value: f'"{value:%Y-%m-%d}"'
        if self._contract_version >= 5 and kind == "string_select":
            return lambda value: (
                f'{{"id":{encode_basestring(code_of(type_name, name, value))},'
                f'"description":{encode_basestring(value)}}}'
            )
        return self

    def _day(self, day: date) -> str:
        """Midnight with the offset the server has on that very day."""
        known = self._days.get(day)
        if known is None:
            midnight = datetime.combine(day, time(), self._zone)
            known = self._days[day] = f'"{day:%Y-%m-%d}T00:00:00{_offset(midnight)}"'
        return known


RECORDS = ""
"""Stands for the records themselves among the names of their collections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionIds:
    """The ids of rows: those of rows without a NoteID are new in every session."""

    session: str
    collections: frozenset[str]

    def of(self, row: Row, collection: str) -> str:
        """The id this session sees."""
        if collection not in self.collections:
            return row.id
        return new_id(seeded(0, f"{self.session}:{row.id}"))


class Renderer:
    """Writes rows of one shape; `base` is the path of the endpoint for the links."""

    def __init__(
        self,
        shape: Shape,
        values: ValueEncoder,
        base: str,
        view: str,
        ids: SessionIds,
        collection: str = "",
    ) -> None:
        """Prepare everything that does not depend on the row; only inner levels have a `collection`."""
        self.shape = shape
        self._collection = collection
        self._ids = ids
        self._base = base
        self._view = view
        self._values = values
        self._fields = [
            (name, f',"{name}":{{"value":', f',"{name}":{{}}', values.for_field(shape.type, name, kind))
            for name, kind in shape.fields
        ]
        self._details = [
            (name, Renderer(below, values, base, f"{view}/{name}", ids, name))
            for name, below in shape.details
        ]
        self._linked = [
            (name, Renderer(below, values, base, f"{view}/{name}", ids, name) if below else None)
            for name, below in shape.linked
        ]

    def record(self, record: Record, row_number: int) -> str:
        """The JSON of a record; all but its row number is remembered with this version of it."""
        tail = record.rendered.get(self)
        if tail is None:
            if len(record.rendered) >= _REMEMBERED:
                record.rendered.clear()
            tail = record.rendered[self] = self._tail(record)
        return f'{{"id":"{self._ids.of(record, RECORDS)}","rowNumber":{row_number}{tail}'

    def _tail(self, row: Row) -> str:
        note = "null" if row.note is None else f'{{"value":{encode_basestring(row.note)}}}'
        parts = [f',"note":{note}']
        for name, start, empty, encode in self._fields:
            value = row.fields.get(name)
            parts.append(empty if value is None else f"{start}{encode(value)}}}")
        for name, lines in self._details:
            parts.append(f',"{name}":[{lines.rows(row.details.get(name, []))}]')
        for name, below in self._linked:
            parts.append(f',"{name}":{self._link(row.linked.get(name), below)}')
        parts.append(f',"custom":{self._custom(row)}')
        parts.append(self._links(row))
        return "".join(parts)

    def rows(self, rows: list[Row]) -> str:
        """Detail lines, numbered from one."""
        ids = self._ids
        return ",".join(
            f'{{"id":"{ids.of(row, self._collection)}","rowNumber":{number}{self._tail(row)}'
            for number, row in enumerate(rows, 1)
        )

    def _link(self, row: Row | None, below: Renderer | None) -> str:
        return below.rows([row]) if row and below else "null"

    def _custom(self, row: Row) -> str:
        views: dict[str, list[str]] = {}
        for name, kind in self.shape.custom:
            view, _, field = name.partition(".")
            value = row.custom.get(name)
            encoded = "" if value is None else f',"value":{self._values(value)}'
            views.setdefault(view, []).append(f'"{field}":{{"type":"{kind}"{encoded}}}')
        return "{" + ",".join(f'"{view}":{{{",".join(items)}}}' for view, items in views.items()) + "}"

    def _links(self, row: Row) -> str:
        row_id = self._ids.of(row, self._collection)
        put = f'"files:put":"{self._base}files/{self._view}/{row_id}/{{filename}}"'
        if self._collection:
            return f',"_links":{{{put}}}}}'
        own = f'"self":"{self._base}{self.shape.type}/{row_id}"'
        return f',"_links":{{{own},{put}}},"files":[]}}'
