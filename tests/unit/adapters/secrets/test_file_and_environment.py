"""What only files and environment variables do."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.adapters.retrying import Retry
from connector.adapters.secrets import EnvSecretStore, FileSecretStore, open_secrets
from connector.errors import ConfigurationError, SecretUnavailableError
from tests.stand_ins.clock import FakeClock


def test_a_replaced_file_is_for_its_owner_alone_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    path.write_bytes(b"old")
    path.chmod(0o644)
    FileSecretStore().replace(f"file:{path}", b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.json"]


def test_a_link_still_leads_to_the_replaced_file(tmp_path: Path) -> None:
    target = tmp_path / "versions" / "secret.json"
    target.parent.mkdir()
    target.write_bytes(b"old")
    link = tmp_path / "secret.json"
    link.symlink_to(target)
    FileSecretStore().replace(f"file:{link}", b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_file_that_does_not_exist_yet_can_be_written(tmp_path: Path) -> None:
    FileSecretStore().replace(f"file:{tmp_path}/secret.json", b"new")
    assert FileSecretStore().read(f"file:{tmp_path}/secret.json") == b"new"


def test_the_old_file_stays_when_the_new_one_cannot_take_its_place(tmp_path: Path) -> None:
    blocked = tmp_path / "secret.json"
    blocked.mkdir()
    (blocked / "old").write_bytes(b"old")
    with pytest.raises(ConfigurationError, match="the old one is kept"):
        FileSecretStore().replace(f"file:{blocked}", b"new")
    assert (blocked / "old").read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.json"]


def test_an_empty_file_and_a_folder_are_no_secret(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(SecretUnavailableError, match="empty"):
        FileSecretStore().read(f"file:{tmp_path}/empty")
    with pytest.raises(SecretUnavailableError, match="is a directory"):
        FileSecretStore().read(f"file:{tmp_path}")


def test_a_relative_path_and_a_home_path_lead_to_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_bytes(b"old")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert FileSecretStore().read("file:secret") == b"old"
    assert FileSecretStore().read("file:~/secret") == b"old"


def test_an_empty_variable_is_no_secret() -> None:
    with pytest.raises(SecretUnavailableError, match="TOKEN is empty"):
        EnvSecretStore({"TOKEN": ""}).read("env:TOKEN")


def test_a_variable_cannot_be_replaced_and_the_error_says_where_to_keep_it() -> None:
    with pytest.raises(ConfigurationError, match="outlive") as caught:
        EnvSecretStore({"TOKEN": "old"}).replace("env:TOKEN", b"hunter2")
    assert "file:PATH" in caught.value.action
    assert "hunter2" not in caught.value.message


def test_bytes_that_are_no_text_come_out_of_a_variable_as_they_were_set() -> None:
    assert EnvSecretStore({"TOKEN": os.fsdecode(b"\xff")}).read("env:TOKEN") == b"\xff"


@pytest.mark.parametrize(
    "reference", ["", "hunter2", '{"password": "hunter2"}', "https://hunter2", "FILE:hunter2"]
)
def test_a_text_of_another_form_is_refused_without_showing_it(clock: FakeClock, reference: str) -> None:
    secrets = open_secrets(retry=Retry(clock=clock), environment={})
    calls: list[Callable[[], object]] = [
        lambda: secrets.read(reference),
        lambda: secrets.check_replaceable(reference),
        lambda: secrets.replace(reference, b"hunter2"),
    ]
    for call in calls:
        with pytest.raises(ConfigurationError, match="begins with none of") as caught:
            call()
        assert "hunter2" not in f"{caught.value.message} {caught.value.action}"


def test_each_form_leads_to_its_store(clock: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"of a file")
    secrets = open_secrets(retry=Retry(clock=clock), environment={"TOKEN": "of a variable"})
    assert secrets.read(f"file:{tmp_path}/secret") == b"of a file"
    assert secrets.read("env:TOKEN") == b"of a variable"
