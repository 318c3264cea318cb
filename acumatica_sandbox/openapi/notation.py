"""The few forms that every part of an OpenAPI file is made of."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """A reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def obj(properties: Schema, **more: Any) -> Schema:
    """An object with these properties."""
    return {**more, "type": "object", "properties": properties}


def array(items: Schema) -> Schema:
    """An array."""
    return {"type": "array", "items": items}


def map_of(values: Schema) -> Schema:
    """An object with any names, and values of one kind."""
    return {"type": "object", "additionalProperties": values}


def content(schema: Schema) -> Schema:
    """The content of a body: the same under both names that JSON has there."""
    return {"application/json": {"schema": schema}, "text/json": {"schema": schema}}


STRING: Schema = {"type": "string"}
GUID: Schema = {"type": "string", "format": "uuid"}
INT: Schema = {"type": "integer", "format": "int32"}
LONG: Schema = {"type": "integer", "format": "int64"}
URI: Schema = {"type": "string", "format": "uri"}
