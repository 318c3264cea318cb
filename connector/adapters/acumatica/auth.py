"""Signs in with any of three forms of secret; credentials refused once are never sent again."""

import logging
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import msgspec

from connector.adapters.acumatica.address import Address
from connector.adapters.acumatica.echoes import without_secrets
from connector.adapters.acumatica.json_body import decode_body
from connector.adapters.acumatica.lockout_guard import check_not_refused, fingerprint_refusal
from connector.adapters.acumatica.network import NoAnswerError
from connector.adapters.acumatica.rotation import Rotation
from connector.adapters.acumatica.secret import (
    CookieSecret,
    PasswordSecret,
    RefreshSecret,
    Secret,
    parse_secret,
    register_secrets_of,
    tenant_of,
)
from connector.adapters.acumatica.sign_in_errors import check_login, check_token
from connector.adapters.acumatica.transport import Answer, Request, Transport
from connector.domain.entity_state import Origin, RefusedSignIn
from connector.errors import (
    CredentialsError,
    OtherTenantError,
    SecretUnavailableError,
    SourceAnswerError,
    SourceInMaintenanceError,
    SourceSetupError,
    SourceUnavailableError,
    TransientError,
)
from connector.ports import Clock
from connector.redaction import redact, register_secret

logger = logging.getLogger(__name__)

ANOTHER_IS_STORING = (timedelta(0), timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8))
"""When to look again whether another run has stored the successor of the refused token."""
MAX_ROUNDS = 5
"""How often a token that another run has used is replaced by the newest stored one."""
SESSION_COOKIES = (".ASPXAUTH", "ASP.NET_SessionId")
"""Cookies that identify a session; they are secrets like an access token."""
UNCERTAIN_LIMIT = 2
UNCERTAIN_WAIT = timedelta(minutes=15)
"""Pause after sign-ins of unknown outcome: they may count towards the lock-out, whose counter resets in time."""


class SignIn:
    """Turns the secret into a session. `credentials` reads the secret afresh; `rotation` stores a rotated one."""

    def __init__(
        self,
        address: Address,
        transport: Transport,
        credentials: Callable[[], bytes],
        rotation: Rotation,
        clock: Clock,
    ) -> None:
        self._address = address
        self._transport = transport
        self._credentials = credentials
        self._rotation = rotation
        self._clock = clock
        self._refused: dict[Secret, CredentialsError] = {}
        self._insists = False
        self._uncertain = 0
        self._held_back: SourceUnavailableError | None = None
        self.tenant = ""
        """The tenant of the last session, as far as the secret or the cookies reveal it."""
        self.is_tenant_known = False
        """Whether the tenant is certain: from the client id or the session cookies, rather than only requested."""
        self.refused_before: RefusedSignIn | None = None
        """The sign-in refused last, in this run or an earlier one; None once a sign-in succeeded."""
        self.expected: Origin | None = None
        """The only origin that may be signed in to; None allows any."""
        self.reached: Origin | None = None
        """The origin of the last sign-in."""
        self.granted: str | None = None
        """The newest access token, even if signing in failed after it was granted: its seat must still be freed."""

    def open(self) -> str | None:
        """Return a new access token, or None if the session is held by cookies.

        Raises CredentialsError once the secret is refused and no other one is found in its place.
        """
        self._rotation.finish()
        try:
            return self._open_in_turn()
        finally:
            self._rotation.give_turn_back()

    def _open_in_turn(self) -> str | None:
        raw = self._credentials()
        if isinstance(parse_secret(raw), RefreshSecret) and self._rotation.take_turn():
            raw = self._credentials()
        for _ in range(MAX_ROUNDS):
            secret = parse_secret(raw)
            register_secrets_of(secret)
            try:
                return self._open(secret)
            except CredentialsError as exc:
                self._refused[secret] = exc
                if exc.may_lock_account and not isinstance(secret, RefreshSecret):
                    self.refused_before = fingerprint_refusal(secret, self._address.root, self._clock.now())
                newer = self._newer(secret)
                if newer is None:
                    raise
                raw = newer
        raise SourceUnavailableError(
            "Other runs kept taking the Acumatica refresh token at the same time.",
            action="Call again; raise ACUMATICA_MAX_SESSIONS only as far as there are licensed seats.",
        )

    def retry_refused_credentials(self) -> None:
        """Retry credentials that earlier runs were refused, because a person asks for it after repairing the account."""
        self._insists = True

    def close(self) -> None:
        """Make the last attempt to store a refresh token that could not be stored; never raises."""
        self._rotation.finish_quietly()

    def _open(self, secret: Secret) -> str | None:
        if secret in self._refused:
            raise self._refused[secret]
        if not self._insists:
            check_not_refused(secret, self._address.root, self.refused_before)
        token = self._enter(secret)
        self.refused_before, self._uncertain, self.reached = None, 0, self._origin()
        return token

    def _enter(self, secret: Secret) -> str | None:
        self._transport.keep_cookies(wanted=isinstance(secret, CookieSecret))
        self.tenant, self.is_tenant_known = tenant_of(secret), not isinstance(secret, CookieSecret)
        self._check_origin("ACUMATICA_URL and the secret name")
        if isinstance(secret, CookieSecret):
            self._log_in(secret)
            return None
        if isinstance(secret, PasswordSecret):
            form = {"username": secret.username, "password": secret.password, "scope": "api"}
            return self._grant(secret, form).access_token
        return self._refresh(secret)

    def _newer(self, refused: Secret) -> bytes | None:
        """Return the secret if it has changed meanwhile. Waits for a token that another run is just rotating.

        Returns None if the secret cannot be read again, so that the refusal is reported instead.
        """
        waits = ANOTHER_IS_STORING if isinstance(refused, RefreshSecret) else ANOTHER_IS_STORING[:1]
        for wait in waits:
            if wait:
                logger.warning(
                    "Acumatica refused the refresh token; another run may be storing its successor: looking again in %d s",
                    wait.total_seconds(),
                    extra={"event": "retry"},
                )
            self._clock.sleep(wait)
            try:
                raw = self._credentials()
                if parse_secret(raw) not in self._refused:
                    return raw
            except SecretUnavailableError:
                return None
        return None

    def _refresh(self, secret: RefreshSecret) -> str:
        """Store the new refresh token, then return the access token; the grant has invalidated the old refresh token."""
        self._rotation.check_storable()
        tokens = self._grant(secret, {"refresh_token": secret.refresh_token})
        if tokens.refresh_token and tokens.refresh_token != secret.refresh_token:
            self._rotation.keep(secret.refresh_token, tokens.refresh_token)
        return tokens.access_token

    def _grant(self, secret: PasswordSecret | RefreshSecret, form: dict[str, str]) -> "_Tokens":
        form |= {"client_id": secret.client_id, "client_secret": secret.client_secret}
        form["grant_type"] = "password" if isinstance(secret, PasswordSecret) else "refresh_token"
        answer = self._send(Request(method="POST", url=self._address.token, form=form))
        try:
            check_token(without_secrets(answer), secret)
            tokens = _read_tokens(answer)
        except SourceAnswerError as exc:
            raise self._count(exc) from None
        self.granted = tokens.access_token
        return tokens

    def _log_in(self, secret: CookieSecret) -> None:
        members = {"name": secret.username, "password": secret.password}
        members |= {"tenant": secret.tenant} if secret.tenant else {}
        members |= {"branch": secret.branch} if secret.branch else {}
        answer = self._send(Request(method="POST", url=self._address.login, json=members))
        for name in SESSION_COOKIES:
            register_secret(self._transport.cookies.get(name, ""))
        try:
            check_login(without_secrets(answer), secret)
        except SourceInMaintenanceError:
            raise
        except (SourceUnavailableError, SourceAnswerError) as exc:
            raise self._count(exc) from None
        reached = redact(unquote(self._transport.cookies.get("CompanyID", "")))
        if reached and secret.tenant and reached.casefold() != secret.tenant.casefold():
            raise SourceSetupError(
                f"The sign-in led to the tenant {reached}, not to {secret.tenant}.",
                action="Set the secret's tenant to the Login Name on the Tenants form (SM203520).",
            )
        self.tenant, self.is_tenant_known = reached or secret.tenant, bool(reached)
        self._check_origin("this sign-in led to")

    def _origin(self) -> Origin | None:
        return Origin(instance=self._address.instance, tenant=self.tenant) if self.tenant else None

    def _check_origin(self, what: str) -> None:
        """Raise OtherTenantError if an origin other than the required one, or than the first one, is configured or reached.

        If the host cannot be found or trusted, that error is raised instead.
        """
        origin, allowed = self._origin(), self.expected or self.reached
        if origin is not None and allowed is not None and not origin.is_same(allowed):
            self._transport.try_to_reach()
            so_far = "The warehouse is a copy of" if self.expected else "This run began to read"
            raise OtherTenantError(
                f"{so_far} {allowed}, but {what} {origin}.",
                action="Correct ACUMATICA_URL or the secret, or give the other tenant a dataset and a state of its own "
                "(BIGQUERY_DATASET and FIRESTORE_PREFIX, or WAREHOUSE and STATE). If it is the same tenant, renamed or "
                "moved, run check with force once.",
            )

    def _send(self, request: Request) -> Answer:
        if self._held_back is not None:
            raise self._held_back
        try:
            return self._transport.send(request, None)
        except NoAnswerError as exc:
            raise self._count(exc) from None

    def _count(self, exc: TransientError) -> TransientError:
        """Return the error for a sign-in of unknown outcome; after two of them, none is sent for a while."""
        self._uncertain += 1
        if self._uncertain < UNCERTAIN_LIMIT:
            return exc
        self._held_back = SourceUnavailableError(
            f"{exc.message} That was attempt {self._uncertain} to sign in with an unknown outcome.",
            action=f"No more are sent for now, as they could lock the account. {exc.action}",
            retry_after=UNCERTAIN_WAIT,
        )
        return self._held_back


def _read_tokens(answer: Answer) -> "_Tokens":
    """Return the tokens, and register them as secrets."""
    try:
        tokens = decode_body(answer.body, _Tokens)
    except msgspec.DecodeError:
        raise SourceAnswerError(
            "Acumatica's identity server answered without an access token.",
            action="Wait and call again; check ACUMATICA_URL if it stays so.",
        ) from None
    register_secret(tokens.access_token)
    register_secret(tokens.refresh_token or "")
    return tokens


class _Tokens(msgspec.Struct):
    access_token: str
    refresh_token: str | None = None
