"""Every block of commands in the pages is run by bash: ours on a simulated tenant, the cloud's by programs that keep what they are told.

What `gcloud` is told, as bash hands it over, must be what the Google Cloud CLI knows. A block that is neither run nor listed
below with a reason fails here.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.settings import list_variables
from tests.docs.configuration import ROOT
from tests.docs.test_commands import find_unknown, read_gcloud

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SCRIPTED = ("gcloud", "bq", "terraform", "curl", "git", "make")
RUN = (*SCRIPTED, "python", ".venv/bin/python", "cat", "chmod", "cp", "export", "eval", "for", "done")
NO_COMMANDS = re.compile(
    r'\{"|POST /|GET  /|https://|SELECT |notify = \{|- \{name|import \{|\w+:$', re.MULTILINE
)
"""How a block begins that is none of commands: JSON, calls, SQL, YAML, Terraform."""
NOT_RUN = {
    ".ci/run": "it runs this test",
    "python -m tests.docs.provider.extract": "it downloads Google's providers",
    "from google.cloud.firestore import Client": "it deletes what is in a project's Firestore",
}
"""Commands that no test can run, each with the reason. The rest of their block is run."""
SHELL = shutil.which("bash") or "bash"


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


@dataclass
class Laptop:
    """A folder with the files of a clone, a simulated tenant, and programs that keep what they are told."""

    folder: Path
    tenant: Sandbox
    environment: dict[str, str]
    answers: str
    spoken: Mapping[str, str] = field(default_factory=dict)

    def run(self, block: Block) -> "subprocess.CompletedProcess[str]":
        text = block.text
        for placeholder, value in self.spoken.items():
            text = text.replace(placeholder, value)
        environment = self.environment
        if "-m connector" in text and block.page != "README.md":
            environment = self.configure()
        kept = [line for line in text.splitlines() if not any(name in line for name in NOT_RUN)]
        return subprocess.run(
            [SHELL, "-euo", "pipefail", "-c", "\n".join(kept)],
            cwd=self.folder,
            env=environment,
            input=self.answers,
            capture_output=True,
            text=True,
            check=False,
        )

    def configure(self) -> dict[str, str]:
        """Return the environment of a laptop that has copied the vendors: only the README begins with nothing."""
        (self.folder / "credentials.json").write_text(json.dumps(self.tenant.credentials("password")))
        configured = {
            **self.environment,
            "ACUMATICA_URL": self.tenant.url,
            "ACUMATICA_CREDENTIALS": "file:credentials.json",
            "WAREHOUSE": "duckdb:acumatica.duckdb",
            "STATE": "sqlite:state.db",
        }
        command = [sys.executable, "-m", "connector", "sync", "vendors"]
        subprocess.run(command, cwd=self.folder, env=configured, capture_output=True, check=True)
        return configured

    def read_calls(self) -> list[tuple[str, ...]]:
        """Return what the programs were told, in order."""
        log = self.folder / "calls"
        texts = log.read_text().split("\x01\n") if log.exists() else []
        return [tuple(text.rstrip("\x00").split("\x00")) for text in texts if text]


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    folder = tmp_path_factory.mktemp("clone")
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / "terraform").mkdir()
    shutil.copy(ROOT / "terraform" / "terraform.tfvars.example", folder / "terraform")
    with Sandbox(SandboxOptions(size="tiny", real_time=True)) as tenant:
        secret = tenant.credentials("password")
        names = ("client_id", "client_secret", "username", "password")
        own = {variable.name for variable in list_variables()}
        environment = {name: value for name, value in os.environ.items() if name not in own}
        environment |= {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
        (folder / "bin").mkdir()
        for name in ("bin/python", ".venv/bin/python"):
            write_program(folder / name, f'exec {sys.executable} "$@"')
        for name in SCRIPTED:
            write_program(folder / "bin" / name, keep(name, folder, tenant))
        yield Laptop(
            folder=folder,
            tenant=tenant,
            environment=environment,
            answers="\n".join([tenant.url, "", "", *(secret[name] for name in names)]) + "\n",
            spoken={
                "https://erp.example.com/Instance": tenant.url,
                '{"auth": "password", "client_id": "GUID@Tenant", "client_secret": "…", "username": "…", '
                '"password": "…"}': json.dumps(secret),
                "V000123": str(tenant.tenant.records("Vendor")[0].fields["VendorID"]),
            },
        )


def keep(name: str, folder: Path, tenant: Sandbox) -> str:
    """Return a program that writes down what it is told, and prints what Terraform would for a laptop."""
    script = f"printf '%s\\0' {name} \"$@\" >> {folder}/calls; printf '\\001\\n' >> {folder}/calls"
    if name == "terraform":
        script += (
            f'\ncase "$*" in *environment) echo "export ACUMATICA_URL={tenant.url} ACUMATICA_CREDENTIALS=file:'
            'credentials.json WAREHOUSE=duckdb:acumatica.duckdb STATE=sqlite:state.db";; esac'
        )
    if name == "make":
        script += f'\nexec {shutil.which("make")} --silent --dry-run -C {ROOT} "$@" > /dev/null'
    return script


def write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.is_shell], ids=str)
def test_every_block_of_commands_runs(block: Block, laptop: Laptop) -> None:
    before = len(laptop.read_calls())
    done = laptop.run(block)
    assert (done.returncode, done.stderr if done.returncode else "") == (0, "")
    for call in laptop.read_calls()[before:]:
        if call[0] == "gcloud":
            assert find_unknown(read_gcloud(), call) == []


def test_every_line_of_these_blocks_is_a_command_that_is_run_or_listed() -> None:
    for block in BLOCKS:
        if not block.is_shell:
            continue
        text = re.sub(r"\\\n *", " ", re.sub(r"<<'JSON'\n.*?\nJSON", "", block.text, flags=re.DOTALL))
        for line in text.splitlines():
            word = line.split()[0]
            is_run = word in RUN or re.fullmatch(r"[A-Z]+=\S+", word)
            assert is_run or any(name in line for name in NOT_RUN), f"{block}: {line}"


def test_what_is_listed_stands_in_a_page() -> None:
    for name in NOT_RUN:
        assert any(name in block.text for block in BLOCKS), name


def test_the_laptop_of_the_readme_has_its_data(laptop: Laptop) -> None:
    [first] = [block for block in BLOCKS if block.page == "README.md" and "connector init" in block.text]
    if not (laptop.folder / ".env").exists():
        laptop.run(first)
    asked = [sys.executable, "-m", "connector", "query", "--csv", "SELECT count(*) FROM vendors"]
    done = subprocess.run(
        asked, cwd=laptop.folder, env=laptop.environment, capture_output=True, text=True, check=True
    )
    assert int(done.stdout.splitlines()[1]) == len(laptop.tenant.tenant.records("Vendor"))
