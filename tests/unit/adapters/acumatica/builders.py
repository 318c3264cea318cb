"""Values with defaults, so that a test shows only what matters."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from requests.structures import CaseInsensitiveDict

from connector.adapters.acumatica.swagger import Swagger
from connector.adapters.acumatica.transport import Answer
from connector.domain.entity import Entity

SENT_AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
JSON = {"Content-Type": "application/json; charset=utf-8"}
HTML = {"Content-Type": "text/html; charset=utf-8"}


def an_entity(acumatica_entity: str = "Bill", **choices: Any) -> Entity:
    defaults: dict[str, Any] = {
        "keys": ("Type", "ReferenceNbr"),
        "current_view": "bills",
        "schedule": "0 * * * *",
    }
    return Entity(name="bills", acumatica_entity=acumatica_entity, **(defaults | choices))


def an_answer(
    status: int = 200,
    body: object = b"",
    headers: Mapping[str, str] = JSON,
    *,
    complete: bool = True,
    duration: timedelta = timedelta(0),
) -> Answer:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Answer(
        status=status,
        headers=CaseInsensitiveDict(headers),
        body=raw,
        complete=complete,
        sent_at=SENT_AT,
        duration=duration,
    )


def a_fault(kind: str = "PX.Data.PXException", text: str = "Something is wrong.") -> dict[str, Any]:
    return {
        "message": "An error has occurred.",
        "exceptionMessage": text,
        "exceptionType": kind,
        "stackTrace": "   at PX.Secret.Internals.Method()",
    }


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def a_type(**members: Any) -> dict[str, Any]:
    """A type as Acumatica writes it: its own members on top of those of every record."""
    return {"allOf": [ref("Entity"), {"type": "object", "properties": members}]}


def a_swagger(paths: Mapping[str, Any] | None = None, info: Any = None, **schemas: Any) -> Swagger:
    """An OpenAPI file with these types beside those every file has."""
    base = {
        "Entity": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "note": ref("StringValue"), "files": {"type": "array"}},
        },
        "StringValue": {"type": "object", "properties": {"value": {"type": "string"}}},
    }
    document: dict[str, Any] = {"openapi": "3.0.1", "components": {"schemas": base | schemas}}
    document |= {"paths": paths} if paths is not None else {}
    document |= {"info": info} if info is not None else {}
    return Swagger.parse(msgspec.json.encode(document))
