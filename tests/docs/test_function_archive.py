"""The archive that Terraform uploads: unpacked alone, with the packages of requirements.txt alone, it starts and answers.

The environment is a fresh one that holds exactly these packages, linked from the tests' own: the same files that an
installation would put there, without half a minute of installing.
"""

import io
import json
import os
import subprocess
import time
import venv
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
import requests

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.catalogue import load_catalogue
from tests.docs.configuration import ROOT, Configuration, find_resource
from tests.docs.test_lock import read_pins
from tests.stand_ins.servers import free_port


def test_the_archive_is_the_package_without_the_simulated_tenant_and_leftovers(
    configuration: Configuration,
) -> None:
    files = set(configuration.evaluate("local.source_files"))
    assert {"main.py", "requirements.txt", "connector/entities.yaml", "connector/runs/sync.py"} <= files
    package = [file for file in (ROOT / "connector").rglob("*") if file.is_file()]
    kept = {str(file.relative_to(ROOT)) for file in package if file.suffix != ".pyc"}
    for_editors = {"connector/entities.schema.json"}
    assert files - {"main.py", "requirements.txt"} == kept - for_editors


def test_the_entry_point_and_the_runtime_are_the_ones_tested() -> None:
    build = find_resource("google_cloudfunctions2_function", "sync").body["build_config"][0]
    assert build["entry_point"].strip('"') == "sync"
    assert build["runtime"].strip('"') == "python313"


@pytest.fixture(scope="module")
def unpacked(configuration: Configuration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive as Terraform makes it, unpacked into an empty folder."""
    folder = tmp_path_factory.mktemp("workspace")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        for name in configuration.evaluate("local.source_files"):
            made.write(ROOT / name, name)
    with zipfile.ZipFile(archive) as uploaded:
        uploaded.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that knows the pinned packages, in the pinned versions, and no other."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    [packages] = folder.glob("lib/python3*/site-packages")
    for pin, _ in read_pins("requirements.txt").values():
        link_files(distribution(pin.name), packages)
    return folder / "bin" / "python"


def link_files(installed: Distribution, packages: Path) -> None:
    for file in installed.files or []:
        if ".." in file.parts or file.suffix == ".pyc":
            continue
        target = packages / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.symlink_to(Path(str(installed.locate_file(file))))


def run(python: Path, folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(python), "-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {code}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_only_a_laptop_needs_is_not_there(python: Path, unpacked: Path) -> None:
    for module in ("duckdb", "sqlglot", "rich", "pytest"):
        assert "ModuleNotFoundError" in run(python, unpacked, f"import {module}").stderr


def test_every_adapter_of_the_cloud_can_be_imported(python: Path, unpacked: Path) -> None:
    modules = "acumatica, bigquery, cloud_tasks, firestore, secrets, sqlite"
    imported = run(python, unpacked, f"from connector.adapters import {modules}; import main")
    assert imported.stderr == ""
    assert imported.returncode == 0


@dataclass(frozen=True, kw_only=True)
class Server:
    """The function as Google starts it, on loopback."""

    address: str
    process: subprocess.Popen[str]

    def stop(self) -> str:
        """End it; return everything it printed."""
        self.process.terminate()
        return self.process.communicate(timeout=30)[0]


@pytest.fixture
def server(python: Path, unpacked: Path, tmp_path: Path) -> Iterator[Server]:
    port = free_port()
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        environment = {
            "ACUMATICA_URL": tenant.url,
            "ACUMATICA_ENDPOINT_VERSION": "24.200.001",
            "ACUMATICA_CREDENTIALS": "env:TENANT_SECRET",
            "TENANT_SECRET": json.dumps(tenant.credentials()),
            "BIGQUERY_PROJECT": "acme-data",
            "BIGQUERY_EMULATOR_HOST": tenant.url,  # answers, but knows no warehouse
            "STATE": f"sqlite:{tmp_path / 'state.db'}",
        }
        started = Server(
            address=f"http://127.0.0.1:{port}", process=start(python, unpacked, port, environment)
        )
        try:
            await_answer(f"{started.address}/status", started.process)
            yield started
        finally:
            if started.process.poll() is None:
                started.stop()


def start(python: Path, folder: Path, port: int, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    command = ["-m", "functions_framework", "--target", "sync", "--host", "127.0.0.1", "--port", str(port)]
    return subprocess.Popen(
        [str(python), *command],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LOG_EXECUTION_ID": "true", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def await_answer(url: str, server: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if server.poll() is not None:
            pytest.fail(f"the function ended: {server.communicate()[0]}")
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError:
            continue
        return
    pytest.fail("the function did not answer within a minute")


def test_it_starts_and_answers(server: Server) -> None:
    status = requests.get(f"{server.address}/status", timeout=30)
    assert status.status_code == 200
    assert {entry["entity"] for entry in status.json()["entities"]} == set(load_catalogue().entities)

    check = requests.post(f"{server.address}/", json={"entity": "vendors", "mode": "check"}, timeout=120)
    checks = {line["subject"]: line["ok"] for line in check.json()["checks"]}
    assert {subject for subject, ok in checks.items() if ok} >= {"acumatica sign-in", "acumatica vendors"}
    assert [subject for subject in checks if "BigQuery" in subject]


def test_a_line_appears_once_and_as_json_though_the_framework_logs_too(server: Server) -> None:
    unknown = requests.post(f"{server.address}/", json={"entity": "nonsense"}, timeout=30)
    assert unknown.status_code == 400
    assert "vendors" in unknown.json()["error"]["action"]
    told = [line for line in server.stop().splitlines() if "nonsense" in line]
    assert [json.loads(line)["event"] for line in told] == ["refused"]
