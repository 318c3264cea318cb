"""A signed-in session: one request at a time, a new sign-in when the session expired, and always a sign-out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import RLock
from typing import TypeVar

import msgspec

from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.auth import SignIn
from connector.adapters.acumatica.echoes import without_secrets
from connector.adapters.acumatica.error_mapping import (
    Subject,
    is_page_of_ended_session,
    is_unexplained,
    refusal,
    unreadable,
)
from connector.adapters.acumatica.responses import is_unauthorised
from connector.adapters.acumatica.transport import Answer, Request, Transport
from connector.adapters.retrying import Retry
from connector.errors import ConnectorError
from connector.ports import Clock

T = TypeVar("T")

SIGN_OUT_LIMIT = timedelta(seconds=30)
SIGN_OUT_TRIES = (timedelta(0), timedelta(seconds=1), timedelta(seconds=3))
"""Time for signing out: a seat that is not released stays taken for up to an hour."""

SESSION_COOKIE = ".ASPXAUTH"
QUICK_WAITS = timedelta(minutes=1)
"""What a check waits for a full queue, all its requests together; the requests themselves take the time they take."""
UNEXPLAINED_LIMIT = 2
NO_SESSION_HERE = (401, 404)
"""Statuses of a sign-out response that mean the session no longer exists."""


@dataclass(slots=True, kw_only=True)
class _SignedIn:
    token: str | None
    has_served: bool = False
    """Whether the session has answered a request: until it has, signing in again would not help."""
    unexplained: int = 0
    """How many answers in a row may mean that the session has ended."""


class Session:
    """Signs in at the first request. Calls from several threads wait for each other: the session serves one at a time."""

    def __init__(
        self, transport: Transport, sign_in: SignIn, address: Address, clock: Clock, retry: Retry
    ) -> None:
        self._transport = transport
        self._sign_in = sign_in
        self._sign_out = Request(
            method="POST", url=address.logout, headers={"Content-Length": "0"}, limit=SIGN_OUT_LIMIT
        )
        self._clock = clock
        self._retry = retry
        self._signed_in: _SignedIn | None = None
        self._turn = RLock()
        self.data_requests = 0

    def fetch(
        self,
        request: Request,
        subject: Subject,
        read: Callable[[Answer], T],
        *,
        specific_attempts: int | None = None,
    ) -> T:
        """Return what `read` makes of the response; once the retries are used up, raise the error.

        A body that `read` finds broken (it raises msgspec.DecodeError) is asked for again like any other failure.
        `specific_attempts` as of `Retry`: for a request that can be made smaller.
        """
        with self._turn:
            retry = replace(self._retry, specific_attempts=specific_attempts)
            return retry.call(self._attempt, request, subject, read)

    def sign_in(self) -> None:
        """Sign in now, if not yet done."""
        with self._turn:
            self._retry.call(self._ensure)

    def limit_retries(self) -> None:
        """From now on try everything at most twice, and stop waiting after a minute, because a person waits for the findings."""
        ends_at = self._clock.now() + QUICK_WAITS
        self._retry = replace(
            self._retry,
            attempts=min(self._retry.attempts, 2),
            deadline=min(self._retry.deadline or ends_at, ends_at),
        )

    def close(self) -> None:
        """Sign out and close the connection; never raises."""
        with self._turn:
            self._sign_in.close()
            self._leave(SIGN_OUT_TRIES)
            self._transport.close()

    def _attempt(self, request: Request, subject: Subject, read: Callable[[Answer], T]) -> T:
        answer = self._send(request)
        if self._has_ended(answer, subject):
            self._leave(SIGN_OUT_TRIES[:1])
            answer = self._send(request)
            self._has_ended(answer, subject)
        error = refusal(answer, subject)
        if error is not None:
            raise error
        try:
            return read(answer)
        except msgspec.DecodeError:
            raise unreadable(subject) from None

    def _has_ended(self, answer: Answer, subject: Subject) -> bool:
        """Whether the session seems to have ended, which Acumatica does not always say with a 401; note what the answer tells.

        Other answers count only for a cookie session that has served before. One answer that explains nothing may be a passing failure; the second in a row is taken for the end of the session.
        """
        session = self._signed_in
        if is_unauthorised(answer):
            return True
        if session is None or session.token is not None:
            return False
        is_page = is_page_of_ended_session(answer)
        if not is_page and not is_unexplained(answer, subject):
            session.has_served, session.unexplained = True, 0
            return False
        session.unexplained += 1
        return session.has_served and (is_page or session.unexplained >= UNEXPLAINED_LIMIT)

    def _send(self, request: Request) -> Answer:
        token = self._ensure()
        self.data_requests += 1
        return without_secrets(self._transport.send(request, token))

    def _ensure(self) -> str | None:
        if self._signed_in is None:
            self._leave(SIGN_OUT_TRIES[:1])
            self._signed_in = _SignedIn(token=self._sign_in.open())
        return self._signed_in.token

    def _leave(self, tries: tuple[timedelta, ...]) -> None:
        """Release the seat if possible, and forget the session.

        A sign-in that failed half-way may hold a seat too, if it left a token or cookie.
        """
        signed_in, self._signed_in = self._signed_in, None
        token, self._sign_in.granted = self._sign_in.granted, None
        if signed_in is None and token is None and SESSION_COOKIE not in self._transport.cookies:
            return
        for wait in tries:
            self._clock.sleep(wait)
            if self._signed_out(token):
                break
        self._transport.keep_cookies(wanted=False)

    def _signed_out(self, token: str | None) -> bool:
        try:
            answer = self._transport.send(self._sign_out, token)
        except ConnectorError:
            return False
        left = answer.status in (200, 204) and not answer.body.strip()
        return left or answer.status in NO_SESSION_HERE
