"""Signing in and out with cookies."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from .accounts import SignIn
from .messages import Request, Response
from .problems import bad_request, server_error
from .sessions import cookie_headers
from .site import Site


def sign_in(request: Request, site: Site) -> Response:
    """Open a session for a name and password: 204 and cookies, or a 500 that says why not."""
    form = _form(request)
    options = site.options
    wanted = str(form.get("tenant") or form.get("company") or options.tenant)
    tenant = options.tenant_named(wanted)
    if tenant is None:
        raise server_error("PX.Data.PXUndefinedCompanyException", "A proper company ID cannot be determined.")
    tried = site.account.try_password(options, str(form.get("name", "")), str(form.get("password", "")))
    if tried is SignIn.LOCKED:
        raise server_error(
            "PX.Data.PXException", "Error: Your account is locked out. Contact your administrator."
        )
    if tried is SignIn.WRONG:
        raise server_error("PX.Data.PXException", "Error: Invalid credentials. Please try again.")
    branch = str(form.get("branch") or options.branch)
    if branch.casefold() != options.branch.casefold():
        raise server_error(
            "PX.Data.PXException", f"Error: The branch {branch} cannot be found in the system."
        )
    session = site.sessions.open(options, is_cookie=True, tenant=tenant)
    return Response(status=204, headers=tuple(cookie_headers(session, site.tenant.clock.now())))


def _form(request: Request) -> dict[str, Any]:
    text = request.body.decode("utf-8", "replace")
    if not text:
        raise bad_request("The request body should not be empty.")
    if "json" not in request.header("Content-Type"):
        return dict(parse_qsl(text))
    try:
        form = json.loads(text)
    except ValueError:
        raise bad_request("The request body is not valid JSON.") from None
    return form if isinstance(form, dict) else {}
