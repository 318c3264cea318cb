"""What a command imports: help nothing but the parser, the status nothing of Acumatica or the cloud."""

import subprocess
import sys
from pathlib import Path

import pytest

from connector.faces.cli import build_parser
from connector.faces.commands.parser import LISTED

HEAVY = {
    "cryptography",
    "duckdb",
    "google.auth",
    "google.cloud.bigquery",
    "jinja2",
    "requests",
    "sqlglot",
    "urllib3",
}
FOR_HELP = {
    *HEAVY,
    "connector.app",
    "connector.runs",
    "connector.adapters",
    "dotenv",
    "msgspec",
    "rich",
    "yaml",
}
CALL = """
import sys
from pathlib import Path
from connector.faces.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(*sys.modules, sep="\\n")
"""


@pytest.mark.parametrize(
    ("words", "forbidden"),
    [(["--help"], FOR_HELP), (["--version"], FOR_HELP), (["status"], HEAVY)],
    ids=lambda given: given[0] if isinstance(given, list) else "",
)
def test_a_command_starts_without_what_it_does_not_need(
    words: list[str], forbidden: set[str], tmp_path: Path
) -> None:
    environment = {
        "ACUMATICA_URL": "https://erp.example",
        "ACUMATICA_CREDENTIALS": "env:NONE",
        "WAREHOUSE": f"duckdb:{tmp_path}/warehouse.duckdb",
        "STATE": f"sqlite:{tmp_path}/state.db",
    }
    done = subprocess.run(
        [sys.executable, "-c", CALL, *words], capture_output=True, text=True, check=True, env=environment
    )
    lines = done.stdout.splitlines()
    assert "connector.faces.cli" in lines
    if words == ["status"]:
        assert any("never synced" in line for line in lines), done.stderr
    assert not forbidden & set(lines)


@pytest.mark.parametrize("name", LISTED)
def test_a_called_command_is_there_whole_and_the_others_are_listed(name: str) -> None:
    parser = build_parser(name.split())
    assert parser.commands == frozenset(LISTED)
    assert all(each.split()[0] in parser.format_help() for each in LISTED)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args([*name.split(), "--help"])
    assert ended.value.code == 0


def test_every_command_is_what_the_list_says_it_is() -> None:
    assert build_parser().format_help() == build_parser([]).format_help()
