"""Terraform itself on the whole configuration, with providers that serve Google's schemas: valid, planned, applied, moved, removed."""

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.app.settings import load_settings
from tests.docs.configuration import EVERYTHING, FOLDER, REQUIRED, ROOT, TENANTS, resources
from tests.docs.provider.cloud import RELEASES, Terraform, providers

PAGE = (ROOT / "docs" / "deploy.md").read_text()


@pytest.fixture(scope="module", params=RELEASES)
def release(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    request.getfixturevalue("terraform_needed")
    with providers(request.param) as addresses:
        yield addresses


@pytest.mark.parametrize("root", ["", TENANTS])
def test_the_configuration_is_valid_with_every_release_it_allows(
    release: dict[str, str], tmp_path: Path, root: str
) -> None:
    assert "The configuration is valid" in Terraform(tmp_path, root, release).run("validate")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('account_id   = "${var.prefix}-runtime"', 'acount_id = "x"', "acount_id"),
        ('type             = "zip"', "type = [1]", "string required"),
        ("google_service_account.runtime.member", "google_service_account.runtime.membre", "membre"),
    ],
)
def test_a_slip_would_be_noticed(
    newest: dict[str, str], tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    terraform = Terraform(tmp_path, "", newest)
    [file] = [file for file in (terraform.folder / "tenant").glob("*.tf") if right in file.read_text()][:1]
    file.write_text(file.read_text().replace(right, wrong))
    refused = terraform.attempt("validate")
    assert refused.returncode == 1
    assert said in refused.stderr


@pytest.fixture(scope="module")
def deployed(newest: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """A deployment with everything that is optional."""
    terraform = Terraform(tmp_path_factory.mktemp("deployed"), "", newest)
    terraform.give(**EVERYTHING)
    terraform.plan()
    terraform.apply()
    return terraform


def test_what_is_deployed_stays_as_it_is(deployed: Terraform) -> None:
    assert set(deployed.plan()) == {"no-op"}


def test_a_deployment_made_before_there_were_modules_is_moved_and_nothing_is_made_anew(
    deployed: Terraform, tmp_path: Path
) -> None:
    terraform = deployed.copy(tmp_path)
    state = terraform.folder / "terraform.tfstate"
    kept = json.loads(state.read_text())
    kept["resources"] = [each for each in kept["resources"] if not is_younger_than_modules(each)]
    for resource in kept["resources"]:
        resource.pop("module", None)
        for instance in resource["instances"]:
            instance.pop("dependencies", None)
            if resource["type"] == "google_kms_crypto_key_iam_member":
                instance["index_key"] = 0
    state.write_text(json.dumps(kept))
    changes = terraform.plan()
    assert set(changes) == {"no-op", "create"}
    assert all(
        re.match(r"module\.gateway|module\.database.*\.run_(default|searched)\[", address)
        for address in changes["create"]
    )


def is_younger_than_modules(resource: Mapping[str, Any]) -> bool:
    """Whether a deployment of the time before modules had nothing like it."""
    return "gateway" in resource.get("module", "") or resource["name"] in {"run_default", "run_searched"}


def test_the_gateway_passes_its_definition_on_with_the_functions_address(deployed: Terraform) -> None:
    made = {resource["address"]: resource["values"] for resource in deployed.resources()}
    config = made["module.gateway[0].google_api_gateway_api_config.notify"]
    [document] = config["openapi_documents"][0]["document"]
    definition = yaml.safe_load(base64.b64decode(document["contents"]))
    call = definition["paths"]["/notify"]["post"]
    url = deployed.outputs()["function_url"]
    assert call["x-google-backend"]["address"] == f"{url}/notify"
    assert call["x-google-backend"]["jwt_audience"] == url
    assert call["parameters"][0]["name"] == EVERYTHING["notify"]["header"]
    account = made["module.gateway[0].google_service_account.gateway"]["email"]
    assert config["gateway_config"][0]["backend_config"][0]["google_service_account"] == account
    assert deployed.outputs()["notify_address"].endswith("/notify")


def commands_of(section: str, program: str) -> list[list[str]]:
    """Return the words of each command of a program in a section of the page."""
    [text] = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    lines = re.findall(rf"^ +({program} .*)$", text, re.MULTILINE)
    return [shlex.split(line.split("   #", 1)[0]) for line in lines]


def test_a_dataset_moves_as_the_page_says_and_nobody_loses_the_old_one(
    newest: dict[str, str], tmp_path: Path
) -> None:
    terraform = Terraform(tmp_path, "", newest)
    bigquery = {"readers": ["group:finance@example.com"]}
    terraform.give(**REQUIRED, bigquery=bigquery)
    terraform.plan()
    terraform.apply()
    forgotten = [words[2:] for words in commands_of("Move a dataset", "terraform") if "state" in words]
    assert forgotten
    for words in forgotten:
        terraform.run(*words)
    terraform.give(**REQUIRED, bigquery={**bigquery, "dataset": "books", "location": "US"})
    changes = terraform.plan()
    dataset = "module.tenant.google_bigquery_dataset.warehouse[0]"
    readers = 'module.tenant.google_bigquery_dataset_iam_member.readers_read["group:finance@example.com"]'
    assert set(changes["create"]) == {dataset, readers}
    lost = [address for kind, some in changes.items() if "delete" in kind for address in some]
    assert not [address for address in lost if "readers" in address or "secret" in address]
    terraform.apply()
    assert set(terraform.plan()) == {"no-op"}


def test_everything_is_removed_as_the_page_says(deployed: Terraform, tmp_path: Path) -> None:
    terraform = deployed.copy(tmp_path)
    kept = {r["type"]: r["values"] for r in terraform.resources()}
    assert kept["google_bigquery_dataset"]["delete_contents_on_destroy"] is False
    assert kept["google_firestore_database"]["deletion_policy"] == "ABANDON"
    assert kept["google_firestore_database"]["delete_protection_state"] == "DELETE_PROTECTION_ENABLED"
    [destroy] = commands_of("Remove", "terraform")
    terraform.run(*destroy[2:], "-auto-approve", "-input=false")
    assert terraform.run("state", "list") == ""


def test_what_exists_is_taken_over_by_the_blocks_of_the_page(newest: dict[str, str], tmp_path: Path) -> None:
    terraform = Terraform(tmp_path, "", newest)
    terraform.give(**REQUIRED)
    blocks = re.findall(r"^ +import \{\n(?: +.*\n)+? +\}\n", PAGE, re.MULTILINE)
    assert len(blocks) == 2
    (terraform.folder / "import.tf").write_text("".join(blocks).replace("PROJECT", "acme-data"))
    changes = terraform.plan()
    taken = {
        "module.tenant.google_bigquery_dataset.warehouse[0]",
        "module.database.google_firestore_database.state[0]",
    }
    assert set(changes) == {"create", "update"}
    assert set(changes["update"]) == taken
    terraform.apply()
    (terraform.folder / "import.tf").unlink()
    assert set(terraform.plan()) == {"no-op"}


def test_what_exists_can_stay_outside(newest: dict[str, str], tmp_path: Path) -> None:
    terraform = Terraform(tmp_path, "", newest)
    terraform.give(
        **REQUIRED,
        bigquery={"create": False, "dataset": "books"},
        firestore={"create": False, "shared_settings": False},
    )
    terraform.plan()
    planned = terraform.planned()
    types = {resource["type"] for resource in planned}
    assert not types & {"google_bigquery_dataset", "google_firestore_database"}
    [rights] = [r["values"] for r in planned if r["type"] == "google_bigquery_dataset_iam_member"]
    assert rights["dataset_id"] == "books"
    fields = [r["values"]["collection"] for r in planned if r["type"] == "google_firestore_field"]
    assert fields
    assert all(collection.startswith("acumatica_") for collection in fields)


def test_standing_still_nothing_is_called_and_nobody_is_told(newest: dict[str, str], tmp_path: Path) -> None:
    terraform = Terraform(tmp_path, "", newest)
    terraform.give(**REQUIRED, paused=True)
    terraform.plan()
    planned = terraform.planned()
    jobs = [r["values"]["paused"] for r in planned if r["type"] == "google_cloud_scheduler_job"]
    alerts = [r["values"]["enabled"] for r in planned if r["type"] == "google_monitoring_alert_policy"]
    assert set(jobs) == {True}
    assert set(alerts) == {False}
    reminded = terraform.run("plan", "-input=false")
    assert "stands still" in reminded
    terraform.give(**REQUIRED)
    assert "stands still" not in terraform.run("plan", "-input=false")


def test_the_example_begins_standing_still() -> None:
    example = (FOLDER / "terraform.tfvars.example").read_text()
    assert re.search(r"^paused = true$", example, re.MULTILINE)


def test_the_environment_printed_is_what_the_command_line_needs(deployed: Terraform) -> None:
    printed = deployed.outputs()["environment"]
    shell = subprocess.run(
        [shutil.which("bash") or "bash", "-ceu", f"{printed}\nenv -0"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        check=True,
    )
    settings = dict(line.split("=", 1) for line in shell.stdout.decode().split("\0") if "=" in line)
    loaded = load_settings(settings)
    assert (loaded.backend.warehouse, loaded.backend.state) == ("bigquery", "firestore")
    assert not {name for name in settings if name.startswith(("CONTINUATION_", "NOTIFY_", "LOG_"))}


def test_the_outputs_name_what_was_made(deployed: Terraform) -> None:
    outputs = deployed.outputs()
    made = {(r["type"], r["values"].get("name"), r["values"].get("secret_id")) for r in deployed.resources()}
    proxy = shlex.split(outputs["open_status"])
    assert proxy[:4] == ["gcloud", "run", "services", "proxy"]
    assert ("google_cloudfunctions2_function", proxy[4], None) in made
    assert {"--region=europe-west1", "--project=acme-data"} <= set(proxy)
    assert json.loads(shlex.split(outputs["check"])[-1]) == {"mode": "check"}
    assert outputs["secret"] in {
        secret for type_, _, secret in made if type_ == "google_secret_manager_secret"
    }


def test_every_resource_of_old_is_moved_and_every_move_leads_somewhere() -> None:
    moves = json.loads((FOLDER / "moved.tf.json").read_text())["moved"]
    here = {f"module.{r.module}.{r.type}.{r.name}" for r in resources()}
    places = [(re.sub(r"\[.*", "", move["from"]), re.sub(r"\[.*", "", move["to"])) for move in moves]
    assert {to for _, to in places} <= here
    assert all(to.split(".", 2)[2] == old for old, to in places)
