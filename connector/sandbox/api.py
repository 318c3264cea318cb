"""The door of the instance: from a request to its answer, without sockets."""

from __future__ import annotations

from dataclasses import replace
from email.utils import format_datetime

from . import control, cookie_login
from .adhoc import build_schema
from .deleted import deleted_records
from .gate import bearer_token, known_session, require_session
from .listing import Reading
from .messages import Request, Response, html_response, json_response
from .problems import (
    IIS_TEXT,
    Refusal,
    bad_request,
    forbidden,
    not_found,
    not_set_up,
    plain_text,
    unauthorized,
)
from .sessions import Session, error_page, signed_out
from .site import LoggedRequest, Site
from .swagger import build_swagger


def handle(request: Request, site: Site) -> Response:
    """Answer one request; what a socket server must add (delays, broken connections) is in the response."""
    if is_control(request, site):
        with site.guard:
            return control.handle(request, site)
    with site.guard, site.tenant.guard:
        before = known_session(request, site)
        response = _faulty(request, site)
        seat = before or known_session(request, site)
        site.requests.append(
            LoggedRequest(
                method=request.method,
                path=request.path,
                query=request.query,
                status=response.status,
                seat=seat.id if seat else "",
            )
        )
        return _dressed(response, request, site)


def is_control(request: Request, site: Site) -> bool:
    """Whether it is addressed to the sandbox itself, which is no part of Acumatica."""
    return request.path.startswith(f"{site.options.base_path}/sandbox/")


def _faulty(request: Request, site: Site) -> Response:
    """The answer with the scripted faults that strike this request."""
    struck = site.faults.at(request)
    delay = sum(fault.delay_seconds for fault in struck)
    for fault in struck:
        if fault.hook is not None:
            fault.hook(request)
    for fault in struck:
        instead = fault.answer()
        if instead is not None:
            return replace(instead, delay_seconds=delay)
    response = _answered(request, site)
    breakage = next((fault.breakage for fault in struck if fault.breakage), response.breakage)
    return replace(response, delay_seconds=response.delay_seconds + delay, breakage=breakage)


def _answered(request: Request, site: Site) -> Response:
    try:
        return _route(request, site)
    except Refusal as problem:
        return problem.response


def _route(request: Request, site: Site) -> Response:
    base = site.options.base_path
    path = request.path
    limit = site.options.query_limit
    if limit is not None and len(request.query) > limit:
        raise not_found("html")
    if site.options.maintenance:
        return _maintenance(request, site)
    if path.startswith(f"{base}/Frames/"):
        return error_page(path)
    if path.startswith(f"{base}/identity/"):
        local = path.removeprefix(f"{base}/identity/")
        return site.identity.handle(request, local, site.options, f"http://{request.header('Host')}{base}")
    if path.rstrip("/") == f"{base}/entity" and request.method == "GET":
        return _endpoints(request, site)
    if path.startswith(f"{base}/entity/auth/"):
        return _auth(request, site, path.removeprefix(f"{base}/entity/auth/"))
    if path.startswith(f"{base}/entity/"):
        return _entity(request, site, path.removeprefix(f"{base}/entity/"))
    if path.startswith(f"{base}/t/"):
        require_session(request, site)
        return deleted_records(request, site, path.removeprefix(f"{base}/t/"))
    raise not_found("html")


def _maintenance(request: Request, site: Site) -> Response:
    page = f"{site.options.base_path}/Frames/Maintenance.aspx"
    if site.options.maintenance == "redirect" and request.path != page:
        return html_response(302, "Object moved", ("Location", page))
    return html_response(503, "The site is under maintenance")


def _endpoints(request: Request, site: Site) -> Response:
    is_known = known_session(request, site) or bearer_token(request, site)
    base = site.options.base_path
    offered = [
        {"name": item.name, "version": item.version, "href": f"{base}/entity/{item.name}/{item.version}/"}
        for item in site.endpoints
        if item.name == "Default" or is_known
    ]
    build = site.options.build
    if site.options.endpoint_list == "array":
        return json_response(200, offered)
    version = {"acumaticaBuildVersion": build, "databaseVersion": build}
    return json_response(200, {"version": version, "endpoints": offered})


def _auth(request: Request, site: Site, action: str) -> Response:
    if request.method != "POST" or action.casefold() not in ("login", "logout"):
        raise unauthorized()
    if not request.header("Content-Length") and not request.header("Transfer-Encoding"):
        return html_response(411, "Length Required")
    if action.casefold() == "login":
        return cookie_login.sign_in(request, site)
    session = known_session(request, site)
    if session is None and bearer_token(request, site) is None:
        raise unauthorized()
    if session is not None:
        site.sessions.close(session.id)
    return signed_out()


def _entity(request: Request, site: Site, path: str) -> Response:
    session = require_session(request, site)
    name, _, rest = path.partition("/")
    version, _, rest = rest.partition("/")
    endpoint = site.endpoint(name, version)
    if endpoint is None:
        raise not_found(site.options.not_found_body)
    if rest == "swagger.json":
        return json_response(200, build_swagger(endpoint, site.options.base_path))
    entity, _, tail = rest.partition("/")
    contract = endpoint.entity(entity)
    if contract is None:
        raise not_found(site.options.not_found_body)
    _require_rights(session, contract.type, contract.screen, site)
    if request.method != "GET":
        raise bad_request("The sandbox tenant is read through this API and changed by its control calls.")
    if tail == "$adHocSchema":
        custom = site.options.custom_fields.get(contract.type, {})
        return json_response(200, build_schema(endpoint, contract, custom))
    reading = Reading(site=site, endpoint=endpoint, contract=contract, request=request, session=session)
    return reading.single(tail) if tail else reading.list()


def _require_rights(session: Session, entity: str, screen: str, site: Site) -> None:
    if entity in session.forbidden:
        raise forbidden(entity, screen)
    if entity in site.options.not_set_up:
        raise not_set_up(site.options.not_set_up[entity])


def _dressed(response: Response, request: Request, site: Site) -> Response:
    """Add what every answer carries, and the time it takes."""
    options = site.options
    delay = response.delay_seconds + options.latency_seconds + site.licence.delay(options)
    if not site.is_warm:
        site.is_warm = True
        delay += options.first_call_seconds
    headers = list(response.headers)
    if not options.real_delays:
        site.tenant.clock.advance(delay)
        delay = 0.0
    site.tenant.clock.advance(options.request_seconds)
    if options.date_header:
        headers.append(("Date", format_datetime(site.tenant.clock.now(), usegmt=True)))
    if options.noise_cookies and response.status:
        headers += _noise(request, site)
    return replace(response, headers=tuple(headers), delay_seconds=delay)


def _noise(request: Request, site: Site) -> list[tuple[str, str]]:
    """The cookies a real site sets on every answer, two of them twice."""
    number = len(site.requests)
    where = request.path.removeprefix(site.options.base_path).lower()
    start = int(site.tenant.clock.now().timestamp() * 10_000_000) + 621_355_968_000_000_000
    cookies = [
        "Locale=Culture=en-US&TimeZone=GMTM0800A; path=/",
        "UserBranch=1; path=/",
        f"requestid={number:032X}; path=/",
        f"requeststat=+st:12+sc:~{where}+start:{start}+tg:; path=/",
    ]
    return [("Set-Cookie", cookie) for cookie in [*cookies, *cookies[2:]]]


def declined() -> Response:
    """What the licence's full queue answers: 429, no `Retry-After`, a text of the web server."""
    return plain_text(429, IIS_TEXT)
