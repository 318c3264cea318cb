"""Signing in when it goes wrong: what is not as it was set up is named, and what time mends is tried again."""

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.sandbox import CredentialKind
from connector.errors import (
    ConfigurationError,
    ConnectorError,
    SecretUnavailableError,
    SourceSetupError,
)
from tests.contract.source_setup import (
    BILLS,
    FORMS,
    Vault,
    a_query,
    count,
    open_source,
    outcome,
    sign_ins,
)

SIGN_INS = {
    "password": "/identity/connect/token",
    "refresh_token": "/identity/connect/token",
    "cookie": "/auth/login",
}


@pytest.mark.parametrize("directory", ["", "AcmeERP", "deep/er"])
@pytest.mark.parametrize("form", FORMS)
def test_the_instance_may_be_at_the_root_or_below(form: CredentialKind, directory: str) -> None:
    with (
        Sandbox(SandboxOptions(size="tiny", virtual_directory=directory)) as sandbox,
        open_source(sandbox, Vault(sandbox.credentials(form)), url=f"{sandbox.url}/") as source,
    ):
        assert source.read_list(a_query(top=1)).rows


def test_a_tenant_that_does_not_exist_is_named(sandbox: Sandbox) -> None:
    sandbox.configure(other_tenants=("TEST",))
    vault = Vault(sandbox.credentials("cookie"))
    vault.change(tenant="TYPO")
    with open_source(sandbox, vault) as source, pytest.raises(SourceSetupError, match="TYPO"):
        source.describe(BILLS)


def test_another_tenant_than_asked_for_is_not_read() -> None:
    with Sandbox(SandboxOptions(size="tiny", real_time=True)) as sandbox:
        vault = Vault(sandbox.credentials("cookie"))
        vault.change(tenant="OTHER")
        with (
            open_source(sandbox, vault) as source,
            pytest.raises(SourceSetupError, match="ACME, not to OTHER"),
        ):
            source.read_list(a_query())
        assert count(sandbox, "/Default/") == 0


def test_a_sign_in_that_led_astray_never_holds_more_than_its_seat() -> None:
    with Sandbox(SandboxOptions(size="tiny", real_time=True, seat_limit=1)) as sandbox:
        vault = Vault(sandbox.credentials("cookie"))
        vault.change(tenant="OTHER")
        with open_source(sandbox, vault) as source:
            for _ in range(3):
                assert isinstance(outcome(lambda: source.read_list(a_query())), SourceSetupError)
            vault.change(tenant="ACME")
            assert source.read_list(a_query(top=1)).rows


@pytest.mark.parametrize(("form", "times"), [("password", 2), ("refresh_token", 2), ("cookie", 1)])
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_sign_in_that_time_mends_is_tried_again(
    sandbox: Sandbox, form: CredentialKind, times: int, status: int
) -> None:
    sandbox.faults.add(path=SIGN_INS[form], status=status, times=times)
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        assert source.read_list(a_query(top=1)).rows
    assert sign_ins(sandbox) == times + 1


@pytest.mark.parametrize("form", FORMS)
def test_a_sign_in_answer_cut_off_is_tried_again(sandbox: Sandbox, form: CredentialKind) -> None:
    sandbox.faults.add(path=SIGN_INS[form], breakage="reset_before")
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        assert source.read_list(a_query(top=1)).rows


def test_a_page_where_the_token_should_be_says_so(sandbox: Sandbox) -> None:
    sandbox.faults.add(path="/connect/token", html="<html><title>Welcome</title></html>", times=99)
    with open_source(sandbox) as source:
        error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, ConnectorError)
    assert "web page titled «Welcome»" in error.message
    assert "ACUMATICA_URL" in error.action


@pytest.mark.parametrize("form", FORMS)
def test_a_wrong_virtual_directory_is_a_matter_of_configuration(
    sandbox: Sandbox, form: CredentialKind
) -> None:
    url = sandbox.url.replace("AcmeERP", "Acme")
    with open_source(sandbox, Vault(sandbox.credentials(form)), url=url) as source:
        error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, ConfigurationError)
    assert "ACUMATICA_URL" in error.message
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'"token"', b'{"access_token": 5}', b"{", b'{"access_token": "x"']
)
def test_a_token_answer_without_a_token_is_transient(sandbox: Sandbox, body: bytes) -> None:
    sandbox.faults.add(
        path="/connect/token", status=200, body=body, headers={"Content-Type": "application/json"}
    )
    with open_source(sandbox) as source:
        assert source.read_list(a_query(top=1)).rows
    assert sign_ins(sandbox) == 2


def test_a_secret_that_cannot_be_read_is_that_error(sandbox: Sandbox) -> None:
    def unreadable() -> bytes:
        raise SecretUnavailableError("gone", action="look")

    with (
        open_source(sandbox, credentials=unreadable) as source,
        pytest.raises(SecretUnavailableError, match="gone"),
    ):
        source.describe(BILLS)
    assert sandbox.requests == []


def test_an_expiry_time_given_as_text_is_borne(sandbox: Sandbox) -> None:
    sandbox.configure(expires_in_as_text=True)
    with open_source(sandbox) as source:
        assert source.read_list(a_query(top=1)).rows
