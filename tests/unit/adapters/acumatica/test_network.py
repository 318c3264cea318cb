import socket
import ssl

import pytest
import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
)

from connector.adapters.acumatica.network import NoAnswerError, network_error
from connector.errors import ConfigurationError, ConnectorError, SourceUnavailableError

HOST = "erp.example.com"
URL = "/entity/Default/24.200.001/Bill?$filter=Secret"


def wrapped(reason: Exception, outer: type[Exception] = requests.ConnectionError) -> Exception:
    return outer(MaxRetryError(None, URL, reason))  # type: ignore[arg-type]


def unknown_name(code: int = socket.EAI_NONAME) -> Exception:
    failure = NewConnectionError(None, "cannot resolve")  # type: ignore[arg-type]
    failure.__cause__ = socket.gaierror(code, "Name or service not known")
    return wrapped(failure)


def untrusted() -> Exception:
    return wrapped(ssl.SSLCertVerificationError(1, "self-signed certificate"), requests.exceptions.SSLError)


def wrong_version() -> Exception:
    error = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
    error.reason = "WRONG_VERSION_NUMBER"
    return wrapped(error, requests.exceptions.SSLError)


def refused() -> Exception:
    failure = NewConnectionError(None, "refused")  # type: ignore[arg-type]
    failure.__cause__ = ConnectionRefusedError(111, "Connection refused")
    return wrapped(failure)


def reset() -> Exception:
    return requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset")))


@pytest.mark.parametrize(
    ("exc", "says"),
    [
        (unknown_name(), "not known to DNS"),
        (untrusted(), "not trusted"),
        (wrong_version(), "does not speak TLS"),
    ],
)
def test_a_wrong_address_is_the_operators_until_the_host_was_reached(exc: Exception, says: str) -> None:
    first = network_error(exc, HOST, reached=False)
    assert isinstance(first, ConfigurationError)
    assert says in first.message
    assert HOST in first.message
    assert isinstance(network_error(exc, HOST, reached=True), SourceUnavailableError)


@pytest.mark.parametrize(
    ("exc", "says", "sent"),
    [
        (refused(), "refuses connections", False),
        (unknown_name(socket.EAI_AGAIN), "cannot be", False),
        (
            wrapped(ConnectTimeoutError(), requests.exceptions.ConnectTimeout),
            "does not answer",
            False,
        ),
        (wrapped(ssl.SSLEOFError(8, "EOF"), requests.exceptions.SSLError), "TLS handshake", False),
        (
            requests.exceptions.ReadTimeout("timed out"),
            "gave no answer in time",
            True,
        ),
        (reset(), "closed the connection", True),
        (requests.exceptions.RequestException("odd"), "RequestException", True),
    ],
)
def test_bad_weather_is_transient_and_tells_whether_the_request_had_left(
    exc: Exception, says: str, *, sent: bool
) -> None:
    error = network_error(exc, HOST, reached=False)
    assert isinstance(error, SourceUnavailableError)
    assert says in error.message
    assert isinstance(error, NoAnswerError) == sent


def test_an_unusable_url_is_the_operators() -> None:
    assert isinstance(
        network_error(requests.exceptions.InvalidURL("?"), HOST, reached=False), ConfigurationError
    )


@pytest.mark.parametrize("exc", [unknown_name(), untrusted(), refused(), reset()])
def test_no_query_gets_into_the_error(exc: Exception) -> None:
    error: ConnectorError = network_error(exc, HOST, reached=False)
    assert "Secret" not in f"{error.message} {error.action}"
