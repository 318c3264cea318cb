"""Reads an entity's `$adHocSchema`: the custom fields of its form, with their types."""

from collections.abc import Iterable, Mapping
from typing import Any

from connector.adapters.acumatica.json_body import decode_body
from connector.domain.entity import Entity
from connector.domain.records.contract import Kind
from connector.errors import SourceSetupError

KINDS = {
    "String": Kind.STRING,
    "Decimal": Kind.DECIMAL,
    "Double": Kind.DOUBLE,
    "Int": Kind.INT,
    "Long": Kind.INT,
    "Short": Kind.INT,
    "Byte": Kind.INT,
    "Boolean": Kind.BOOL,
    "Guid": Kind.GUID,
    "DateTime": Kind.DATETIME,
    "DateOnly": Kind.DATE,
}


class CustomFields:
    """The custom fields named in the catalogue, with their kinds, by the path of their level."""

    def __init__(self, by_level: Mapping[str, Mapping[str, Kind]]) -> None:
        self._by_level = by_level

    @classmethod
    def parse(cls, body: bytes, entity: Entity) -> "CustomFields":
        """Return the named fields; raise SourceSetupError for one the form lacks, msgspec.DecodeError for no schema."""
        template = decode_body(body, dict[str, Any])
        by_level: dict[str, dict[str, Kind]] = {}
        missing = []
        for path in entity.custom:
            level, _, name = path.rpartition("/")
            found = _find(template, level, name)
            if found is None:
                missing.append(path)
            else:
                spelled, kind = found
                by_level.setdefault(level.casefold(), {})[spelled] = kind
        if missing:
            raise SourceSetupError(
                f"{entity.acumatica_entity} has no custom field {', '.join(missing)}.",
                action="Correct `custom` of this entity in the catalogue: View.Field, or Details/View.Field for a line; "
                "`$adHocSchema` of the entity shows them all.",
            )
        return cls(by_level)

    def kinds(self, path: str) -> Mapping[str, Kind]:
        """Return the fields of one level, keyed by `View.Field`."""
        return self._by_level.get(path.casefold(), {})


def _find(template: dict[str, Any], level: str, name: str) -> tuple[str, Kind] | None:
    """Return the form's own spelling of `View.Field` on that level, and its kind."""
    view, _, field = name.partition(".")
    record = _below(template, level.split("/") if level else ())
    view_name, fields = _member(_member(record, "custom")[1], view)
    field_name, described = _member(fields, field)
    if not isinstance(described, dict):
        return None
    return f"{view_name}.{field_name}", _kind(str(described.get("type", "")))


def _kind(type_name: str) -> Kind:
    """Return the kind of `CustomDecimalField` and the like; an unknown one is text."""
    plain = type_name.removeprefix("Custom").removesuffix("Field")
    if plain.endswith("Select"):
        return Kind.MULTISELECT if "Multi" in plain else Kind.SELECT
    return KINDS.get(plain, Kind.STRING)


def _below(template: Any, levels: Iterable[str]) -> Any:
    """Return the record at that level; a collection holds one element that stands for all."""
    for level in levels:
        template = _member(template, level)[1]
        if isinstance(template, list):
            template = template[0] if template else None
    return template


def _member(record: Any, name: str) -> tuple[str, Any]:
    """Return a member with its own spelling; None as its value when there is none of that name."""
    if not isinstance(record, dict):
        return name, None
    if name in record:
        return name, record[name]
    return next(
        ((key, value) for key, value in record.items() if key.casefold() == name.casefold()), (name, None)
    )
