"""A secret of the wrong form for its connected application, or with a branch the tenant does not have: said as such."""

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.sandbox import CredentialKind
from connector.errors import CredentialsError
from tests.contract.source_setup import Vault, open_source, reads_a_page, sign_ins


def refusal_of(sandbox: Sandbox, vault: Vault) -> CredentialsError:
    with open_source(sandbox, vault) as source, pytest.raises(CredentialsError) as caught:
        reads_a_page(source)
    assert sign_ins(sandbox) == 1, "a refusal is never tried again"
    return caught.value


def test_a_password_is_refused_by_an_application_of_another_flow() -> None:
    with Sandbox(SandboxOptions(size="empty", application_flow="authorization_code")) as sandbox:
        error = refusal_of(sandbox, Vault(sandbox.credentials("password")))
    assert "unauthorized_client" in error.message
    assert "Resource Owner Password Credentials" in error.action
    assert "SM303010" in error.action


@pytest.mark.parametrize(
    ("flow", "form"), [("password", "password"), ("authorization_code", "refresh_token")]
)
def test_each_form_of_secret_goes_with_its_flow(flow: str, form: CredentialKind) -> None:
    with (
        Sandbox(SandboxOptions(size="tiny", application_flow=flow)) as sandbox,  # type: ignore[arg-type]
        open_source(sandbox, Vault(sandbox.credentials(form))) as source,
    ):
        reads_a_page(source)


def test_a_branch_that_does_not_exist_is_named() -> None:
    with Sandbox(SandboxOptions(size="empty")) as sandbox:
        error = refusal_of(sandbox, Vault(sandbox.credentials("cookie") | {"branch": "NOWHERE"}))
    assert "branch NOWHERE" in error.message


@pytest.mark.parametrize("branch", ["main", ""])
def test_a_branch_is_known_in_any_case_and_may_be_left_out(branch: str) -> None:
    with (
        Sandbox(SandboxOptions(size="tiny")) as sandbox,
        open_source(sandbox, Vault(sandbox.credentials("cookie") | {"branch": branch})) as source,
    ):
        reads_a_page(source)
