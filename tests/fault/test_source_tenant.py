"""Which tenant is read: told from the one that is expected before anything of it is."""

import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.sandbox import CredentialKind
from connector.domain.entity_state import Origin
from connector.errors import ConfigurationError, OtherTenantError
from tests.contract.source_script import answer, running_script
from tests.contract.source_setup import (
    BILLS,
    FORMS,
    Vault,
    a_source,
    count,
    open_source,
    outcome,
    reads_a_page,
)
from tests.fault.test_source_connections import a_certificate

HERE = "http://localhost/AcmeERP"
ACME = Origin(instance=HERE, tenant="ACME")
TEST = Origin(instance=HERE, tenant="TEST")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """In real time, so that the cookie that tells the tenant has not expired."""
    with Sandbox(SandboxOptions(size="tiny", real_time=True)) as tenant:
        yield tenant


@pytest.mark.parametrize("form", FORMS)
def test_what_was_reached_is_known_once_a_sign_in_succeeded(sandbox: Sandbox, form: CredentialKind) -> None:
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        assert source.origin() is None
        reads_a_page(source)
        assert source.origin() == ACME


def test_a_sign_in_that_failed_reached_nothing(sandbox: Sandbox) -> None:
    vault = Vault(sandbox.credentials())
    vault.change(password="wrong")
    with open_source(sandbox, vault) as source:
        outcome(lambda: source.describe(BILLS))
        assert source.origin() is None


@pytest.mark.parametrize("form", FORMS)
def test_the_expected_tenant_is_read_in_whatever_case_it_is_written(
    sandbox: Sandbox, form: CredentialKind
) -> None:
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        source.require_origin(Origin(instance=HERE.replace("Acme", "ACME"), tenant="acme"))
        reads_a_page(source)


@pytest.mark.parametrize("expected", [TEST, Origin(instance="https://old.example.com", tenant="ACME")])
@pytest.mark.parametrize("form", FORMS)
def test_another_tenant_and_another_instance_are_not_even_asked(
    sandbox: Sandbox, form: CredentialKind, expected: Origin
) -> None:
    vault = Vault(sandbox.credentials(form))
    with open_source(sandbox, vault) as source:
        source.require_origin(expected)
        error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, OtherTenantError)
    assert str(expected) in error.message
    assert str(ACME) in error.message
    assert "BIGQUERY_DATASET" in error.action
    assert sandbox.requests == []
    assert vault.stored == []


@pytest.mark.parametrize("form", FORMS)
def test_before_a_sign_in_it_is_said_what_is_named_not_where_it_leads(
    sandbox: Sandbox, form: CredentialKind
) -> None:
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        source.require_origin(TEST)
        error = outcome(lambda: source.describe(BILLS))
    assert str(error) == f"The warehouse is a copy of {TEST}, but ACUMATICA_URL and the secret name {ACME}."


def test_after_a_sign_in_it_is_said_where_it_led(sandbox: Sandbox) -> None:
    with open_source(sandbox, Vault(sandbox.credentials("cookie") | {"tenant": ""})) as source:
        source.require_origin(TEST)
        error = outcome(lambda: source.describe(BILLS))
    assert str(error) == f"The warehouse is a copy of {TEST}, but this sign-in led to {ACME}."


@pytest.mark.parametrize("form", FORMS)
def test_no_later_sign_in_leads_elsewhere_than_the_first(sandbox: Sandbox, form: CredentialKind) -> None:
    """Though nobody has said yet which tenant the warehouse is a copy of."""
    sandbox.configure(tenant="PROD", other_tenants=("TEST",))
    vault = Vault(sandbox.credentials(form))
    source = a_source(sandbox, vault)
    reads_a_page(source)
    sandbox.configure(tenant="TEST", other_tenants=("PROD",))
    vault.value = msgspec.json.encode(sandbox.credentials(form))
    sandbox.faults.add(path="/Bill", status=401)
    error = outcome(lambda: reads_a_page(source))
    source.close()
    assert isinstance(error, OtherTenantError), error
    began = Origin(instance=HERE, tenant="PROD")
    assert error.message.startswith(f"This run began to read {began}, but ")


def test_an_address_that_dns_does_not_know_is_that_error_whatever_was_copied(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with open_source(sandbox, url="https://erp.exmaple.invalid/AcmeERP") as source:
        source.require_origin(ACME)
        error = outcome(lambda: source.describe(BILLS))
    assert type(error) is ConfigurationError
    assert "erp.exmaple.invalid is not known to DNS" in error.message


def test_a_certificate_nobody_vouches_for_is_that_error_whatever_was_copied(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with (
        running_script(answer(b""), certificate=a_certificate(tmp_path)) as script,
        open_source(sandbox, url=script.url) as source,
    ):
        source.require_origin(TEST)
        error = outcome(lambda: source.describe(BILLS))
        assert script.heard == []
    assert type(error) is ConfigurationError
    assert "certificate" in error.message


def test_an_instance_that_is_down_is_still_the_wrong_one(sandbox: Sandbox) -> None:
    with open_source(sandbox, url="http://127.0.0.1:1/Other") as source:
        source.require_origin(ACME)
        assert isinstance(outcome(lambda: source.describe(BILLS)), OtherTenantError)


def test_a_default_tenant_that_is_another_one_is_left_at_once(sandbox: Sandbox) -> None:
    with open_source(sandbox, Vault(sandbox.credentials("cookie") | {"tenant": ""})) as source:
        source.require_origin(TEST)
        assert isinstance(outcome(lambda: source.describe(BILLS)), OtherTenantError)
    assert count(sandbox, "/Default/") == 0


def test_a_tenant_that_nothing_tells_is_neither_known_nor_refused() -> None:
    with Sandbox(
        SandboxOptions(size="tiny")
    ) as sandbox:  # the cookie of a clock that stands still has expired
        vault = Vault(sandbox.credentials("cookie") | {"tenant": ""})
        with open_source(sandbox, vault) as source:
            source.require_origin(TEST)
            reads_a_page(source)
            assert source.origin() is None


def test_a_secret_of_another_tenant_is_noticed_in_the_middle_of_a_run(sandbox: Sandbox) -> None:
    sandbox.configure(other_tenants=("TEST",))
    vault = Vault(sandbox.credentials())
    source = a_source(sandbox, vault)
    source.require_origin(ACME)
    reads_a_page(source)
    vault.change(client_id=sandbox.options.client_id.replace("ACME", "TEST"))
    sandbox.site.identity.expire_all()
    assert isinstance(outcome(lambda: reads_a_page(source)), OtherTenantError)
    source.close()


def test_check_says_which_tenant_is_expected(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        source.require_origin(ACME)
        lines = {line.subject: line for line in source.check([BILLS])}
        assert lines["acumatica tenant"].finding == "tenant ACME, as copied so far"
    with open_source(sandbox) as source:
        source.require_origin(TEST)
        (line,) = source.check([BILLS])
    assert (line.subject, line.ok) == ("acumatica tenant", False)
    assert "run check with force" in line.remedy
