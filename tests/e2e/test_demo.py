"""The demo, on a small company: it tells what happened, ends with a command that works."""

import io
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from rich.console import Console

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.faces.exit_codes import OK
from tests.pictures import PICTURES, THEMES, draw_demo, draw_page

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Shown:
    """What a demo printed, and how it ended."""

    text: str
    code: int
    folder: Path


def small_company() -> Sandbox:
    """Return a tenant for the demo; two bills are not released yet when it begins, so that people can delete one."""
    sandbox = Sandbox(SandboxOptions(size="tiny", real_time=True))
    for bill in sandbox.tenant.records("Bill")[:2]:
        sandbox.tenant.change("Bill", bill.id, {"Status": "On Hold"})
    return sandbox


def run(folder: Path) -> Shown:
    output = io.StringIO()
    with small_company() as sandbox:
        console = Console(file=output, record=True, width=160, soft_wrap=True)
        code = draw_demo(folder, folder, sandbox, console)
    return Shown(output.getvalue(), code, folder)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        yield run(tmp_path_factory.mktemp("demo"))


def test_every_story_happens_and_is_shown(shown: Shown) -> None:
    assert shown.code == OK
    assert "Bills that were deleted" in shown.text
    assert "did not show" not in shown.text


def test_it_ends_with_a_command_that_shows_the_data(shown: Shown) -> None:
    command = shown.text.splitlines()[-1]
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.endswith("5 rows\n")


@pytest.mark.parametrize("scheme", list(THEMES))
def test_it_is_drawn_and_the_drawing_loads_nothing(shown: Shown, scheme: str) -> None:
    drawn = (shown.folder / f"demo-{scheme}.svg").read_text()
    assert "deleted" in drawn
    assert "//cdn" not in drawn
    assert re.findall(r"(?:src|href|url)\s*[=(:]\s*[\"']?(?!#)\w+", drawn) == []


def test_the_page_over_it_is_drawn(shown: Shown, browser: Browser) -> None:
    draw_page(browser, shown.folder, shown.folder)
    for scheme in THEMES:
        assert (shown.folder / f"page-{scheme}.png").read_bytes().startswith(b"\x89PNG")


def test_the_readme_shows_pictures_that_are_small_and_name_no_machine() -> None:
    named = set(re.findall(r"docs/pictures/([\w.-]+)", (ROOT / "README.md").read_text()))
    assert named == {picture.name for picture in PICTURES.iterdir()}
    for picture in PICTURES.iterdir():
        assert picture.stat().st_size <= 150_000, picture
    for drawing in PICTURES.glob("*.svg"):
        assert str(ROOT.parent) not in drawing.read_text()
