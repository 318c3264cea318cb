"""Secrets in files, `file:PATH`."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typing_extensions import override

from connector.errors import ConfigurationError, SecretUnavailableError
from connector.ports import SecretStore

SCHEME = "file:"


class FileSecretStore(SecretStore):
    """Reads and replaces files; a relative path begins at the working directory, `~` is the home."""

    @override
    def read(self, reference: str) -> bytes:
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
        """Put a new file, readable for its owner alone, in the old one's place: all of it or nothing."""
        with _translated(reference):
            _write_beside_and_rename(_target(reference), value)


@contextmanager
def _translated(reference: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"The secret {reference} cannot be replaced, the old one is kept: {_reason(error)}.",
            action="Let this user write to the file's folder, and see that its disk has space.",
        ) from error


def _write_beside_and_rename(path: Path, value: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(value)
            file.flush()
            os.fchmod(file.fileno(), 0o600)
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the renaming survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _target(reference: str) -> Path:
    """Return the file to replace: a link stays a link, what it leads to is replaced."""
    return _path(reference).resolve()


def _path(reference: str) -> Path:
    return Path(reference.removeprefix(SCHEME)).expanduser()


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
