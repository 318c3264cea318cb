"""Secrets in Google Secret Manager, `projects/P/secrets/S[/versions/V]`."""

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from typing_extensions import override

from connector import USER_AGENT
from connector.adapters.retrying import Retry
from connector.errors import ConfigurationError, ConnectorError, SecretUnavailableError, TransientError
from connector.ports import SecretStore

logger = logging.getLogger(__name__)

R = TypeVar("R")

SCHEME = "projects/"
REFERENCE = re.compile(r"(?P<secret>projects/[^/\s]+/secrets/[\w-]+)(/versions/(?P<version>[\w-]+))?")
LATEST = "latest"
CALL_SECONDS = 20.0
ADD = "secretmanager.versions.add"
"""The permission to store a new value."""


class SecretManagerSecretStore(SecretStore):
    """Reads the latest version, or the one the reference names; replacing adds a version and destroys the one before.

    Google's client library is imported at the first call, because most runs on a laptop never need it.
    """

    def __init__(self, *, retry: Retry, emulator_host: str | None = None) -> None:
        self._retry = retry
        self._emulator_host = emulator_host
        self._client: Any = None
        self._versions_read: dict[str, set[str]] = {}

    @override
    def read(self, reference: str) -> bytes:
        """Return the version's value, checked against the checksum Google sends along."""
        secret, version = _parse(reference)
        return self._call(reference, partial(self._access, reference, secret, version))

    @override
    def check_replaceable(self, reference: str) -> None:
        """Raise ConfigurationError for a fixed version, and when this identity may not add versions."""
        secret = _secret_of(reference)
        try:
            may_add = self._call(reference, partial(self._may_add, secret))
        except SecretUnavailableError:
            return  # whoever refuses to tell may still allow it
        if not may_add:
            raise SecretUnavailableError(
                f"The secret {reference} cannot be replaced: this identity may not add versions to it.",
                action="Grant the connector's service account roles/secretmanager.secretVersionManager on the secret "
                "(in Terraform: acumatica.rotating_token = true).",
            )

    @override
    def replace(self, reference: str, value: bytes) -> None:
        """Add a version, with one try, then destroy those this store has read, or the latest when it has read none.

        A version that cannot be destroyed is a warning: the new one is stored.
        """
        secret = _secret_of(reference)
        if secret not in self._versions_read:
            self.read(reference)
        from connector.adapters.secrets.errors import translated

        with translated(reference):
            added = self._add(secret, value)
        for name in sorted(self._versions_read[secret] - {added}):
            self._make_unusable(reference, name)
        self._versions_read[secret] = {added}

    def _access(self, reference: str, secret: str, version: str) -> bytes:
        import google_crc32c

        answer = self._connected().access_secret_version(
            name=f"{secret}/versions/{version}", retry=None, timeout=CALL_SECONDS
        )
        value: bytes = answer.payload.data
        if google_crc32c.value(value) != answer.payload.data_crc32c:
            raise TransientError(f"The secret {reference} arrived damaged.", action="Try again.")
        if not value:
            raise SecretUnavailableError(
                f"The secret {reference} cannot be read: it is empty.", action="Add a version that holds it."
            )
        self._versions_read.setdefault(secret, set()).add(answer.name)
        return value

    def _may_add(self, secret: str) -> bool:
        answer = self._connected().test_iam_permissions(
            {"resource": secret, "permissions": [ADD]}, retry=None, timeout=CALL_SECONDS
        )
        return ADD in answer.permissions

    def _add(self, secret: str, value: bytes) -> str:
        import google_crc32c

        payload = {"data": value, "data_crc32c": google_crc32c.value(value)}
        version = self._connected().add_secret_version(
            parent=secret, payload=payload, retry=None, timeout=CALL_SECONDS
        )
        name: str = version.name
        return name

    def _make_unusable(self, reference: str, name: str) -> None:
        try:
            self._call(reference, partial(self._destroy, name))
        except ConnectorError as exc:
            logger.warning("%s is no longer needed and could not be destroyed: %s", name, exc.message)

    def _destroy(self, name: str) -> None:
        from google.api_core import exceptions as api

        try:
            self._connected().destroy_secret_version(name=name, retry=None, timeout=CALL_SECONDS)
        except (api.NotFound, api.FailedPrecondition):
            return  # somebody else has destroyed it already

    def _call(self, reference: str, function: Callable[[], R]) -> R:
        from connector.adapters.secrets.errors import translated

        def call() -> R:
            with translated(reference):
                return function()

        return self._retry.call(call)

    def _connected(self) -> Any:
        if self._client is None:
            self._client = _connect(self._emulator_host)
        return self._client


def _parse(reference: str) -> tuple[str, str]:
    found = REFERENCE.fullmatch(reference)
    if found is None:
        # What is malformed may be the secret itself, so it is not shown.
        raise ConfigurationError(
            "A secret reference begins with projects/ but is not of the form projects/P/secrets/S[/versions/V].",
            action="Copy the secret's resource name from the console, or from `gcloud secrets describe S`.",
        )
    return found["secret"], found["version"] or LATEST


def _secret_of(reference: str) -> str:
    """Return the secret whose newest version the reference means; a fixed one has no successor."""
    secret, version = _parse(reference)
    if version != LATEST:
        raise ConfigurationError(
            f"The secret {reference} cannot be replaced: the reference names a fixed version.",
            action=f"Reference {secret} without a version.",
        )
    return secret


def _connect(emulator_host: str | None) -> Any:
    from google.api_core.gapic_v1.client_info import ClientInfo
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient

    about_us = ClientInfo(user_agent=USER_AGENT)
    if emulator_host is None:
        return SecretManagerServiceClient(client_info=about_us)
    import grpc
    from google.cloud.secretmanager_v1.services.secret_manager_service import transports

    channel = grpc.insecure_channel(emulator_host)
    transport = transports.SecretManagerServiceGrpcTransport(channel=channel, client_info=about_us)
    return SecretManagerServiceClient(transport=transport)
