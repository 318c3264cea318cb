"""What commands print: counts, waits and a total; and what happens when it cannot be written."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from acumatica_sandbox import Sandbox
from tests.unit.faces.shell import Shell


def test_a_sync_prints_its_counts_and_ends_with_0(shell: Shell, tenant: Sandbox) -> None:
    count = len(tenant.tenant.records("Vendor"))
    assert shell.run("sync", "vendors") == 0
    assert f"{count} read, {count} written, 0 unchanged, 0 rejected" in shell.out
    assert shell.query("SELECT count(*) FROM vendors") == [(count,)]
    assert shell.err == ""


def test_json_is_one_document_a_run(shell: Shell) -> None:
    assert shell.run("sync", "gl_accounts", "non_stock_items", "--json") == 0
    assert [(d["entity"], d["status"]) for d in shell.documents()] == [
        ("gl_accounts", "succeeded"),
        ("non_stock_items", "succeeded"),
    ]


def test_the_line_of_a_run_is_logged_when_asked_for(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    assert shell.run("sync", "vendors", "--json") == 0
    assert "vendors incremental succeeded" in shell.err
    assert len(shell.documents()) == 1


def test_a_wait_is_told_with_its_cause(shell: Shell, tenant: Sandbox) -> None:
    tenant.faults.add(path="/Vendor?", times=1, status=503, headers={"Retry-After": "0"})
    assert shell.run("sync", "vendors") == 0
    assert "WARNING: Acumatica failed with status 503 on" in shell.err
    assert "trying again in 0.0 s (2nd of 6)" in shell.err


def test_several_entities_end_with_a_total_where_the_data_is_and_a_first_query(shell: Shell) -> None:
    assert shell.run("sync", "vendors", "gl_accounts") == 0
    total, place = shell.out.splitlines()[-2:]
    counted = [shell.query(f"SELECT count(*) FROM {name}")[0][0] for name in ("vendors", "gl_accounts")]
    assert total == f"2 entities: 2 succeeded. {sum(counted):,} records read, {sum(counted):,} written."
    assert place.startswith("The data is in erp.duckdb. Ask it: ")
    assert shell.run("query", place.split('query "')[1].rstrip('"')) == 0
    assert shell.out.endswith("10 rows\n")
    known = {key for (key,) in shell.query("SELECT vendor_id FROM vendors")}
    assert len(known & set(shell.out.split())) == 10


def test_where_nothing_was_copied_no_data_is_promised(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACUMATICA_URL", f"{os.environ['ACUMATICA_URL']}Nowhere")
    assert shell.run("sync", "vendors", "gl_accounts") == 1
    assert shell.out.splitlines()[-1] == "2 entities: 2 failed. 0 records read, 0 written."


def run_process(shell: Shell, *arguments: str, stdout: int) -> subprocess.Popen[bytes]:
    """Start a command of its own, as a shell does."""
    return subprocess.Popen(
        [sys.executable, "-m", "connector", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=shell.folder,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_runs_go_on_when_the_reader_of_their_output_leaves(shell: Shell, form: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with run_process(shell, "sync", "vendors", "gl_accounts", *form, stdout=writer) as process:
        os.close(writer)
        _, told = process.communicate()
    assert told.decode() == "Nobody reads the output any more. The runs go on; status shows how they end.\n"
    assert process.returncode == 0
    assert shell.query("SELECT count(DISTINCT entity) FROM sync_runs") == [(2,)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [["query", "SELECT 1"], ["query", "--csv", "SELECT 1"], ["entities"]])
def test_a_full_disk_is_told(shell: Shell, arguments: list[str]) -> None:
    with duckdb.connect(str(shell.folder / "erp.duckdb")):
        pass
    with (
        Path("/dev/full").open("wb") as full,
        run_process(shell, *arguments, stdout=full.fileno()) as process,
    ):
        _, told = process.communicate()
    assert told.decode() == (
        "The output could not be written: No space left on device. "
        "Make room there, or send it elsewhere, and call the command again.\n"
    )
    assert process.returncode == 1
