"""No error of Google's libraries leaves the Firestore adapter under its own name, and each says what to do."""

import inspect

import grpc
import pytest
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from connector.adapters.firestore.errors import ERRORS, translated
from connector.errors import (
    AccessDeniedError,
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    StateStoreUnavailableError,
    TerminalError,
)

PLACE = "Firestore database (default) of project demo"


def ours(error: Exception) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught, translated(PLACE):
        raise error
    assert caught.value.message.startswith(PLACE)
    assert caught.value.action
    return caught.value


LIBRARY_CLASSES = [
    member for _, member in inspect.getmembers(api, inspect.isclass) if issubclass(member, api.GoogleAPIError)
]


@pytest.mark.parametrize("kind", LIBRARY_CLASSES)
def test_every_class_of_the_library_has_its_own_line_in_the_table(kind: type[Exception]) -> None:
    assert kind in ERRORS


@pytest.mark.parametrize("status", range(400, 600))
def test_every_http_status_becomes_an_error_of_ours(status: int) -> None:
    error = ours(api.from_http_status(status, "no"))
    if status in {408, 409, 425, 429} or (status >= 500 and status != 501):
        assert isinstance(error, StateStoreUnavailableError)
    else:
        assert not isinstance(error, StateStoreUnavailableError) or status == 499


@pytest.mark.parametrize("status", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_grpc_status_becomes_an_error_of_ours(status: grpc.StatusCode) -> None:
    expected: dict[grpc.StatusCode, type[ConnectorError]] = {
        grpc.StatusCode.UNAUTHENTICATED: CredentialsError,
        grpc.StatusCode.PERMISSION_DENIED: AccessDeniedError,
        grpc.StatusCode.NOT_FOUND: ConfigurationError,
        grpc.StatusCode.FAILED_PRECONDITION: ConfigurationError,
        grpc.StatusCode.INVALID_ARGUMENT: TerminalError,
        grpc.StatusCode.OUT_OF_RANGE: TerminalError,
        grpc.StatusCode.UNIMPLEMENTED: TerminalError,
        grpc.StatusCode.DATA_LOSS: TerminalError,
    }
    error = ours(api.from_grpc_status(status, "no"))
    assert type(error) is expected.get(status, StateStoreUnavailableError)


def test_a_missing_database_says_how_to_get_one() -> None:
    error = ours(api.NotFound("The database (default) does not exist for project demo"))
    assert "Create the database" in error.action


def test_a_missing_index_says_what_creates_it_without_the_link_of_the_request() -> None:
    text = "The query requires an index. You can create it here: https://console.example/x?create=abc"
    error = ours(api.FailedPrecondition(text))
    assert "Terraform" in error.action
    assert "console" not in error.message


def test_a_sign_in_that_is_refused_inside_the_grpc_layer_is_not_tried_again() -> None:
    text = "Getting metadata from plugin failed with error: ('invalid_grant: Bad Request', {})"
    assert isinstance(ours(api.ServiceUnavailable(text)), CredentialsError)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (auth.DefaultCredentialsError("none found"), CredentialsError),
        (auth.RefreshError("refused"), CredentialsError),
        (auth.RefreshError("busy", retryable=True), StateStoreUnavailableError),
        (auth.TransportError("no route"), StateStoreUnavailableError),
        (auth.GoogleAuthError("other"), CredentialsError),
    ],
)
def test_sign_in_errors_are_told_apart(error: Exception, expected: type[ConnectorError]) -> None:
    assert type(ours(error)) is expected


def test_a_bare_grpc_error_is_translated_too() -> None:
    class Broken(grpc.RpcError):
        pass

    assert isinstance(ours(Broken("cut off")), StateStoreUnavailableError)


def test_a_long_text_is_cut() -> None:
    assert len(ours(api.InvalidArgument("x" * 10_000)).message) < 400


def test_our_own_errors_pass_through() -> None:
    mine = StateStoreUnavailableError("mine", action="wait")
    with pytest.raises(StateStoreUnavailableError) as caught, translated(PLACE):
        raise mine
    assert caught.value is mine
