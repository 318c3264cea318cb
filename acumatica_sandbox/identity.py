"""The built-in identity server: OAuth tokens, rotated refresh tokens, revocation."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote

from .accounts import Account, SignIn
from .clock import TenantClock
from .messages import Request, Response, json_response
from .options import SandboxOptions
from .problems import plain_text, unauthorized
from .rows import seeded
from .sessions import identity_error

FLOWS = ("password", "authorization_code")


@dataclass(slots=True, kw_only=True)
class Grant:
    """One consent or password sign-in, with the session its access tokens share."""

    scope: str
    tenant: str
    ends_at: datetime
    session_ids: list[str]

    def allows(self, scope: str) -> bool:
        """Whether the scope was granted."""
        return scope in self.scope.split()


@dataclass(slots=True, kw_only=True)
class AccessToken:
    """A bearer token."""

    grant: Grant
    expires_at: datetime


class IdentityServer:
    """Issues and checks tokens; every text it gives out is opaque and follows from the seed."""

    def __init__(self, clock: TenantClock, account: Account, seed: int) -> None:
        """Begin without any token."""
        self._clock = clock
        self._account = account
        self._random = seeded(seed, "tokens")
        self._access: dict[str, AccessToken] = {}
        self._refresh: dict[str, Grant] = {}
        self._codes: dict[str, Grant] = {}

    def bearer(self, text: str) -> AccessToken | None:
        """The token behind a bearer header, or None if it is unknown, revoked or expired."""
        token = self._access.get(text)
        return token if token and self._clock.now() < token.expires_at else None

    def handle(self, request: Request, path: str, options: SandboxOptions, base_url: str) -> Response:
        """Answer a request below `/identity/`."""
        if request.method == "GET" and path == ".well-known/openid-configuration":
            return json_response(200, discovery(f"{base_url}/identity"))
        if request.method == "GET" and path == ".well-known/openid-configuration/jwks":
            return json_response(200, {"keys": []})
        if request.method == "GET" and path == "connect/authorize":
            return self._authorize(request.parameters, options)
        if request.method == "GET" and path == "connect/userinfo":
            return self._user(request, options)
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        if request.method == "POST" and path == "connect/token":
            return self._token(form, options)
        if request.method == "POST" and path == "connect/revocation":
            return self._revoke(form, options)
        return plain_text(404, "")

    def consent(self, options: SandboxOptions, scope: str = "api offline_access") -> str:
        """A refresh token as a person obtains it once by signing in with a browser."""
        return self._new_refresh(self._grant(options, scope, options.tenant))

    def expire_all(self) -> None:
        """Make every access token invalid, as a restart of the identity server does."""
        self._access.clear()

    def _grant(self, options: SandboxOptions, scope: str, tenant: str) -> Grant:
        ends_at = self._clock.now() + timedelta(days=options.refresh_days)
        return Grant(scope=scope, tenant=tenant, ends_at=ends_at, session_ids=[])

    def _token(self, form: dict[str, str], options: SandboxOptions) -> Response:
        kind = form.get("grant_type", "")
        tenant = check_client(form, options)
        check_flow(kind, options)
        if kind == "password":
            return self._password(form, options, tenant)
        if kind == "refresh_token":
            return self._answer(self._redeem(self._refresh, form.get("refresh_token", ""), tenant), options)
        if kind == "authorization_code":
            return self._answer(self._redeem(self._codes, form.get("code", ""), tenant), options)
        if kind == "client_credentials":
            raise identity_error(options.no_client_credentials)
        raise identity_error("unsupported_grant_type")

    def _password(self, form: dict[str, str], options: SandboxOptions, tenant: str) -> Response:
        tried = self._account.try_password(options, form.get("username", ""), form.get("password", ""))
        if tried is not SignIn.ACCEPTED:
            raise identity_error("invalid_grant", "invalid_username_or_password")
        if "api" not in form.get("scope", "").replace(":", " ").split():
            raise identity_error("invalid_scope")
        return self._answer(self._grant(options, form["scope"], tenant), options)

    def _redeem(self, grants: dict[str, Grant], text: str, tenant: str) -> Grant:
        """The grant behind a refresh token or a code, which is spent by that; another tenant's application spends nothing."""
        grant = grants.get(text)
        if grant is None or grant.tenant != tenant or self._clock.now() >= grant.ends_at:
            raise identity_error("invalid_grant")
        del grants[text]
        return grant

    def _authorize(self, form: dict[str, str], options: SandboxOptions) -> Response:
        """Stands in for the sign-in page: consents at once and sends the browser back with a code."""
        if form.get("client_id") != options.client_id or form.get("response_type") != "code":
            raise identity_error("unauthorized_client")
        check_flow("authorization_code", options)
        code = self._text(43)
        self._codes[code] = self._grant(options, form.get("scope", "api"), options.tenant)
        where = f"{form.get('redirect_uri', '')}?code={code}&state={quote(form.get('state', ''))}"
        return Response(status=302, headers=(("Location", where),))

    def _revoke(self, form: dict[str, str], options: SandboxOptions) -> Response:
        """Kill a token; the seat of its session stays taken."""
        check_client(form, options)
        self._access.pop(form.get("token", ""), None)
        self._refresh.pop(form.get("token", ""), None)
        return Response(status=200)

    def _user(self, request: Request, options: SandboxOptions) -> Response:
        token = self.bearer(request.header("Authorization").partition(" ")[2])
        if token is None:
            raise unauthorized()
        return json_response(
            200, {"sub": f"{options.username}@{token.grant.tenant}", "name": options.username}
        )

    def _answer(self, grant: Grant, options: SandboxOptions) -> Response:
        access = self._text(43)
        expires_at = self._clock.now() + timedelta(seconds=options.token_seconds)
        self._access[access] = AccessToken(grant=grant, expires_at=expires_at)
        seconds = options.token_seconds
        body: dict[str, object] = {
            "access_token": access,
            "expires_in": str(seconds) if options.expires_in_as_text else seconds,
            "token_type": "Bearer",
        }
        if grant.allows("offline_access"):
            body["refresh_token"] = self._new_refresh(grant)
        return json_response(200, body | {"scope": grant.scope}, ("Cache-Control", "no-store"))

    def _new_refresh(self, grant: Grant) -> str:
        text = self._text(64)
        self._refresh[text] = grant
        return text

    def _text(self, length: int) -> str:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return "".join(self._random.choices(letters, k=length))


def check_client(form: dict[str, str], options: SandboxOptions) -> str:
    """The tenant of the application, which the suffix of its id decides; an unknown one is refused."""
    guid, _, suffix = form.get("client_id", "").partition("@")
    tenants = {name.casefold(): name for name in (options.tenant, *options.other_tenants)}
    tenant = tenants.get(suffix.casefold())
    secret = form.get("client_secret", "").encode()
    is_known = guid.casefold() == options.client_guid.casefold()
    if tenant is None or not is_known or not hmac.compare_digest(secret, options.client_secret.encode()):
        raise identity_error("invalid_client")
    return tenant


def check_flow(kind: str, options: SandboxOptions) -> None:
    """Refuse a flow the application is not registered for; whatever its flow, it may refresh the tokens it was given."""
    if kind in FLOWS and options.application_flow not in ("", kind):
        raise identity_error("unauthorized_client")


def discovery(issuer: str) -> dict[str, object]:
    """The OpenID configuration; there is no client-credentials flow."""
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/openid-configuration/jwks",
        "authorization_endpoint": f"{issuer}/connect/authorize",
        "token_endpoint": f"{issuer}/connect/token",
        "userinfo_endpoint": f"{issuer}/connect/userinfo",
        "revocation_endpoint": f"{issuer}/connect/revocation",
        "scopes_supported": ["openid", "profile", "email", "api", "api:concurrent_access", "offline_access"],
        "grant_types_supported": ["authorization_code", "refresh_token", "implicit", "password"],
        "code_challenge_methods_supported": ["S256"],
    }
