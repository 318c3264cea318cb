"""Signing in when it goes wrong: no password is risked twice, and what time mends is waited for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.sandbox import CredentialKind
from connector.adapters.acumatica.lockout_guard import check_not_refused, fingerprint_refusal
from connector.adapters.acumatica.secret import CookieSecret, PasswordSecret, RefreshSecret
from connector.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    SecretUnavailableError,
    SourceInMaintenanceError,
    SourceSetupError,
    SourceUnavailableError,
    TransientError,
)
from tests.contract.source_setup import (
    BILLS,
    FORMS,
    Vault,
    a_query,
    count,
    open_source,
    outcome,
    reads_a_page,
    sign_ins,
)
from tests.stand_ins.clock import FakeClock

JSON = {"Content-Type": "application/json; charset=utf-8"}
WITH_PASSWORD: tuple[CredentialKind, ...] = ("password", "cookie")
SIGN_INS = {
    "password": "/identity/connect/token",
    "refresh_token": "/identity/connect/token",
    "cookie": "/auth/login",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        yield tenant


@pytest.mark.parametrize("directory", ["", "AcmeERP", "deep/er"])
@pytest.mark.parametrize("form", FORMS)
def test_the_instance_may_be_at_the_root_or_below(form: CredentialKind, directory: str) -> None:
    with (
        Sandbox(SandboxOptions(size="tiny", virtual_directory=directory)) as sandbox,
        open_source(sandbox, Vault(sandbox.credentials(form)), url=f"{sandbox.url}/") as source,
    ):
        assert source.read_list(a_query(top=1)).rows


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


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500, "body": '{"message": "An error has occurred."}', "headers": JSON},
        {"status": 500, "html": "<html><title>Runtime Error</title></html>"},
        {"status": 400, "html": "<html>Bad Request - Request Too Long</html>"},
        {"status": 403, "html": "<html><title>Attention Required! | Cloudflare</title></html>"},
        {"status": 401},
        {"status": 302, "headers": {"Location": "/Frames/Elsewhere.aspx"}},
        {"status": 500},
    ],
    ids=["bare error", "error page", "proxy's 400", "firewall's 403", "bare 401", "redirect", "empty"],
)
def test_a_cookie_sign_in_whose_refusal_is_not_understood_is_sent_twice_at_most(
    sandbox: Sandbox, answer: dict[str, Any]
) -> None:
    clock = FakeClock()
    sandbox.faults.add(path="/auth/login", times=99, **answer)
    with open_source(sandbox, Vault(sandbox.credentials("cookie")), clock) as source:
        for _ in range(3):
            error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, TransientError)
    assert "with an unknown outcome" in error.message
    assert "could lock the account" in error.action
    assert error.retry_after is not None
    assert sum(clock.sleeps, timedelta(0)) < error.retry_after
    assert sign_ins(sandbox) == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 503, "html": "<html>Down for maintenance</html>"},
        {"status": 200, "html": "<html>Down for maintenance</html>"},
        {"status": 302, "headers": {"Location": "/Frames/Maintenance.aspx"}},
        {"status": 500, "body": '{"exceptionType": "PX.Data.PXUnderMaintenanceException"}', "headers": JSON},
    ],
    ids=["503", "200", "redirect", "exception"],
)
@pytest.mark.parametrize("form", WITH_PASSWORD)
def test_a_site_in_maintenance_is_said_to_be_in_it_and_judges_nobody(
    sandbox: Sandbox, form: CredentialKind, answer: dict[str, Any]
) -> None:
    sandbox.faults.add(path=SIGN_INS[form], times=99, **answer)
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        error = outcome(lambda: source.describe(BILLS))
        assert source.refused_sign_in() is None
    assert isinstance(error, SourceInMaintenanceError)
    assert "whether it was refused" not in error.message


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_page_before_the_identity_server_is_met_twice_a_run_at_most(sandbox: Sandbox, status: int) -> None:
    sandbox.faults.add(path="/connect/token", times=99, status=status, html="<html>Blocked</html>")
    with open_source(sandbox) as source:
        for _ in range(3):
            error = outcome(lambda: source.describe(BILLS))
        assert source.refused_sign_in() is None
    assert isinstance(error, TransientError)
    assert "with an unknown outcome" in error.message
    assert sign_ins(sandbox) == 2


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


def test_a_sign_in_that_succeeded_makes_the_ones_before_it_forgotten(sandbox: Sandbox) -> None:
    with open_source(sandbox, Vault(sandbox.credentials("cookie"))) as source:
        for _ in range(3):
            sandbox.faults.add(path="/auth/login", status=500)
            reads_a_page(source)
            source.close()
    assert sign_ins(sandbox) == 6


@pytest.mark.parametrize("form", WITH_PASSWORD)
def test_sign_ins_without_an_answer_are_few_lest_the_account_gets_locked(
    sandbox: Sandbox, form: CredentialKind
) -> None:
    clock = FakeClock()
    vault = Vault(sandbox.credentials(form))
    vault.change(password="wrong")
    sandbox.faults.add(path=SIGN_INS[form], breakage="reset_after", times=99)
    with open_source(sandbox, vault, clock) as source:
        error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, SourceUnavailableError)
    assert error.retry_after is not None
    assert error.retry_after >= timedelta(minutes=10)
    assert sum(clock.sleeps, timedelta(0)) < timedelta(minutes=1), "a run that waits holds its seat"
    assert sign_ins(sandbox) == 2


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


def test_a_secret_that_cannot_be_read_again_does_not_hide_the_refusal(sandbox: Sandbox) -> None:
    vault = Vault(sandbox.credentials())
    vault.change(password="wrong")

    def once() -> bytes:
        if vault.reads:
            raise SecretUnavailableError("gone", action="look")
        return vault.read()

    with open_source(sandbox, credentials=once) as source, pytest.raises(CredentialsError):
        source.describe(BILLS)


def test_an_expiry_time_given_as_text_is_borne(sandbox: Sandbox) -> None:
    sandbox.configure(expires_in_as_text=True)
    with open_source(sandbox) as source:
        assert source.read_list(a_query(top=1)).rows
