"""Every name that begins with the prefix is one that Google takes, however long prefix and project are."""

import re
from collections.abc import Iterator

import pytest

from tests.docs.configuration import Configuration, resources

SHORTEST, LONGEST = "erp", "a-prefix-of-22-letters"
PROJECT = "a-project-id-with-30-charactrs"

LIMITS = {
    "google_api_gateway_api.api_id": 63,
    "google_api_gateway_gateway.gateway_id": 63,
    "google_artifact_registry_repository.repository_id": 63,
    "google_cloud_tasks_queue.name": 100,
    "google_cloudfunctions2_function.name": 49,  # of the Cloud Run service that it becomes
    "google_secret_manager_secret.secret_id": 255,
    "google_service_account.account_id": 30,
    "google_storage_bucket.name": 63,
}
"""Characters that Google allows."""


def list_names(prefix: str) -> Iterator[tuple[str, str]]:
    """Yield kind and name of what is made once for a tenant."""
    for resource in resources():
        for argument, value in resource.body.items():
            kind = f"{resource.type}.{argument}"
            if kind in LIMITS:
                text = str(value).strip('"').replace("${local.function_name}", "${var.prefix}-sync")
                yield kind, text.replace("${var.prefix}", prefix).replace("${var.project.id}", PROJECT)


@pytest.mark.parametrize("prefix", [SHORTEST, LONGEST])
def test_no_name_is_too_long_or_too_short(configuration: Configuration, prefix: str) -> None:
    assert configuration.refuse(prefix=prefix, project_id=PROJECT) == ""
    assert configuration.evaluate("local.function_name", prefix=prefix) == f"{prefix}-sync"
    names = list(list_names(prefix))
    assert {kind for kind, _ in names} == set(LIMITS)
    for kind, name in names:
        assert re.fullmatch(r"[a-z][a-z0-9-]{5,}", name), (kind, name)
        assert len(name) <= LIMITS[kind], (kind, name)
    assert max(len(name) for kind, name in names if "account" in kind) == (30 if prefix == LONGEST else 11)


def test_a_longer_prefix_is_refused(configuration: Configuration) -> None:
    assert "3 to 22" in configuration.refuse(prefix=f"{LONGEST}x")
