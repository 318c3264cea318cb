"""A secret's file whose replacement is cut short: the new value, perhaps the only living token, is taken up."""

import os
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from connector.adapters.secrets import FileSecretStore, successor
from connector.errors import ConfigurationError


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "secret.json"
    path.write_bytes(b"old")
    return path


def read(path: Path) -> bytes:
    """What the next process reads."""
    return FileSecretStore().read(f"file:{path}")


def replace(path: Path, value: bytes = b"new") -> None:
    FileSecretStore().replace(f"file:{path}", value)


def killed_at(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, path: Path, value: bytes = b"new"
) -> None:
    """Replace the file in a process that is killed as it calls this."""

    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, die)
        with pytest.raises(Killed):
            replace(path, value)


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


@pytest.mark.parametrize(("owner", "name"), [(os, "fsync"), (Path, "replace"), (successor, "_sync_folder")])
def test_once_it_is_written_the_new_value_is_what_the_next_process_reads(
    path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    killed_at(monkeypatch, owner, name, path)
    assert read(path) == b"new"
    assert names(path) == ["secret.json"]


@pytest.mark.parametrize(("owner", "name"), [(os, "open"), (os, "fdopen")])
def test_before_that_the_old_one_stays(
    path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    killed_at(monkeypatch, owner, name, path)
    assert read(path) == b"old"
    replace(path)
    assert read(path) == b"new"
    assert names(path) == ["secret.json"], "the rest of the same replacement was used"


def test_what_was_left_does_not_win_over_a_secret_that_a_person_stored_since(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_at(monkeypatch, Path, "replace", path)
    path.write_bytes(b"authorised again")
    assert read(path) == b"authorised again"
    (left,) = set(names(path)) - {"secret.json"}
    os.utime(path.parent / left, (0, 0))
    assert read(path) == b"authorised again"
    assert names(path) == ["secret.json"], "it is removed in time"


def test_what_is_written_just_now_is_left_to_its_writer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_at(monkeypatch, os, "fdopen", path)
    (left,) = set(names(path)) - {"secret.json"}
    assert read(path) == b"old"
    assert left in names(path)


def test_a_reader_may_take_it_up_before_its_writer_does(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_meanwhile(written: Path, value: bytes) -> None:
        write(written, value)
        assert read(path) == b"new"

    write = successor._write
    monkeypatch.setattr(successor, "_write", read_meanwhile)
    replace(path)
    assert read(path) == b"new"


def test_readers_at_the_same_time_all_get_the_new_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_at(monkeypatch, Path, "replace", path)
    found: list[bytes] = []
    threads = [Thread(target=lambda: found.append(read(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"new"] * 8


def test_a_value_that_could_not_be_written_leaves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(ConfigurationError, match="no space left"):
            replace(path)
    assert (read(path), names(path)) == (b"old", ["secret.json"])


def test_files_of_other_names_are_left_alone(path: Path) -> None:
    others = ["secret.json.next", ".secret.json.next", ".other.json.0-0.next", ".secret.json.x"]
    for name in others:
        (path.parent / name).write_bytes(b"")
        os.utime(path.parent / name, (0, 0))
    assert read(path) == b"old"
    assert set(others) - {".secret.json.next"} <= set(names(path))
