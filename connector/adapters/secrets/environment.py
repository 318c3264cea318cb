"""Secrets in environment variables, `env:NAME`."""

import os
from collections.abc import Mapping

from typing_extensions import override

from connector.errors import ConfigurationError, SecretUnavailableError
from connector.ports import SecretStore

SCHEME = "env:"


class EnvSecretStore(SecretStore):
    """Reads from the variables it is given."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    @override
    def read(self, reference: str) -> bytes:
        name = reference.removeprefix(SCHEME)
        value = self._environment.get(name)
        if not value:
            state = "not set" if value is None else "empty"
            raise SecretUnavailableError(
                f"The secret {reference} cannot be read: the environment variable {name} is {state}.",
                action=f"Set {name} to the secret, or name another reference.",
            )
        return os.fsencode(value)

    @override
    def check_replaceable(self, reference: str) -> None:
        """Refuse: a variable that is changed here is as before in the next process."""
        raise ConfigurationError(
            f"The secret {reference} cannot be replaced: an environment variable does not outlive the process.",
            action="Keep a secret that rotates in file:PATH or in projects/P/secrets/S.",
        )

    @override
    def replace(self, reference: str, value: bytes) -> None:
        self.check_replaceable(reference)
