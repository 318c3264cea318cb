"""What a refused sign-in means, and on which form in Acumatica to correct it."""

import msgspec

from connector.adapters.acumatica.error_body import Fault
from connector.adapters.acumatica.error_mapping import (
    FREE_A_SEAT,
    LATER,
    NotThereError,
    Subject,
    refusal,
)
from connector.adapters.acumatica.json_body import decode_body
from connector.adapters.acumatica.responses import title
from connector.adapters.acumatica.secret import CookieSecret, PasswordSecret, RefreshSecret, tenant_of
from connector.adapters.acumatica.sign_in_verdict import Verdict, judge
from connector.adapters.acumatica.transport import Answer
from connector.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    SessionsBusyError,
    SourceAnswerError,
    SourceInMaintenanceError,
    SourceSetupError,
    SourceThrottledError,
    SourceUnavailableError,
)

SIGN_IN = Subject(text="the sign-in")
AUTHORISE = "Let a person authorise the connected application once more and store the new refresh token in the secret."
APPLICATION = (
    "Compare the secret's client_id and client_secret with the Connected Applications form (SM303010); a shared "
    "secret may have expired."
)
NOT_AGAIN = "They are not tried again before the secret changes or check is run: that could lock the account."
USER = (
    "Correct the user name or password in the secret. On the Users form (SM201010) check that the user is active, not "
    f"locked out, has no password change pending and may use the API. {NOT_AGAIN}"
)
NO_API = "Check ACUMATICA_URL: the virtual directory is part of it, /entity is not."
NO_VERDICT = "That says nothing about the user or the password, so they are tried again later."


def check_token(answer: Answer, secret: PasswordSecret | RefreshSecret) -> None:
    """Return if the identity server granted a token; otherwise raise the error its code means."""
    error = refusal(answer, SIGN_IN)
    if error is None:
        return
    if isinstance(error, SessionsBusyError | SourceThrottledError | SourceInMaintenanceError):
        raise error
    if isinstance(error, NotThereError):
        raise ConfigurationError(
            "There is no Acumatica identity server below ACUMATICA_URL (404).", action=NO_API
        )
    if 400 <= answer.status < 500:
        raise _refused_token(answer, secret)
    raise error


def check_login(answer: Answer, secret: CookieSecret) -> None:
    """Return if a cookie session was opened; otherwise raise the error the refusal means."""
    if answer.status == 204 or (answer.status == 200 and not answer.body.strip()):
        return
    error = refusal(answer, SIGN_IN)
    if error is None:
        return
    if isinstance(error, SessionsBusyError | SourceInMaintenanceError):
        raise error
    if isinstance(error, NotThereError):
        raise ConfigurationError("There is no Acumatica API below ACUMATICA_URL (404).", action=NO_API)
    if isinstance(error, SourceThrottledError):
        raise SessionsBusyError(
            "Acumatica declines the sign-in for now (429): most likely no API session is free.",
            action=FREE_A_SEAT,
        )
    if answer.status < 400:
        raise error
    refused = _refused_login(answer, secret)
    if refused is None and 400 <= answer.status < 500 and not isinstance(error, SourceUnavailableError):
        refused = _unexplained(answer)
    raise refused or error


def _refused_login(answer: Answer, secret: CookieSecret) -> ConnectorError | None:
    """Return what the answer says has to be mended or waited for; None when it does not tell."""
    fault = Fault.parse(answer.body)
    said = f": {fault.sentence}" if fault.sentence else f" with status {answer.status}."
    match judge(answer):
        case Verdict.SEATS:
            return SessionsBusyError(f"Acumatica has no session free{said}", action=FREE_A_SEAT)
        case Verdict.MAINTENANCE:
            return SourceInMaintenanceError(f"Acumatica is closed for now{said}", action=LATER)
        case Verdict.TENANT:
            return SourceSetupError(
                f"Acumatica does not know the tenant {secret.tenant or '(none named)'}.",
                action="Set the secret's tenant to the Login Name on the Tenants form (SM203520).",
            )
        case Verdict.BRANCH:
            return CredentialsError(
                f"Acumatica does not accept the branch {secret.branch or '(none named)'} of the secret{said}",
                action="Set the secret's branch to a Branch ID of the tenant that the user may work in (CS102000).",
            )
        case Verdict.SECOND_FACTOR:
            return CredentialsError(
                f"Acumatica asks {secret.username} for a second factor{said}",
                action="Use a user whose type does not ask for one (User Types, EP202500; Users, SM201010).",
            )
        case Verdict.LOCKED:
            return CredentialsError(
                f"The Acumatica account {secret.username} is locked out{said}",
                action="Unlock it on the Users form (SM201010), after correcting the password in the secret; then run check.",
                may_lock_account=True,
            )
        case Verdict.REFUSED:
            return CredentialsError(
                f"Acumatica refuses the sign-in of {secret.username}{said}",
                action=USER,
                may_lock_account=True,
            )
    return None


def _unexplained(answer: Answer) -> ConnectorError:
    """Return the error for a response that says nothing about the user, mostly from a proxy."""
    fault = Fault.parse(answer.body)
    if answer.status == 400 and fault.sentence:
        return ConfigurationError(
            f"Acumatica cannot read the sign-in: {fault.sentence}",
            action="Check that what stands between the connector and Acumatica hands requests on as they are.",
        )
    said = f": {fault.sentence}" if fault.sentence else title(answer)
    return SourceAnswerError(
        f"The sign-in was answered with status {answer.status}{said}",
        action=f"{NO_VERDICT} If it stays so, look at what stands between the connector and Acumatica (proxy, firewall).",
    )


def _refused_token(answer: Answer, secret: PasswordSecret | RefreshSecret) -> ConnectorError:
    code, verdict = _code(answer), judge(answer)
    if verdict is Verdict.MAINTENANCE:
        return SourceInMaintenanceError("Acumatica is closed for now.", action=LATER)
    if verdict is Verdict.SEATS:
        return SessionsBusyError("Acumatica has no session free for the sign-in.", action=FREE_A_SEAT)
    if verdict is Verdict.FAILED or code in ("", "server_error", "temporarily_unavailable"):
        return _unexplained(answer)
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
    return _refused_application(code, answer.status, secret)


def _refused_application(code: str, status: int, secret: PasswordSecret | RefreshSecret) -> CredentialsError:
    if code == "invalid_client":
        return CredentialsError(
            "Acumatica does not know the connected application, or its client secret is wrong.",
            action=APPLICATION,
        )
    if code in ("unauthorized_client", "unsupported_grant_type"):
        is_password = isinstance(secret, PasswordSecret)
        flow = "Resource Owner Password Credentials" if is_password else "Authorization Code"
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
        members = decode_body(answer.body)
    except msgspec.DecodeError:
        return ""
    return str(members.get("error", "")) if isinstance(members, dict) else ""
