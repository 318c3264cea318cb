"""Firestore's errors as ours."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import msgspec
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from connector.errors import (
    AccessDeniedError,
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    StateStoreUnavailableError,
    TerminalError,
)

type_and_action = tuple[type[ConnectorError], str]

WAIT: type_and_action = (StateStoreUnavailableError, "Try again later; the run goes on from its checkpoint.")
REPORT: type_and_action = (TerminalError, "Report this: Firestore refuses what the connector sent.")
SIGN_IN: type_and_action = (
    CredentialsError,
    "Attach a service account, or run `gcloud auth application-default login`;"
    " without Google Cloud set STATE=sqlite:PATH.",
)
GRANT: type_and_action = (
    AccessDeniedError,
    "Grant roles/datastore.user on the project to the connector's service account,"
    " and see that the Cloud Firestore API is enabled.",
)
CREATE: type_and_action = (
    ConfigurationError,
    "Create the database (Firestore, native mode) or correct FIRESTORE_DATABASE.",
)
PREPARE: type_and_action = (
    ConfigurationError,
    "Use a database in native mode, and apply the connector's Terraform files: they create its indexes.",
)

ERRORS: dict[type[Exception], type_and_action] = {
    api.GoogleAPIError: WAIT,
    api.GoogleAPICallError: WAIT,
    api.RetryError: WAIT,
    api.DuplicateCredentialArgs: SIGN_IN,
    api.AsyncRestUnsupportedParameterError: REPORT,
    api.ResumableTransferError: REPORT,
    api.MissingStatusHeaderError: REPORT,
    api.TransferStalledError: WAIT,
    api.UnseekableStreamError: REPORT,
    api.UploadCancelledError: REPORT,
    api.Redirection: REPORT,
    api.MovedPermanently: REPORT,
    api.NotModified: REPORT,
    api.TemporaryRedirect: REPORT,
    api.ResumeIncomplete: REPORT,
    api.ClientError: REPORT,
    api.BadRequest: REPORT,
    api.InvalidArgument: REPORT,
    api.FailedPrecondition: PREPARE,
    api.OutOfRange: REPORT,
    api.Unauthorized: SIGN_IN,
    api.Unauthenticated: SIGN_IN,
    api.Forbidden: GRANT,
    api.PermissionDenied: GRANT,
    api.NotFound: CREATE,
    api.MethodNotAllowed: REPORT,
    api.Conflict: WAIT,
    api.AlreadyExists: WAIT,
    api.Aborted: WAIT,
    api.LengthRequired: REPORT,
    api.PreconditionFailed: REPORT,
    api.RequestRangeNotSatisfiable: REPORT,
    api.TooManyRequests: WAIT,
    api.ResourceExhausted: WAIT,
    api.Cancelled: WAIT,
    api.ServerError: WAIT,
    api.InternalServerError: WAIT,
    api.Unknown: WAIT,
    api.DataLoss: (TerminalError, "Restore the database from a backup, or move to a new FIRESTORE_PREFIX."),
    api.MethodNotImplemented: REPORT,
    api.BadGateway: WAIT,
    api.ServiceUnavailable: WAIT,
    api.GatewayTimeout: WAIT,
    api.DeadlineExceeded: WAIT,
}
"""What each error class of Google's API library means for the operator."""

WAIT_CODES = frozenset({408, 425})
"""Client errors that time mends, among those for which the library has a number but no class."""

SERVER_ERRORS = 500

REFUSED_SIGN_IN = ("invalid_grant", "Reauthentication")
"""Google's gRPC layer reports a refused sign-in as `unavailable`; these words in its text tell it apart."""

MAX_TEXT_LENGTH = 300


UNREADABLE = (
    "Restore the database from a backup, or delete that document in the Google Cloud console: what it remembered is"
    " then read anew."
)


@contextmanager
def readable(document: str) -> Iterator[None]:
    """Tell a document whose fields hold what no release has written."""
    try:
        yield
    except (msgspec.ValidationError, zlib.error, ValueError, TypeError, KeyError) as error:
        text = f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else str(error)
        raise TerminalError(
            f"The Firestore document {document} cannot be read: {text}.", action=UNREADABLE
        ) from error


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Let no Firestore error leave this adapter under its own name; `place` names the database."""
    try:
        yield
    except api.GoogleAPIError as error:
        raise build_error(place, error) from error
    except grpc.RpcError as error:
        raise build_error(place, api.from_grpc_error(error)) from error
    except auth.GoogleAuthError as error:
        passing = isinstance(error, auth.TransportError) or error.retryable
        kind, action = WAIT if passing else SIGN_IN
        raise kind(f"{place}: signing in to Google failed: {_short(error)}", action=action) from error


def build_error(place: str, error: api.GoogleAPIError) -> ConnectorError:
    """Return the error of ours that says what an operator can do about one of Google's."""
    kind, action = next(ERRORS[parent] for parent in type(error).__mro__ if parent in ERRORS)
    if type(error) is api.GoogleAPICallError and isinstance(error.code, int) and error.code < SERVER_ERRORS:
        kind, action = WAIT if error.code in WAIT_CODES else REPORT
    if isinstance(error, api.ServiceUnavailable) and any(word in str(error) for word in REFUSED_SIGN_IN):
        kind, action = SIGN_IN
    return kind(f"{place}: {_short(error)}", action=action)


def _short(error: Exception) -> str:
    # What follows the first address in Google's texts is a link to the console with the whole request in it.
    text = str(getattr(error, "message", None) or error).split("http")[0].strip()
    return text[:MAX_TEXT_LENGTH] or type(error).__name__
