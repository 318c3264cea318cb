"""The Google identity: the attached one, a service-account key, or none (an emulator).

The library signs a short-lived assertion with the key, trades it for an access token at the key's `token_uri`, and does so
again shortly before the token expires.
"""

import json
from typing import Any

import google.auth
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import DefaultCredentialsError
from google.oauth2 import service_account

from connector.errors import ConfigurationError, CredentialsError
from connector.redaction import register_secret

SCOPES = ("https://www.googleapis.com/auth/bigquery",)
"""All of BigQuery and nothing else of Google Cloud."""

MEMBERS = ("client_email", "private_key", "token_uri")
KEY_ACTION = "Store the key file's JSON as it was downloaded, or leave BIGQUERY_CREDENTIALS empty for the attached identity."


class _KeyCredentials(service_account.Credentials):
    """Those of a key file; each token they are granted is a secret from then on."""

    def refresh(self, request: Any) -> None:
        """Trade a signed assertion for a token."""
        super().refresh(request)  # type: ignore[no-untyped-call]
        register_secret(self.token or "")


def attached() -> Credentials:
    """Return the identity of the machine: the function's service account, or the developer's own login."""
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError as exc:
        raise ConfigurationError(
            "No Google identity is attached to this machine",
            action="Set BIGQUERY_CREDENTIALS to a service-account key, or run: gcloud auth application-default login",
        ) from exc
    found: Credentials = credentials
    return found


def anonymous() -> Credentials:
    """Return credentials for an emulator, which asks for none."""
    return AnonymousCredentials()


def from_key(key: bytes) -> Credentials:
    """Return the identity of a service-account key file's content; raise CredentialsError when it is none.

    The PEM inside may have real line breaks, literal `\\n` (a key that went through a shell or a form), or CRLF.
    """
    info = _read_key(key)
    info["private_key"] = mend_pem(info["private_key"])
    try:
        found: Credentials = _KeyCredentials.from_service_account_info(info, scopes=SCOPES)  # type: ignore[no-untyped-call]
    except ValueError as exc:
        raise CredentialsError(
            "The service-account key for BigQuery has a private_key that is no valid PEM", action=KEY_ACTION
        ) from exc
    return found


def mend_pem(pem: str) -> str:
    """Return the PEM with real line breaks, whichever of the three spellings it came in."""
    text = pem.replace("\\r", "").replace("\\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    return text.strip() + "\n"


def _read_key(key: bytes) -> dict[str, Any]:
    try:
        info = json.loads(key, strict=False)
    except (ValueError, RecursionError) as exc:
        raise CredentialsError("The service-account key for BigQuery is not JSON", action=KEY_ACTION) from exc
    if not isinstance(info, dict) or info.get("type") != "service_account":
        raise CredentialsError(
            'The service-account key for BigQuery is not of "type": "service_account"', action=KEY_ACTION
        )
    missing = [name for name in MEMBERS if not isinstance(info.get(name), str) or not info[name]]
    if missing:
        raise CredentialsError(
            f"The service-account key for BigQuery lacks {', '.join(missing)}", action=KEY_ACTION
        )
    return info
