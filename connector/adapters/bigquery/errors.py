"""Google's errors under our names, each with what to do about it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from google.api_core import exceptions as api
from google.auth import exceptions as auth
from requests import exceptions as http

from connector.errors import (
    AccessDeniedError,
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    WarehouseRefusedError,
    WarehouseUnavailableError,
)

AGAIN = "Usually passes by itself; run again. If it stays, look at status.cloud.google.com."
LOOK = "Look at the message; if it is not clear, report it with the run's id."
NAMES = "Check BIGQUERY_PROJECT, BIGQUERY_DATASET and BIGQUERY_LOCATION."
RIGHTS = "Grant the service account roles/bigquery.dataEditor on the dataset and roles/bigquery.jobUser on the project."
BILLING = "Link a billing account to the project; without one BigQuery neither streams nor keeps tables."
QUOTA = "Raise the quota in the Google Cloud console (IAM & Admin, Quotas), or schedule fewer runs."
KEY = "Give BIGQUERY_CREDENTIALS a valid service-account key, or leave it empty for the attached identity."
NETWORK = "Check that this host reaches bigquery.googleapis.com; otherwise run again."

_Outcome = tuple[type[ConnectorError], str]

ERRORS: dict[type[Exception], _Outcome] = {
    api.GoogleAPIError: (WarehouseRefusedError, LOOK),
    api.RetryError: (WarehouseUnavailableError, AGAIN),
    api.Redirection: (ConfigurationError, NAMES),
    api.Unauthorized: (CredentialsError, KEY),
    api.Forbidden: (AccessDeniedError, RIGHTS),
    api.NotFound: (ConfigurationError, NAMES),
    api.Conflict: (WarehouseUnavailableError, AGAIN),
    api.PreconditionFailed: (WarehouseUnavailableError, AGAIN),
    api.TooManyRequests: (WarehouseUnavailableError, QUOTA),
    api.Cancelled: (WarehouseUnavailableError, AGAIN),
    api.ServerError: (WarehouseUnavailableError, AGAIN),
    api.MethodNotImplemented: (WarehouseRefusedError, LOOK),
    api.ResumableTransferError: (WarehouseUnavailableError, AGAIN),
    auth.GoogleAuthError: (CredentialsError, KEY),
    auth.TransportError: (WarehouseUnavailableError, NETWORK),
    auth.TimeoutError: (WarehouseUnavailableError, NETWORK),
    auth.ResponseError: (WarehouseUnavailableError, NETWORK),
    http.RequestException: (WarehouseUnavailableError, NETWORK),
    http.SSLError: (ConfigurationError, "Check this host's certificates and any proxy on the way."),
    http.ProxyError: (WarehouseUnavailableError, "Check the proxy that HTTPS_PROXY names."),
    http.URLRequired: (ConfigurationError, NAMES),
    http.MissingSchema: (ConfigurationError, NAMES),
    http.InvalidSchema: (ConfigurationError, NAMES),
    http.InvalidURL: (ConfigurationError, NAMES),
    http.InvalidHeader: (ConfigurationError, KEY),
}
"""Our error and the remedy per class; the nearest class an error belongs to counts."""

STATUSES: dict[int, _Outcome] = {
    408: (WarehouseUnavailableError, AGAIN),
    425: (WarehouseUnavailableError, AGAIN),
}
"""Statuses that Google's library has no class for and that are not what their hundred says."""

REASONS: dict[str, _Outcome] = {
    "accessDenied": (AccessDeniedError, RIGHTS),
    "accessNotConfigured": (
        ConfigurationError,
        "Enable the BigQuery API in the project (gcloud services enable).",
    ),
    "backendError": (WarehouseUnavailableError, AGAIN),
    "badGateway": (WarehouseUnavailableError, AGAIN),
    "billingNotEnabled": (ConfigurationError, BILLING),
    "billingTierLimitExceeded": (ConfigurationError, BILLING),
    "blocked": (ConfigurationError, "BigQuery blocked the project; ask Google Cloud support."),
    "internalError": (WarehouseUnavailableError, AGAIN),
    "notFound": (ConfigurationError, NAMES),
    "jobBackendError": (WarehouseUnavailableError, AGAIN),
    "jobInternalError": (WarehouseUnavailableError, AGAIN),
    "jobRateLimitExceeded": (WarehouseUnavailableError, QUOTA),
    "quotaExceeded": (WarehouseUnavailableError, QUOTA),
    "rateLimitExceeded": (WarehouseUnavailableError, QUOTA),
    "resourceInUse": (WarehouseUnavailableError, AGAIN),
    "stopped": (WarehouseUnavailableError, "The job was cancelled; run again."),
    "tableUnavailable": (WarehouseUnavailableError, AGAIN),
    "timeout": (WarehouseUnavailableError, AGAIN),
}
"""The same by the reason BigQuery names, which is more exact than the status."""

PERMISSION = re.compile(r"bigquery\.\w+\.\w+")
ROLES = {
    "bigquery.jobs.create": "roles/bigquery.jobUser on the project",
    "bigquery.datasets.create": "roles/bigquery.user on the project (or create the dataset yourself)",
}
DATASET_ROLE = "roles/bigquery.dataEditor on the dataset"
FREE_TIER = "not allowed in the free tier"
API_DISABLED = "has not been used in project"
OTHER_LOCATION = re.compile(r"Not found: Dataset \S+ was not found in location")


class TableMissingError(Exception):
    """A job did not find its table; `error` is raised if the caller cannot handle that."""

    def __init__(self, error: ConnectorError) -> None:
        super().__init__(error.message)
        self.error = error


@contextmanager
def translated() -> Iterator[None]:
    """Let no error of Google's libraries leave this adapter under its own name."""
    try:
        yield
    except (api.GoogleAPIError, auth.GoogleAuthError, http.RequestException) as exc:
        raise translate_error(exc) from exc


def translate_error(exc: Exception) -> ConnectorError:
    """Return our error for one that Google's libraries raise."""
    if isinstance(exc, api.GoogleAPICallError):
        reason = str(exc.errors[0].get("reason", "")) if exc.errors else ""
        return _build(_find_outcome(exc, reason), exc.message or type(exc).__name__)
    if isinstance(exc, auth.RefreshError) and exc.retryable:
        return _build((WarehouseUnavailableError, NETWORK), _say(exc))
    if isinstance(exc, http.RequestException):
        return _build(_nearest(exc), type(exc).__name__)
    return _build(_nearest(exc), _say(exc))


def translate_reason(error: Mapping[str, Any]) -> ConnectorError:
    """Return our error for the `errorResult` of a job."""
    outcome = REASONS.get(str(error.get("reason", "")), ERRORS[api.GoogleAPIError])
    return _build(outcome, str(error.get("message", "")))


def shorten(message: str) -> str:
    """Return the sentence of Google's message: one line, no URL, of bounded length."""
    text = " ".join(message.split())
    text = re.sub(r"^(?:GET|POST|PUT|PATCH|DELETE) \S+ ", "", text)
    return re.sub(r"https?://\S+", "(link)", text)[:400]


def _find_outcome(exc: api.GoogleAPICallError, reason: str) -> _Outcome:
    if reason in REASONS:
        return REASONS[reason]
    if exc.code in STATUSES:
        return STATUSES[exc.code]
    is_strange = type(exc) is api.GoogleAPICallError and (exc.code or 400) not in range(400, 500)
    if is_strange:  # a status the library has no class for, or a success that is not what the API says
        return ERRORS[api.ServerError]
    return _nearest(exc)


def _nearest(exc: Exception) -> _Outcome:
    return next(ERRORS[cls] for cls in type(exc).__mro__ if cls in ERRORS)


def _build(outcome: _Outcome, message: str) -> ConnectorError:
    kind, action = outcome
    text = f"BigQuery: {shorten(message)}"
    if FREE_TIER in message:
        return ConfigurationError(text, action=f"{BILLING} Until then SYNC_WRITE_METHOD=load works.")
    if API_DISABLED in message:
        return ConfigurationError(text, action=REASONS["accessNotConfigured"][1])
    if OTHER_LOCATION.search(message):
        return ConfigurationError(text, action="Set BIGQUERY_LOCATION to where the dataset is.")
    if kind is AccessDeniedError and (permission := PERMISSION.search(message)):
        role = ROLES.get(permission.group(), DATASET_ROLE)
        return kind(text, action=f"Grant the service account {role}: it lacks {permission.group()}.")
    return kind(text, action=action)


def _say(exc: Exception) -> str:
    """The first argument alone: others may hold the answer of a token endpoint."""
    return str(exc.args[0]) if exc.args else type(exc).__name__
