"""API sessions: each one is a seat of the licence until it is signed out or times out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from .clock import TenantClock
from .messages import Response, html_response, json_response
from .options import SandboxOptions
from .problems import Refusal, plain_text, server_error
from .rows import seeded

LIMIT_TEXT = "The number of concurrent API logins has been reached. (API Login Limit)"


@dataclass(slots=True, kw_only=True)
class Session:
    """One signed-in session; a session answers one request at a time."""

    id: str
    aspx_auth: str
    is_cookie: bool
    tenant: str
    forbidden: frozenset[str]
    """Rights as they were at sign-in: later grants need a new session."""
    used_at: datetime
    expires_at: datetime | None = None
    is_basic: bool = False
    """Opened by a name and password sent with a request: it counts as a user, not as an API session."""
    turn: Lock = field(default_factory=Lock)


class Sessions:
    """The open sessions of the instance."""

    def __init__(self, clock: TenantClock, seed: int) -> None:
        """Begin with nobody signed in."""
        self._clock = clock
        self._random = seeded(seed, "sessions")
        self._open: dict[str, Session] = {}

    def open(
        self,
        options: SandboxOptions,
        *,
        is_cookie: bool,
        tenant: str,
        expires_at: datetime | None = None,
        is_basic: bool = False,
    ) -> Session:
        """Take a seat, or refuse in the dialect that is set when none is left."""
        taken = self.count(options)
        if options.seat_limit is not None and taken >= options.seat_limit and not is_basic:
            raise Refusal(refusal(options))
        session = Session(
            id=self._text("abcdefghijklmnopqrstuvwxyz012345", 24),
            aspx_auth=self._text("0123456789ABCDEF", 96),
            is_cookie=is_cookie,
            tenant=tenant,
            forbidden=frozenset(options.forbidden),
            used_at=self._clock.now(),
            expires_at=expires_at,
            is_basic=is_basic,
        )
        self._open[session.id] = session
        return session

    def find(self, session_id: str, options: SandboxOptions) -> Session | None:
        """The open session of that id, now used once more, or None."""
        self.sweep(options)
        session = self._open.get(session_id)
        if session is not None:
            session.used_at = self._clock.now()
        return session

    def by_cookie(self, aspx_auth: str, options: SandboxOptions) -> Session | None:
        """The open session with that authentication cookie, or None."""
        found = next((item for item in self._open.values() if item.aspx_auth == aspx_auth), None)
        return self.find(found.id, options) if found else None

    def close(self, session_id: str) -> None:
        """Free a seat; closing twice is harmless."""
        self._open.pop(session_id, None)

    def close_all(self) -> None:
        """Free every seat, as a restart of the site does."""
        self._open.clear()

    def sweep(self, options: SandboxOptions) -> None:
        """End the sessions that were idle for too long or whose token has expired."""
        now = self._clock.now()
        idle = timedelta(seconds=options.idle_seconds)
        for session in list(self._open.values()):
            is_idle = session.is_cookie and now - session.used_at >= idle
            is_over = session.expires_at is not None and now >= session.expires_at
            if is_idle or is_over:
                self.close(session.id)

    def count(self, options: SandboxOptions) -> int:
        """How many seats are taken now."""
        self.sweep(options)
        return sum(not session.is_basic for session in self._open.values())

    def count_basic(self, options: SandboxOptions) -> int:
        """How many sessions are open that requests with a name and password began."""
        self.sweep(options)
        return sum(session.is_basic for session in self._open.values())

    def _text(self, letters: str, length: int) -> str:
        return "".join(self._random.choices(letters, k=length))


def refusal(options: SandboxOptions) -> Response:
    """What a client sees when every seat is taken: a 500, a 429 in plain text, or a redirect to a page."""
    if options.seat_dialect == "text":
        return plain_text(429, LIMIT_TEXT)
    if options.seat_dialect == "redirect":
        where = (
            f"{options.base_path}/Frames/Error.aspx?exceptionID=1&message={LIMIT_TEXT.replace(' ', '%20')}"
        )
        return html_response(302, "Object moved", ("Location", where))
    return server_error("PX.Data.PXException", LIMIT_TEXT).response


def cookie_headers(session: Session, now: datetime) -> list[tuple[str, str]]:
    """The cookies of a successful sign-in."""
    expires = (now + timedelta(days=3)).strftime("%a, %d-%b-%Y %H:%M:%S GMT")
    cookies = [
        f"ASP.NET_SessionId={session.id}; path=/; HttpOnly; SameSite=Lax",
        f".ASPXAUTH={session.aspx_auth}; path=/; HttpOnly; SameSite=None",
        f"CompanyID={session.tenant}; expires={expires}; path=/",
        "Locale=Culture=en-US&TimeZone=GMTM0800A; path=/",
        "UserBranch=1; path=/",
    ]
    return [("Set-Cookie", cookie) for cookie in cookies]


def expired_cookies() -> list[tuple[str, str]]:
    """The cookies of a sign-out: empty and long expired."""
    past = "expires=Tue, 12-Oct-1999 00:00:00 GMT; path=/; HttpOnly"
    return [("Set-Cookie", f"{name}=; {past}") for name in (".ASPXAUTH", "ASP.NET_SessionId")]


def signed_out() -> Response:
    """The answer to a sign-out."""
    return Response(status=204, headers=tuple(expired_cookies()))


def error_page(path: str) -> Response:
    """The page a refused bearer call is redirected to, for clients that follow."""
    title = "API Login Limit" if "Error.aspx" in path else "The site is being updated"
    return html_response(200, title)


def identity_error(code: str, description: str = "") -> Refusal:
    """A 400 as the identity server writes it."""
    body = {"error": code} | ({"error_description": description} if description else {})
    return Refusal(json_response(400, body, ("Cache-Control", "no-store")))
