"""A refused sign-in: no password is risked twice, in this run or the next."""

from dataclasses import replace

import pytest

from acumatica_sandbox import Sandbox
from acumatica_sandbox.sandbox import CredentialKind
from connector.adapters.acumatica.lockout_guard import check_not_refused, fingerprint_refusal
from connector.adapters.acumatica.secret import CookieSecret, PasswordSecret, RefreshSecret
from connector.errors import (
    CredentialsError,
    SecretUnavailableError,
)
from tests.contract.source_setup import (
    BILLS,
    Vault,
    a_query,
    open_source,
    outcome,
    sign_ins,
)
from tests.fault.test_source_sign_in import SIGN_INS
from tests.stand_ins.clock import FakeClock

JSON = {"Content-Type": "application/json; charset=utf-8"}
WITH_PASSWORD: tuple[CredentialKind, ...] = ("password", "cookie")


@pytest.mark.parametrize("form", WITH_PASSWORD)
def test_a_wrong_password_is_tried_once_however_often_the_source_is_asked(
    sandbox: Sandbox, form: CredentialKind
) -> None:
    vault = Vault(sandbox.credentials(form))
    vault.change(password="wr0ng")
    with open_source(sandbox, vault) as source:
        for _ in range(5):
            error = outcome(lambda: source.read_list(a_query()))
            assert isinstance(error, CredentialsError)
            assert "SM201010" in error.action
            assert "wr0ng" not in f"{error} {error.action}"
    assert sign_ins(sandbox) == 1
    assert vault.reads >= 2


@pytest.mark.parametrize("form", WITH_PASSWORD)
def test_a_secret_replaced_meanwhile_is_the_only_second_try(sandbox: Sandbox, form: CredentialKind) -> None:
    vault = Vault(sandbox.credentials(form))
    right = vault.members["password"]
    vault.change(password="old")
    sandbox.faults.add(path=SIGN_INS[form], hook=lambda _: vault.change(password=right))
    with open_source(sandbox, vault) as source:
        assert source.read_list(a_query(top=1)).rows
    assert sign_ins(sandbox) == 2


@pytest.mark.parametrize("form", WITH_PASSWORD)
def test_the_account_is_not_locked_by_a_wrong_password(sandbox: Sandbox, form: CredentialKind) -> None:
    sandbox.configure(lockout_attempts=2)
    vault = Vault(sandbox.credentials(form))
    right = vault.members["password"]
    vault.change(password="wrong")
    with open_source(sandbox, vault) as source:
        assert isinstance(outcome(lambda: source.describe(BILLS)), CredentialsError)
        list(source.check([BILLS]))
        vault.change(password=right)
        assert source.read_list(a_query(top=1)).rows


@pytest.mark.parametrize("form", WITH_PASSWORD)
def test_what_one_run_was_refused_the_next_runs_do_not_send(sandbox: Sandbox, form: CredentialKind) -> None:
    sandbox.configure(lockout_attempts=2)
    vault = Vault(sandbox.credentials(form))
    right = vault.members["password"]
    vault.change(password="wr0ng")
    refused = None
    for _ in range(3):
        with open_source(sandbox, vault) as source:
            source.forbid_credentials(refused)
            with pytest.raises(CredentialsError) as caught:
                source.describe(BILLS)
            refused = source.refused_sign_in()
        assert refused is not None
        assert "wr0ng" not in f"{refused} {caught.value} {caught.value.action}"
    assert "run check" in caught.value.action
    assert sign_ins(sandbox) == 1
    vault.change(password=right)
    with open_source(sandbox, vault) as source:
        source.forbid_credentials(refused)
        assert source.read_list(a_query(top=1)).rows
        assert source.refused_sign_in() is None


def test_a_refusal_is_of_one_user_one_password_one_tenant_and_one_instance() -> None:
    secret = {"username": "api", "password": "one", "client_id": "app@ACME", "client_secret": "s"}
    refused = fingerprint_refusal(PasswordSecret(**secret), "https://erp.example", FakeClock().now())
    others = [{"username": "apï"}, {"password": "two"}, {"client_id": "app@Other"}]
    for changed in others:
        check_not_refused(PasswordSecret(**(secret | changed)), "https://erp.example", refused)
    check_not_refused(PasswordSecret(**secret), "https://test.example", refused)
    check_not_refused(
        RefreshSecret(client_id="app@ACME", client_secret="s", refresh_token="one"),
        "https://erp.example",
        refused,
    )
    the_same = [{"client_secret": "new"}, {"client_id": "another-app@ACME"}]
    for changed in the_same:
        with pytest.raises(CredentialsError):
            check_not_refused(PasswordSecret(**(secret | changed)), "https://erp.example", refused)
    cookie = CookieSecret(username="api", password="one", tenant="ACME")
    check_not_refused(replace(cookie, branch="MAIN"), "https://erp.example", refused)
    with pytest.raises(CredentialsError):
        check_not_refused(cookie, "https://erp.example", refused)


def test_check_tries_what_was_refused_and_tells_how_it_went(sandbox: Sandbox) -> None:
    vault = Vault(sandbox.credentials())
    right = vault.members["password"]
    vault.change(password="new one")
    with open_source(sandbox, vault) as source:
        outcome(lambda: source.describe(BILLS))
        refused = source.refused_sign_in()
    with open_source(sandbox, vault) as source:
        source.forbid_credentials(refused)
        assert not all(line.ok for line in source.check([BILLS]))
        again = source.refused_sign_in()
    assert again is not None
    assert sign_ins(sandbox) == 2
    sandbox.configure(password="new one")  # the administrator gives the user the secret's password
    assert right != "new one"
    with open_source(sandbox, vault) as source:
        source.forbid_credentials(again)
        assert all(line.ok for line in source.check([BILLS]))
        assert source.refused_sign_in() is None


@pytest.mark.parametrize(
    "change", [{"client_secret": "no"}, {"refresh_token": "used up"}], ids=["application", "token"]
)
def test_only_a_refused_password_is_remembered(sandbox: Sandbox, change: dict[str, str]) -> None:
    vault = Vault(sandbox.credentials("refresh_token" if "refresh_token" in change else "password"))
    vault.change(**change)
    with open_source(sandbox, vault) as source:
        assert isinstance(outcome(lambda: source.describe(BILLS)), CredentialsError)
        assert source.refused_sign_in() is None


def test_a_locked_account_is_said_to_be_locked_and_left_alone(sandbox: Sandbox) -> None:
    sandbox.configure(lockout_attempts=1)
    sandbox.site.account.failures = 1
    with open_source(sandbox, Vault(sandbox.credentials("cookie"))) as source:
        error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, CredentialsError)
    assert "locked out" in error.message
    assert sign_ins(sandbox) == 1


@pytest.mark.parametrize(
    ("change", "says"), [({"client_secret": "no"}, "SM303010"), ({"client_id": "other@ACME"}, "SM303010")]
)
@pytest.mark.parametrize("form", ["password", "refresh_token"])
def test_a_wrong_application_is_told_from_a_wrong_user(
    sandbox: Sandbox, form: CredentialKind, change: dict[str, str], says: str
) -> None:
    vault = Vault(sandbox.credentials(form))
    vault.change(**change)
    with open_source(sandbox, vault) as source:
        error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, CredentialsError)
    assert says in error.action
    assert sign_ins(sandbox) == 1


@pytest.mark.parametrize(
    "body",
    [
        '{"message": "Error: Invalid credentials. Please try again."}',
        '{"exceptionType": "System.Security.Authentication.InvalidCredentialException"}',
    ],
)
def test_invalid_credentials_in_any_dialect_are_sent_once(sandbox: Sandbox, body: str) -> None:
    sandbox.faults.add(path="/auth/login", times=99, status=500, body=body, headers=JSON)
    with open_source(sandbox, Vault(sandbox.credentials("cookie"))) as source:
        error = outcome(lambda: source.describe(BILLS))
        assert source.refused_sign_in() is not None
    assert isinstance(error, CredentialsError)
    assert sign_ins(sandbox) == 1


def test_a_secret_that_cannot_be_read_again_does_not_hide_the_refusal(sandbox: Sandbox) -> None:
    vault = Vault(sandbox.credentials())
    vault.change(password="wrong")

    def once() -> bytes:
        if vault.reads:
            raise SecretUnavailableError("gone", action="look")
        return vault.read()

    with open_source(sandbox, credentials=once) as source, pytest.raises(CredentialsError):
        source.describe(BILLS)
