"""The types of an endpoint: what every file has, then its entities, details and linked ones."""

from __future__ import annotations

from ..contract import Endpoint, TypeContract
from .actions import action_schemas, custom_action
from .notation import GUID, INT, LONG, STRING, URI, Schema, array, map_of, obj, ref

VALUE_TYPES = {
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
VALUES: dict[str, Schema] = {
    "String": STRING,
    "Decimal": {"type": "number", "format": "double"},
    "Double": {"type": "number", "format": "double"},
    "Int": INT,
    "Short": INT,
    "Long": LONG,
    "Byte": INT,
    "Boolean": {"type": "boolean"},
    "Guid": GUID,
    "DateTime": {"type": "string", "format": "date-time"},
}
DATE_ONLY: Schema = {"type": "string", "format": "date"}
"""Announced in contract 4 too, where no property has it."""
SELECT_ITEMS = {"StringSelectItem": STRING, "IntSelectItem": INT}
SELECTS: dict[str, Schema] = {
    "StringSingleSelectValue": ref("StringSelectItem"),
    "IntSingleSelectValue": ref("IntSelectItem"),
    "StringMultiSelectValue": array(ref("StringSelectItem")),
}
"""Contract 5 alone has them. No file of a real endpoint of it is published: their form is a guess."""

ENTITIES_ELSEWHERE = frozenset({"Contact"})
"""Types of linked entities that are entities of their own on a real endpoint, with the actions of one."""


def build_schemas(endpoint: Endpoint) -> Schema:
    """Every type, by name."""
    schemas = _shared()
    if endpoint.contract_version >= 5:
        schemas |= {name: obj({"id": kind, "description": STRING}) for name, kind in SELECT_ITEMS.items()}
        schemas |= {name: _value(schema) for name, schema in SELECTS.items()}
    for name, contract in sorted(endpoint.types.items()):
        schemas[name] = _type(contract)
    for name in sorted({*endpoint.entities, *ENTITIES_ELSEWHERE & set(endpoint.types)}):
        schemas |= action_schemas(name)
    return schemas


def _shared() -> Schema:
    custom = {f"Custom{name}Field": _custom(value) for name, value in VALUES.items()}
    return {
        "Entity": _entity(),
        "FileLink": _file(),
        "HttpError": _error(),
        "CustomField": {
            **obj({"type": STRING}, required=["type"]),
            "discriminator": {"propertyName": "type"},
        },
        **custom,
        **{f"{name}Value": _value({**value, "nullable": True}) for name, value in VALUES.items()},
        "DateOnlyValue": _value(DATE_ONLY),
    }


def _value(schema: Schema) -> Schema:
    return obj({"value": schema, "error": STRING})


def _custom(schema: Schema) -> Schema:
    return {"allOf": [ref("CustomField"), _value(schema)]}


def _entity() -> Schema:
    return obj(
        {
            "id": GUID,
            "rowNumber": LONG,
            "note": ref("StringValue"),
            "custom": map_of(map_of(ref("CustomField"))),
            "error": STRING,
            "files": array(ref("FileLink")),
            "_links": map_of(URI),
        }
    )


def _file() -> Schema:
    return obj({"id": GUID, "filename": STRING, "href": URI, "comment": {**STRING, "nullable": True}})


def _error() -> Schema:
    text = {**STRING, "nullable": True}
    members = {
        "message": STRING,
        "exceptionMessage": text,
        "exceptionType": text,
        "stackTrace": text,
        "modelState": map_of(array(STRING)),
        "messageDetail": STRING,
    }
    return {**obj(members), "additionalProperties": {"type": "object"}}


def _type(contract: TypeContract) -> Schema:
    members: Schema = {name: ref(VALUE_TYPES[kind]) for name, kind in contract.fields.items()}
    members |= {name: array(ref(kind)) for name, kind in contract.details.items()}
    members |= {name: ref(kind) for name, kind in contract.linked.items()}
    own = dict(sorted(members.items(), key=lambda item: item[0].casefold()))
    if contract.screen or contract.type in ENTITIES_ELSEWHERE:
        own["_workflowActions"] = map_of(ref(custom_action(contract.type)))
    return {"allOf": [ref("Entity"), obj(own)]}
