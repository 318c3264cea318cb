"""A file replaced so that its new content survives a kill at any moment: written beside it, then renamed.

The new content may be the only living refresh token. Its name beside the file tells which content it replaces and what it
must hold, so whoever reads next can finish what was cut short, and never takes it for newer than a file changed since.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

LEFT_OVER = 3600.0
"""Seconds after which a file beside that is of no use is removed: until then somebody may be writing it."""
SUFFIX = ".next"


def replace_file(path: Path, value: bytes) -> None:
    """Replace the file by one with this value, readable for its owner alone; raise OSError."""
    beside = _find_place(path, value)
    try:
        _write(beside, value)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    _move(beside, path, value)


def take_up(path: Path) -> None:
    """Finish a replacement that was cut short; remove what is left of others. Raise OSError if the file cannot be replaced."""
    for beside in list(_find_beside(path)):
        with suppress(FileNotFoundError):  # somebody else has just done the same
            value = beside.read_bytes()
            if beside == _find_place(path, value):
                _move(beside, path, value)
            elif time.time() - beside.stat().st_mtime > LEFT_OVER:
                beside.unlink()


def _find_place(path: Path, value: bytes) -> Path:
    """Return the name beside the file for a value that replaces its present content."""
    return path.parent / f".{path.name}.{_digest(_read(path))}-{_digest(value)}{SUFFIX}"


def _find_beside(path: Path) -> Iterator[Path]:
    with suppress(OSError):  # a folder that cannot be listed holds no file that this user could have begun
        for entry in path.parent.iterdir():
            if entry.name.startswith(f".{path.name}.") and entry.name.endswith(SUFFIX):
                yield entry


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _digest(value: bytes) -> str:
    return sha256(value).hexdigest()[:16]


def _write(path: Path, value: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(value)
        file.flush()
        os.fchmod(file.fileno(), 0o600)
        os.fsync(file.fileno())


def _move(beside: Path, path: Path, value: bytes) -> None:
    try:
        beside.replace(path)
    except FileNotFoundError:  # whoever reads the file may have taken it up a moment before
        if _read(path) != value:
            raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the renaming survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
