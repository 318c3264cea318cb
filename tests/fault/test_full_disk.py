"""A disk that is full: told in a sentence, without loss, and exact once there is room."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typing_extensions import override

from connector.adapters.sqlite import SqliteStateStore
from connector.domain.run import RunResult, Status
from connector.ports import StateStore
from tests.builders import Rig
from tests.conftest import UNTESTED
from tests.fault.mortal import Life
from tests.oracle import assert_shows_tenant
from tests.stand_ins.small_disk import SmallDisk, limited_disk, mounted_disk


class SplitRig(Rig):
    """With the state in a folder of its own."""

    def __init__(self, folder: Path, state_folder: Path) -> None:
        super().__init__(folder)
        self.state_folder = state_folder

    @property
    @override
    def state(self) -> StateStore:
        return SqliteStateStore(path=self.state_folder / "state.db", clock=self.clock)


@pytest.fixture(params=["mounted", "limited"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    if request.param == "limited":
        with limited_disk(tmp_path / "disk") as limited:
            yield limited
        return
    with mounted_disk(tmp_path / "disk") as mounted:
        if mounted is None:
            pytest.skip(f"{UNTESTED} on a small file system: only root may mount one")
        yield mounted


def build_rig(full: str, disk: SmallDisk, tmp_path: Path) -> SplitRig:
    """Return a rig with one of its files on that disk, and vendors copied."""
    (tmp_path / "roomy").mkdir()
    folders = {"warehouse": tmp_path / "roomy", "state": tmp_path / "roomy"} | {full: disk.folder}
    rig = SplitRig(folders["warehouse"], folders["state"])
    assert rig.run("vendors").status is Status.SUCCEEDED
    rig.pass_time(timedelta(hours=1))
    for vendor in rig.sandbox.tenant.records("Vendor"):
        rig.sandbox.tenant.change("Vendor", vendor.id, {"VendorName": "changed" * 100})
    return rig


def fills_at(disk: SmallDisk, moment: str) -> Life:
    """Return a life in which the disk is full from this moment on."""

    def decide(at: str, count: int) -> None:
        if (at, count) == (moment, 1):
            disk.fill()

    return Life(decide)


def assert_told(result: RunResult) -> None:
    assert result.status is Status.FAILED
    assert result.error is not None
    assert (result.error.type, result.error.http_status) in {
        ("WarehouseUnavailableError", 503),
        ("StateStoreUnavailableError", 503),
    }, result.error
    assert "pace" in result.error.action, result.error
    assert "Traceback" not in result.error.message


MOMENTS = {
    "warehouse": "before warehouse.append",
    "state": "before state.entities.commit",
    "state at once": "before state.entities.acquire_lease",
}


@pytest.mark.parametrize("full", MOMENTS)
def test_a_full_disk_is_told_and_the_next_run_with_room_is_exact(
    full: str, disk: SmallDisk, tmp_path: Path
) -> None:
    rig = build_rig(full.split()[0], disk, tmp_path)
    result = rig.run("vendors", life=fills_at(disk, MOMENTS[full]))
    assert_told(result)
    disk.free()
    rig.outlive_leases()
    assert rig.run("vendors").status is Status.SUCCEEDED
    assert_shows_tenant(rig, "vendors")
    rows = rig.query("SELECT count(*) AS n, count(DISTINCT (_id, _version)) AS versions FROM vendors_log")
    assert rows[0]["versions"] == 2 * len(rig.sandbox.tenant.records("Vendor"))
    rig.close()


def test_a_full_temporary_folder_is_told(
    disk: SmallDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = disk.folder / "temporary"
    temporary.mkdir()
    (tmp_path / "roomy").mkdir()
    rig = Rig(tmp_path / "roomy")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    if disk.folder.is_mount():
        result = rig.run("vendors", life=fills_at(disk, "before warehouse.append"))
        assert_told(result)
        assert result.error is not None
        assert f"The temporary folder {temporary}" in result.error.message
        assert "TMPDIR" in result.error.action
        disk.free()
        rig.outlive_leases()
    assert rig.run("vendors").status is Status.SUCCEEDED
    assert_shows_tenant(rig, "vendors")
    assert list(temporary.iterdir()) == []
    rig.close()


@pytest.mark.parametrize("full", ["warehouse", "state"])
def test_a_file_that_could_not_be_made_on_a_full_disk_is_made_when_there_is_room(
    full: str, disk: SmallDisk, tmp_path: Path
) -> None:
    (tmp_path / "roomy").mkdir()
    folders = {"warehouse": tmp_path / "roomy", "state": tmp_path / "roomy"} | {full: disk.folder}
    rig = SplitRig(folders["warehouse"], folders["state"])
    disk.fill()
    result = rig.run("vendors")
    disk.free()
    assert_told(result)
    rig.outlive_leases()
    assert rig.run("vendors").status is Status.SUCCEEDED
    assert_shows_tenant(rig, "vendors")
    rig.close()
