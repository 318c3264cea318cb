"""Control calls: how another process changes and inspects the simulated tenant. Not part of Acumatica."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .contract import all_types
from .data.business_day import business_day
from .messages import Request, Response, json_response
from .options import read_options
from .rows import Record, Row, Scalar
from .site import Site

Call = Callable[[dict[str, Any], Site], Any]


def handle(request: Request, site: Site) -> Response:
    """Answer a call below `/sandbox/`."""
    name, _, argument = request.path.removeprefix(f"{site.options.base_path}/sandbox/").partition("/")
    try:
        if request.method == "GET":
            return json_response(200, _read(name, argument, request.parameters, site))
        call = CALLS[name]
    except KeyError as error:
        return json_response(404, {"error": f"no such control call or record: {error.args[0]}"})
    try:
        body = json.loads(request.body or b"{}", parse_float=Decimal)
        return json_response(200, call(body, site))
    except (KeyError, TypeError, ValueError) as error:
        return json_response(400, {"error": f"{type(error).__name__}: {error}"})


def _read(name: str, argument: str, parameters: dict[str, str], site: Site) -> Any:
    if name == "records":
        return [plain(record) for record in site.tenant.records(argument)]
    if name == "seats":
        return {"seats": site.sessions.count(site.options)}
    if name == "requests":
        return [asdict(item) for item in site.requests]
    if name == "clock":
        return {"now": site.tenant.clock.now().isoformat()}
    if name == "find":
        found = site.tenant.find(argument, *parameters["keys"].split("|"))
        return plain(found) if found else None
    raise KeyError(name)


def plain(record: Record) -> dict[str, Any]:
    """A record for JSON: decimals and times as text, so nothing is rounded on the way."""
    return {
        "id": record.id,
        "keys": list(record.keys),
        "stamp": record.stamp.isoformat(),
        "archived": record.archived,
        "hidden": record.hidden,
        **_members(record),
    }


def _members(row: Row) -> dict[str, Any]:
    return {
        "fields": {name: _text(value) for name, value in row.fields.items()},
        "details": {
            name: [{"id": line.id, **_members(line)} for line in lines] for name, lines in row.details.items()
        },
        "linked": {name: _members(linked) for name, linked in row.linked.items()},
        "custom": {name: _text(value) for name, value in row.custom.items()},
    }


def _text(value: Scalar) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def typed(type_name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Field values from JSON, as the contract's types want them."""
    kinds = {
        name: kind
        for contract in all_types()
        if contract.type == type_name
        for name, kind in contract.fields.items()
    }
    return {name: _typed(kinds.get(name, ""), value) for name, value in fields.items()}


def _typed(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "decimal":
        return Decimal(str(value))
    if kind in ("datetime", "date") and isinstance(value, str):
        return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    return value


def _details(entity: str, details: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    kinds = {
        name: kind
        for contract in all_types()
        if contract.type == entity
        for name, kind in contract.details.items()
    }
    return {name: [typed(kinds[name], line) for line in lines] for name, lines in details.items()}


def _record_id(body: dict[str, Any], site: Site) -> str:
    if "id" in body:
        return str(body["id"])
    found = site.tenant.find(body["entity"], *body["keys"])
    if found is None:
        raise KeyError(f"{body['entity']} {body['keys']}")
    return found.id


def _insert(body: dict[str, Any], site: Site) -> Any:
    entity = body["entity"]
    details = _details(entity, body.get("details", {}))
    return {"id": site.tenant.insert(entity, typed(entity, body["fields"]), details)}


def _change(body: dict[str, Any], site: Site) -> Any:
    entity, record_id = body["entity"], _record_id(body, site)
    details = _details(entity, body.get("details", {}))
    fields = typed(entity, body.get("fields", {}))
    site.tenant.change(entity, record_id, fields, details, touch=body.get("touch", True))
    return {"id": record_id}


def _delete(body: dict[str, Any], site: Site) -> Any:
    record_id = _record_id(body, site)
    site.tenant.delete(body["entity"], record_id)
    return {"id": record_id}


def _rename(body: dict[str, Any], site: Site) -> Any:
    record_id = _record_id(body, site)
    site.tenant.rename(body["entity"], record_id, body["to"])
    return {"id": record_id}


def _archive(body: dict[str, Any], site: Site) -> Any:
    record_id = _record_id(body, site)
    site.tenant.archive(body["entity"], record_id, body.get("archived", True))
    return {"id": record_id}


def _hide(body: dict[str, Any], site: Site) -> Any:
    record_id = _record_id(body, site)
    site.tenant.hide(body["entity"], record_id, body.get("hidden", True))
    return {"id": record_id}


def _clock(body: dict[str, Any], site: Site) -> Any:
    site.tenant.clock.advance(float(body["seconds"]))
    return {"now": site.tenant.clock.now().isoformat()}


def _faults(body: dict[str, Any], site: Site) -> Any:
    if body.get("clear"):
        site.faults.clear()
        return {"waiting": 0}
    site.faults.add(
        **{name: float(value) if isinstance(value, Decimal) else value for name, value in body.items()}
    )
    return {"waiting": len(site.faults.waiting)}


def _options(body: dict[str, Any], site: Site) -> Any:
    site.configure(**read_options(body))
    return {"changed": sorted(body)}


def _business_day(body: dict[str, Any], site: Site) -> Any:
    if body:
        raise ValueError("a business day takes no settings")
    return business_day(site.tenant, site.options)


CALLS: dict[str, Call] = {
    "insert": _insert,
    "change": _change,
    "delete": _delete,
    "rename": _rename,
    "archive": _archive,
    "hide": _hide,
    "clock": _clock,
    "faults": _faults,
    "options": _options,
    "business-day": _business_day,
}
"""The calls that change something, by name."""
