"""Every command in the pages, outputs and the build is one its program knows, with every flag."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connector.faces.cli import build_parser
from tests.conftest import UNTESTED
from tests.docs.configuration import ROOT, TENANT
from tests.stand_ins.firestore import find_sdk

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = ("gcloud", "bq", "terraform", "python")
ENDS = {"|", ";", "&&", "||", ")", "do", "done", ">", ">>"}


def read_code(page: Path) -> Iterator[str]:
    """Yield the indented lines of a page, those that go on joined, and what stands between backquotes in a line."""
    text = page.read_text()
    blocks = re.sub(r" *\\\n +", " ", text)
    for line in re.findall(r"^(?: {4}| {7})(\S.*)$", blocks, re.MULTILINE):
        yield re.split(r"\s#\s", line)[0]
    yield from re.findall(r"`([^`\n]+)`", text)


def read_outputs() -> Iterator[str]:
    """Yield the commands that Terraform's outputs print, each variable a word."""
    for value in re.findall(r'value +\= "((?:[^"\\]|\\.)*)"', (TENANT / "outputs.tf").read_text()):
        yield re.sub(r"\$\{[^}]*\}", "NAME", value).replace('\\"', '"')


def split(text: str) -> list[str]:
    """Return the words of a shell's line; none when it is not one."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";|&<>()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        return []


def find_commands(texts: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield each command of ours, those within `$(…)` too."""
    for text in texts:
        yield from find_commands(re.findall(r"\$\((.*?)\)", text))
        words: list[str] = []
        for word in [*split(text), ";"]:
            if words and word in ENDS:
                if len(words) > 1:
                    yield tuple(words)
                words = []
            elif words or word.rsplit("/", 1)[-1] in PROGRAMS:
                words.append(word)


def list_commands(program: str) -> list[tuple[str, ...]]:
    texts = [*(text for page in PAGES for text in read_code(page)), *read_outputs()]
    return sorted({words for words in find_commands(texts) if words[0].rsplit("/", 1)[-1] == program})


def is_flag(word: str) -> bool:
    return word.startswith("-") and word != "-"


def walk(tree: dict[str, Any], words: Iterable[str]) -> dict[str, Any]:
    """Return the tree's node for a command, as deep as the words lead."""
    for word in words:
        if not is_flag(word):
            if word not in tree["commands"]:
                break
            tree = tree["commands"][word]
    return tree


@cache
def read_sdk() -> Path:
    """Return the Google Cloud SDK; skip here, and fail with CI=true, where it is not installed."""
    root = find_sdk("data/cli/gcloud_completions.py")
    if root is None:
        leave_out = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        leave_out(f"{UNTESTED} with the Google Cloud CLI: it is not installed")
        raise AssertionError
    return root


@cache
def read_gcloud() -> dict[str, Any]:
    """Return the Cloud CLI's own tree of commands, which it completes words by."""
    tree: dict[str, Any] = {}
    exec((read_sdk() / "data/cli/gcloud_completions.py").read_text(), tree)  # noqa: S102 - the CLI's own file
    found: dict[str, Any] = tree["STATIC_COMPLETION_CLI_TREE"]
    return found


def find_unknown(tree: dict[str, Any], words: tuple[str, ...]) -> list[str]:
    """Return what the program does not know of a command: flags, values that are none, or where it ends too early."""
    node = walk(tree, words[1:])
    known = {**tree["flags"], **node["flags"]}
    unknown = [] if not node["commands"] else ["no such command"]
    for flag, _, value in (word.partition("=") for word in words if is_flag(word)):
        name = flag.replace("--no-", "--", 1) if flag.replace("--no-", "--", 1) in known else flag
        choices = known.get(name, name)
        if name not in known or (isinstance(choices, list) and value and value not in choices):
            unknown.append(f"{flag}={value}")
    return unknown


def test_enough_commands_are_found() -> None:
    assert len(list_commands("gcloud")) > 40
    assert len(list_commands("terraform")) > 15
    assert len(list_commands("bq")) >= 3


@pytest.mark.parametrize("words", list_commands("gcloud"), ids=" ".join)
def test_gcloud_knows_the_command(words: tuple[str, ...]) -> None:
    assert find_unknown(read_gcloud(), words) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("gcloud run services proxi x", ["no such command"]),
        ("gcloud run services proxy x --prot=1", ["--prot=1"]),
        (
            "gcloud compute backend-services create x --load-balancing-scheme=NONE",
            ["--load-balancing-scheme=NONE"],
        ),
    ],
)
def test_what_gcloud_does_not_know_is_found(command: str, said: list[str]) -> None:
    assert find_unknown(read_gcloud(), tuple(command.split())) == said


@pytest.mark.parametrize("words", list_commands("bq"), ids=" ".join)
def test_bq_knows_the_command(words: tuple[str, ...]) -> None:
    root = read_sdk()
    asked = [str(root / "bin" / "bq"), "help", words[1]]
    text = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60).stdout
    for flag in (word.lstrip("-").partition("=")[0] for word in words if is_flag(word)):
        assert re.search(rf"^ +(-\w,)?--?(\[no\])?{flag}\b|^ +-{flag},--", text, re.MULTILINE), flag


@cache
def read_help(*command: str) -> str:
    program = shutil.which("terraform")
    if program is None:
        leave_out = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        leave_out(f"{UNTESTED} with Terraform: terraform is not installed")
    arguments = [str(program), *command, "-help"]
    return subprocess.run(arguments, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("words", list_commands("terraform"), ids=" ".join)
def test_terraform_knows_the_command(words: tuple[str, ...]) -> None:
    names = [word for word in words[1:] if not is_flag(word)]
    command = names[: 2 if names[0] in ("state", "providers") else 1]
    text = read_help() + read_help(*command)
    assert "Usage: terraform [global options] " + " ".join(command) in text
    planned = read_help("plan") if command in (["apply"], ["destroy"]) else ""
    for flag in (word.partition("=")[0] for word in words if is_flag(word)):
        assert re.search(rf"(?<!\S){re.escape(flag)}\b", text + planned), flag


@pytest.mark.parametrize("words", list_commands("python"), ids=" ".join)
def test_the_command_line_knows_the_command(words: tuple[str, ...]) -> None:
    if words[1:3] == ("-m", "connector") and len(words) > 3 and "--help" not in words:
        build_parser().parse_args(words[3:])
