"""Who may do what: the roles in Terraform are exactly those of docs/security.md, and nobody is everybody."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.configuration import FOLDER, ROOT, Resource, resources

PLACES = {
    "google_artifact_registry_repository_iam_member": "image repository",
    "google_bigquery_dataset_iam_member": "dataset",
    "google_cloud_run_v2_service_iam_member": "function",
    "google_cloud_tasks_queue_iam_member": "queue",
    "google_kms_crypto_key_iam_member": "key",
    "google_project_iam_member": "project",
    "google_secret_manager_secret_iam_member": "secret",
    "google_service_account_iam_member": "{account} account",
    "google_storage_bucket_iam_member": "source bucket",
}

ROW = re.compile(r"^\| ([^|]+) \| `(roles/[\w.]+)` \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)


def bindings() -> list[Resource]:
    return [resource for resource in resources() if "_iam_" in resource.type]


def describe_identity(binding: Resource) -> str:
    member = str(binding.body["member"])
    if account := re.fullmatch(r"\$\{google_service_account\.(\w+)\.member\}", member):
        return account[1]
    if member == "${each.key}":
        given = re.search(r"toset\(var\.([\w.]+)\)", str(binding.body["for_each"]))
        assert given, binding.name
        return f"`{given[1]}` of `united`" if binding.module == "united" else f"`{given[1]}`"
    assert member == "${data.google_bigquery_default_service_account.this.member}", binding.name
    return "BigQuery's own account"


def describe_place(binding: Resource) -> str:
    account = re.search(
        r"google_service_account\.(\w+)\.name", str(binding.body.get("service_account_id", ""))
    )
    place = PLACES[binding.type].format(account=account[1] if account else "")
    for condition in binding.body.get("condition", []):
        title = condition["title"].strip('"')
        place += f", condition `{title}`"
    return place


def documented() -> Iterator[tuple[str, str, str]]:
    text = (ROOT / "docs" / "security.md").read_text()
    yield from ROW.findall(text)


def test_the_roles_given_are_exactly_those_documented() -> None:
    given = {(describe_identity(b), b.text("role"), describe_place(b)) for b in bindings()}
    assert given == set(documented())


DEPLOYER = {
    "google_api_gateway": "apigateway.admin",
    "google_artifact_registry": "artifactregistry.admin",
    "google_bigquery": "bigquery.admin",
    "google_cloud_run": "run.admin",
    "google_cloud_scheduler": "cloudscheduler.admin",
    "google_cloud_tasks": "cloudtasks.admin",
    "google_cloudfunctions2": "cloudfunctions.admin",
    "google_firestore": "datastore.owner",
    "google_kms": "cloudkms.admin",
    "google_logging": "logging.configWriter",
    "google_monitoring": "monitoring.editor",
    "google_project_iam": "resourcemanager.projectIamAdmin",
    "google_project_service": "serviceusage.serviceUsageAdmin",
    "google_secret_manager": "secretmanager.admin",
    "google_service_account": "iam.serviceAccountAdmin",
    "google_storage": "storage.admin",
}
"""The role that manages each family of resources."""
RUNS_AS = "iam.serviceAccountUser"
"""What it takes to let a function, a job or a build run as a service account."""


def test_whoever_deploys_is_told_every_role_it_takes_and_no_other() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    looped = re.search(r"for role in ([\w.\s\\]+); do", page)
    assert looped
    told = set(looped[1].replace("\\", " ").split())
    optional = set(re.findall(r"also needs `roles/([\w.]+)`|needs `roles/(cloudkms\.admin)`", page))
    told |= {role for pair in optional for role in pair if role}
    needed = set()
    for resource in (each for each in resources() if each.type != "terraform_data"):
        roles = [role for family, role in DEPLOYER.items() if resource.type.startswith(family)]
        assert roles, f"{resource.type}: which role manages it?"
        needed |= set(roles)
    assert told == needed | {RUNS_AS}


def test_roles_are_only_added_never_taken_over() -> None:
    """A binding or policy would silently remove what others have given on the same thing."""
    assert bindings()
    assert {binding.type.rsplit("_", 1)[1] for binding in bindings()} == {"member"}


def test_no_basic_or_admin_role_is_given() -> None:
    roles = {binding.text("role") for binding in bindings()}
    assert not roles & {"roles/owner", "roles/editor", "roles/viewer"}
    assert not [role for role in roles if role.lower().endswith("admin")]


def test_nobody_is_everybody() -> None:
    for binding in bindings():
        assert "allUsers" not in str(binding.body)
        assert "allAuthenticatedUsers" not in str(binding.body)
    callers = [
        b for b in bindings() if b.text("role") in ("roles/run.invoker", "roles/cloudfunctions.invoker")
    ]
    assert {describe_identity(caller) for caller in callers} == {"invoker", "`operators`", "gateway"}


def test_rights_on_the_project_are_those_no_smaller_thing_can_carry() -> None:
    on_project = {b.name: b for b in bindings() if b.type == "google_project_iam_member"}
    without_condition = {b.text("role") for b in on_project.values() if "condition" not in b.body}
    assert without_condition == {"roles/bigquery.jobUser", "roles/logging.logWriter"}


def test_there_is_no_secret_value_and_no_key() -> None:
    types = {resource.type for resource in resources()}
    assert not types & {
        "google_secret_manager_secret_version",
        "google_service_account_key",
        "random_password",
    }


FILES = [
    file
    for file in sorted(FOLDER.rglob("*"))
    if file.is_file() and not {"tfstate", ".terraform"} & {*file.parts}
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FOLDER)))
def test_no_file_holds_anything_that_looks_like_a_secret(file: Path) -> None:
    text = file.read_text()
    assert "PRIVATE KEY" not in text
    assert not re.search(r"(?i)(password|client_secret|refresh_token|api_key)\s*=\s*\"[^\"]", text)
    assert not re.search(r"\bya29\.|\bAIza[\w-]{30}|\bGOCSPX-", text)
