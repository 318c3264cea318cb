"""Control calls: how another process changes and inspects the simulated tenant. Not part of Acumatica."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from .data.business_day import business_day
from .messages import Request, Response, json_response
from .options import read_options
from .plain import plain_record, typed_details, typed_fields
from .site import Site
from .tenant import Tenant
from .transaction import RecordLockedError, Transaction

Body = dict[str, Any]
Call = Callable[[Body, Site], Any]


def handle(request: Request, site: Site) -> Response:
    """Answer a call below `/sandbox/`: 404 for what does not exist, 400 for what cannot be done."""
    name, _, argument = request.path.removeprefix(f"{site.options.base_path}/sandbox/").partition("/")
    try:
        if request.method == "GET":
            return json_response(200, _read(name, argument, request.parameters, site))
        body = json.loads(request.body or b"{}", parse_float=Decimal)
        return json_response(200, perform(name, body, site))
    except KeyError as error:
        return json_response(404, {"error": f"not found: {error.args[0]}"})
    except (RecordLockedError, RuntimeError, TypeError, ValueError) as error:
        return json_response(400, {"error": str(error)})


def perform(name: str, body: Body, site: Site) -> Any:
    """Carry out a control call by its name."""
    if name not in CALLS:
        raise KeyError(f"control call {name!r}; there are {', '.join(CALLS)}")
    return CALLS[name](body, site)


def _read(name: str, argument: str, parameters: dict[str, str], site: Site) -> Any:
    if name == "records":
        return [plain_record(record) for record in site.tenant.records(argument)]
    if name == "find":
        found = site.tenant.find(argument, *parameters["keys"].split("|"))
        return plain_record(found) if found else None
    if name == "seats":
        return {"seats": site.sessions.count(site.options)}
    if name == "requests":
        return [asdict(item) for item in site.requests]
    if name == "clock":
        return {"now": site.tenant.clock.now().isoformat()}
    raise KeyError(f"control call {name!r}")


def _record_id(body: Body, site: Site) -> str:
    """The record a call means: by `id`, or by `keys` in the order of its form."""
    if "id" in body:
        return site.tenant.record(body["entity"], str(body["id"])).id
    found = site.tenant.find(body["entity"], *body["keys"])
    if found is None:
        raise KeyError(f"{body['entity']} {'/'.join(body['keys'])}")
    return found.id


def _writer(body: Body, site: Site) -> Tenant | Transaction:
    """Where a write goes: at once into the tenant, or into the open transaction of that number."""
    return site.transactions[int(body["transaction"])] if "transaction" in body else site.tenant


def _insert(body: Body, site: Site) -> Any:
    entity = body["entity"]
    details = typed_details(entity, body.get("details", {}))
    fields = typed_fields(entity, body["fields"])
    return {"id": _writer(body, site).insert(entity, fields, details)}


def _change(body: Body, site: Site) -> Any:
    entity, record_id = body["entity"], _record_id(body, site)
    details = typed_details(entity, body.get("details", {}))
    fields = typed_fields(entity, body.get("fields", {}))
    _writer(body, site).change(entity, record_id, fields, details, touch=bool(body.get("touch", True)))
    return {"id": record_id}


def _delete(body: Body, site: Site) -> Any:
    record_id = _record_id(body, site)
    _writer(body, site).delete(body["entity"], record_id)
    return {"id": record_id}


def _rename(body: Body, site: Site) -> Any:
    record_id = _record_id(body, site)
    _writer(body, site).rename(body["entity"], record_id, body["to"])
    return {"id": record_id}


def _archive(body: Body, site: Site) -> Any:
    record_id = _record_id(body, site)
    site.tenant.archive(body["entity"], record_id, body.get("archived", True))
    return {"id": record_id}


def _hide(body: Body, site: Site) -> Any:
    record_id = _record_id(body, site)
    site.tenant.hide(body["entity"], record_id, body.get("hidden", True))
    return {"id": record_id}


def _begin(_: Body, site: Site) -> Any:
    number = len(site.transactions) + 1
    site.transactions[number] = site.tenant.begin()
    return {"transaction": number}


def _commit(body: Body, site: Site) -> Any:
    site.transactions[int(body["transaction"])].commit()
    return {"transaction": body["transaction"]}


def _rollback(body: Body, site: Site) -> Any:
    site.transactions[int(body["transaction"])].rollback()
    return {"transaction": body["transaction"]}


def _clock(body: Body, site: Site) -> Any:
    site.tenant.clock.advance(float(body["seconds"]))
    return {"now": site.tenant.clock.now().isoformat()}


def _faults(body: Body, site: Site) -> Any:
    if body.get("clear"):
        site.faults.clear()
    else:
        add_fault(body, site)
    return {"waiting": len(site.faults.waiting)}


def add_fault(body: Body, site: Site) -> None:
    """Script a fault from plain data; `control` names a call that happens at that request, with its `body`."""
    parts = _with_floats(body)
    control: Body | None = parts.pop("control", None)
    if control is not None:
        parts["hook"] = lambda _: perform(control["call"], control.get("body", {}), site)
    site.faults.add(**parts)


def _with_floats(body: Body) -> Body:
    """Settings have no use for exact decimals, which do not mix with floats."""
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in body.items()}


def _options(body: Body, site: Site) -> Any:
    site.configure(**read_options(_with_floats(body)))
    return {"changed": sorted(body)}


def _sign_out_all(_: Body, site: Site) -> Any:
    site.sessions.close_all()
    return {"seats": 0}


def _expire_tokens(_: Body, site: Site) -> Any:
    site.identity.expire_all()
    return {}


def _unlock(_: Body, site: Site) -> Any:
    site.account.unlock()
    return {}


def _business_day(_: Body, site: Site) -> Any:
    return business_day(site.tenant, site.options)


CALLS: dict[str, Call] = {
    "insert": _insert,
    "change": _change,
    "delete": _delete,
    "rename": _rename,
    "archive": _archive,
    "hide": _hide,
    "begin": _begin,
    "commit": _commit,
    "rollback": _rollback,
    "clock": _clock,
    "faults": _faults,
    "options": _options,
    "sign-out-all": _sign_out_all,
    "expire-tokens": _expire_tokens,
    "unlock": _unlock,
    "business-day": _business_day,
}
"""The calls that change something, by name."""
