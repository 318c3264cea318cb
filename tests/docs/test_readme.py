"""The README says what the code does: its tables are compared with the code itself."""

import re
from pathlib import Path

from connector.app.catalogue import load_catalogue
from connector.app.settings import list_variables
from connector.domain.run import Mode
from connector.faces.cli import build_parser

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def _rows(after: str) -> list[list[str]]:
    table = README.split(after, 1)[1].split("\n\n")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_variable_is_in_the_table_as_the_settings_have_it() -> None:
    documented = {
        name.strip("`"): (default, meaning)
        for name, default, meaning in _rows("| variable | default | meaning |")
    }
    read = {
        v.name: ("**required**" if v.is_required else f"`{v.default}`" if v.default else "", v.description)
        for v in list_variables()
    }
    assert documented == read


def test_the_entities_are_those_of_the_catalogue() -> None:
    documented = [
        (name.strip("`"), erp.split(" ")[0], view.strip("`"), lines.strip("`"))
        for name, erp, view, lines in _rows("| entity | Acumatica entity | current view | lines |")
    ]
    enabled = [
        (e.name, e.acumatica_entity, e.current_view, " ".join(view.name for view in e.line_views))
        for e in load_catalogue().enabled
    ]
    assert documented == enabled


def test_the_entities_off_by_default_are_named() -> None:
    text = README.split("Off by default", 1)[1].split("\n\n")[0]
    off = {e.name for e in load_catalogue().entities.values() if not e.enabled}
    assert set(re.findall(r"`(\w+)`", text)) == off


def test_every_mode_is_explained() -> None:
    assert [row[0].strip("`") for row in _rows("| mode | does | takes |")] == [mode.value for mode in Mode]


def test_every_command_is_explained_as_it_is_called() -> None:
    rows = [row[0].strip("`") for row in _rows("| command | does |")]
    explained = {"letters drop" if row.startswith("letters drop") else row.split()[0] for row in rows}
    parser = build_parser()
    assert explained == parser.commands
    values = {
        "ENTITY": "vendors",
        "ENTITY…": "vendors",
        "SQL": "SELECT 1",
        "SOURCE": "Bill",
        "INSTANT": "2026-01-31T00:00:00Z",
    }
    for row in rows:
        words = row.partition("` or `")[0].replace("[", "").replace("]", "").split()
        parser.parse_args([values.get(word, word) for word in words])


def test_every_file_named_exists() -> None:
    named = set(re.findall(r"`((?:docs|terraform|connector|\.ci)/[\w./-]*|cloudbuild\.yaml)`", README))
    missing = sorted(name for name in named if not (ROOT / name).exists())
    assert not missing


def test_every_error_in_the_troubleshooting_table_exists() -> None:
    errors = (ROOT / "connector" / "errors.py").read_text()
    for row in _rows("| you see | it means | do |"):
        for name in re.findall(r"`(\w+Error)`", row[0]):
            assert f"class {name}(" in errors
