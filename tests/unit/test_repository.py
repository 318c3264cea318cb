"""What must never be part of the repository: whatever .gitignore names, an environment or a link to one above all.

Checked out, it would take the place of the one that is there.
"""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this is no checkout: {done.stderr.strip()}")
    return done.stdout


def test_nothing_that_is_ignored_is_part_of_the_repository() -> None:
    assert _git("ls-files", "--cached", "--ignored", "--exclude-standard").split() == []


@pytest.mark.parametrize("name", [".venv", ".stand-ins"])
def test_an_environment_is_ignored_even_if_it_is_a_link(name: str) -> None:
    assert _git("check-ignore", "--no-index", name).strip() == name
