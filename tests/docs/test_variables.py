"""What a user may write into terraform.tfvars, and what is refused before anything is created."""

import json
import re
from typing import Any

import hcl2
import pytest
from hcl2 import SerializationOptions

from tests.docs.configuration import FOLDER, MODULES, REQUIRED, Configuration

ACUMATICA = REQUIRED["acumatica"]

WRONG: list[tuple[str, Any, str]] = [
    ("project_id", "My Project", "project_id must be the project's id"),
    ("region", "europe-west1-b", "not a zone"),
    ("prefix", "a-very-long-prefix-indeed", "prefix must be 3 to 22"),
    ("acumatica", {**ACUMATICA, "url": "http://erp.example.com"}, "must be the https address"),
    ("acumatica", {**ACUMATICA, "url": "https://user:secret@erp.example.com"}, "without user"),
    ("acumatica", {**ACUMATICA, "url": "https://erp.example.com/?x=1"}, "query or fragment"),
    ("acumatica", {**ACUMATICA, "endpoint_version": "24.200.001/x"}, "24.200.001"),
    ("acumatica", {**ACUMATICA, "page_size": 1}, "page_size must be 2 to 5000"),
    ("acumatica", {**ACUMATICA, "page_size": 2.5}, "whole numbers"),
    ("acumatica", {**ACUMATICA, "max_sessions": 0}, "max_sessions 1 to 50"),
    ("alerts", {"emails": ["somebody"]}, "mail addresses"),
    ("alerts", {"channels": ["my channel"]}, "names of existing channels"),
    ("alerts", {"pass_hours": 0}, "1 or more"),
    ("bigquery", {"dataset": "my-dataset"}, "letters, digits and underscores"),
    ("bigquery", {"kms_key": "my-key"}, "cryptoKeys/KEY"),
    ("bigquery", {"readers": ["allUsers"]}, "are refused"),
    ("bigquery", {"readers": ["allAuthenticatedUsers"]}, "are refused"),
    ("bigquery", {"project": "another-project"}, "needs bigquery.key_secret"),
    ("cadence", "weekly", "catalogue, nightly, hourly or quarter_hourly"),
    ("deployers", ["allUsers"], "must be members"),
    ("notify", {"header": "X Secret"}, "name of an HTTP header"),
    ("notify", {"collect_seconds": 0}, "from 1 to 3600"),
    ("notify", {"queries": "vendors"}, "pairs of inquiry and entity"),
    ("operators", ["allUsers"], "are refused"),
    ("operators", ["allAuthenticatedUsers"], "are refused"),
    ("entities", {"vendor": {}}, "vendors"),
    ("entities", {"vendors": {"schedule": "nightly"}}, "cron of five parts"),
    ("entities", {"vendors": {"reconcile_keys": "0 3 * *"}}, "cron of five parts"),
    ("entities", {"vendors": {"late_after_hours": 0}}, "1 or more"),
    ("entities_file", "nowhere.yaml", "readable YAML"),
    ("firestore", {"database": "Default"}, "must be (default)"),
    ("firestore", {"prefix": "my-prefix"}, "underscores"),
    ("function", {"memory": "512M"}, "like 512Mi or 1Gi"),
    ("function", {"max_instances": 1}, "2 to 100"),
    ("function", {"timeout_seconds": 3600}, "not exceed 1800"),
    ("function", {"time_budget_seconds": 1700}, "plus 120 seconds"),
    ("function", {"ingress": "ALLOW_NONE"}, "ALLOW_INTERNAL_ONLY"),
    ("labels", {"Team": "finance"}, "lower-case"),
    ("log_level", "WARNING", "DEBUG or INFO"),
    ("sync", {"lookback_seconds": -1}, "0 to 86400"),
    ("sync", {"write_method": "insert"}, "auto, streaming or load"),
    ("time_zone", "CET time", "tz database"),
]


@pytest.mark.parametrize(("name", "value", "said"), WRONG)
def test_a_wrong_value_is_refused_with_what_it_must_be(
    configuration: Configuration, name: str, value: Any, said: str
) -> None:
    refusal = re.sub(r"[│╷╵]\s*", "", configuration.refuse(**{name: value}))
    assert said in refusal


def test_the_least_is_accepted(configuration: Configuration) -> None:
    assert configuration.refuse() == ""


def test_the_example_is_accepted(configuration: Configuration) -> None:
    example = read_example((FOLDER / "terraform.tfvars.example").read_text())
    assert set(REQUIRED) <= set(example)
    assert configuration.refuse(**example) == ""


def test_the_example_is_accepted_with_everything_it_offers(configuration: Configuration) -> None:
    text = (FOLDER / "terraform.tfvars.example").read_text()
    offered = re.sub(r"^(\s*)# (?=[a-z_]+\s*=|  [a-z_]+\s*=|\}$)", r"\1", text, flags=re.MULTILINE)
    example = read_example(offered)
    assert len(example) > len(read_example(text))
    assert configuration.refuse(**example) == ""


def read_example(text: str) -> dict[str, Any]:
    parsed = hcl2.loads(
        text, serialization_options=SerializationOptions(with_comments=False, wrap_objects=False)
    )
    return {name: unquote(value) for name, value in parsed.items() if not name.startswith("__")}


def unquote(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name.strip('"'): unquote(member) for name, member in value.items() if not name.startswith("__")
        }
    if isinstance(value, list):
        return [unquote(item) for item in value]
    if isinstance(value, str) and value.startswith('"'):
        return json.loads(value)
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def test_every_variable_is_explained_typed_and_in_order() -> None:
    for module in ("", *MODULES):
        variables = read_variables(module)
        assert list(variables) == sorted(variables)
        for name, body in variables.items():
            assert body["description"], name
            assert body["type"], name


def test_every_variable_is_checked_in_the_module_that_uses_it() -> None:
    checked = {
        name for module in MODULES for name, body in read_variables(module).items() if "validation" in body
    }
    assert (
        checked - {"kms_keys", "prefixes", "readers", "tenants", "views"}
        == {name for name, _, _ in WRONG}
        == set(read_variables("")) - {"paused"}
    )


def test_the_root_hands_over_every_variable_of_the_tenant_with_its_default() -> None:
    root, tenant = read_variables(""), read_variables("tenant")
    assert set(root) - {"project_id"} == set(tenant) - {"project", "database"}
    for name in set(root) & set(tenant):
        assert root[name].get("default") == tenant[name].get("default"), name
        assert root[name]["type"] in ("any", "${any}", tenant[name]["type"]), name
    main = (FOLDER / "main.tf").read_text()
    handed = dict(
        re.findall(r"^  (\w+) += (.*)$", main.split('module "tenant"')[1].split("\n}")[0], re.MULTILINE)
    )
    assert {name for name in tenant if handed.get(name) != f"var.{name}"} == {"database", "project"}


def read_variables(module: str) -> dict[str, Any]:
    options = SerializationOptions(with_comments=False)
    blocks = hcl2.loads((FOLDER / module / "variables.tf").read_text(), serialization_options=options)[
        "variable"
    ]
    return {
        name.strip('"'): body for block in blocks for name, body in block.items() if not name.startswith("__")
    }
