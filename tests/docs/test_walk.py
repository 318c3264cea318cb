"""docs/deploy.md, command by command: its shell runs Terraform itself; the other programs write down how they were called."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.docs.configuration import ROOT
from tests.docs.provider.cloud import RELEASES, Terraform, providers

PAGE = (ROOT / "docs" / "deploy.md").read_text()
WORDS = {"PROJECT_NUMBER": "123456789012", "PROJECT": "acme-data", "REGION": "europe-west1", "VERSION": "v1"}
OLD, NEW = "# the old release\n", "# the new release\n"

RECORDER = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
  "gcloud auth print-identity-token"*) echo a-token ;;
  "git pull"*) cp new/* . && mv dashboard.tf terraform/tenant/ ;;
  "git checkout"*) cp old/* . && rm terraform/tenant/dashboard.tf ;;
esac
"""


class Walk:
    """A stranger who types what the page says."""

    def __init__(self, terraform: Terraform) -> None:
        self.terraform = terraform
        self.folder = terraform.top
        self._calls = self.folder / "calls"
        programs = self.folder / "bin"
        programs.mkdir()
        for program in ("gcloud", "bq", "git", "curl"):
            (programs / program).write_text(RECORDER)
            (programs / program).chmod(0o755)
        self._environment = {
            **terraform.environment,
            "CALLS": str(self._calls),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "TF_CLI_ARGS": "-no-color",
            "TF_CLI_ARGS_apply": "-auto-approve -input=false",
            "TF_CLI_ARGS_destroy": "-auto-approve -input=false",
        }

    def type(self, command: str) -> str:
        """Run a line of the shell; return what it prints."""
        for word, value in WORDS.items():
            command = command.replace(word, value)
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-ceu", command],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def take_calls(self) -> list[str]:
        """Return how the scripted programs were called since the last time."""
        calls = self._calls.read_text().splitlines() if self._calls.exists() else []
        self._calls.unlink(missing_ok=True)
        return calls

    def edit(self, pattern: str, replacement: str) -> None:
        """Change the variables' file."""
        file = self.folder / "terraform" / "terraform.tfvars"
        file.write_text(re.sub(pattern, replacement, file.read_text(), flags=re.MULTILINE))

    def find(self, type_: str) -> list[dict[str, Any]]:
        """Return the values of all resources of a type."""
        return [r["values"] for r in self.terraform.resources() if r["type"] == type_]


def list_commands(section: str) -> list[str]:
    """Return the lines of the shell in a section of the page, in their order."""
    [text] = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^(?: {4}| {7})((?:cp|git|gcloud|bq|terraform) .*)$", text, re.MULTILINE)
    assert lines
    return [line.split("   #", 1)[0] for line in lines]


@pytest.fixture(scope="module")
def walk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Somebody with the old release, which lacks the dashboard and has another function, and an empty project."""
    request.getfixturevalue("terraform_needed")
    with providers(RELEASES[-1]) as addresses:
        walk = Walk(Terraform(tmp_path_factory.mktemp("walk"), "", addresses))
        for release, text in (("old", OLD), ("new", NEW)):
            (walk.folder / release).mkdir()
            (walk.folder / release / "main.py").write_text(text)
        shutil.move(walk.folder / "terraform" / "tenant" / "dashboard.tf", walk.folder / "new")
        shutil.copy(walk.folder / "old" / "main.py", walk.folder)
        yield walk


def test_the_page_leads_from_an_empty_project_through_an_upgrade_and_back_to_nothing(walk: Walk) -> None:
    """One walk, because each step needs what the one before left."""
    deploy(walk)
    upgrade(walk)
    roll_back(walk)
    remove(walk)


def deploy(walk: Walk) -> None:
    copy, init, plan, apply, store, output, start, *_ = list_commands("First deployment")
    walk.type(copy)
    walk.edit("my-project", "acme-data")
    walk.type(init)
    planned = walk.type(plan)
    assert re.search(r"Plan: \d+ to add, 0 to change, 0 to destroy", planned)
    walk.type(apply)
    assert {job["paused"] for job in walk.find("google_cloud_scheduler_job")} == {True}
    walk.type(store)
    walk.type(walk.type(output))
    stored, token, checked = walk.take_calls()
    assert stored.split()[4] == walk.terraform.outputs()["secret"]
    assert token == "gcloud auth print-identity-token"
    assert walk.terraform.outputs()["function_url"] in checked
    assert "Bearer a-token" in checked
    assert '{"mode": "check"}' in checked
    walk.edit(r"^paused = true\n", "")
    walk.type(start)
    assert {job["paused"] for job in walk.find("google_cloud_scheduler_job")} == {False}


def find_source(walk: Walk) -> str:
    """Return which source the function was built from."""
    [function] = walk.find("google_cloudfunctions2_function")
    source: str = function["build_config"][0]["source"][0]["storage_source"][0]["object"]
    return source


def upgrade(walk: Walk) -> None:
    before = find_source(walk)
    for command in list_commands("Upgrade"):
        printed = walk.type(command)
        if " plan" in command:
            assert not re.search(r"(dataset|secret|database)\S* (will|must) be (destroyed|replaced)", printed)
    assert walk.take_calls() == ["git pull"]
    assert find_source(walk) != before
    assert walk.find("google_monitoring_dashboard")
    assert set(walk.terraform.plan()) == {"no-op"}


def roll_back(walk: Walk) -> None:
    """The state saved before the upgrade is what `state push` brings back."""
    new, saved = find_source(walk), json.loads((walk.folder / "before.tfstate").read_text())
    commands = list_commands("Roll back")
    for command in commands:
        walk.type(command)
    assert walk.take_calls() == ["git checkout v1"]
    assert find_source(walk) != new
    assert not walk.find("google_monitoring_dashboard")
    assert set(walk.terraform.plan()) == {"no-op"}
    [restore] = re.findall(r"`(terraform [^`]* state push [^`]*)`", PAGE)
    walk.type(restore)
    assert json.loads(walk.terraform.run("state", "pull"))["resources"] == saved["resources"]
    assert set(walk.terraform.plan()) == {"no-op"}


def remove(walk: Walk) -> None:
    everything = PAGE.split("**Everything**")[1]
    for command in [each for each in list_commands("Remove") if each in everything]:
        walk.type(command)
    calls = walk.take_calls()
    assert calls[0] == "bq rm -r -f -d acme-data:acumatica"
    assert [call for call in calls if "databases delete" in call]
    assert walk.terraform.run("state", "list") == ""
