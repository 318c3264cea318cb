"""What must never be part of the repository: whatever .gitignore names, and a Python file too long to be read at once.

An environment, or a link to one, would take the place of the one that is there when it is checked out.
"""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 300
"""Lines of a Python file."""


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


def test_no_python_file_is_longer_than_can_be_read_at_once() -> None:
    names = _git("ls-files", "*.py").split()
    assert Path(__file__).relative_to(ROOT).as_posix() in names
    lines = {name: len((ROOT / name).read_text().splitlines()) for name in names}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}
