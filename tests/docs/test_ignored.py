"""What README, pages and outputs tell one to make never gets into git: the names are read from there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from connector.adapters.secrets.successor import replace_file
from tests.docs.configuration import ROOT, TENANT

TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), TENANT / "outputs.tf"]

MAKING = (
    r"cat > (\S+)",
    r"\bcp \S+ (\S+)$",
    r"--data-file=([\w./-]+)",
    r"\bfile:([\w./-]+)",
    r"--credentials ([\w./-]+)",
    r"\w > ([\w./-]+\.\w+)$",
    r"put this into `([^`]+)`",
    r"writes `([^`]+)`",
)
"""How a text tells to make a file."""

KEPT = {".terraform.lock.hcl"}
"""What belongs into version control."""


def read_names() -> set[str]:
    """Return the names of the files that the texts tell to make, without their folders."""
    names = set()
    for text in TEXTS:
        for line in text.read_text().splitlines():
            command = line.split("   #", 1)[0].rstrip()
            names |= {Path(name).name for pattern in MAKING for name in re.findall(pattern, command)}
    return {name for name in names if "." in name} - KEPT


def is_ignored(folder: Path, name: str) -> bool:
    """Ask git itself, in a repository that has these rules alone."""
    git = shutil.which("git") or "git"
    shutil.copy(ROOT / ".gitignore", folder)
    subprocess.run([git, "init", "--quiet", str(folder)], check=True)
    asked = subprocess.run([git, "check-ignore", "--quiet", "--no-index", name], cwd=folder, check=False)
    return asked.returncode == 0


def test_the_names_are_found() -> None:
    assert {
        "credentials.json",
        "acumatica-credentials.json",
        "terraform.tfvars",
        "before.tfstate",
    } <= read_names()


def test_git_ignores_what_a_killed_run_leaves_beside_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        replace_file(tmp_path / "secret.json", b"new")
    (left,) = tmp_path.iterdir()
    assert is_ignored(tmp_path, left.name)


@pytest.mark.parametrize("name", sorted(read_names() | {".env", "terraform.tfvars.json", "a.tfplan"}))
def test_git_ignores_it_wherever_it_is_made(tmp_path: Path, name: str) -> None:
    assert is_ignored(tmp_path, name)
    assert is_ignored(tmp_path, f"terraform/{name}")


@pytest.mark.parametrize(
    "name", ["terraform/terraform.tfvars.example", "terraform/main.tf", "requirements.txt"]
)
def test_what_belongs_to_the_project_is_not_ignored(tmp_path: Path, name: str) -> None:
    assert not is_ignored(tmp_path, name)
