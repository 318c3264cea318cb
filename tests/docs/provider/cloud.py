"""Terraform at work on this configuration with providers of ours: init, validate, plan, apply, destroy, without a network."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.docs.configuration import FOLDER, PROJECT_NUMBER, ROOT
from tests.docs.provider.server import Provider, Values, decode, encode, serving

SCHEMAS = Path(__file__).parent
RELEASES = ("6.50.0", "7.46.1", "8.7.0")
"""Of the provider: the oldest that is allowed, the newest of the release before, and the newest."""


OWN_NAMES = (
    "name",
    "account_id",
    "dataset_id",
    "secret_id",
    "repository_id",
    "gateway_id",
    "display_name",
    "service",
)
ENTITIES = 2
"""So many stand for all: what follows from the catalogue is tested without making it."""


def read_schema(name: str) -> dict[str, Any]:
    """Return the schema of a provider and release."""
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text())
    return schema


def fill(type_: str, values: Values, name: str) -> Any:
    """Return what Google makes up; what nothing here depends on stays empty."""
    match type_, name:
        case "google_project", "number":
            return PROJECT_NUMBER
        case "google_service_account", "email" | "member" | "name":
            email = f"{values['account_id']}@{values['project']}.iam.gserviceaccount.com"
            return {
                "email": email,
                "member": f"serviceAccount:{email}",
                "name": f"projects/-/serviceAccounts/{email}",
            }[name]
        case "google_bigquery_default_service_account", "member":
            return f"serviceAccount:bq-{PROJECT_NUMBER}@bigquery-encryption.iam.gserviceaccount.com"
        case "google_cloudfunctions2_function", "uri":
            return f"https://{values['name']}-abc123-ew.a.run.app"
        case "archive_file", "output_md5":
            return hashlib.md5(repr(values["source"]).encode(), usedforsecurity=False).hexdigest()
        case _, "id" | "name" | "default_hostname":
            return f"{type_}/{next((str(values[key]) for key in OWN_NAMES if isinstance(values.get(key), str)), '')}"
        case _:
            return None


class Google(Provider):
    """Google's provider, which drops a dataset's authorized datasets with every change of its members.

    Its `google_bigquery_dataset_iam_member` writes back the members it knows, and an authorized dataset is none.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        super().__init__(schema, fill)
        self._authorized: set[tuple[str, str]] = set()

    def _apply_resource_change(self, request: Any) -> Values:
        values = decode(request.planned_state) or decode(request.prior_state)
        if request.type_name == "google_bigquery_dataset_iam_member":
            self._authorized = {pair for pair in self._authorized if pair[0] != values["dataset_id"]}
        if request.type_name == "google_bigquery_dataset_access":
            change = (
                self._authorized.discard if decode(request.planned_state) is None else self._authorized.add
            )
            change(_find_authorization(values))
        return super()._apply_resource_change(request)

    def _read_resource(self, request: Any) -> Values:
        if request.type_name == "google_bigquery_dataset_access":
            found = _find_authorization(decode(request.current_state)) in self._authorized
            return {"new_state": request.current_state if found else encode(None)}
        return super()._read_resource(request)


def _find_authorization(access: Values) -> tuple[str, str]:
    """Return the dataset that is read and the one whose views read it."""
    return access["dataset_id"], access["dataset"][0]["dataset"][0]["dataset_id"]


class Terraform:
    """A copy of the configuration with its state, and Terraform to work on it."""

    def __init__(self, folder: Path, root: str, addresses: Mapping[str, str]) -> None:
        """Copy what the configuration needs; `root` is the folder below terraform/ to work in."""
        shutil.copytree(
            FOLDER,
            folder / "terraform",
            ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars"),
        )
        (folder / "connector").mkdir()
        catalogue = yaml.safe_load((ROOT / "connector" / "entities.yaml").read_text())
        few = {name: entity for name, entity in catalogue.items() if name in list(catalogue)[:ENTITIES]}
        (folder / "connector" / "entities.yaml").write_text(yaml.safe_dump(few))
        for name in ("main.py", "requirements.txt"):
            shutil.copy(ROOT / name, folder)
        self.top = folder
        self.folder = folder / "terraform" / root
        self.environment = {
            **os.environ,
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": os.devnull,
            "TF_IN_AUTOMATION": "1",
            "TF_REATTACH_PROVIDERS": json.dumps(
                {name: _attach(address) for name, address in addresses.items()}
            ),
        }
        self.run("init", "-backend=false", "-input=false")

    def copy(self, folder: Path) -> "Terraform":
        """Return another one with the same configuration and state, to be changed."""
        other = object.__new__(Terraform)
        shutil.copytree(self.top, folder / "copy")
        other.top, other.environment = folder / "copy", self.environment
        other.folder = other.top / self.folder.relative_to(self.top)
        return other

    def run(self, *arguments: str) -> str:
        """Return what a command prints; raise AssertionError with what it says when it fails."""
        done = self.attempt(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command."""
        command, *rest = arguments
        return subprocess.run(
            [shutil.which("terraform") or "terraform", command, *rest, "-no-color"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def give(self, **variables: Any) -> None:
        """Set the variables."""
        (self.folder / "terraform.tfvars.json").write_text(json.dumps(variables))

    def plan(self, *arguments: str) -> dict[str, list[str]]:
        """Return the addresses to be created, updated, deleted, replaced (`delete create`), with what is done as the key."""
        self.run("plan", "-input=false", "-out=a.tfplan", *arguments)
        plan = json.loads(self.run("show", "-json", "a.tfplan"))
        changes: dict[str, list[str]] = {}
        for change in plan.get("resource_changes", ()):
            if change["mode"] == "managed":
                changes.setdefault(" ".join(change["change"]["actions"]), []).append(change["address"])
        return changes

    def planned(self) -> list[dict[str, Any]]:
        """Return every managed resource as the last plan wants it."""
        plan = json.loads(self.run("show", "-json", "a.tfplan"))
        return [found for found in _walk(plan["planned_values"]["root_module"]) if found["mode"] == "managed"]

    def apply(self) -> None:
        """Do what the last plan said."""
        self.run("apply", "-input=false", "a.tfplan")

    def outputs(self) -> dict[str, Any]:
        """Return the values of all outputs."""
        return {name: output["value"] for name, output in json.loads(self.run("output", "-json")).items()}

    def resources(self) -> list[dict[str, Any]]:
        """Return every managed resource of the state: address, type, and values."""
        state = json.loads(self.run("show", "-json"))
        return [found for found in _walk(state["values"]["root_module"]) if found["mode"] == "managed"]


def _walk(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _walk(child)


def _attach(address: str) -> dict[str, Any]:
    return {
        "Protocol": "grpc",
        "ProtocolVersion": 5,
        "Pid": os.getpid(),
        "Test": True,
        "Addr": {"Network": "tcp", "String": address},
    }


@contextmanager
def providers(release: str) -> Iterator[dict[str, str]]:
    """Serve all providers of a release of Google's; yield their addresses by name."""
    names = {
        "google": f"google-{release}",
        "google-beta": f"google-beta-{release}",
        "archive": "archive-2.7.1",
    }
    with ExitStack() as stack:
        yield {
            f"registry.terraform.io/hashicorp/{name}": stack.enter_context(serving(Google(read_schema(file))))
            for name, file in names.items()
        }
