"""The addresses of an entity and what can be done at each."""

from __future__ import annotations

from .actions import ACTIONS, custom_action
from .notation import GUID, INT, STRING, Schema, array, content, ref
from .responses import shared

QUERY = {"select": STRING, "filter": STRING, "expand": STRING, "custom": STRING, "skip": INT, "top": INT}
PATH = {"actionName": STRING, "ids": STRING, "id": GUID, "filename": STRING}
PARAMETERS: Schema = {
    **{
        name: {"name": f"${name}", "in": "query", "description": f"The ${name} of the request.", "schema": kind}
        for name, kind in QUERY.items()
    },
    **{
        name: {"name": name, "in": "path", "description": f"The {name} of the address.", "required": True, "schema": kind}
        for name, kind in PATH.items()
    },
}  # fmt: skip
"""The parameters that operations share."""
READING = ("select", "filter", "expand", "custom")
FAILURES = {
    "401": shared("ContractBasedControllerBase_401"),
    "500": shared("ContractBasedControllerBase_500"),
}
BUSY = {"409": shared("EntityController_409"), **FAILURES}


def build_paths(entity: str) -> Schema:
    """Everything below one entity: its list, its records, their files, its actions."""
    paths = {f"/{entity}/{action}": _invoked(entity, action) for action in ACTIONS.get(entity, {})}
    return {
        **paths,
        f"/{entity}/{{actionName}}": _invoked(entity, None),
        f"/{entity}/$adHocSchema": {"get": _operation(entity, "GetAdHocSchema", BUSY | _ok(ref(entity)))},
        f"/{entity}/{{ids}}": _record(entity, "Keys", "ids"),
        f"/{entity}/{{ids}}/files/{{filename}}": {
            "put": _operation(entity, "PutFile", BUSY | {"204": shared("PutFile_204")}, ("ids", "filename"))
        },
        f"/{entity}/{{id}}": _record(entity, "Id", "id"),
        f"/{entity}": {
            "get": _operation(entity, "GetList", BUSY | _ok(array(ref(entity))), (*READING, "skip", "top")),
            "put": _write(entity, "PutEntity", ("400", "412")),
            "patch": _write(entity, "PatchEntity", ("400", "412", "404")),
        },
    }


def _record(entity: str, by: str, parameter: str) -> Schema:
    gone = BUSY | {"204": shared(f"DeleteBy{by}_204")}
    return {
        "get": _operation(entity, f"GetBy{by}", BUSY | _ok(ref(entity)), (parameter, *READING)),
        "delete": _operation(entity, f"DeleteBy{by}", gone, (parameter,)),
    }


def _write(entity: str, verb: str, refusals: tuple[str, ...]) -> Schema:
    responses = BUSY | _ok(ref(entity)) | {status: shared(f"{verb}_{status}") for status in refusals}
    operation = _operation(entity, verb, responses | _invalid(entity), READING)
    return operation | {"requestBody": _body(entity, "entity")}


def _invoked(entity: str, action: str | None) -> Schema:
    responses = {status: shared(f"InvokeAction_{status}") for status in ("204", "202", "400", "412", "409")}
    operation = _operation(
        entity,
        f"InvokeAction_{action or 'CustomAction'}",
        FAILURES | responses | _invalid(entity),
        () if action else ("actionName",),
    )
    return {"post": operation | {"requestBody": _body(action or custom_action(entity), "invocation")}}


def _operation(entity: str, verb: str, responses: Schema, parameters: tuple[str, ...] = ()) -> Schema:
    named = [{"$ref": f"#/components/parameters/{name}"} for name in parameters]
    return {
        "tags": [entity],
        "summary": f"{verb} of {entity}.",
        "operationId": f"{entity}_{verb}",
        **({"parameters": named} if named else {}),
        "responses": responses,
    }


def _body(schema: str, name: str) -> Schema:
    text = "What is sent."
    return {"description": text, "content": content(ref(schema)), "required": True, "x-bodyName": name}


def _ok(schema: Schema) -> Schema:
    return {"200": {"description": "What was asked for.", "content": content(schema)}}


def _invalid(entity: str) -> Schema:
    return {"422": {"description": "The record with its errors.", "content": content(ref(entity))}}
