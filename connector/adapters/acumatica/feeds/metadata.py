"""What `$metadata` says of the inquiries a tenant exposes: one XML catalogue of all of them."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from io import BytesIO

import msgspec

from connector.domain.records.contract import Kind

KINDS = {
    "Edm.Boolean": Kind.BOOL,
    "Edm.Byte": Kind.INT,
    "Edm.Date": Kind.DATE,
    "Edm.DateTime": Kind.DATETIME,
    "Edm.DateTimeOffset": Kind.DATETIME,
    "Edm.Decimal": Kind.DECIMAL,
    "Edm.Double": Kind.DOUBLE,
    "Edm.Guid": Kind.GUID,
    "Edm.Int16": Kind.INT,
    "Edm.Int32": Kind.INT,
    "Edm.Int64": Kind.INT,
    "Edm.SByte": Kind.INT,
    "Edm.Single": Kind.DOUBLE,
}
"""Every other type is read as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedType:
    """One inquiry or class: its result columns in order, and how it is called if it has parameters.

    `join_keys` are keys of the tables behind it that are no columns of its results: the platform appends them to the
    properties, and a filter by one silently changes the rows that come.
    """

    title: str
    columns: Mapping[str, Kind]
    join_keys: tuple[str, ...] = ()
    declared_keys: tuple[str, ...] = ()
    """Keys of the tables behind it that are among the results: no promise that they tell its rows apart."""
    function: str = ""
    parameters: Mapping[str, Kind] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """A hash of all this, the same as long as nobody edits the inquiry."""
        shape = [
            self.title,
            list(self.columns.items()),
            self.join_keys,
            self.function,
            list(self.parameters.items()),
        ]
        return blake2b(msgspec.json.encode(shape), digest_size=8).hexdigest()


def parse_metadata(body: bytes, *, of_inquiries: bool = True) -> Mapping[str, FeedType]:
    """Return the inquiries by title, or else the data access classes by name, in the catalogue's order.

    Raises msgspec.DecodeError for anything else than such a catalogue.
    """
    if b"<!DOCTYPE" in body:
        raise msgspec.DecodeError("a catalogue has no document type")
    catalogue = _Catalogue()
    try:
        for _, node in ET.iterparse(BytesIO(body)):  # noqa: S314 - without a document type there are no entities to expand
            catalogue.take(node)
    except (ET.ParseError, ValueError) as exc:
        raise msgspec.DecodeError(str(exc)) from None
    if not catalogue.sets and not catalogue.is_whole:
        raise msgspec.DecodeError("this is no OData metadata")
    return {
        title: catalogue.build(title, kind, of_inquiries=of_inquiries)
        for title, kind in catalogue.sets.items()
        if kind in catalogue.types
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Type:
    columns: Mapping[str, Kind]
    keys: frozenset[str]
    base: str


@dataclass(slots=True, kw_only=True)
class _Catalogue:
    """What was read of a catalogue, element by element: that of the classes has 20 MB."""

    types: dict[str, _Type] = field(default_factory=dict)
    functions: dict[str, Mapping[str, Kind]] = field(default_factory=dict)
    calls: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By title: the name to call an inquiry with parameters by, and the function that has them."""
    sets: dict[str, str] = field(default_factory=dict)
    is_whole: bool = False

    def take(self, node: ET.Element) -> None:
        """Read an element that has ended, and forget what is in it."""
        match node.tag.rpartition("}")[2]:
            case "EntityType":
                keys = frozenset(_name(key) for key in _find_all(node, "PropertyRef"))
                base = _name_of_type(node.get("BaseType", ""))
                self.types[_name(node)] = _Type(columns=_kinds(node, "Property"), keys=keys, base=base)
            case "Function":
                self.functions[_name(node)] = _kinds(node, "Parameter")
            case "FunctionImport":
                self.calls[node.get("EntitySet", "")] = _name(node), _last(node.get("Function", ""))
            case "EntitySet":
                self.sets[_name(node)] = _name_of_type(node.get("EntityType", ""))
            case "Edmx":
                self.is_whole = True
            case "Annotations":
                pass
            case _:
                return
        node.clear()

    def build(self, title: str, name: str, *, of_inquiries: bool) -> FeedType:
        """Return one of the sets; a class has what those have that it is derived from."""
        columns: dict[str, Kind] = {}
        keys: set[str] = set()
        above: list[str] = []
        while (kind := self.types.get(name)) is not None and name not in above:
            columns = {**kind.columns, **columns}
            keys |= kind.keys
            above.append(name)
            name = kind.base
        join_keys = _find_join_keys(list(columns), keys) if of_inquiries else ()
        call, function = self.calls.get(title, ("", ""))
        results = {column: kind for column, kind in columns.items() if column not in join_keys}
        return FeedType(
            title=title,
            columns=results,
            join_keys=join_keys,
            declared_keys=tuple(column for column in results if column in keys),
            function=call,
            parameters=self.functions.get(function, {}),
        )


def _find_join_keys(names: list[str], keys: set[str]) -> tuple[str, ...]:
    """Return the declared keys at the end, behind a column that is none: keys among the results come first."""
    tail: list[str] = []
    while names and names[-1] in keys:
        tail.append(names.pop())
    is_told_apart = any(name not in keys for name in names)
    return tuple(reversed(tail)) if is_told_apart else ()


def _kinds(node: ET.Element, name: str) -> Mapping[str, Kind]:
    return {_name(found): KINDS.get(found.get("Type", ""), Kind.STRING) for found in _find_all(node, name)}


def _find_all(node: ET.Element, name: str) -> Iterator[ET.Element]:
    return (found for found in node.iter() if found.tag.rpartition("}")[2] == name)


def _name(node: ET.Element) -> str:
    return node.get("Name", "")


def _name_of_type(name: str) -> str:
    """Return the name of a type, which has no dots, without its namespace, which may have."""
    return name.rpartition(".")[2]


def _last(name: str) -> str:
    """Return the name of a function, which may hold dots of its own, without its namespace, which has none."""
    return name.partition(".")[2] or name
