"""Makes the README's pictures from the demo: `python -m tests.pictures`, about a minute.

The terminal is drawn by rich, the page by headless Chromium; both in light and dark.
"""

import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ViewportSize
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme

from acumatica_sandbox import Sandbox
from connector.faces.demo import run_demo
from connector.faces.demo.function import build_environment, serve_function
from tests.stand_ins.browser import install_browser, running_browser

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
THEMES: Mapping[Literal["light", "dark"], TerminalTheme] = {
    "light": DEFAULT_TERMINAL_THEME,
    "dark": SVG_EXPORT_THEME,
}
SIZE = ViewportSize(width=1240, height=714)
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""What rich would load from elsewhere; every viewer has a font of its own."""


def draw_demo(folder: Path, pictures: Path, sandbox: Sandbox | None, console: Console) -> int:
    """Run the demo in this folder, and draw what it prints on a console that records; return its exit code."""
    code = run_demo(str(folder), console, sandbox)
    for scheme, theme in THEMES.items():
        drawn = console.export_svg(title="make demo", theme=theme, clear=False)
        (pictures / f"demo-{scheme}.svg").write_text(FONT.sub("", drawn))
    return code


def draw_page(browser: Browser, folder: Path, pictures: Path) -> None:
    """Draw the page of the function over what the demo left in this folder."""
    environment = build_environment("http://127.0.0.1/AcmeERP", folder)
    environment["WAREHOUSE"] = f"duckdb:{os.path.relpath(folder, ROOT)}/acumatica.duckdb"
    with serve_function(environment, folder / "function.log") as url:
        for scheme in THEMES:
            page = browser.new_page(viewport=SIZE, color_scheme=scheme)
            page.goto(url)
            page.screenshot(path=pictures / f"page-{scheme}.png")
            page.close()


def main() -> None:
    """Make all pictures anew."""
    os.chdir(ROOT)
    PICTURES.mkdir(exist_ok=True)
    print(f"Chromium: {install_browser()}")
    folder = ROOT / ".demo"
    console = Console(record=True, file=io.StringIO(), width=112, color_system="truecolor")
    if draw_demo(folder, PICTURES, None, console):
        raise SystemExit("The demo failed: no picture of it is worth showing.")
    with running_browser() as browser:
        draw_page(browser, folder, PICTURES)
    for picture in sorted(PICTURES.iterdir()):
        print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
