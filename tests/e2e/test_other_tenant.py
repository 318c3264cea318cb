"""One warehouse is the copy of one tenant: another one's records never get into it, unless a person says that it is the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.e2e.profiles import Profile, shown_ids, stored_ids, succeed


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny", real_time=True, tenant="PROD")) as tenant:
        yield tenant


@pytest.fixture
def other() -> Iterator[Sandbox]:
    """Another tenant with records of its own, at an address that looks the same."""
    with Sandbox(SandboxOptions(size="tiny", real_time=True, tenant="TEST", seed=8)) as tenant:
        yield tenant


class Operator:
    """Somebody who sets the address and the secret."""

    def __init__(self, secret: Path, patch: pytest.MonkeyPatch) -> None:
        self._secret = secret
        self._patch = patch

    def turn_to(self, tenant: Sandbox) -> None:
        self._secret.write_text(json.dumps(tenant.credentials("password")))
        self._patch.setenv("ACUMATICA_URL", tenant.url)
        self._patch.setenv("ACUMATICA_CREDENTIALS", f"file:{self._secret}")


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    return Operator(tmp_path / "of_the_operator.json", monkeypatch)


def refused(profile: Profile, **members: Any) -> str:
    """Do a run that must be refused for its tenant, and return all it says."""
    answer = profile.function.call(**members)
    assert (answer.status, answer.json["error"]["type"]) == (500, "OtherTenantError"), answer.json
    return f"{answer.json['error']['message']} {answer.json['error']['action']}"


def test_another_tenant_is_refused_before_anything_is_written(
    embedded: Profile, operator: Operator, sandbox: Sandbox, other: Sandbox
) -> None:
    operator.turn_to(sandbox)
    succeed(embedded, "vendors")
    operator.turn_to(other)
    for mode in ("incremental", "backfill", "reconcile"):
        said = refused(embedded, entity="vendors", mode=mode)
    assert "tenant PROD at http://localhost/AcmeERP" in said
    assert "tenant TEST at http://localhost/AcmeERP" in said
    assert "BIGQUERY_DATASET" in said
    refused(embedded, entity="items")  # though of it nothing was copied yet
    assert other.requests == []

    operator.turn_to(sandbox)
    succeed(embedded, "items")
    succeed(embedded, "vendors")
    assert shown_ids(embedded, "vendors") == stored_ids(sandbox, "Vendor")


def test_a_first_run_that_ends_after_its_first_page_decides_already(
    embedded: Profile, operator: Operator, sandbox: Sandbox, other: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "10")
    sandbox.faults.add(path="/Bill?", ordinal=3, status=503, headers={"Retry-After": "3600"})
    operator.turn_to(sandbox)
    failed = embedded.function.call(entity="invoices")
    assert (failed.status, failed.json["records_written"] > 0) == (503, True)
    operator.turn_to(other)
    refused(embedded, entity="invoices")


def test_the_very_first_run_too_stays_with_the_tenant_it_began_with(
    embedded: Profile, operator: Operator, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though its session ends before anything is written."""
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "10")
    sandbox.configure(other_tenants=("TEST",))

    def change_the_secret_and_end_the_session(_: object) -> None:
        sandbox.configure(tenant="TEST", other_tenants=("PROD",))
        operator.turn_to(sandbox)
        sandbox.site.identity.expire_all()

    operator.turn_to(sandbox)
    sandbox.faults.add(path="/Bill?", ordinal=2, hook=change_the_secret_and_end_the_session)
    refused(embedded, entity="invoices")


def test_a_run_that_read_nothing_decides_nothing(
    embedded: Profile, operator: Operator, sandbox: Sandbox, other: Sandbox
) -> None:
    other.configure(forbidden=("Vendor",))
    operator.turn_to(other)
    assert embedded.function.call(entity="vendors").json["error"]["type"] == "AccessDeniedError"
    operator.turn_to(sandbox)
    succeed(embedded, "vendors")


def test_a_tenant_that_was_renamed_goes_on_once_a_person_said_so(
    profile: Profile, operator: Operator, sandbox: Sandbox
) -> None:
    operator.turn_to(sandbox)
    before = succeed(profile, "vendors")
    sandbox.configure(tenant="LIVE")
    operator.turn_to(sandbox)
    refused(profile, entity="vendors")
    plain = profile.function.call(mode="check", entity="vendors")
    assert plain.status == 500
    assert "tenant PROD" in plain.json["error"]["message"]
    refused(profile, entity="vendors")

    forced = profile.function.call(mode="check", entity="vendors", force=True)
    assert forced.status == 200
    lines = {line["subject"]: line["finding"] for line in forced.json["checks"]}
    assert lines["copied tenant"] == "from now on the tenant LIVE at http://localhost/AcmeERP"
    after = succeed(profile, "vendors")
    assert after["watermark_before"] == before["watermark_after"]
    assert after["records_written"] == 0
    assert profile.function.call(mode="check", entity="vendors").status == 200


def test_a_forced_check_that_reaches_nothing_changes_nothing(
    embedded: Profile, operator: Operator, sandbox: Sandbox, other: Sandbox
) -> None:
    operator.turn_to(sandbox)
    succeed(embedded, "vendors")
    other.configure(password="another")
    operator.turn_to(other)
    other.configure(password="yet another")
    assert embedded.function.call(mode="check", entity="vendors", force=True).status == 500
    operator.turn_to(sandbox)
    succeed(embedded, "vendors")
