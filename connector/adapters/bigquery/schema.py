"""Columns as BigQuery's schema fields, and back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.cloud.bigquery import SchemaField

from connector.domain.tables.evolution import FOREIGN
from connector.domain.tables.schema import Column, ColumnType

LEGACY = {
    "INTEGER": ColumnType.INT64,
    "FLOAT": ColumnType.FLOAT64,
    "BOOLEAN": ColumnType.BOOL,
    "STRUCT": ColumnType.RECORD,
}
"""BigQuery answers with these names, whichever it was given."""
DESCRIPTION_LIMIT = 1024


def to_field(column: Column) -> SchemaField:
    """Return the schema field of a new column."""
    return SchemaField(
        column.name,
        column.type.value,
        mode="REPEATED" if column.repeated else "REQUIRED" if column.required else "NULLABLE",
        description=column.description[:DESCRIPTION_LIMIT],
        fields=[to_field(field) for field in column.fields],
    )


def to_column(field: SchemaField) -> Column:
    """Return the column of an existing field; one whose type the connector never makes is FOREIGN."""
    kind = LEGACY.get(field.field_type) or _known(field.field_type)
    return Column(
        name=field.name,
        type=kind or FOREIGN,
        description=field.description or "",
        repeated=field.mode == "REPEATED",
        required=field.mode == "REQUIRED",
        fields=tuple(to_column(inner) for inner in field.fields),
    )


def extend_fields(existing: Sequence[SchemaField], columns: Iterable[Column]) -> list[SchemaField]:
    """Return the existing fields with the columns' descriptions, then those they lack.

    Whatever else a field carries stays: policy tags, for instance, that an administrator put on it.
    """
    representations = [field.to_api_repr() for field in existing]
    return [SchemaField.from_api_repr(field) for field in _extend(representations, columns)]


def _known(name: str) -> ColumnType | None:
    return ColumnType(name) if name in ColumnType.__members__ else None


def _extend(existing: Sequence[Mapping[str, Any]], columns: Iterable[Column]) -> list[dict[str, Any]]:
    wanted = {column.name: column for column in columns}
    extended = [_extend_field(dict(field), wanted.pop(field["name"], None)) for field in existing]
    return extended + [to_field(column).to_api_repr() for column in wanted.values()]


def _extend_field(field: dict[str, Any], column: Column | None) -> dict[str, Any]:
    if column is None:
        return field
    if column.description:
        field["description"] = column.description[:DESCRIPTION_LIMIT]
    if field.get("fields") and column.fields:
        field["fields"] = _extend(field["fields"], column.fields)
    return field
