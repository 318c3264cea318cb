"""The OpenAPI file of an endpoint, in the form Acumatica generates it."""

from __future__ import annotations

from typing import Any

from .contract import Endpoint, TypeContract

_VALUE_TYPES = {
    "string": "StringValue",
    "decimal": "DecimalValue",
    "double": "DoubleValue",
    "int": "IntValue",
    "short": "ShortValue",
    "long": "LongValue",
    "byte": "ByteValue",
    "bool": "BooleanValue",
    "guid": "GuidValue",
    "datetime": "DateTimeValue",
    "date": "DateOnlyValue",
    "string_select": "StringSingleSelectValue",
}
_FORMATS: dict[str, dict[str, Any]] = {
    "StringValue": {"type": "string"},
    "DecimalValue": {"type": "number", "format": "double"},
    "DoubleValue": {"type": "number", "format": "double"},
    "IntValue": {"type": "integer", "format": "int32"},
    "ShortValue": {"type": "integer", "format": "int32"},
    "LongValue": {"type": "integer", "format": "int64"},
    "ByteValue": {"type": "string", "format": "byte"},
    "BooleanValue": {"type": "boolean"},
    "GuidValue": {"type": "string", "format": "uuid"},
    "DateTimeValue": {"type": "string", "format": "date-time"},
    "CustomStringField": {"type": "string"},
}
_CONTRACT_5_FORMATS: dict[str, dict[str, Any]] = {
    "DateOnlyValue": {"type": "string", "format": "date"},
    "StringSingleSelectValue": {"$ref": "#/components/schemas/StringSelectItem"},
    "IntSingleSelectValue": {"$ref": "#/components/schemas/IntSelectItem"},
    "StringMultiSelectValue": {"type": "array", "items": {"$ref": "#/components/schemas/StringSelectItem"}},
}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def build_swagger(endpoint: Endpoint, base_path: str) -> dict[str, Any]:
    """The whole document: paths of every entity, schemas of every type."""
    paths: dict[str, Any] = {}
    for name in sorted(endpoint.entities):
        paths |= _paths(name)
    return {
        "openapi": "3.0.1",
        "info": {"title": f"{endpoint.name}/{endpoint.version}", "version": "1"},
        "servers": [{"url": f"{base_path}/entity/{endpoint.name}/{endpoint.version}"}],
        "paths": paths,
        "components": {"schemas": _schemas(endpoint), "parameters": _parameters()},
    }


def _schemas(endpoint: Endpoint) -> dict[str, Any]:
    schemas: dict[str, Any] = {"Entity": _entity_schema(), "FileLink": _file_schema()}
    formats = _FORMATS | (_CONTRACT_5_FORMATS if endpoint.contract_version >= 5 else {})
    for name, value in formats.items():
        schemas[name] = _value_schema(name, value)
    if endpoint.contract_version >= 5:
        for name, kind in (("StringSelectItem", "string"), ("IntSelectItem", "integer")):
            schemas[name] = {
                "type": "object",
                "properties": {"id": {"type": kind}, "description": {"type": "string"}},
            }
    schemas["CustomField"] = {"type": "object", "properties": {"type": {"type": "string"}}}
    for name, contract in sorted(endpoint.types.items()):
        schemas[name] = _type_schema(contract)
    return schemas


def _value_schema(name: str, value: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {"value": value}
    if not name.startswith("Custom"):
        properties["error"] = {"type": "string", "readOnly": True}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _entity_schema() -> dict[str, Any]:
    properties = {
        "id": {"type": "string", "format": "uuid"},
        "rowNumber": {"type": "integer", "format": "int64"},
        "note": _ref("StringValue"),
        "custom": {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": _ref("CustomField")},
        },
        "error": {"type": "string", "readOnly": True},
        "files": {"type": "array", "items": _ref("FileLink")},
        "_links": {"type": "object", "additionalProperties": {"type": "string"}, "readOnly": True},
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _file_schema() -> dict[str, Any]:
    properties = {
        "id": {"type": "string", "format": "uuid"},
        "filename": {"type": "string"},
        "href": {"type": "string"},
        "comment": {"type": "string"},
    }
    return {"type": "object", "properties": properties}


def _type_schema(contract: TypeContract) -> dict[str, Any]:
    properties: dict[str, Any] = {name: _ref(_VALUE_TYPES[kind]) for name, kind in contract.fields.items()}
    properties |= {name: {"type": "array", "items": _ref(kind)} for name, kind in contract.details.items()}
    properties |= {name: _ref(kind) for name, kind in contract.linked.items()}
    ordered = dict(sorted(properties.items(), key=lambda item: item[0].casefold()))
    own = {"type": "object", "properties": ordered, "additionalProperties": False}
    return {"allOf": [_ref("Entity"), own]}


def _parameter(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}


_READING = [_parameter(name) for name in ("select", "filter", "expand", "custom")]
_PAGING = [_parameter(name) for name in ("skip", "top")]


def _parameters() -> dict[str, Any]:
    """The parameters that the operations share."""
    found: dict[str, Any] = {
        name: {"name": f"${name}", "in": "query", "schema": {"type": "string"}}
        for name in ("select", "filter", "expand", "custom")
    }
    found |= {
        name: {"name": f"${name}", "in": "query", "schema": {"type": "integer", "format": "int32"}}
        for name in ("skip", "top")
    }
    for name, kind in (("ids", {"type": "string"}), ("id", {"type": "string", "format": "uuid"})):
        found[name] = {"name": name, "in": "path", "required": True, "schema": kind}
    return found


def _paths(name: str) -> dict[str, Any]:
    one, many = _ref(name), {"type": "array", "items": _ref(name)}
    body = {"required": True, "content": {"application/json": {"schema": one}}}
    return {
        f"/{name}": {
            "get": _operation(name, "GetList", [*_READING, *_PAGING], many),
            "put": {**_operation(name, "PutEntity", _READING, one), "requestBody": body},
        },
        f"/{name}/{{ids}}": {
            "get": _operation(name, "GetByKeys", [_parameter("ids"), *_READING], one),
            "delete": _operation(name, "DeleteByKeys", [_parameter("ids")], None),
        },
        f"/{name}/{{id}}": {
            "get": _operation(name, "GetById", [_parameter("id"), *_READING], one),
            "delete": _operation(name, "DeleteById", [_parameter("id")], None),
        },
        f"/{name}/$adHocSchema": {"get": _operation(name, "GetAdHocSchema", [], one)},
    }


_SUMMARIES = {
    "GetList": "Retrieves a list of records that satisfy the specified conditions.",
    "PutEntity": "Creates a record or updates an existing record.",
    "GetByKeys": "Retrieves a record by its key fields.",
    "DeleteByKeys": "Deletes the record by its key fields.",
    "GetById": "Retrieves a record by its session identifier.",
    "DeleteById": "Deletes the record by its session identifier.",
    "GetAdHocSchema": "Retrieves the schema of custom fields of the entity.",
}


def _operation(name: str, verb: str, parameters: list[Any], result: dict[str, Any] | None) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": result}}} if result else {}
    return {
        "tags": [name],
        "summary": _SUMMARIES[verb],
        "operationId": f"{name}_{verb}",
        "parameters": parameters,
        "responses": {"200" if result else "204": {"description": "Success", **content}},
    }
