"""The example of three tenants, planned and applied by Terraform: no name in common, views over all, one leaves alone."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.docs.configuration import EVERYTHING, FOLDER, ROOT, TENANTS
from tests.docs.provider.cloud import Terraform

PAGE = (ROOT / "docs" / "deploy.md").read_text()
EXAMPLE: dict[str, Any] = {"project_id": "acme-data", "region": "europe-west1", "emails": ["erp@example.com"]}

NAMES = {
    "account_id", "api_config_id", "api_id", "dashboard_json", "dataset_id", "display_name", "friendly_name",
    "gateway_id", "name", "repository_id", "secret_id",
}  # fmt: skip
"""Arguments by which Google or a person tells things of one kind apart."""

SHARED_TYPES = ("_iam_member", "_bucket_object")
"""What has its name in something else that has one of its own."""


def test_three_tenants_have_no_name_in_common_and_one_leaves_alone(united: Terraform, tmp_path: Path) -> None:
    terraform = united.copy(tmp_path)
    assert not find_shared_names(terraform.resources())
    assert set(terraform.outputs()["tenants"]) == {"north", "south", "west"}
    jobs = [r["values"]["paused"] for r in terraform.resources() if r["type"] == "google_cloud_scheduler_job"]
    assert set(jobs) == {True}, "none is called before its secret has a version"

    main = terraform.folder / "main.tf"
    text = main.read_text()
    main.write_text(re.sub(r"^(    south .*), paused = true", r"\1", text, flags=re.MULTILINE))
    started = [address for kind, some in terraform.plan().items() if kind != "no-op" for address in some]
    assert started
    assert all(address.startswith('module.tenant["south"]') for address in started)

    main.write_text(re.sub(r"^    west .*\n", "", text, flags=re.MULTILINE))
    changes = terraform.plan()
    assert set(changes) == {"no-op", "delete", "update"}
    assert changes["update"] == ['module.united[0].google_bigquery_table.views["vendors"]']
    left = {re.sub(r"\[\d+\]|\.(google|terraform)_.*", "", address) for address in changes["delete"]}
    assert left == {'module.tenant["west"]', "module.database", "module.united"}, "a shared key's rights stay"
    fields = [address for address in changes["delete"] if address.startswith("module.database")]
    assert fields
    assert all('"erp_west_' in address for address in fields)


@pytest.fixture(scope="module")
def united(newest: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Three tenants with one key and views over all of them."""
    terraform = Terraform(tmp_path_factory.mktemp("united"), TENANTS, newest)
    terraform.give(**EXAMPLE, united_views=["vendors"], kms_key=EVERYTHING["bigquery"]["kms_key"])
    terraform.plan()
    terraform.apply()
    return terraform


def test_views_over_all_tenants_go_on_reading_whoever_comes_or_goes(
    united: Terraform, tmp_path: Path
) -> None:
    terraform = united.copy(tmp_path)
    main = terraform.folder / "main.tf"
    text = main.read_text()
    for readers in (', readers = ["group:a@example.com"]', ""):
        main.write_text(text.replace('North"', f'North"{readers}'))
        assert set(terraform.plan()) > {"no-op"}
        terraform.apply()
        assert set(terraform.plan()) == {"no-op"}


def test_what_a_tenant_is_made_of_names_no_other_tenant(united: Terraform) -> None:
    made: dict[str, str] = {}
    for resource in united.resources():
        if tenant := re.match(r'module\.tenant\["(\w+)"\]', resource["address"]):
            made[tenant[1]] = made.get(tenant[1], "") + json.dumps(resource["values"])
    assert set(made) == {"north", "south", "west"}
    for name, text in made.items():
        assert text.count(f"erp-{name}") > 50
        assert not [other for other in made if other != name and re.search(rf"erp[-_]{other}", text)]


def find_shared_names(made: list[dict[str, Any]]) -> list[tuple[str, str, Any]]:
    """Return what two tenants call alike: kind, argument and name."""
    seen: dict[tuple[str, str, Any], set[str]] = {}
    for resource in made:
        if tenant := re.match(r'module\.tenant\["(\w+)"\]', resource["address"]):
            for argument, value in resource["values"].items():
                if argument in NAMES and value is not None and not resource["type"].endswith(SHARED_TYPES):
                    seen.setdefault((resource["type"], argument, value), set()).add(tenant[1])
    assert len(seen) > 80
    return [name for name, tenants in seen.items() if len(tenants) > 1]


def test_the_variables_that_the_page_gives_the_example_are_its_own() -> None:
    given = set(re.findall(r"-var='?(\w+)=", PAGE))
    declared = set(
        re.findall(r'^variable "(\w+)"', (FOLDER / TENANTS / "variables.tf").read_text(), re.MULTILINE)
    )
    assert given
    assert given <= declared
