"""Every command in the pages is run by bash: ours on a simulated tenant, the cloud's by programs that keep what they are told.

What `gcloud` is told, as bash hands it over, must be what the Google Cloud CLI knows. A command in a block or in a sentence
that is neither run nor listed below with a reason fails here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

import pytest

from connector.faces.commands.parser import LISTED
from tests.docs.configuration import ROOT
from tests.docs.laptop import SCRIPTED, Laptop, open_laptop
from tests.docs.test_commands import find_unknown, read_gcloud
from tests.docs.test_contributing import BLOCK

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = (*SCRIPTED, "python", ".venv/bin/python", "cat", "chmod", "cp", "export", "eval", "for", "done")
NO_COMMANDS = re.compile(
    r'\{"|POST /|GET  /|https://|SELECT |notify = \{|- \{name|import \{|\w+:$', re.MULTILINE
)
"""How a block begins that is none of commands: JSON, calls, SQL, YAML, Terraform."""
NOT_RUN = {
    ".ci/run": "it runs this test",
    "python -m tests.docs.provider.extract": "it downloads Google's providers",
    "from google.cloud.firestore import Client": "it deletes what is in a project's Firestore",
    "-m pytest tests/property/test_protocol.py": "it searches for half an hour",
    "tests/property/test_moving_list.py": "it searches for half an hour",
    ".venv/bin/mutmut show": "it shows what a run of hours found",
    "-m acumatica_sandbox": "tests/unit/acumatica_sandbox/test_server.py runs it, and ends it",
}
"""Commands of blocks that no test can run, each with the reason. The rest of their block is run."""
NOT_RUN_HERE = {
    r"python -m connector demo": "tests/e2e/test_demo.py runs it",
    r"python -m connector rename": "tests/e2e/test_rename.py runs it, after the catalogue was edited",
    r"\S*python -m acumatica_sandbox": "tests/unit/acumatica_sandbox/test_server.py runs it, and ends it",
    r"python -m benchmarks\.": "it measures for minutes",
    r"\.venv/bin/ruff format": "it would change this project",
    r"pip install": "tests/docs/test_package.py runs it",
}
"""How commands in sentences begin that are not run, each with the reason."""
SPOKEN = {
    "ENTITY…": "vendors",
    "ENTITY": "vendors",
    "NAME": "vendors",
    "SOURCE": "Bill",
    "KEY": "V000123",
    "INSTANT": "2026-01-31T00:00:00Z",
    "SQL": "'SELECT 1'",
    "TEXT": "gone",
}
"""What one puts in the place of a word in capitals."""


@dataclass(frozen=True)
class Block:
    """Lines that stand together in a page."""

    page: str
    line: int
    text: str

    @property
    def is_shell(self) -> bool:
        return NO_COMMANDS.match(self.text) is None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def read_blocks() -> Iterator[Block]:
    """Yield the indented blocks of every page, and the fenced ones of a shell."""
    for page in PAGES:
        lines: list[str] = []
        fence, begin = None, 0
        for number, line in enumerate([*page.read_text().splitlines(), ""], 1):
            if mark := re.match(r" *```(\w*)$", line):
                assert mark[1] or fence, f"{page.name}:{number} does not say what it holds"
                fence = mark[1] if fence is None else None
            elif fence in ("sh", "bash", "shell", "console") or (
                fence is None and re.match(r" {4}", line) and (lines or line.lstrip()[:2] not in ("- ", "* "))
            ):
                begin = begin if lines else number
                lines.append(line)
                continue
            if lines:
                indent = min(len(each) - len(each.lstrip()) for each in lines)
                yield Block(page.name, begin, "\n".join(each[indent:] for each in lines))
            lines = []


BLOCKS = list(read_blocks())


def read_sentences() -> Iterator[str]:
    """Yield each command that stands in a sentence or in a table and in no block, as one would type it."""
    run_already = [block.text for block in BLOCKS if block.is_shell]
    for page in PAGES:
        text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        table = text.partition("| command | does |")[2].partition("\n\n")[0] if page == PAGES[0] else ""
        alone = {
            name
            for row in re.findall(r"^\|([^|]+)", table, re.MULTILINE)
            for name in re.findall(r"`([^`]+)`", row)
        }
        for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", text):
            command = _complete(" ".join(code.split()), alone)
            if command and not any(command in block for block in run_already):
                yield command


def _complete(code: str, alone: set[str]) -> str | None:
    """Return the command that is meant, with all its options; None if it is none."""
    words = code.replace("\\|", "|").split()
    first, rest = words[0] if words else "", words[1:]
    is_ours = code in alone or (rest and all(re.fullmatch(r"[\[\]A-Z…]+|\[?--\S+|drop", w) for w in rest))
    if first in LISTED and is_ours:
        words = ["python", "-m", "connector", *words]
    elif not rest or (first not in RUN and find_reason(code) is None):
        return None
    return " ".join(SPOKEN.get(word.strip("[]"), word.strip("[]")) for word in words)


def find_reason(command: str) -> str | None:
    """Return why a command of a sentence is not run; None if it is."""
    return next((why for begin, why in NOT_RUN_HERE.items() if re.match(begin, command)), None)


SENTENCES = sorted(set(read_sentences()))


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    catalogue = (ROOT / "connector" / "entities.yaml").read_text() + "\n" + BLOCK
    with open_laptop(tmp_path_factory.mktemp("clone"), catalogue) as opened:
        yield opened


def run(laptop: Laptop, text: str, *, configured: bool) -> None:
    """Run commands; they must succeed, and what they tell gcloud must be known."""
    before = len(laptop.read_calls())
    done = laptop.run(text, configured=configured)
    assert (done.returncode, done.stderr if done.returncode else "") == (0, "")
    for call in laptop.read_calls()[before:]:
        if call[0] == "gcloud":
            assert find_unknown(read_gcloud(), call) == []


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.is_shell], ids=str)
def test_every_block_of_commands_runs(block: Block, laptop: Laptop) -> None:
    kept = [line for line in block.text.splitlines() if not any(name in line for name in NOT_RUN)]
    run(laptop, "\n".join(kept), configured="-m connector" in block.text and block.page != "README.md")


@pytest.mark.parametrize("command", [command for command in SENTENCES if find_reason(command) is None])
def test_every_command_in_a_sentence_runs(command: str, laptop: Laptop) -> None:
    if re.search("letters drop|replay", command):
        laptop.reject(laptop.spoken["V000123"])
    run(laptop, command, configured=True)


def test_every_line_of_these_blocks_is_a_command_that_is_run_or_listed() -> None:
    for block in BLOCKS:
        if not block.is_shell:
            continue
        text = re.sub(r"\\\n *", " ", re.sub(r"<<'JSON'\n.*?\nJSON", "", block.text, flags=re.DOTALL))
        for line in text.splitlines():
            word = line.split()[0]
            is_run = word in RUN or re.fullmatch(r"[A-Z]+=\S+", word)
            assert is_run or any(name in line for name in NOT_RUN), f"{block}: {line}"


def test_what_is_listed_stands_in_a_page_and_what_does_it_is_there() -> None:
    for name in NOT_RUN:
        assert any(name in block.text for block in BLOCKS), name
    for begin in NOT_RUN_HERE:
        assert any(re.match(begin, command) for command in SENTENCES), begin
    for why in (*NOT_RUN.values(), *NOT_RUN_HERE.values()):
        assert all((ROOT / test).exists() for test in re.findall(r"tests/\S+\.py", why))
    for name in re.findall(r"python -m (benchmarks\.\w+)", "\n".join(SENTENCES)):
        assert find_spec(name), name


def test_the_commands_in_sentences_are_found() -> None:
    texts = [*SENTENCES, *(block.text for block in BLOCKS if block.is_shell)]
    for name in LISTED:
        assert any(f"-m connector {name}" in text for text in texts), name


def test_the_laptop_of_the_readme_has_its_data(laptop: Laptop) -> None:
    [first] = [block for block in BLOCKS if block.page == "README.md" and "connector init" in block.text]
    if not (laptop.folder / ".env").exists():
        run(laptop, first.text, configured=False)
    done = laptop.run("python -m connector query --csv 'SELECT count(*) FROM vendors'")
    assert int(done.stdout.splitlines()[1]) == len(laptop.tenant.tenant.records("Vendor"))
