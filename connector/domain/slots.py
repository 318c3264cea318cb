"""One level of a record compiled against its contract: a type to decode into, and how its values become a row."""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, Protocol

import msgspec
from msgspec import Raw, Struct

from connector.domain.contract import Shape
from connector.domain.layout import Leaf, Level
from connector.domain.sifting import ENVELOPE
from connector.domain.wire import WIRE_TYPES, choose_converter

ENCODER = msgspec.json.Encoder()
NOTHING = Raw(b"")


class Digest(Protocol):
    """A running hash."""

    def update(self, data: bytes, /) -> None:
        """Take in more content."""


@cache
def _with_type(wire: type[Struct]) -> type[Struct]:
    """Return the slot with the member that names a custom field's type beside its value."""
    return msgspec.defstruct("Custom", [("type", Any, None)], bases=(wire,), forbid_unknown_fields=True)


class _CustomSlot:
    """A custom field: it travels in a block of its own, under its view."""

    def __init__(self, leaf: Leaf) -> None:
        self._view, self._name = leaf.field.split(".", 1)
        self._decoder = msgspec.json.Decoder(_with_type(WIRE_TYPES[leaf.kind]))
        self._convert = choose_converter(leaf, wide=False)

    def read(self, views: dict[str, dict[str, Raw]]) -> Any:
        """Return the column's value, None when the block does not have it."""
        raw = views.get(self._view, {}).get(self._name)
        if raw is None:
            return None
        value = self._decoder.decode(raw).value  # type: ignore[attr-defined]
        return value if value is None or self._convert is None else self._convert(value)


class Slots:
    """One level compiled: a type to decode into, and how its values become a row."""

    def __init__(self, shape: Shape, level: Level, wide: frozenset[str], path: str = "") -> None:
        self._linked = [
            (f"l{i}", Slots(shape.linked[member], inner, wide, f"{path}{member}/"))
            for i, (member, inner) in enumerate(level.linked)
        ]
        self._details = [
            (f"d{i}", column, Slots(shape.details[member], inner, wide, f"{path}{member}/"))
            for i, (member, column, inner) in enumerate(level.details)
        ]
        self.attributes = {field: f"f{i}" for i, field in enumerate(sorted(shape.fields))}
        self.wire = self._define_wire(shape, level)
        self._leaves = level.leaves
        self._custom = [_CustomSlot(leaf) for leaf in level.custom]
        slots = [f"{self.attributes[leaf.field]}.value" for leaf in level.leaves]
        self._get = build_getter(slots)
        self._converters = [
            (i, convert)
            for i, leaf in enumerate(level.leaves)
            if (convert := choose_converter(leaf, wide=path + leaf.field in wide)) is not None
        ]
        self.columns = [leaf.column for _, leaf in level.walk_leaves()]
        self._row = msgspec.defstruct(
            "Row",
            [(f"c{i}", Any, None) for i in range(len(self.columns))],
            rename={f"c{i}": column for i, column in enumerate(self.columns)},
            omit_defaults=True,
            gc=False,
        )

    def _define_wire(self, shape: Shape, level: Level) -> type[Struct]:
        """Every member the contract announces has a slot, so that one it does not is noticed."""
        fields: list[tuple[str, Any, Any]] = []
        names: dict[str, str] = {}

        def add(attribute: str, member: str, kind: Any, default: Any) -> None:
            fields.append((attribute, kind, default))
            names[attribute] = member

        add("id", "id", str, "")
        for i, member in enumerate(sorted(ENVELOPE - {"id"})):
            add("custom" if member == "custom" else f"e{i}", member, Raw, NOTHING)
        for field, attribute in self.attributes.items():
            wire = WIRE_TYPES[shape.fields[field]]
            add(attribute, field, wire, wire())
        for (attribute, slots), (member, _) in zip(self._linked, level.linked, strict=True):
            add(attribute, member, slots.wire | None, None)
        for (attribute, _, slots), (member, _, _) in zip(self._details, level.details, strict=True):
            add(attribute, member, list[slots.wire] | None, None)  # type: ignore[name-defined]
        for i, member in enumerate(sorted(shape.unread - ENVELOPE - set(names.values()))):
            add(f"u{i}", member, Raw, NOTHING)
        return msgspec.defstruct("Wire", fields, rename=names, forbid_unknown_fields=True, gc=False)

    def read_values(self, node: Any) -> list[Any]:
        """Return the values of this level's columns, linked entities' included; None stands for an empty one."""
        values = list(self._get(node))
        for i, convert in self._converters:
            if values[i] is not None:
                values[i] = convert(values[i])
        if self._custom:
            values += self._read_custom(node.custom)
        for attribute, slots in self._linked:
            linked = getattr(node, attribute)
            values += [None] * len(slots.columns) if linked is None else slots.read_values(linked)
        return values

    def _read_custom(self, raw: Raw) -> list[Any]:
        views: dict[str, dict[str, Raw]] = {}
        if bytes(raw) not in (b"", b"null"):
            views = msgspec.json.decode(raw, type=dict[str, dict[str, Raw]])
        return [slot.read(views) for slot in self._custom]

    @property
    def has_details(self) -> bool:
        """Whether lines can hang here or at a linked entity."""
        return bool(self._details) or any(slots.has_details for _, slots in self._linked)

    def encode(self, node: Any, digest: Digest) -> bytes:
        """Return the level's JSON object and feed its content to the digest: never ids of lines, nor positions."""
        body = ENCODER.encode(self._row(*self.read_values(node)))
        digest.update(body)
        pieces = list(self.encode_details(node, digest))
        if not pieces:
            return body
        head = body[:-1] + b"," if len(body) > 2 else b"{"
        return head + b",".join(pieces) + b"}"

    def encode_details(self, node: Any, digest: Digest) -> list[bytes]:
        """Return `"column":[lines]` for every collection that has lines."""
        pieces: list[bytes] = []
        for attribute, column, slots in self._details:
            if lines := getattr(node, attribute):
                digest.update(column.encode())
                rows = (
                    _number_line(slots.encode(line, digest), line.id, i) for i, line in enumerate(lines, 1)
                )
                pieces.append(b'"%b":[%b]' % (column.encode(), b",".join(rows)))
                digest.update(b"]")  # a line less here is not a line more in the level above
        for attribute, slots in self._linked:
            linked = getattr(node, attribute)
            if linked is not None and slots.has_details:
                pieces += slots.encode_details(linked, digest)
        return pieces


def _number_line(body: bytes, line_id: str, position: int) -> bytes:
    head = b'{"_id":%b,"_position":%d' % (ENCODER.encode(line_id or None), position)
    return head + (b"}" if body == b"{}" else b"," + body[1:])


def build_getter(slots: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that reads all these attribute paths of an object at once."""
    if len(slots) > 1:
        return attrgetter(*slots)
    if slots:
        single = attrgetter(slots[0])
        return lambda node: (single(node),)
    return lambda _: ()
