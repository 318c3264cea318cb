"""Which part of the instance answers a request."""

from __future__ import annotations

from . import cookie_login
from .adhoc import build_schema
from .contract import Endpoint
from .gate import bearer_token, known_session, require_session
from .listing import Reading
from .messages import Request, Response, html_response, json_response
from .odata import is_odata, serve
from .openapi import build_instance_swagger, build_swagger
from .problems import bad_request, forbidden, not_found, not_set_up, unauthorized
from .sessions import Session, error_page, signed_out
from .site import Site


def route(request: Request, site: Site) -> Response:
    """The answer to a request, or a refusal."""
    base = site.options.base_path
    limit = site.options.query_limit
    if limit is not None and len(request.query) > limit:
        raise not_found("html")
    if site.options.maintenance:
        return _maintenance(request, site)
    if not request.path.startswith(f"{base}/"):
        raise not_found("html")
    first, _, rest = request.path.removeprefix(f"{base}/").partition("/")
    if first == "Frames":
        return error_page(request.path)
    if first == "identity":
        return site.identity.handle(request, rest, site.options, _instance_url(request, site))
    if first == "entity":
        return _entity_root(request, site, rest)
    if is_odata(first):
        return serve(request, site, first, rest)
    raise not_found("html")


def _maintenance(request: Request, site: Site) -> Response:
    page = f"{site.options.base_path}/Frames/Maintenance.aspx"
    if site.options.maintenance == "redirect" and request.path != page:
        return html_response(302, "Object moved", ("Location", page))
    return html_response(503, "The site is under maintenance")


def _entity_root(request: Request, site: Site, path: str) -> Response:
    if not path and request.method == "GET":
        return _endpoints(request, site)
    first, _, rest = path.partition("/")
    if first == "auth":
        return _auth(request, site, rest)
    session = require_session(request, site)
    if path == "swagger.json":
        return json_response(200, build_instance_swagger(site.options.build, _instance_url(request, site)))
    return _contract(request, site, session, path)


def _instance_url(request: Request, site: Site) -> str:
    return f"http://{request.header('Host') or '127.0.0.1'}{site.options.base_path}"


def _endpoints(request: Request, site: Site) -> Response:
    """The list anyone may read; custom endpoints are for the signed-in."""
    is_known = known_session(request, site) or bearer_token(request, site)
    base = site.options.base_path
    offered = [
        {"name": item.name, "version": item.version, "href": f"{base}/entity/{item.name}/{item.version}/"}
        for item in site.endpoints
        if item.name == "Default" or is_known
    ]
    if site.options.endpoint_list == "array":
        return json_response(200, offered)
    build = site.options.build
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


def _contract(request: Request, site: Site, session: Session, path: str) -> Response:
    """What is below an endpoint: its OpenAPI file, or one of its entities."""
    name, _, rest = path.partition("/")
    version, _, rest = rest.partition("/")
    endpoint = site.endpoint(name, version)
    if endpoint is None:
        raise not_found(site.options.not_found_body)
    if rest == "swagger.json":
        return json_response(200, build_swagger(endpoint, _instance_url(request, site)))
    return _entity(request, site, session, endpoint, rest)


def _entity(request: Request, site: Site, session: Session, endpoint: Endpoint, path: str) -> Response:
    name, _, tail = path.partition("/")
    contract = endpoint.entity(name)
    if contract is None:
        raise not_found(site.options.not_found_body)
    if contract.type in session.forbidden:
        raise forbidden(contract.type, contract.screen)
    if contract.type in site.options.not_set_up:
        raise not_set_up(site.options.not_set_up[contract.type])
    if request.method != "GET":
        raise bad_request("The sandbox tenant is read through this API and changed by its control calls.")
    if tail == "$adHocSchema":
        custom = site.options.custom_fields.get(contract.type, {})
        return json_response(200, build_schema(endpoint, contract, custom))
    reading = Reading(site=site, endpoint=endpoint, contract=contract, request=request, session=session)
    return reading.single(tail) if tail else reading.list()
