"""The build that checks, plans and deploys, as far as it can be tested without Google."""

import json
import os
import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.configuration import FOLDER, ROOT

BUILD: dict[str, Any] = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())
BASH = shutil.which("bash") or "bash"
STEPS = {step["id"]: step for step in BUILD["steps"]}


def script(step: str, **given: str) -> str:
    """Return a step's script as the shell gets it: substitutions made, `$$` become `$`."""
    text = str(STEPS[step]["args"][-1])
    for name, value in {**BUILD["substitutions"], "_STATE_BUCKET": "bucket", **given}.items():
        text = text.replace(f"${{{name}}}", value)
    text = text.replace("$PROJECT_ID", "acme-data")
    return text.replace("$$", "$")


def test_the_steps_come_in_the_order_that_protects() -> None:
    assert list(STEPS) == ["tools", "check", "variables", "plan", "apply", "try"]


@pytest.mark.parametrize("step", list(STEPS))
def test_every_script_is_one_the_shell_can_read(step: str) -> None:
    assert STEPS[step]["args"][0] == "-ceu"
    subprocess.run([BASH, "-n", "-c", script(step)], check=True)


def test_the_check_is_the_one_of_the_readme() -> None:
    [command] = re.findall(r"make (\w+)", script("check"))
    assert re.search(rf"^{command}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert f"make {command}" in (ROOT / "README.md").read_text()


def test_the_plan_is_checked_and_is_what_gets_applied() -> None:
    lines = script("plan")
    assert [
        word for word in ("fmt -check", "init", "validate", "plan") if f"terraform {word}" not in lines
    ] == []
    [planned] = re.findall(r"-out=(\S+)", lines)
    assert f"terraform apply -input=false {planned}" in script("apply")


@pytest.mark.parametrize("step", ["apply", "try"])
def test_nothing_is_deployed_unless_asked_for(step: str) -> None:
    assert BUILD["substitutions"]["_APPLY"] == "false"
    shell = subprocess.run(
        [BASH, "-ceu", script(step)], check=True, capture_output=True, text=True, env={"PATH": "/nowhere"}
    )
    assert shell.stdout in ("", "Planned only; _APPLY=true deploys.\n")


def test_terraform_is_a_version_the_configuration_allows() -> None:
    images = {step["name"] for step in STEPS.values() if "terraform" in step["name"]}
    [image] = images
    required = re.search(r'required_version = ">= (\d+)\.(\d+)"', (FOLDER / "versions.tf").read_text())
    assert required
    least = (int(required[1]), int(required[2]))
    version = re.fullmatch(r"hashicorp/terraform:(\d+)\.(\d+)\.\d+", image)
    assert version
    assert (int(version[1]), int(version[2])) >= least


def test_the_outputs_it_reads_exist() -> None:
    read = re.findall(r"terraform output -raw (\w+)", script("apply"))
    declared = re.findall(r'^output "(\w+)"', (FOLDER / "outputs.tf").read_text(), re.MULTILINE)
    assert set(read) == {"function_url", "invoker", "secret", "add_credentials"} <= set(declared)


def test_it_ends_with_a_check_of_every_system_that_must_succeed() -> None:
    assert """--data '{"mode": "check"}'""" in script("try")
    [pattern] = re.findall(r"grep -Eq '([^']+)'", script("try"))
    assert re.search(pattern, '{"mode":"check","status":"succeeded"}')
    assert not re.search(pattern, '{"mode":"check","status":"failed"}')


@pytest.mark.parametrize(
    "file",
    [
        "terraform.tfstate",
        "terraform.tfvars",
        "erp.duckdb",
        "state.db",
        "acumatica-credentials.json",
        "key.pem",
    ],
)
def test_state_data_and_credentials_are_not_uploaded(file: str) -> None:
    assert is_left_out(file)


@pytest.mark.parametrize(
    "file", ["main.py", "requirements.txt", "Makefile", "terraform.tfvars.example", "pyproject.toml"]
)
def test_what_the_build_needs_is_uploaded(file: str) -> None:
    assert not is_left_out(file)


def is_left_out(file: str) -> bool:
    lines = (ROOT / ".gcloudignore").read_text().splitlines()
    return any(fnmatch(file, line) for line in lines if line and not line.startswith("#"))


def test_another_tenant_has_a_state_and_variables_of_its_own() -> None:
    assert "prefix=acumatica-bigquery-connector" in script("plan")
    assert "prefix=erp-north" in script("plan", _STATE_PREFIX="erp-north")
    assert "gs://bucket/erp-north.tfvars' terraform/terraform.tfvars" in script(
        "variables", _VARIABLES="erp-north.tfvars"
    )


GCLOUD = """#!/bin/sh
case "$*" in
  "secrets versions list acumatica-credentials"*) echo "$VERSIONS" ;;
  "auth print-identity-token"*) echo token ;;
  *) echo "unexpected: $*" >&2; exit 1 ;;
esac
"""

CURL = """#!/bin/sh
echo "$*" > called
echo "$ANSWER" > answer.json
printf 200
"""


def try_out(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the last step in a folder with a scripted gcloud and curl."""
    (folder / ".tools").mkdir()
    for name, text in {"url": "https://f", "invoker": "i@acme", "secret": "acumatica-credentials"}.items():
        (folder / ".tools" / name).write_text(text)
    (folder / ".tools" / "add_credentials").write_text("gcloud secrets versions add acumatica-credentials")
    for name, text in {"gcloud": GCLOUD, "curl": CURL}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return subprocess.run(
        [BASH, "-ceu", script("try", _APPLY="true")],
        cwd=folder,
        env={"PATH": f"{folder}:{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_secret_without_a_version_is_told_and_is_no_failure(tmp_path: Path) -> None:
    told = try_out(tmp_path, VERSIONS="", ANSWER="{}")
    assert told.returncode == 0
    assert "gcloud secrets versions add acumatica-credentials" in told.stdout
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize(("status", "code"), [("succeeded", 0), ("failed", 1)])
def test_with_a_version_every_system_is_tried(tmp_path: Path, status: str, code: int) -> None:
    told = try_out(tmp_path, VERSIONS="1", ANSWER=json.dumps({"mode": "check", "status": status}))
    assert told.returncode == code, told.stderr
    assert '{"mode": "check"}' in (tmp_path / "called").read_text()
