"""Chooses the secret store by the form of a reference."""

import os
from collections.abc import Mapping

from typing_extensions import override

from connector.adapters.retrying import Retry
from connector.adapters.secrets import environment as env
from connector.adapters.secrets import file
from connector.adapters.secrets import secret_manager as manager
from connector.errors import ConfigurationError
from connector.ports import SecretStore


class RoutingSecretStore(SecretStore):
    """Hands each call on to the store for the reference's beginning, as `routes` says."""

    def __init__(self, routes: Mapping[str, SecretStore]) -> None:
        self._routes = routes

    @override
    def read(self, reference: str) -> bytes:
        return self._store(reference).read(reference)

    @override
    def check_replaceable(self, reference: str) -> None:
        self._store(reference).check_replaceable(reference)

    @override
    def replace(self, reference: str, value: bytes) -> None:
        self._store(reference).replace(reference, value)

    def _store(self, reference: str) -> SecretStore:
        for beginning, store in self._routes.items():
            if reference.startswith(beginning):
                return store
        # What is no reference may be the secret itself, so it is not shown.
        raise ConfigurationError(
            f"A secret reference begins with none of {', '.join(self._routes)}.",
            action="Write projects/P/secrets/S[/versions/V], env:NAME or file:PATH, not the secret itself.",
        )


def open_secrets(*, retry: Retry, environment: Mapping[str, str] = os.environ) -> RoutingSecretStore:
    """Return a store for every form of reference; Google is reached at the first call that needs it.

    SECRET_MANAGER_EMULATOR_HOST in the environment leads to an emulator.
    """
    return RoutingSecretStore(
        {
            file.SCHEME: file.FileSecretStore(),
            env.SCHEME: env.EnvSecretStore(environment),
            manager.SCHEME: manager.SecretManagerSecretStore(
                retry=retry, emulator_host=environment.get("SECRET_MANAGER_EMULATOR_HOST") or None
            ),
        }
    )
