"""What `$metadata` says of the inquiries a tenant exposes, or of its data access classes: one XML catalogue of all of them."""

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
    aliases: tuple[str, ...] = ()
    references: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)
    """Of a class: what its rows refer to by a number or by nothing that is a column, each with the columns of its code."""
    refusal: str = ""
    """Why the catalogue itself says that it cannot be listed; empty if it can."""

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
    catalogue = Catalogue()
    try:
        for _, node in ET.iterparse(BytesIO(body)):  # noqa: S314 - without a document type there are no entities to expand
            catalogue.take(node)
    except (ET.ParseError, ValueError) as exc:
        raise msgspec.DecodeError(str(exc)) from None
    if not catalogue.sets and not catalogue.is_whole:
        raise msgspec.DecodeError("this is no OData metadata")
    return catalogue.build_inquiries() if of_inquiries else build_classes(catalogue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A type as the catalogue declares it: without what it has from its base."""

    columns: Mapping[str, Kind]
    keys: frozenset[str]
    base: str
    binary: frozenset[str]
    references: Mapping[str, str]
    """Names of the types that one row leads to, by the name of the reference."""


@dataclass(slots=True, kw_only=True)
class Catalogue:
    """What was read of a catalogue, element by element: that of the classes has 20 MB."""

    types: dict[str, Declared] = field(default_factory=dict)
    functions: dict[str, Mapping[str, Kind]] = field(default_factory=dict)
    calls: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By title: the name to call an inquiry with parameters by, and the function that has them."""
    sets: dict[str, str] = field(default_factory=dict)
    unusable: dict[str, set[str]] = field(default_factory=dict)
    """By set: the columns that can be neither filtered nor selected; `*` for all of its own."""
    is_whole: bool = False

    def take(self, node: ET.Element) -> None:
        """Read an element that has ended, and forget what is in it."""
        match node.tag.rpartition("}")[2]:
            case "EntityType":
                self.types[_name(node)] = _declare(node)
            case "Function":
                self.functions[_name(node)] = _kinds(node, "Parameter")
            case "FunctionImport":
                self.calls[node.get("EntitySet", "")] = _name(node), _last(node.get("Function", ""))
            case "EntitySet":
                self.sets[_name(node)] = _name_of_type(node.get("EntityType", ""))
                self.unusable.setdefault(_name(node), set()).update(_find_unusable(node))
            case "Edmx":
                self.is_whole = True
            case "Annotations":
                target = node.get("Target", "").rpartition("/")[2]
                self.unusable.setdefault(target, set()).update(_find_unusable(node))
            case _:
                return
        node.clear()

    def lineage(self, name: str) -> list[Declared]:
        """Return the type and those it is derived from, each once."""
        found: dict[str, Declared] = {}
        while (kind := self.types.get(name)) is not None and name not in found:
            found[name] = kind
            name = kind.base
        return list(found.values())

    def build_inquiries(self) -> Mapping[str, FeedType]:
        """Return all inquiries by title."""
        return {title: self._build(title, kind) for title, kind in self.sets.items() if kind in self.types}

    def _build(self, title: str, name: str) -> FeedType:
        kind = self.types[name]
        join_keys = _find_join_keys(list(kind.columns), kind.keys)
        call, function = self.calls.get(title, ("", ""))
        results = {column: found for column, found in kind.columns.items() if column not in join_keys}
        return FeedType(
            title=title,
            columns=results,
            join_keys=join_keys,
            declared_keys=tuple(column for column in results if column in kind.keys),
            function=call,
            parameters=self.functions.get(function, {}),
        )


def build_classes(catalogue: Catalogue) -> Mapping[str, FeedType]:
    """Return all data access classes, each once, by the name that is its alone; it has what those have that it is derived from."""
    names: dict[str, list[str]] = {kind: [] for kind in catalogue.types}
    for name, kind in catalogue.sets.items():
        names.get(kind, []).append(name)
    classes = (_build_class(catalogue, kind, known) for kind, known in names.items())
    return {found.title: found for found in classes}


def _build_class(catalogue: Catalogue, kind: str, names: list[str]) -> FeedType:
    lineage = catalogue.lineage(kind)
    unusable = {column for name in names for column in catalogue.unusable.get(name, ())}
    unusable |= {column for level in lineage for column in level.binary}
    columns: dict[str, Kind] = {}
    for level in lineage:
        columns = {**level.columns, **columns}
    keys = {key for level in lineage for key in level.keys}
    usable = {column: found for column, found in columns.items() if column not in unusable}
    title = kind if kind in names or not names else max(names, key=lambda name: name.count("_"))
    refusal = "" if names else "the catalogue has no list of it"
    return FeedType(
        title=title,
        columns=usable,
        declared_keys=tuple(column for column in usable if column in keys),
        aliases=tuple(name for name in names if name != title),
        references=dict(_find_codes(catalogue, lineage, columns)),
        refusal="its own columns can be neither filtered nor selected" if "*" in unusable else refusal,
    )


def _find_codes(
    catalogue: Catalogue, lineage: list[Declared], columns: Mapping[str, Kind]
) -> Iterator[tuple[str, Mapping[str, Kind]]]:
    """Yield the references whose code the class itself has not: it has a number (`LedgerID`) or nothing at all (`AccountID`)."""
    for name, target in (item for level in lineage for item in level.references.items()):
        if columns.get(name.rpartition("By")[2], Kind.INT) is not Kind.INT:
            continue
        reached = catalogue.lineage(target)
        keys = {key for level in reached for key in level.keys}
        codes = {
            key: kind
            for level in reached
            for key, kind in level.columns.items()
            if key in keys and kind is Kind.STRING
        }
        if codes:
            yield name, codes


def _find_join_keys(names: list[str], keys: frozenset[str]) -> tuple[str, ...]:
    """Return the declared keys at the end, behind a column that is none: keys among the results come first."""
    tail: list[str] = []
    while names and names[-1] in keys:
        tail.append(names.pop())
    is_told_apart = any(name not in keys for name in names)
    return tuple(reversed(tail)) if is_told_apart else ()


def _declare(node: ET.Element) -> Declared:
    return Declared(
        columns=_kinds(node, "Property"),
        keys=frozenset(_name(key) for key in _find_all(node, "PropertyRef")),
        base=_name_of_type(node.get("BaseType", "")),
        binary=frozenset(
            _name(found) for found in _find_all(node, "Property") if found.get("Type") == "Edm.Binary"
        ),
        references={
            _name(found): _name_of_type(found.get("Type", ""))
            for found in _find_all(node, "NavigationProperty")
            if not found.get("Type", "").startswith("Collection(")
        },
    )


def _find_unusable(node: ET.Element) -> Iterator[str]:
    """Yield the columns that an annotation says cannot be filtered by, which cannot be selected either."""
    for value in _find_all(node, "PropertyValue"):
        if value.get("Property") == "NonFilterableProperties":
            yield from (path.text or "" for path in _find_all(value, "PropertyPath"))
        elif value.get("Property") == "Filterable" and value.get("Bool") == "false":
            yield "*"


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
