"""The layers are the folders: the import contracts hold, a planted import breaks one, and the map names what is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.configuration import ROOT


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the contracts speak of, to be spoilt."""
    for package in ("connector", "acumatica_sandbox"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def find_broken(folder: Path) -> set[str]:
    """Return the names of the contracts that do not hold there."""
    linter = Path(sys.executable).with_name("lint-imports")
    told = subprocess.run(
        [str(linter), "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    ).stdout
    assert re.search(r"Contracts: \d+ kept, \d+ broken", told), told
    return set(re.findall(r"^(.+?) BROKEN", told, re.MULTILINE))


def plant(folder: Path, module: str, line: str) -> None:
    path = folder / module
    path.parent.mkdir(exist_ok=True)
    text = path.read_text() if path.exists() else ""
    path.write_text(f"{text}\n{line}\n")


def test_every_contract_holds(copy: Path) -> None:
    assert find_broken(copy) == set()


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("app/check.py", "import google.cloud.bigquery", "Use cases reach vendors through adapters alone"),
        ("app/check.py", "from connector.adapters.clock import SystemClock", "Wiring alone names adapters"),
        ("faces/http.py", "from connector.adapters.clock import SystemClock", "Wiring alone names adapters"),
        ("runs/run.py", "from acumatica_sandbox import Sandbox", "Only the demo starts the simulated tenant"),
        ("runs/run.py", "from connector.app.settings import Settings", "Imports point downwards"),
        ("domain/cursor.py", "import requests", "The core knows no vendor"),
        ("adapters/sqlite/store.py", "import connector.adapters.duckdb", "Adapters stand alone"),
        ("adapters/oracle.py", "", "Adapters stand alone"),
        ("reports/monthly.py", "", "Imports point downwards"),
        ("reports.py", "", "Imports point downwards"),
    ],
)
def test_a_planted_module_or_import_breaks_a_contract(
    copy: Path, module: str, line: str, contract: str
) -> None:
    plant(copy / "connector", module, line)
    if not (init := (copy / "connector" / module).with_name("__init__.py")).exists():
        init.touch()
    assert contract in find_broken(copy)


def test_the_simulated_tenant_stays_apart(copy: Path) -> None:
    plant(copy / "acumatica_sandbox", "sandbox.py", "from connector.domain import run")
    assert "The simulated tenant knows nothing of the connector" in find_broken(copy)


def test_the_map_names_every_folder_and_no_other() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    drawn = re.findall(r"connector/(\w+)", text.split("```")[1])
    folders = {path.name for path in (ROOT / "connector").iterdir() if (path / "__init__.py").exists()}
    assert set(drawn) - {"errors"} == folders


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name
)
def test_every_module_named_in_the_docs_exists(page: Path) -> None:
    named = set(
        re.findall(
            r"`(?:connector/)?((?:adapters|app|domain|faces|logs|runs)/[\w/]+\.\w+)`", page.read_text()
        )
    )
    assert not [name for name in named if not (ROOT / "connector" / name).exists()]
