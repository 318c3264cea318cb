"""Secret Manager's errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions as api
from google.auth import exceptions as auth

from connector.errors import ConnectorError, SecretUnavailableError, TransientError

GRANT = (
    "Grant the connector's service account roles/secretmanager.secretAccessor on the secret,"
    " and roles/secretmanager.secretVersionManager if the secret rotates."
)
SIGN_IN = (
    "Attach a service account, or run `gcloud auth application-default login`; or use file:PATH or env:NAME."
)

REFUSALS: dict[type[Exception], tuple[str, str]] = {
    api.NotFound: (
        "there is no such secret or version",
        "Create it and add a version (`gcloud secrets versions add`), or correct the reference.",
    ),
    api.Forbidden: ("this identity may not use it", GRANT),
    api.FailedPrecondition: (
        "the version is disabled or destroyed",
        "Enable the version, or add a new one, or correct the reference.",
    ),
    api.Unauthorized: ("this identity was not accepted", SIGN_IN),
    api.ClientError: ("Secret Manager refuses the request", "Check the reference, then report this."),
    api.MethodNotImplemented: ("Secret Manager refuses the request", "Check SECRET_MANAGER_EMULATOR_HOST."),
    api.Redirection: ("Secret Manager refuses the request", "Check SECRET_MANAGER_EMULATOR_HOST."),
    api.DataLoss: ("its value is lost", "Add a new version."),
}
"""Errors that only a person can fix, by the nearest class; all others may pass by themselves."""

PASSING = (api.TooManyRequests, api.Conflict, api.Cancelled)
"""Client errors that may pass by themselves."""

REFUSED_SIGN_IN = ("invalid_grant", "Reauthentication")
"""Google's gRPC layer reports a refused sign-in as `unavailable`; these words in its text tell it apart."""


@contextmanager
def translated(reference: str) -> Iterator[None]:
    """Let no Google error leave under its own name, nor any text of theirs: it could repeat what was sent."""
    try:
        yield
    except (api.GoogleAPIError, auth.GoogleAuthError) as error:
        raise build_error(reference, error) from error


def build_error(reference: str, error: Exception) -> ConnectorError:
    """Return the error of ours that says what an operator can do about one of Google's."""
    if _is_sign_in(error):
        return _refusal(reference, "signing in to Google failed", SIGN_IN)
    refusal = next((REFUSALS[parent] for parent in type(error).__mro__ if parent in REFUSALS), None)
    if refusal is None or isinstance(error, PASSING):
        return TransientError(
            f"Secret Manager could not be reached for {reference} ({type(error).__name__}).",
            action="Try again later.",
        )
    return _refusal(reference, *refusal)


def _is_sign_in(error: Exception) -> bool:
    if isinstance(error, auth.GoogleAuthError):
        return not (isinstance(error, auth.TransportError) or error.retryable)
    return isinstance(error, api.ServiceUnavailable) and any(word in str(error) for word in REFUSED_SIGN_IN)


def _refusal(reference: str, reason: str, action: str) -> SecretUnavailableError:
    return SecretUnavailableError(f"The secret {reference} cannot be used: {reason}.", action=action)
