"""One level of a record compiled against its contract: a type to decode into, and how its values become a row."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from connector.domain.records.columns import Level, Part
from connector.domain.records.contract import Shape
from connector.domain.records.custom_block import CustomBlock, NoCustom
from connector.domain.records.odd_members import NOTHING, Cut, OddMembers
from connector.domain.records.sifting import ENVELOPE, FIRST_MEMBERS, LAST_MEMBERS, Sieve
from connector.domain.records.wire import choose_converter, choose_wire_type, name_slot

ENCODER = msgspec.json.Encoder()


class CompiledLevel:
    """One level compiled: a type to decode into, and how its values become a row.

    The columns of a linked level belong to the row of the level above. `odd` are the paths of members that were seen not to
    be as announced; `settle` deals with them.
    """

    def __init__(
        self,
        shape: Shape,
        level: Level,
        wide: frozenset[str],
        path: str = "",
        odd: frozenset[str] = frozenset(),
    ) -> None:
        def compile_inner(inner: Shape, below: Level, member: str) -> CompiledLevel:
            return CompiledLevel(inner, below, wide, f"{path}{member}/", odd)

        self._linked = [
            (f"l{i}", compile_inner(shape.linked[member], inner, member))
            for i, (member, inner) in enumerate(level.linked)
        ]
        self._details = [
            (f"d{i}", column.encode(), compile_inner(shape.details[member], inner, member))
            for i, (member, column, inner) in enumerate(level.details)
        ]
        self._odd = OddMembers(shape, path, odd)
        self._odd_linked = [
            (attribute, f"{member}/", compiled)
            for (attribute, compiled), (member, _) in zip(self._linked, level.linked, strict=True)
            if compiled.has_odd
        ]
        self._odd_details = [
            (attribute, member, compiled)
            for (attribute, _, compiled), (member, _, _) in zip(self._details, level.details, strict=True)
            if compiled.has_odd
        ]
        self.has_odd: bool = bool(self._odd or self._odd_linked or self._odd_details)
        self.attributes = {field: f"f{i}" for i, field in enumerate(sorted(shape.fields))}
        self._custom = CustomBlock(level.custom, wide, path) if level.custom else None
        self.wire = self._define_wire(shape, level)
        self._row = _define_row([leaf.column for _, leaf in level.walk_leaves()])
        self._read = self._compile_reader(level, wide, path)
        self.has_details: bool = bool(self._details) or any(
            compiled.has_details for _, compiled in self._linked
        )

    def _define_wire(self, shape: Shape, level: Level) -> type[Struct]:
        """Define the type with every member the contract declares, so that decoding notices any other member.

        Members declared in the order in which they are sent are found without a search.
        """
        fields: list[tuple[str, Any, Any]] = []
        names: dict[str, str] = {}

        def add(attribute: str, member: str, kind: Any, default: Any) -> None:
            fields.append((attribute, kind, default))
            names[attribute] = name_slot(member)

        add("id", "id", str, "")
        for member in FIRST_MEMBERS[1:]:
            add(member, member, Raw, NOTHING)
        for leaf in level.leaves:
            if leaf.part is not Part.ID:
                attribute = self.attributes[leaf.field]
                add(
                    attribute,
                    leaf.field,
                    *self._odd.choose_type(attribute, leaf.field, choose_wire_type(leaf)),
                )
        for (attribute, compiled), (member, _) in zip(self._linked, level.linked, strict=True):
            add(attribute, member, compiled.wire | None, None)
        for (attribute, _, compiled), (member, _, _) in zip(self._details, level.details, strict=True):
            add(attribute, member, list[compiled.wire] | None, None)  # type: ignore[name-defined]
        block = self._custom.wire if self._custom else NoCustom
        add("custom", "custom", block | None, None)
        for member in LAST_MEMBERS[1:]:
            add(member, member, Raw, NOTHING)
        read = {*shape.fields, *shape.linked, *shape.details}
        for i, member in enumerate(sorted(shape.unread - ENVELOPE - read)):
            add(f"u{i}", member, Raw, NOTHING)
        for attribute, member in self._odd.unannounced.items():
            add(attribute, member, Any, NOTHING)
        return msgspec.defstruct("Wire", fields, rename=names, forbid_unknown_fields=True, gc=False)

    def _compile_reader(self, level: Level, wide: frozenset[str], path: str) -> Callable[[Any], Any]:
        """Return the function that turns a node into a row; None means an empty column."""
        values: list[str] = []
        names: dict[str, Callable[..., Any]] = {"row": self._row}
        for i, leaf in enumerate(level.leaves):
            value = f"node.{self.attributes[leaf.field]}.value"
            convert = choose_converter(leaf, wide=path + leaf.field in wide)
            if convert is not None:
                names[f"convert{i}"] = convert
                value = f"None if (value := {value}) is None else convert{i}(value)"
            values.append(value)
        if self._custom:
            read = ", ".join(self._custom.values)
            names["custom"] = _compile(
                f"lambda block: {self._custom.empty} if block is None else ({read},)",
                dict(self._custom.names),
            )
            values.append("*custom(node.custom)")
        for attribute, compiled in self._linked:
            names[attribute] = compiled.read_linked
            values.append(f"*{attribute}(node.{attribute})")
        return _compile(f"lambda node: row({', '.join(values)})", names)

    def settle(self, node: Any, sieve: Sieve, cut: Cut, place: str = "") -> None:
        """Let the sieve look at the odd members of a decoded node, and put right what has a column."""
        if self._odd:
            self._odd.settle(node, sieve, cut, place)
        for attribute, member, compiled in self._odd_linked:
            if (linked := getattr(node, attribute)) is not None:
                compiled.settle(linked, sieve, cut, place + member)
        for attribute, member, compiled in self._odd_details:
            for number, line in enumerate(getattr(node, attribute) or (), 1):
                compiled.settle(line, sieve, cut, f"{place}{member}[{number}]/")

    def read_linked(self, node: Any) -> tuple[Any, ...]:
        """Return this level's values for the row of the level above; None if there is no linked entity."""
        return msgspec.structs.astuple(self._row() if node is None else self._read(node))

    def encode(self, node: Any, content: list[bytes]) -> bytes:
        """Return the level's JSON object, and add to `content` what the version is hashed from: no line ids or positions."""
        body = ENCODER.encode(self._read(node))
        content.append(body)
        if not self.has_details or not (pieces := self.encode_details(node, content)):
            return body
        if body == b"{}":
            pieces[0] = pieces[0].removeprefix(b",")
        return b"".join((body[:-1], *pieces, b"}"))

    def encode_lines(self, lines: Sequence[Any], content: list[bytes]) -> list[bytes]:
        """Return the JSON objects of the lines of a collection, each with its id and position."""
        if self.has_details:
            bodies = [self.encode(line, content) for line in lines]
        else:
            encode, read = ENCODER.encode, self._read
            bodies = [encode(read(line)) for line in lines]
            content += bodies
        return [
            _number_line(body, line.id, i)
            for i, (body, line) in enumerate(zip(bodies, lines, strict=True), 1)
        ]

    def encode_details(self, node: Any, content: list[bytes]) -> list[bytes]:
        """Return `,"column":[lines]`, in pieces, for every collection that has lines."""
        pieces: list[bytes] = []
        for attribute, column, compiled in self._details:
            if lines := getattr(node, attribute):
                content.append(column)
                rows = compiled.encode_lines(lines, content)
                pieces += (b',"%b":[' % column, b",".join(rows), b"]")
                content.append(b"]")  # so that a line removed here never hashes like a line added above
        for attribute, compiled in self._linked:
            linked = getattr(node, attribute)
            if linked is not None and compiled.has_details:
                pieces += compiled.encode_details(linked, content)
        return pieces


def _define_row(columns: Sequence[str]) -> type[Struct]:
    names = {f"c{i}": column for i, column in enumerate(columns)}
    fields = [(name, Any, None) for name in names]
    return msgspec.defstruct("Row", fields, rename=names, omit_defaults=True, gc=False)


def _number_line(body: bytes, line_id: str, position: int) -> bytes:
    comma = b"," if len(body) > 2 else b""
    return b'{"_id":%b,"_position":%d%b%b' % (ENCODER.encode(line_id or None), position, comma, body[1:])


def _compile(source: str, names: dict[str, Callable[..., Any]]) -> Callable[[Any], Any]:
    """Compile the function: reading thirty attributes by name takes a quarter of the time of a loop over them."""
    function: Callable[[Any], Any] = eval(source, names)  # noqa: S307 - names of our own, none that comes from the tenant
    return function
