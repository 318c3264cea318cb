"""A disk that can be full: a file system of its own where this user may mount one, else a bound on the size of files."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol


class SmallDisk(Protocol):
    """A folder on a disk that `fill` fills to its last byte, and `free` makes room on again."""

    folder: Path

    def fill(self) -> None: ...

    def free(self) -> None: ...


class Mounted:
    """A tmpfs of a few megabytes: what does not fit fails as on any full disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filling = folder / "filling"

    def fill(self) -> None:
        with self._filling.open("wb", buffering=0) as file:
            for size in (65_536, 1):
                while True:
                    try:
                        file.write(b"x" * size)
                    except OSError:
                        break

    def free(self) -> None:
        self._filling.unlink(missing_ok=True)


class Limited:
    """Any folder, while this process may write no file beyond its first byte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, self._before[1]))

    def free(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)


@contextmanager
def mounted_disk(folder: Path, size: str = "6m") -> Iterator[Mounted | None]:
    """Yield a file system mounted there; None where this user may mount none."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        yield None
        return
    try:
        yield Mounted(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def limited_disk(folder: Path) -> Iterator[Limited]:
    """Yield a folder there whose files can be bounded."""
    folder.mkdir()
    disk = Limited(folder)
    try:
        yield disk
    finally:
        disk.free()
