"""What a failed connection means for the operator: a wrong host name, an untrusted certificate, or a passing failure."""

import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ProxyError

from connector.errors import ConfigurationError, ConnectorError, SourceUnavailableError


class NoAnswerError(SourceUnavailableError):
    """The request was sent but got no response, so it may or may not have been carried out."""


LOOK = "Check that the instance is up and that this machine may reach it; if so, wait and call again."
PROBE_TIMEOUT = timedelta(seconds=10)
UNSENT = (NewConnectionError, ConnectTimeoutError, ssl.SSLError, ProxyError)
"""Failures before the request was sent."""


def check_name_and_certificate(root: str, authorities: bool | str) -> None:
    """Raise our error when the host of this URL has no address, or none of the authorities (a file; True: the usual ones) vouches for it.

    Nothing is sent to it. Any other failure to connect says nothing about that, and is none here.
    """
    parts = urlsplit(root)
    place = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    try:
        with socket.create_connection(place, timeout=PROBE_TIMEOUT.total_seconds()) as connection:
            if parts.scheme == "https":
                trusted = (
                    authorities if isinstance(authorities, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH
                )
                folder = Path(trusted).is_dir()
                context = ssl.create_default_context(
                    cafile=None if folder else trusted, capath=trusted if folder else None
                )
                context.wrap_socket(connection, server_hostname=place[0]).close()
    except (socket.gaierror, ssl.SSLError) as exc:
        raise network_error(exc, parts.netloc, reached=False) from None
    except OSError:
        return


def network_error(exc: Exception, host: str, *, reached: bool) -> ConnectorError:
    """Return our error for a library's; `reached` tells whether the host has answered in this run.

    An unknown name or an untrusted certificate is the operator's to mend while the host was never reached. Once it
    was, the same failure is a passing one.
    """
    causes = list(_causes(exc))
    fault = None if reached else _configuration_fault(causes, host)
    if fault is not None:
        return fault
    sent = not any(isinstance(cause, UNSENT) for cause in causes)
    kind = NoAnswerError if sent else SourceUnavailableError
    return kind(
        f"Acumatica at {host} {_symptom(exc, causes)}.", action=LOOK, is_request_specific=sent and reached
    )


def _configuration_fault(causes: list[BaseException], host: str) -> ConfigurationError | None:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ConfigurationError(
                f"The TLS certificate of {host} is not trusted: {getattr(cause, 'verify_message', cause)}.",
                action="Check the host in ACUMATICA_URL; for a private authority set REQUESTS_CA_BUNDLE to its file.",
            )
        if isinstance(cause, ssl.SSLError) and getattr(cause, "reason", "") == "WRONG_VERSION_NUMBER":
            return ConfigurationError(
                f"{host} does not speak TLS on this port.",
                action="Check the scheme and port of ACUMATICA_URL.",
            )
        if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            return ConfigurationError(
                f"The host name {host} is not known to DNS.",
                action="Check the spelling of ACUMATICA_URL, and that this network can resolve the name.",
            )
    if isinstance(causes[0], requests.exceptions.InvalidURL | requests.exceptions.InvalidProxyURL):
        return ConfigurationError(
            f"No connection to {host} can be made with this URL.",
            action="Check ACUMATICA_URL and HTTPS_PROXY.",
        )
    return None


def _symptom(exc: Exception, causes: list[BaseException]) -> str:
    kinds: list[tuple[type[BaseException], str]] = [
        (requests.exceptions.ConnectTimeout, "does not answer to a connection"),
        (requests.exceptions.ReadTimeout, "took the request but gave no answer in time"),
        (requests.exceptions.ProxyError, "cannot be reached through the proxy"),
        (NameResolutionError, "cannot be found: the name service does not answer"),
        (ssl.SSLError, "broke off the TLS handshake"),
        (ConnectionRefusedError, "refuses connections"),
        (ConnectionResetError, "closed the connection without an answer"),
        (
            requests.exceptions.ConnectionError,
            "cannot be reached, or closed the connection without an answer",
        ),
    ]
    for kind, symptom in kinds:
        if any(isinstance(cause, kind) for cause in causes):
            return symptom
    return f"could not be asked ({type(exc).__name__})"


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield the error and the errors it wraps, in `args`, in `reason` or in the exception chain."""
    pending: list[object] = [exc]
    seen: set[int] = set()
    while pending:
        item = pending.pop(0)
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        pending += [*item.args, getattr(item, "reason", None), item.__cause__, item.__context__]
