"""What `$metadata` says of the inquiries a tenant exposes: one XML catalogue of all of them."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

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
class InquiryType:
    """One inquiry: its result columns in order, and how it is called if it has parameters.

    `join_keys` are keys of the tables behind it that are no columns of its results: the platform appends them to the
    properties, and a filter by one silently changes the rows that come.
    """

    title: str
    columns: Mapping[str, Kind]
    join_keys: tuple[str, ...] = ()
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


def parse_metadata(body: bytes) -> Mapping[str, InquiryType]:
    """Return the inquiries by title; raise msgspec.DecodeError for anything else than such a catalogue."""
    if b"<!DOCTYPE" in body:
        raise msgspec.DecodeError("a catalogue has no document type")
    try:
        root = ET.fromstring(body)  # noqa: S314 - without a document type there are no entities to expand
    except (ET.ParseError, ValueError) as exc:
        raise msgspec.DecodeError(str(exc)) from None
    types = {_name(node): node for node in _find_all(root, "EntityType")}
    functions = {_name(node): node for node in _find_all(root, "Function")}
    calls = {node.get("EntitySet", ""): node for node in _find_all(root, "FunctionImport")}
    found = {}
    for node in _find_all(root, "EntitySet"):
        title, kind = _name(node), types.get(_last(node.get("EntityType", "")))
        if kind is not None:
            found[title] = _build(title, kind, calls.get(title), functions)
    if not found and _local(root) != "Edmx":
        raise msgspec.DecodeError("this is no OData metadata")
    return found


def _build(
    title: str, kind: ET.Element, call: ET.Element | None, functions: Mapping[str, ET.Element]
) -> InquiryType:
    columns = {
        _name(node): KINDS.get(node.get("Type", ""), Kind.STRING) for node in _find_all(kind, "Property")
    }
    join_keys = _find_join_keys(list(columns), {_name(node) for node in _find_all(kind, "PropertyRef")})
    function = None if call is None else functions.get(_last(call.get("Function", "")))
    parameters = () if function is None else _find_all(function, "Parameter")
    return InquiryType(
        title=title,
        columns={name: kind for name, kind in columns.items() if name not in join_keys},
        join_keys=join_keys,
        function="" if call is None else _name(call),
        parameters={_name(node): KINDS.get(node.get("Type", ""), Kind.STRING) for node in parameters},
    )


def _find_join_keys(names: list[str], keys: set[str]) -> tuple[str, ...]:
    """Return the declared keys at the end, behind a column that is none: keys among the results come first."""
    tail: list[str] = []
    while names and names[-1] in keys:
        tail.append(names.pop())
    is_told_apart = any(name not in keys for name in names)
    return tuple(reversed(tail)) if is_told_apart else ()


def _find_all(node: ET.Element, name: str) -> Iterator[ET.Element]:
    return (found for found in node.iter() if _local(found) == name)


def _local(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]


def _name(node: ET.Element) -> str:
    return node.get("Name", "")


def _last(name: str) -> str:
    """Return a name without its namespace; titles of functions may hold dots of their own."""
    return name.partition(".")[2] or name
