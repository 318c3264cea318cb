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
TENANT = FOLDER / "tenant"
TENANTS = "examples/several-tenants"
"""Where below FOLDER the example of three tenants lies."""
MODULES = ("project", "database", "tenant", "gateway", "united")

REQUIRED: Mapping[str, Any] = {
    "project_id": "acme-data",
    "region": "europe-west1",
    "acumatica": {"url": "https://erp.example.com/Production", "endpoint_version": "24.200.001"},
}
"""The least a user writes."""

EVERYTHING: dict[str, Any] = {
    **REQUIRED,
    "acumatica": {**REQUIRED["acumatica"], "rotating_token": True},
    "alerts": {"emails": ["erp@example.com"]},
    "bigquery": {
        "kms_key": "projects/p/locations/eu/keyRings/r/cryptoKeys/k",
        "readers": ["group:finance@example.com"],
    },
    "cadence": "nightly",
    "deployers": ["serviceAccount:deployer@acme-data.iam.gserviceaccount.com"],
    "notify": {"enabled": True, "gateway": True, "header": "X-Acumatica"},
    "operators": ["group:erp-team@example.com"],
}
"""All that a user may ask for."""

ASKS_GOOGLE = re.compile(r"^(terraform|provider|resource|data|output|check)\b", re.MULTILINE)

PROJECT_NUMBER = "123456789012"

OUTPUTS = {
    "project": {
        "id": "var.project_id",
        "number": f'"{PROJECT_NUMBER}"',
    },
    "database": {"name": "var.firestore.database"},
    "tenant": {
        "function": "local.function_name",
        "function_url": "local.function_url",
        "labels": "local.labels",
    },
    "gateway": {"address": '""'},
}
"""What the modules tell each other, as far as it is known without Google."""

TAKEN = {
    "project": {"kms_keys", "project_id"},
    "database": {"firestore", "prefixes", "project_id", "region"},
    "united": {"dataset", "location", "project", "tenants", "views"},
}


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
        self._answers: dict[tuple[str, str, str], str] = {}
        self._folder = folder / "terraform"
        for name in ("", *MODULES):
            (self._folder / name).mkdir(parents=True)
            for file in (FOLDER / name).glob("*.tf"):
                if not ASKS_GOOGLE.search(file.read_text()):
                    shutil.copy(file, self._folder / name)
        for name, outputs in OUTPUTS.items():
            blocks = [f'output "{output}" {{\n  value = {value}\n}}\n' for output, value in outputs.items()]
            (self._folder / name / "outputs.tf").write_text("\n".join(blocks))
        shutil.copytree(ROOT / "connector", folder / "connector")
        self._run(["init", "-backend=false", "-no-color"], "")

    def evaluate(self, expression: str, module: str = "tenant", **variables: Any) -> Any:
        """Return the value of an expression in a module, with these variables in place of the example's."""
        asked = (module, expression, json.dumps(variables, sort_keys=True))
        if asked not in self._answers:
            given = self._given({**REQUIRED, **variables}, module)
            answer = self._run(["console", *given], f"jsonencode({expression})\n", module)
            if answer.returncode != 0 or "Error" in answer.stderr:
                raise AssertionError(answer.stderr)
            self._answers[asked] = json.loads(answer.stdout)
        return json.loads(self._answers[asked])

    def refuse(self, module: str = "", **variables: Any) -> str:
        """Return what Terraform says against these variables; empty when it accepts them."""
        answer = self._run(
            ["plan", "-input=false", *self._given({**REQUIRED, **variables}, module)], "", module
        )
        return "" if answer.returncode == 0 else re.sub(r"\s+", " ", answer.stderr)

    def _given(self, variables: Mapping[str, Any], module: str = "") -> list[str]:
        """Write the variables as the root has them, or those of them that it hands to one of its modules."""
        if module == "tenant":
            project = {"id": variables["project_id"], "number": PROJECT_NUMBER}
            handed = {name: value for name, value in variables.items() if name != "project_id"}
            database = variables.get("firestore", {}).get("database", "(default)")
            variables = {**handed, "project": project, "database": database}
        elif module:
            variables = {name: value for name, value in variables.items() if name in TAKEN[module]}
        file = self._folder / "given.tfvars.json"
        file.write_text(json.dumps(variables))
        return ["-no-color", f"-var-file={file}"]

    def _run(self, arguments: list[str], text: str, module: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
        return subprocess.run(
            [self._terraform, *arguments],
            cwd=self._folder / module,
            input=text,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource block; `body` holds expressions as text, with literal text in quotes."""

    module: str
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
    for module in MODULES:
        for file in sorted((FOLDER / module).glob("*.tf")):
            for type_, name, body in parse_blocks(file, "resource"):
                yield Resource(module=module, type=type_, name=name, body=body)


def parse_blocks(file: Path, kind: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield type, name and body of each `resource` or `data` block of a file."""
    options = SerializationOptions(with_comments=False)
    for block in hcl2.loads(file.read_text(), serialization_options=options).get(kind, []):
        for type_, named in block.items():
            for name, body in named.items() if isinstance(named, dict) else ():
                if isinstance(body, dict):
                    yield type_.strip('"'), name.strip('"'), body


def find_resource(type_: str, name: str) -> Resource:
    """Return the one resource of this type and name."""
    return next(found for found in resources() if (found.type, found.name) == (type_, name))
