"""The door of the instance: from a request to its answer, without sockets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from email.utils import format_datetime

from . import control
from .gate import known_session
from .messages import Breakage, Request, Response
from .problems import IIS_TEXT, Refusal, plain_text
from .routes import route
from .sessions import Session, cookie_headers
from .site import LoggedRequest, Site


def no_wait(seconds: float) -> None:
    """How time passes for a caller without sockets: not at all; the delay is in the response."""


def handle(request: Request, site: Site, wait: Callable[[float], None] = no_wait) -> Response:
    """Answer one request; what only a socket server can do (break a connection) is told in the response.

    `wait` passes the real time an answer takes, while the request holds its session's turn and its place
    in the licence's queue.
    """
    if request.path.startswith(f"{site.options.base_path}/sandbox/"):
        with site.guard:
            return control.handle(request, site)
    if not _is_limited(request, site):
        return _answer(request, site, wait)
    if not site.licence.enter(site.options):
        declined = plain_text(429, IIS_TEXT)
        _log(request, declined, None, site)
        return declined
    try:
        with _turn(request, site):
            return _answer(request, site, wait)
    finally:
        site.licence.leave()


def _is_limited(request: Request, site: Site) -> bool:
    """Whether it queues and counts: data does, signing in and out does not."""
    base = site.options.base_path
    is_data = request.path.casefold().startswith(
        tuple(f"{base}/{first}/".casefold() for first in ("entity", "t", "odata", "odatav4"))
    )
    return is_data and not request.path.startswith(f"{base}/entity/auth/")


def _turn(request: Request, site: Site) -> AbstractContextManager[object]:
    """A session answers one request at a time."""
    with site.guard:
        session = known_session(request, site)
    return session.turn if session else nullcontext()


def _answer(request: Request, site: Site, wait: Callable[[float], None]) -> Response:
    with site.guard, site.tenant.guard:
        site.opened = None
        before = known_session(request, site)
        response = _faulty(request, site)
        _log(request, response, before or site.opened, site)
        response = _dressed(response, request, site)
    wait(response.delay_seconds)
    return response


def _log(request: Request, response: Response, session: Session | None, site: Site) -> None:
    entry = LoggedRequest(
        method=request.method,
        path=request.path,
        query=request.query,
        status=response.status,
        seat=session.id if session else "",
    )
    site.requests.append(entry)


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
    breakage: Breakage = next((fault.breakage for fault in struck if fault.breakage), "")
    response = _refusable(request, site)
    body = response.body
    for fault in struck:
        body = body.replace(*fault.rewrite) if fault.rewrite else body
    return replace(response, body=body, delay_seconds=delay + response.delay_seconds, breakage=breakage)


def _refusable(request: Request, site: Site) -> Response:
    try:
        return route(request, site)
    except Refusal as refusal:
        return refusal.response


def _dressed(response: Response, request: Request, site: Site) -> Response:
    """Add what every answer carries, and the time it takes: real time, or the simulated clock moves."""
    options, clock = site.options, site.tenant.clock
    delay = response.delay_seconds + _duration(request, site)
    if not options.real_delays:
        clock.advance(delay)
        delay = 0.0
    clock.advance(options.request_seconds)
    headers = list(response.headers)
    if options.date_header:
        headers.append(("Date", format_datetime(clock.now(), usegmt=True)))
    if site.opened is not None and site.opened.is_basic:
        headers += cookie_headers(site.opened, clock.now())
    elif site.opened is not None:
        headers.append(("Set-Cookie", f"ASP.NET_SessionId={site.opened.id}; path=/; HttpOnly; SameSite=Lax"))
    if options.noise_cookies and response.status:
        headers += _noise(request, site)
    return replace(response, headers=tuple(headers), delay_seconds=delay)


def _duration(request: Request, site: Site) -> float:
    options = site.options
    cold = 0.0 if site.is_warm else options.first_call_seconds
    site.is_warm = True
    if not _is_limited(request, site):
        return cold
    return cold + options.latency_seconds + site.licence.delay(options)


def _noise(request: Request, site: Site) -> list[tuple[str, str]]:
    """The cookies a real site sets on every answer, two of them twice."""
    where = request.path.removeprefix(site.options.base_path).lower()
    start = int(site.tenant.clock.now().timestamp() * 10_000_000) + 621_355_968_000_000_000
    cookies = [
        "Locale=Culture=en-US&TimeZone=GMTM0800A; path=/",
        "UserBranch=1; path=/",
        f"requestid={len(site.requests):032X}; path=/",
        f"requeststat=+st:12+sc:~{where}+start:{start}+tg:; path=/",
    ]
    return [("Set-Cookie", cookie) for cookie in [*cookies, *cookies[2:]]]
