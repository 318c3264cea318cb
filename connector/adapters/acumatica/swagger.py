"""Reads the endpoint's `swagger.json`: the members of each type, in every form the file uses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from connector.adapters.acumatica.json_body import decode_body
from connector.domain.records.contract import Kind
from connector.domain.records.names import find_spelled

VALUE_TYPES = {
    "StringValue": Kind.STRING,
    "DecimalValue": Kind.DECIMAL,
    "DoubleValue": Kind.DOUBLE,
    "FloatValue": Kind.DOUBLE,
    "IntValue": Kind.INT,
    "ShortValue": Kind.INT,
    "LongValue": Kind.INT,
    "ByteValue": Kind.INT,
    "BooleanValue": Kind.BOOL,
    "GuidValue": Kind.GUID,
    "DateTimeValue": Kind.DATETIME,
    "DateOnlyValue": Kind.DATE,
}
GRAMMARS = {"3": 4, "4": 4, "5": 5}
"""The query grammar of each contract version; version 3 uses that of 4."""
USED_BY_CONTRACT_5 = ("DateOnlyValue", "SelectValue")
"""How the names of the value types end that no property of an endpoint of contract 4 has."""
PRIMITIVES = {"string": Kind.STRING, "number": Kind.DECIMAL, "integer": Kind.INT, "boolean": Kind.BOOL}
FORMATS = {"date-time": Kind.DATETIME, "date": Kind.DATE, "uuid": Kind.GUID, "guid": Kind.GUID}
OWN_MEMBERS = frozenset(
    ("id", "rowNumber", "note", "custom", "error", "files", "_links", "delete", "_workflowActions")
)
"""Members that every record has; they are not fields of a form."""
BASE_TYPES = frozenset(("Entity", "LinkedEntity", "DetailEntity", "TopLevelEntity"))
DEPTH_LIMIT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """What one type announces. Details and linked entities are given as the schema of their type."""

    fields: Mapping[str, Kind] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    linked: Mapping[str, Any] = field(default_factory=dict)


class Swagger:
    """The types of one endpoint version."""

    def __init__(
        self, schemas: Mapping[str, msgspec.Raw], listed: frozenset[str], contract_version: str
    ) -> None:
        self._schemas = schemas
        self._listed = listed
        self._contract_version = contract_version

    @classmethod
    def parse(cls, body: bytes) -> "Swagger":
        """Return the types, undecoded until asked for; raise msgspec.DecodeError if this is no OpenAPI file."""
        document = decode_body(body, _Document)
        listed = frozenset(path.strip("/").split("/")[0] for path in document.paths)
        return cls(document.components.schemas, listed, document.contract_version)

    @property
    def grammar(self) -> int:
        """The grammar of queries, 4 or 5: that of the contract version the file names in `info.version`.

        A file that names none of them is known by the value types its properties have; the mere announcement of one tells
        nothing, as builds of 2025 R2 announce `DateOnlyValue` in contract 4 too.
        """
        named = GRAMMARS.get(self._contract_version)
        return named or (5 if any(name.endswith(USED_BY_CONTRACT_5) for name in self._referred()) else 4)

    def _referred(self) -> Iterator[str]:
        """Yield the name of every type that a property has, directly or as the item of an array."""
        for name in self._schemas:
            schema = self._named(name)
            yield from _references([schema.get("properties"), schema.get("allOf")])

    def entity(self, name: str) -> str | None:
        """Return the endpoint's own spelling of an entity that has a list, or None when it exposes none of that name."""
        own = find_spelled(name, self._schemas)
        listed = not self._listed or find_spelled(name, self._listed) is not None
        return own if listed else None

    def entities(self) -> list[str]:
        """Return the names of all entities that have a list, sorted."""
        return sorted(name for name in self._listed if name in self._schemas)

    def members(self, schema: Any) -> Members:
        """Return the members of a type, given by name or as its schema."""
        if isinstance(schema, str):
            schema = {"$ref": schema}
        fields: dict[str, Kind] = {}
        details: dict[str, Any] = {}
        linked: dict[str, Any] = {}
        for name, member in self._properties(schema, ()):
            if name in OWN_MEMBERS:
                continue
            if "items" in (plain := self._resolve(member)) or plain.get("type") == "array":
                details[name] = plain.get("items", {})
            elif (kind := self._kind(member)) is not None:
                fields[name] = kind
            else:
                linked[name] = member
        return Members(fields=fields, details=details, linked=linked)

    def _properties(self, schema: Any, above: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield a type's own and inherited properties; a type that inherits from itself ends there."""
        name = _type_name(schema)
        if name in BASE_TYPES or name in above or len(above) > DEPTH_LIMIT:
            return
        plain = self._named(name) if name else schema
        for part in plain.get("allOf", ()):
            yield from self._properties(part, (*above, name or "(inline)"))
        for member, description in plain.get("properties", {}).items():
            yield member, description if isinstance(description, dict) else {}

    def _kind(self, member: dict[str, Any]) -> Kind | None:
        """Return the kind of a scalar, or None for a linked entity."""
        name = _type_name(member) or ""
        if name in VALUE_TYPES:
            return VALUE_TYPES[name]
        if name.endswith("SelectValue"):
            return Kind.MULTISELECT if "Multi" in name else Kind.SELECT
        plain = self._resolve(member)
        if not plain:
            return Kind.STRING if name.endswith("Value") or not name else None
        properties = dict(self._properties(member, ()))
        if "value" in properties:
            return _kind_of_value(self._resolve(properties["value"]))
        return None if properties or plain.get("type") == "object" else _kind_of_value(plain)

    def _resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Follow references, and an `allOf` of a single one, to the schema itself."""
        for _ in range(DEPTH_LIMIT):
            name = _type_name(schema)
            if name is None:
                return schema
            schema = self._named(name)
        return {}

    def _named(self, name: str) -> dict[str, Any]:
        raw = self._schemas.get(name)
        if raw is None:
            return {}
        schema = decode_body(bytes(raw))
        return schema if isinstance(schema, dict) else {}


def _type_name(schema: Any) -> str | None:
    if not isinstance(schema, dict):
        return None
    reference = schema.get("$ref")
    parts = schema.get("allOf")
    if reference is None and isinstance(parts, list) and len(parts) == 1 and "properties" not in schema:
        return _type_name(parts[0])
    return str(reference).rpartition("/")[2] if reference else None


def _references(schema: Any) -> Iterator[str]:
    """Yield the names of the types that are referred to anywhere in a schema."""
    if isinstance(schema, list):
        for part in schema:
            yield from _references(part)
    elif isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        for part in schema.values():
            yield from _references(part)


def _kind_of_value(schema: dict[str, Any]) -> Kind:
    """Return the kind of a value written out in place. An unknown one is text: nothing of it is lost that way."""
    kind = schema.get("type")
    if kind == "array":
        return Kind.MULTISELECT
    if kind == "object" or "properties" in schema:
        return Kind.SELECT
    return FORMATS.get(str(schema.get("format"))) or PRIMITIVES.get(str(kind), Kind.STRING)


class _Components(msgspec.Struct):
    schemas: dict[str, msgspec.Raw]


class _Document(msgspec.Struct):
    components: _Components
    paths: dict[str, msgspec.Raw] = {}
    info: Any = None

    @property
    def contract_version(self) -> str:
        """What `info.version` says, as text; empty when there is none."""
        return str(self.info.get("version", "")).strip() if isinstance(self.info, dict) else ""
