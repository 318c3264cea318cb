"""The Terraform configuration as the tests see it: evaluated by Terraform itself, and parsed."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
from hcl2 import SerializationOptions

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "terraform"

REQUIRED: Mapping[str, Any] = {
    "project_id": "acme-data",
    "region": "europe-west1",
    "acumatica": {"url": "https://erp.example.com/Production", "endpoint_version": "24.200.001"},
}
"""The least a user writes."""

ASKS_GOOGLE = re.compile(r"^(terraform|provider|resource|data|output|check)\b", re.MULTILINE)

PROJECT_NUMBER = "123456789012"


class TerraformMissingError(Exception):
    """There is no terraform on this machine."""


class Configuration:
    """A copy of the files that hold variables and locals alone, which Terraform evaluates without any provider."""

    def __init__(self, folder: Path) -> None:
        """Copy them, and what they read, into an empty folder."""
        terraform = shutil.which("terraform")
        if terraform is None:
            raise TerraformMissingError("terraform is not installed")
        self._terraform = terraform
        self._answers: dict[tuple[str, str], str] = {}
        self._folder = folder / "terraform"
        self._folder.mkdir(parents=True)
        for file in FOLDER.glob("*.tf"):
            if not ASKS_GOOGLE.search(file.read_text()):
                shutil.copy(file, self._folder)
        (self._folder / "google.tf").write_text(f'locals {{\n  project_number = "{PROJECT_NUMBER}"\n}}\n')
        shutil.copytree(ROOT / "connector", folder / "connector")

    def evaluate(self, expression: str, **variables: Any) -> Any:
        """Return the value of an expression, with these variables in place of the example's."""
        asked = (expression, json.dumps(variables, sort_keys=True))
        if asked not in self._answers:
            answer = self._run(["console", *self._given(variables)], f"jsonencode({expression})\n")
            if answer.returncode != 0 or "Error" in answer.stderr:
                raise AssertionError(answer.stderr)
            self._answers[asked] = json.loads(answer.stdout)
        return json.loads(self._answers[asked])

    def refuse(self, **variables: Any) -> str:
        """Return what Terraform says against these variables; empty when it accepts them."""
        answer = self._run(["plan", "-input=false", *self._given(variables)], "")
        return "" if answer.returncode == 0 else re.sub(r"\s+", " ", answer.stderr)

    def _given(self, variables: Mapping[str, Any]) -> list[str]:
        file = self._folder / "given.tfvars.json"
        file.write_text(json.dumps({**REQUIRED, **variables}))
        return ["-no-color", f"-var-file={file}"]

    def _run(self, arguments: list[str], text: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
        return subprocess.run(
            [self._terraform, *arguments],
            cwd=self._folder,
            input=text,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource block; `body` holds expressions as text, with literal text in quotes."""

    type: str
    name: str
    body: Mapping[str, Any]

    def text(self, argument: str) -> str:
        """Return a literal argument without its quotes."""
        return str(self.body[argument]).strip('"')


@cache
def resources() -> tuple[Resource, ...]:
    """Return every resource of the configuration."""
    return tuple(_parse())


def _parse() -> Iterator[Resource]:
    for file in sorted(FOLDER.glob("*.tf")):
        options = SerializationOptions(with_comments=False)
        for block in hcl2.loads(file.read_text(), serialization_options=options).get("resource", []):
            for type_, named in block.items():
                for name, body in named.items() if isinstance(named, dict) else ():
                    if isinstance(body, dict):
                        yield Resource(type=type_.strip('"'), name=name.strip('"'), body=body)


def find_resource(type_: str, name: str) -> Resource:
    """Return the one resource of this type and name."""
    return next(found for found in resources() if (found.type, found.name) == (type_, name))
