"""One HTTP exchange at a time with the instance: with time limits, without redirects, raising only our own errors."""

import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookiejar import Cookie, DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict
from requests.utils import select_proxy

from connector import USER_AGENT
from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.network import check_name_and_certificate, network_error
from connector.adapters.acumatica.pace import Pace
from connector.errors import SourceUnavailableError
from connector.ports import Clock

CONNECT_TIMEOUT = timedelta(seconds=10)
READ_TIMEOUT = timedelta(seconds=300)
"""Read timeout: long, because a request queued by the licence looks just like a slow one."""
ANSWER_LIMIT = timedelta(seconds=900)
"""Time limit of a whole response, so that a slowly arriving body cannot last forever."""
CHUNK = 256 * 1024
HEADERS = {"Accept": "application/json", "User-Agent": USER_AGENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request. `query` is already encoded; `form` is sent as a web form and `json` as JSON."""

    url: str
    method: str = "GET"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: Mapping[str, str] | None = field(default=None, repr=False)
    limit: timedelta | None = None
    """Time this request may take whatever the deadline says; None: what the deadline leaves."""
    most_bytes: int | None = None
    """How much of a body is read; the rest is left unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response. `complete` is False if the connection broke inside the body; `is_cut`: no more of it was wanted."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    complete: bool
    sent_at: datetime
    duration: timedelta
    is_cut: bool = False


class BearerToken(AuthBase):
    """Sends the access token. Being an `auth`, it also keeps a stray .netrc from replacing the header."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header, if there is a token."""
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class LoopbackPolicy(DefaultCookiePolicy):
    """Accepts `Secure` cookies over http, because nothing leaves this machine."""

    def set_ok(self, cookie: Cookie, request: urllib.request.Request) -> bool:
        """Keep the cookie as one that may travel over plain http."""
        cookie.secure = False
        return super().set_ok(cookie, request)


class Unredirected(requests.Session):
    """Looks for no redirect: `allow_redirects=False` alone still reads where one leads, and fails if that is not UTF-8."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return that there is none; whoever asked reads the header."""


class Transport:
    """A connection to one instance. It holds the cookies of a cookie session and the count of requests."""

    def __init__(self, address: Address, clock: Clock, pace: Pace, deadline: datetime | None) -> None:
        self._address = address
        self._clock = clock
        self._pace = pace
        self._deadline = deadline
        self._session = Unredirected()
        self._session.headers.update(HEADERS)
        self._proxies = {"no_proxy": urlsplit(address.root).hostname or ""} if address.loopback else None
        self._reached = False
        self.requests_made = 0
        self.keep_cookies(wanted=False)

    def keep_cookies(self, *, wanted: bool) -> None:
        """Forget all cookies, and keep new ones if wanted: a bearer session needs none and they could change its branch.

        On this machine's own address `Secure` cookies travel over plain http too.
        """
        kind = LoopbackPolicy if self._address.loopback else DefaultCookiePolicy
        policy = kind(allowed_domains=None if wanted else [])
        self._session.cookies = requests.cookies.RequestsCookieJar(policy)

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies held now, by name."""
        return {cookie.name: cookie.value or "" for cookie in self._session.cookies}

    def try_to_reach(self) -> None:
        """Raise the error if the host cannot be found or trusted, without sending it a request. Skipped behind a proxy."""
        root = self._address.root
        chosen = self._session.merge_environment_settings(root, self._proxies or {}, None, None, None)
        if select_proxy(root, chosen["proxies"]) is None:
            check_name_and_certificate(root, chosen["verify"] or True)

    def send(self, request: Request, token: str | None) -> Answer:
        """Return the response, whatever its status; raise if there is none."""
        self._pace.wait()
        limit = request.limit or self._time_left()
        self.requests_made += 1
        sent_at, started = self._clock.now(), time.monotonic()
        try:
            response = self._open(request, token, limit)
            with response:
                self._reached = True
                body, complete = _read(response, started + limit.total_seconds(), request.most_bytes)
        except (requests.RequestException, OSError) as exc:
            raise network_error(exc, self._address.host, reached=self._reached) from None
        elapsed = timedelta(seconds=time.monotonic() - started)
        return Answer(
            status=response.status_code,
            headers=CaseInsensitiveDict(response.headers),
            body=body,
            complete=complete,
            is_cut=request.most_bytes is not None and len(body) > request.most_bytes,
            sent_at=sent_at,
            duration=max(elapsed, self._clock.now() - sent_at),
        )

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _open(self, request: Request, token: str | None, limit: timedelta) -> requests.Response:
        url = f"{request.url}?{request.query}" if request.query else request.url
        return self._session.request(
            request.method,
            url,
            headers=dict(request.headers),
            data=request.form,
            json=request.json,
            auth=BearerToken(token),
            proxies=self._proxies,
            allow_redirects=False,
            stream=True,
            timeout=(
                min(CONNECT_TIMEOUT, limit).total_seconds(),
                min(READ_TIMEOUT, limit).total_seconds(),
            ),
        )

    def _time_left(self) -> timedelta:
        if self._deadline is None:
            return ANSWER_LIMIT
        left = self._deadline - self._clock.now()
        if left <= timedelta(0):
            error = SourceUnavailableError(
                "The time budget of this run is used up, so Acumatica was not asked again.",
                action="Call again; if every call ends so, raise SYNC_TIME_BUDGET_SECONDS.",
            )
            error.is_out_of_time = True
            raise error
        return min(left, ANSWER_LIMIT)


def _read(response: requests.Response, ends_at: float, most_bytes: int | None) -> tuple[bytes, bool]:
    """Return the body, as far as it was sent in time and wanted, and whether it did not break off."""
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in response.iter_content(CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if most_bytes is not None and size > most_bytes:
                break
            if time.monotonic() > ends_at:
                return b"".join(chunks), False
    except (requests.RequestException, OSError):
        return b"".join(chunks), False
    return b"".join(chunks), True
