"""What a newcomer is told to do works: each step is done here, or what it names is there."""

import re
import subprocess
import textwrap
from pathlib import Path

import pytest
import yaml

from acumatica_sandbox import Sandbox, SandboxOptions
from connector import __version__
from connector.app.catalogue import load_catalogue
from tests.builders import Rig
from tests.docs.configuration import ROOT
from tests.oracle import assert_shows_tenant

PAGE = (ROOT / "CONTRIBUTING.md").read_text()
BLOCK = textwrap.dedent(re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)[0])
NAME = next(iter(yaml.safe_load(BLOCK)))


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z]+)", PAGE))))
def test_every_target_named_is_one(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_quick_tests_are_there() -> None:
    shown = subprocess.run(
        ["make", "--dry-run", "quick"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    folders = re.findall(r"tests/unit/\w+", shown)
    assert folders
    assert all(list((ROOT / folder).rglob("test_*.py")) for folder in folders)


def test_every_file_named_is_there() -> None:
    named = set(re.findall(r"(?<![\w/.])((?:\.ci|acumatica_sandbox|connector|docs|tests)/[\w./-]+)", PAGE))
    assert len(named) > 8
    assert not [name for name in named if not (ROOT / name.rstrip(".")).exists() and "VENDOR" not in name]


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """The bundled catalogue with the block of the page added."""
    path = tmp_path / "entities.yaml"
    path.write_text((ROOT / "connector" / "entities.yaml").read_text() + "\n" + BLOCK)
    return path


def test_an_entity_is_added_with_the_block_shown(catalogue: Path, tmp_path: Path) -> None:
    assert NAME not in load_catalogue().entities
    with Sandbox(SandboxOptions(size="tiny")) as sandbox:
        rig = Rig(tmp_path, sandbox)
        rig.catalogue = dict(load_catalogue(catalogue).entities)
        assert rig.run(NAME).status == "succeeded"
        assert_shows_tenant(rig, NAME)


def test_an_adapter_breaks_the_contract_named_until_it_is_listed() -> None:
    """That it does is seen in test_layers.py; here, that the name is right."""
    (named,) = re.findall(r'contract "([^"]+)" in `pyproject.toml`', PAGE)
    assert f'name = "{named}"' in (ROOT / "pyproject.toml").read_text()


def test_the_version_has_its_heading_in_the_changelog() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert __version__ in headings
