"""Secrets in files, `file:PATH`."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typing_extensions import override

from connector.adapters.secrets.successor import replace_file, take_up
from connector.errors import ConfigurationError, SecretUnavailableError
from connector.ports import SecretStore

SCHEME = "file:"


class FileSecretStore(SecretStore):
    """Reads and replaces files; a relative path begins at the working directory, `~` is the home."""

    @override
    def read(self, reference: str) -> bytes:
        with _translated(reference):
            take_up(_target(reference))
        try:
            value = _path(reference).read_bytes()
        except OSError as error:
            raise SecretUnavailableError(
                f"The secret {reference} cannot be read: {_reason(error)}.",
                action="Name a file that exists and that this user may read.",
            ) from error
        if not value:
            raise SecretUnavailableError(
                f"The secret {reference} cannot be read: the file is empty.",
                action="Write the secret into it.",
            )
        return value

    @override
    def check_replaceable(self, reference: str) -> None:
        with _translated(reference), tempfile.TemporaryFile(dir=_target(reference).parent):
            pass

    @override
    def replace(self, reference: str, value: bytes) -> None:
        """Put a new file, readable for its owner alone, in the old one's place; if that is cut short, the next `read` does it."""
        with _translated(reference):
            replace_file(_target(reference), value)


@contextmanager
def _translated(reference: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"The secret {reference} cannot be replaced, the old one is kept: {_reason(error)}.",
            action="Let this user write to the file's folder, and see that its disk has space.",
        ) from error


def _target(reference: str) -> Path:
    """Return the file to replace: a link stays a link, what it leads to is replaced."""
    return _path(reference).resolve()


def _path(reference: str) -> Path:
    return Path(reference.removeprefix(SCHEME)).expanduser()


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
