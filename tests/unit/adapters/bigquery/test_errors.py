"""No error of Google's libraries leaves the adapter under its own name, and each says what to do."""

from collections.abc import Iterator

import pytest
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from requests import exceptions as http

from connector.adapters.bigquery import errors
from connector.errors import (
    AccessDeniedError,
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    TransientError,
    WarehouseRefusedError,
    WarehouseUnavailableError,
)

ROOTS = (api.GoogleAPIError, auth.GoogleAuthError, http.RequestException)
PASSING_STATUSES = {408, 409, 412, 425, 429, 499, *range(500, 600)} - {501}


def walk(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from walk(child)


def a_call_error(status: int, reason: str = "", message: str = "something") -> api.GoogleAPICallError:
    found = [{"reason": reason, "message": message}] if reason else []
    error: api.GoogleAPICallError = api.from_http_status(status, message, errors=found)
    return error


def make(kind: type[Exception]) -> Exception:
    """An instance, without asking each class what its constructor wants."""
    made = kind.__new__(kind)
    Exception.__init__(made, "something")
    for name, value in {"message": "something", "_errors": [], "_retryable": False, "code": None}.items():
        if not hasattr(made, name) or name == "message":
            try:
                setattr(made, name, value)
            except AttributeError:
                continue
    return made


def test_every_class_of_google_s_libraries_has_a_translation() -> None:
    kinds = {kind for root in ROOTS for kind in walk(root)}
    untold = [kind for kind in kinds if not errors.translate_error(make(kind)).action]
    assert len(kinds) > 60
    assert untold == []


@pytest.mark.parametrize("status", range(400, 600))
def test_every_status_is_translated_and_time_helps_where_it_should(status: int) -> None:
    error = errors.translate_error(a_call_error(status))
    assert isinstance(error, TransientError) == (status in PASSING_STATUSES)
    assert error.action


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (403, "quotaExceeded", WarehouseUnavailableError),
        (403, "rateLimitExceeded", WarehouseUnavailableError),
        (403, "accessDenied", AccessDeniedError),
        (403, "billingNotEnabled", ConfigurationError),
        (403, "accessNotConfigured", ConfigurationError),
        (400, "invalidQuery", WarehouseRefusedError),
        (400, "resourceInUse", WarehouseUnavailableError),
        (400, "backendError", WarehouseUnavailableError),
        (401, "authError", CredentialsError),
    ],
)
def test_the_reason_counts_more_than_the_status(status: int, reason: str, kind: type[ConnectorError]) -> None:
    assert type(errors.translate_error(a_call_error(status, reason))) is kind


@pytest.mark.parametrize("reason", sorted(errors.REASONS))
def test_a_job_s_error_is_translated_like_a_call_s(reason: str) -> None:
    by_job = errors.translate_reason({"reason": reason, "message": "something"})
    by_call = errors.translate_error(a_call_error(400, reason))
    assert (type(by_job), by_job.message, by_job.action) == (type(by_call), by_call.message, by_call.action)


def test_a_job_s_unknown_reason_is_refused_not_retried() -> None:
    assert isinstance(errors.translate_reason({"reason": "brandNew", "message": "x"}), WarehouseRefusedError)


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("Permission bigquery.tables.updateData denied on table", "roles/bigquery.dataEditor on the dataset"),
        ("User does not have bigquery.jobs.create permission", "roles/bigquery.jobUser on the project"),
        ("User does not have bigquery.datasets.create permission", "roles/bigquery.user on the project"),
        ("User does not have permission", "roles/bigquery.dataEditor"),
    ],
)
def test_a_missing_right_leads_to_the_role_that_brings_it(message: str, hint: str) -> None:
    error = errors.translate_error(a_call_error(403, "accessDenied", f"Access Denied: {message}"))
    assert isinstance(error, AccessDeniedError)
    assert hint in error.action


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("Streaming insert is not allowed in the free tier", "SYNC_WRITE_METHOD=load"),
        ("BigQuery API has not been used in project 1 before or it is disabled", "Enable the BigQuery API"),
        ("Not found: Dataset p:d was not found in location US", "BIGQUERY_LOCATION"),
    ],
)
def test_well_known_messages_lead_to_their_remedy(message: str, hint: str) -> None:
    error = errors.translate_error(a_call_error(403, "accessDenied", message))
    assert isinstance(error, ConfigurationError)
    assert hint in error.action


def test_a_table_that_is_not_found_is_no_matter_of_location() -> None:
    message = "Not found: Table p:d.t was not found in location US"
    assert (
        "to where the dataset is" not in errors.translate_error(a_call_error(404, "notFound", message)).action
    )


def test_a_refused_key_is_not_retried_but_a_slow_token_endpoint_is() -> None:
    refused = errors.translate_error(auth.RefreshError("invalid_grant: no", {"secret": "x"}, retryable=False))
    slow = errors.translate_error(auth.RefreshError("try later", retryable=True))
    assert isinstance(refused, CredentialsError)
    assert "secret" not in refused.message
    assert isinstance(slow, WarehouseUnavailableError)


def test_messages_show_no_address_and_have_an_end() -> None:
    url = "https://bigquery.googleapis.com/v2/x?key=SECRET"
    error = errors.translate_error(a_call_error(400, "invalid", f"POST {url}: bad\n see {url} " + "x" * 2000))
    assert "SECRET" not in error.message
    assert "\n" not in error.message
    assert len(error.message) < 450


def test_an_error_that_is_none_of_google_s_passes_untouched() -> None:
    with pytest.raises(ZeroDivisionError), errors.translated():
        raise ZeroDivisionError
