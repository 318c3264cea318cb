"""Who is calling: the session behind a bearer token or cookies."""

from __future__ import annotations

from base64 import b64decode

from .accounts import SignIn
from .identity import AccessToken
from .messages import Request
from .problems import unauthorized
from .sessions import Session
from .site import Site


def bearer_token(request: Request, site: Site) -> AccessToken | None:
    """The valid token of the request, or None."""
    scheme, _, text = request.header("Authorization").partition(" ")
    return site.identity.bearer(text.strip()) if scheme.casefold() == "bearer" else None


def known_session(request: Request, site: Site) -> Session | None:
    """The session already open for this caller, or None; never opens one."""
    token = bearer_token(request, site)
    if token is None:
        return site.sessions.by_cookie(request.cookies.get(".ASPXAUTH", ""), site.options)
    wanted = request.cookies.get("ASP.NET_SessionId", "")
    for session_id in token.grant.session_ids:
        if token.grant.allows("api:concurrent_access") and session_id != wanted:
            continue
        session = site.sessions.find(session_id, site.options)
        if session is not None:
            return session
    return None


def basic_session(request: Request, site: Site, tenant: str) -> Session | None:
    """The session of a request with a name and password: the one of its cookies, or a new one each time; None without them."""
    scheme, _, encoded = request.header("Authorization").partition(" ")
    if scheme.casefold() != "basic":
        return None
    known = site.sessions.by_cookie(request.cookies.get(".ASPXAUTH", ""), site.options)
    if known is not None:
        return known
    try:
        name, _, password = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise unauthorized() from None
    if site.account.try_password(site.options, name, password) is not SignIn.ACCEPTED:
        raise unauthorized()
    reached = site.options.tenant_named(tenant) or tenant
    site.opened = site.sessions.open(site.options, is_cookie=True, tenant=reached, is_basic=True)
    return site.opened


def require_session(request: Request, site: Site) -> Session:
    """The caller's session, opened now if its token has none: a seat is taken by the first call."""
    session = known_session(request, site)
    if session is not None:
        return session
    token = bearer_token(request, site)
    if token is None:
        raise unauthorized()
    lasts = token.grant.allows("offline_access")
    expires_at = token.grant.ends_at if lasts else token.expires_at
    site.opened = opened = site.sessions.open(
        site.options, is_cookie=False, tenant=token.grant.tenant, expires_at=expires_at
    )
    token.grant.session_ids.append(opened.id)
    return opened
