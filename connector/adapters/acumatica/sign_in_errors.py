"""What a refused sign-in means, and which form in Acumatica mends it."""

import re

import msgspec

from connector.adapters.acumatica.error_body import Fault
from connector.adapters.acumatica.error_mapping import FREE_A_SEAT, NotThereError, Subject, refusal
from connector.adapters.acumatica.responses import recognisable_text
from connector.adapters.acumatica.secret import CookieSecret, PasswordSecret, RefreshSecret, tenant_of
from connector.adapters.acumatica.transport import Answer
from connector.errors import (
    ConfigurationError,
    CredentialsError,
    SessionsBusyError,
    SourceSetupError,
    SourceThrottledError,
)

SIGN_IN = Subject(text="the sign-in")
JUDGED = ("invalid credential", "invalidcredential")
"""Words of a refused password, in a sentence or in the name of an exception."""
AUTHORISE = "Let a person authorise the connected application once more and store the new refresh token in the secret."
APPLICATION = (
    "Compare the secret's client_id and client_secret with the Connected Applications form (SM303010); a shared "
    "secret may have expired."
)
USER = (
    "Correct the user name or password in the secret. On the Users form (SM201010) check that the user is active, not "
    "locked out, has no password change pending and may use the API. They are not tried again before the secret changes or "
    "check is run: that could lock the account."
)


def check_token(answer: Answer, secret: PasswordSecret | RefreshSecret) -> None:
    """Return when the identity server gave a token; else raise what its error code means."""
    error = refusal(answer, SIGN_IN)
    if error is None:
        return
    if isinstance(error, SessionsBusyError | SourceThrottledError):
        raise error
    if isinstance(error, NotThereError):
        raise ConfigurationError(
            "There is no Acumatica identity server below ACUMATICA_URL (404).",
            action="Check ACUMATICA_URL: the virtual directory is part of it, /entity is not.",
        )
    if 400 <= answer.status < 500:
        raise _refused_token(_code(answer), answer.status, secret)
    raise error


def check_login(answer: Answer, secret: CookieSecret) -> None:
    """Return when a cookie session was opened; else raise what its refusal means."""
    if answer.status == 204 or (answer.status == 200 and not answer.body.strip()):
        return
    error = refusal(answer, SIGN_IN)
    if error is None:
        return
    if isinstance(error, NotThereError):
        raise ConfigurationError(
            "There is no Acumatica API below ACUMATICA_URL (404).",
            action="Check ACUMATICA_URL: the virtual directory is part of it, /entity is not.",
        )
    if isinstance(error, SourceThrottledError):
        raise SessionsBusyError(
            "Acumatica declines the sign-in for now (429): most likely no API session is free.",
            action=FREE_A_SEAT,
        )
    if not isinstance(error, SessionsBusyError) and 400 <= answer.status < 600:
        _raise_refused_login(answer, secret)
    raise error


def _raise_refused_login(answer: Answer, secret: CookieSecret) -> None:
    """Raise what a person must mend. Acumatica says even «wrong password» with status 500, in the user's language."""
    fault = Fault.parse(answer.body)
    words = fault.detail.casefold()
    if fault.is_a("PXUndefinedCompany") or "company id" in words:
        raise SourceSetupError(
            f"Acumatica does not know the tenant {secret.tenant or '(none named)'}.",
            action="Set the secret's tenant to the Login Name on the Tenants form (SM203520).",
        )
    if re.search(r"\blocked\b", words):  # a database may be deadlocked
        raise CredentialsError(
            f"The Acumatica account {secret.username} is locked out.",
            action="Unlock it on the Users form (SM201010), after correcting the password in the secret; then run check.",
            may_lock_account=True,
        )
    if answer.status < 500 or _is_judged(answer, fault):
        said = f": {fault.sentence}" if fault.sentence else f" with status {answer.status}."
        raise CredentialsError(
            f"Acumatica refuses the sign-in of {secret.username}{said}",
            action=USER,
            may_lock_account=True,
        )


def _is_judged(answer: Answer, fault: Fault) -> bool:
    """Whether Acumatica itself decided on the user and the password; a failure of the site did not."""
    words = recognisable_text(answer)
    return any(kind.startswith("PX") for kind in fault.types) or any(mark in words for mark in JUDGED)


def _refused_token(code: str, status: int, secret: PasswordSecret | RefreshSecret) -> CredentialsError:
    if code == "invalid_grant" and isinstance(secret, RefreshSecret):
        return CredentialsError(
            "The Acumatica refresh token is no longer valid: used already, revoked, or older than 30 days.",
            action=f"{AUTHORISE} If an earlier run could not store its new token, its log says why: mend that first.",
        )
    if code == "invalid_grant" and isinstance(secret, PasswordSecret):
        return CredentialsError(
            f"Acumatica refuses the user {secret.username} or the password in the tenant {tenant_of(secret)}.",
            action=USER,
            may_lock_account=True,
        )
    if code == "invalid_client":
        return CredentialsError(
            "Acumatica does not know the connected application, or its client secret is wrong.",
            action=APPLICATION,
        )
    if code in ("unauthorized_client", "unsupported_grant_type"):
        flow = (
            "Resource Owner Password Credentials"
            if isinstance(secret, PasswordSecret)
            else "Authorization Code"
        )
        return CredentialsError(
            f"The connected application is not registered for this flow ({code}).",
            action=f"Register one with the flow {flow} on the Connected Applications form (SM303010).",
        )
    if code == "invalid_scope":
        return CredentialsError(
            "The connected application may not use the scope api.", action="Check it on form SM303010."
        )
    return CredentialsError(
        f"Acumatica's identity server refuses the sign-in ({status}).", action=APPLICATION
    )


def _code(answer: Answer) -> str:
    """Return the OAuth error code. Nothing else of that body is used: it can echo what was sent."""
    try:
        members = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return str(members.get("error", "")) if isinstance(members, dict) else ""
