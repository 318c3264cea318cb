"""`pip install .` gives a `connector` command that has all it needs; built and installed here without the network."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from connector import __version__
from connector.app.catalogue import load_catalogue
from tests.docs.configuration import ROOT


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in an environment of its own, which finds the packages it depends on in this one."""
    wheels = tmp_path_factory.mktemp("wheels")
    offline = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    pip = [sys.executable, "-m", "pip"]
    run([*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", str(wheels), str(ROOT)], ROOT)
    (wheel,) = wheels.glob("*.whl")
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, with_pip=False, symlinks=True)
    run([*pip, "--python", str(environment / "bin" / "python"), "install", *offline, str(wheel)], wheels)
    (packages,) = environment.glob("lib/python3*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    return environment / "bin" / "connector"


def run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment or None, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_tells_the_version(command: Path, tmp_path: Path) -> None:
    assert run([str(command), "--version"], tmp_path) == f"connector {__version__}\n"


def test_it_has_the_catalogue_and_the_page(command: Path, tmp_path: Path) -> None:
    settings = {
        "ACUMATICA_URL": "https://erp.example.com/Books",
        "ACUMATICA_CREDENTIALS": "env:UNUSED",
        "WAREHOUSE": "duckdb:erp.duckdb",
        "STATE": "sqlite:state.db",
    }
    told = run([str(command), "status", "--json"], tmp_path, **settings)
    assert all(f'"entity":"{name}"' in told for name in load_catalogue().entities)
    code = "import json, sys; from connector.faces import page; print(page.__file__, page.render_overview(json.load(sys.stdin), root='./'))"
    shown = subprocess.run(
        [str(command.with_name("python")), "-c", code],
        cwd=tmp_path,
        input=told,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith(str(command.parents[1]))
    assert ' id="vendors">' in shown.stdout


def test_the_simulated_tenant_comes_with_it(command: Path, tmp_path: Path) -> None:
    code = "import acumatica_sandbox as s; t = s.Sandbox(s.SandboxOptions(size='tiny')); print(len(t.tenant.records('Vendor')) > 0)"
    assert run([str(command.with_name("python")), "-c", code], tmp_path) == "True\n"
