"""The OpenAPI file of the instance itself (`/entity/swagger.json`): signing in and out, and the list of endpoints."""

from __future__ import annotations

from typing import Any

from .notation import STRING, Schema, array, content, obj, ref

CREDENTIALS = obj(dict.fromkeys(("name", "password", "tenant", "branch", "locale"), STRING))
ENDPOINT = obj(dict.fromkeys(("name", "version", "href"), STRING))
VERSION = obj(dict.fromkeys(("acumaticaBuildVersion", "databaseVersion"), STRING))


def build_instance_swagger(build: str, instance: str) -> dict[str, Any]:
    """The whole document. No file of a real instance is published: its form follows those of endpoints."""
    offered = obj({"version": ref("VersionInfo"), "endpoints": array(ref("EndpointInfo"))})
    login = {
        **_operation("Login", "204"),
        "requestBody": {"content": content(ref("Credentials")), "required": True},
    }
    return {
        "openapi": "3.0.1",
        "info": {"title": "Acumatica", "version": build},
        "servers": [{"url": f"{instance}/entity"}],
        "paths": {
            "/auth/login": {"post": login},
            "/auth/logout": {"post": _operation("Logout", "204")},
            "/": {"get": _operation("GetEndpoints", "200", ref("Offers"))},
        },
        "components": {
            "schemas": {
                "Credentials": CREDENTIALS,
                "EndpointInfo": ENDPOINT,
                "Offers": offered,
                "VersionInfo": VERSION,
            }
        },
    }


def _operation(name: str, status: str, result: Schema | None = None) -> Schema:
    answered = {"content": content(result)} if result else {}
    return {"operationId": name, "responses": {status: {"description": "Done.", **answered}}}
