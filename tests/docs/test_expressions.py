"""Every expression of every resource that asks Google for nothing, evaluated by Terraform: types, names and functions hold."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.docs.configuration import REQUIRED, Configuration, Resource, resources

OF_GOOGLE = re.compile(r"\b(google_\w+|data)\.|\blocal\.(channels|curl|dataset_id)\b")
OF_A_BLOCK = re.compile(r"\b(source|labels|default_encryption_configuration)\.(key|value)\b")

EVERYTHING: dict[str, Any] = {
    "acumatica": {**REQUIRED["acumatica"], "max_requests_per_minute": 60, "rotating_token": True},
    "alerts": {"emails": ["erp@example.com"], "channels": ["projects/acme-data/notificationChannels/1"]},
    "bigquery": {
        "kms_key": "projects/p/locations/eu/keyRings/r/cryptoKeys/k",
        "readers": ["group:finance@example.com"],
    },
    "cadence": "nightly",
    "deployers": ["serviceAccount:deployer@acme-data.iam.gserviceaccount.com"],
    "entities": {"customers": {"enabled": True}, "vendors": {"schedule": "off", "reconcile_keys": "off"}},
    "firestore": {"database": "erp-state", "location": "eur3", "prefix": "erp"},
    "function": {"vpc_connector": "projects/p/locations/r/connectors/c", "ingress": "ALLOW_INTERNAL_ONLY"},
    "operators": ["group:erp-team@example.com"],
    "paused": True,
}

KEY: dict[str, Any] = {
    "bigquery": {"key_secret": True, "project": "elsewhere"},
    "firestore": {"create": False},
}


def expressions(body: Any) -> Iterator[str]:
    """Yield the expressions in a body as Terraform would read them."""
    if isinstance(body, dict):
        for name, value in body.items():
            if not name.startswith("__") and name not in ("for_each", "depends_on", "lifecycle"):
                yield from expressions(value)
    elif isinstance(body, list):
        for item in body:
            yield from expressions(item)
    elif isinstance(body, str) and "${" in body:
        yield body[2:-1] if body.startswith("${") and body.endswith("}") else body


def evaluable(resource: Resource) -> Iterator[str]:
    over = str(resource.body.get("for_each", "")).removeprefix("${").removesuffix("}")
    for expression in expressions(resource.body):
        if OF_GOOGLE.search(expression) or OF_A_BLOCK.search(expression):
            continue
        if over and not OF_GOOGLE.search(over):
            once = expression.replace("each.value", "value").replace("each.key", "key")
            yield f"[for key, value in {over} : {once}]"
        elif "each." not in expression:
            yield expression


@pytest.mark.parametrize("module", ["project", "database", "tenant"])
@pytest.mark.parametrize("variables", [{}, EVERYTHING, KEY], ids=["least", "everything", "key"])
def test_every_expression_has_a_value(
    configuration: Configuration, variables: dict[str, Any], module: str
) -> None:
    found = [
        expression
        for resource in resources()
        if resource.module == module
        for expression in evaluable(resource)
    ]
    assert len(found) > {"project": 1, "database": 10, "tenant": 100}[module]
    values = f"[{', '.join(f'jsonencode({expression})' for expression in found)}]"
    prefixes = {"prefixes": ["erp"]} if module == "database" else {}
    configuration.evaluate(values, module, **variables, **prefixes)


def count(configuration: Configuration, name: str, **variables: Any) -> int:
    [resource] = [r for r in resources() if (r.module, r.name) == ("tenant", name)]
    if "for_each" in resource.body:
        return int(
            configuration.evaluate(f"length({resource.body['for_each'][2:-1]})", resource.module, **variables)
        )
    return int(configuration.evaluate(str(resource.body["count"])[2:-1], resource.module, **variables))


def test_what_is_optional_is_made_only_when_asked_for(configuration: Configuration) -> None:
    optional = [
        "readers_read", "operators_call", "deployers_ask_for_tokens",
        "runtime_rotates_credentials", "bigquery_key", "runtime_reads_bigquery_key", "email",
    ]  # fmt: skip
    assert [name for name in optional if count(configuration, name)] == []
    made = {name: count(configuration, name, **EVERYTHING) for name in optional}
    assert made == {name: 0 if "bigquery_key" in name else 1 for name in optional}


def test_with_a_key_the_warehouse_belongs_to_others(configuration: Configuration) -> None:
    ours = ["warehouse", "runtime_writes", "runtime_runs_jobs"]
    assert [count(configuration, name) for name in ours] == [1, 1, 1]
    assert [count(configuration, name, **KEY) for name in ours] == [0, 0, 0]
    assert count(configuration, "runtime_reads_bigquery_key", **KEY) == 1
    environment = configuration.evaluate("local.environment", **KEY)
    assert (environment["BIGQUERY_PROJECT"], environment["FIRESTORE_PROJECT"]) == ("elsewhere", "acme-data")


def test_a_paused_deployment_calls_nobody() -> None:
    jobs = [r for r in resources() if r.type == "google_cloud_scheduler_job"]
    assert {job.body["paused"] for job in jobs} == {"${var.paused}"}
    policies = [r for r in resources() if r.type == "google_monitoring_alert_policy"]
    assert {policy.body["enabled"] for policy in policies} == {"${!var.paused}"}
