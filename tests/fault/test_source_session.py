"""The session after signing in: renewed once when it ends, a seat at a time, and always given back."""

from datetime import timedelta
from typing import Any

import pytest

from acumatica_sandbox import Sandbox
from acumatica_sandbox.messages import Request
from acumatica_sandbox.sandbox import CredentialKind
from connector.errors import (
    CredentialsError,
    SessionsBusyError,
    TransientError,
)
from tests.contract.source_setup import (
    BILLS,
    FORMS,
    Vault,
    a_query,
    a_source,
    count,
    open_source,
    outcome,
    sign_ins,
)
from tests.stand_ins.clock import FakeClock


@pytest.mark.parametrize("form", FORMS)
def test_one_sign_in_and_one_sign_out_a_run(sandbox: Sandbox, form: CredentialKind) -> None:
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        for _ in range(3):
            source.read_list(a_query(top=1))
        assert sandbox.seats == 1
    assert (sign_ins(sandbox), count(sandbox, "/auth/logout")) == (1, 1)
    assert sandbox.requests[-1].status == 204


@pytest.mark.parametrize("form", FORMS)
def test_an_expired_session_is_renewed_once_in_the_middle_of_a_run(
    sandbox: Sandbox, form: CredentialKind
) -> None:
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        first = source.read_list(a_query(top=2)).rows
        for _ in range(3):
            sandbox.tenant.clock.advance(seconds=3601)
            assert source.read_list(a_query(top=2)).rows == first
        assert sandbox.seats == 1
    assert sign_ins(sandbox) == 4


@pytest.mark.parametrize("form", FORMS)
def test_a_session_that_is_refused_at_once_is_renewed_once_then_given_up(
    sandbox: Sandbox, form: CredentialKind
) -> None:
    sandbox.faults.add(path="/Default/", status=401, times=99)
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        error = outcome(lambda: source.read_list(a_query()))
    assert isinstance(error, CredentialsError)
    assert sign_ins(sandbox) == 2
    assert count(sandbox, "/Default/") == 2


@pytest.mark.parametrize("form", FORMS)
def test_a_renewal_gives_the_old_seat_back_first(sandbox: Sandbox, form: CredentialKind) -> None:
    sandbox.configure(seat_limit=1)
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        source.read_list(a_query(top=1))
        sandbox.faults.add(path="/Default/", status=401)
        assert source.read_list(a_query(top=1)).rows


@pytest.mark.parametrize("form", FORMS)
def test_a_redirect_to_the_sign_in_page_renews_the_session(sandbox: Sandbox, form: CredentialKind) -> None:
    login = {"Location": "/AcmeERP/Frames/Login.aspx?ReturnUrl=%2f"}
    sandbox.faults.add(path="/Default/", status=302, headers=login)
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        assert source.read_list(a_query(top=1)).rows
    assert sign_ins(sandbox) == 2


ENDS: dict[str, dict[str, Any]] = {
    "page": {"html": "<html><title>Sign In</title></html>"},
    "error page": {
        "status": 302,
        "headers": {"Location": "/AcmeERP/Frames/Error.aspx?message=Session+ended"},
    },
    "500": {
        "status": 500,
        "headers": {"Content-Type": "application/json"},
        "body": '{"message": "An error has occurred.", "exceptionMessage": "Object reference not set."}',
    },
    "500 page": {
        "status": 500,
        "headers": {"Content-Type": "text/html"},
        "body": "<html>Server Error</html>",
    },
}


def end_session(sandbox: Sandbox, how: str) -> None:
    """From now on every request of data is answered as after the end of the session, until somebody signs in."""
    ended = sandbox.faults.add(path="/Default/", times=99, **ENDS[how])
    sandbox.faults.add(path="/auth/login", hook=lambda _: setattr(ended, "times", 0))


@pytest.mark.parametrize("how", ENDS)
def test_a_cookie_session_that_ends_in_other_words_is_renewed(sandbox: Sandbox, how: str) -> None:
    with open_source(sandbox, Vault(sandbox.credentials("cookie"))) as source:
        first = source.read_list(a_query(top=2)).rows
        for number in range(2, 4):
            end_session(sandbox, how)
            assert source.read_list(a_query(top=2)).rows == first
            assert sign_ins(sandbox) == number
        assert sandbox.seats == 1


@pytest.mark.parametrize("how", ENDS)
def test_what_goes_on_after_a_renewal_was_no_end_of_the_session(sandbox: Sandbox, how: str) -> None:
    with open_source(sandbox, Vault(sandbox.credentials("cookie"))) as source:
        source.read_list(a_query(top=2))
        sandbox.faults.add(path="/Default/", times=99, **ENDS[how])
        for _ in range(2):
            assert isinstance(outcome(lambda: source.read_list(a_query(top=2))), TransientError)
        assert sign_ins(sandbox) == 2


@pytest.mark.parametrize("how", ENDS)
def test_a_token_is_not_renewed_for_a_failure(sandbox: Sandbox, how: str) -> None:
    with open_source(sandbox, Vault(sandbox.credentials("password"))) as source:
        first = source.read_list(a_query(top=2)).rows
        sandbox.faults.add(path="/Default/", times=1, **ENDS[how])
        assert source.read_list(a_query(top=2)).rows == first
    assert sign_ins(sandbox) == 1


def test_one_failure_of_a_cookie_session_is_tried_again_without_signing_in(sandbox: Sandbox) -> None:
    with open_source(sandbox, Vault(sandbox.credentials("cookie"))) as source:
        for _ in range(3):
            assert source.read_list(a_query(top=2)).rows
            sandbox.faults.add(path="/Default/", times=1, **ENDS["500"])
            assert source.read_list(a_query(top=2)).rows
    assert sign_ins(sandbox) == 1


def test_a_record_that_is_absent_keeps_a_cookie_session(sandbox: Sandbox) -> None:
    with open_source(sandbox, Vault(sandbox.credentials("cookie"))) as source:
        for _ in range(3):
            assert source.read_record(BILLS, "00000000-0000-0000-0000-000000000001") is None
    assert sign_ins(sandbox) == 1


@pytest.mark.parametrize("dialect", ["json", "text", "redirect"])
@pytest.mark.parametrize("form", FORMS)
def test_a_full_house_is_waited_for(sandbox: Sandbox, form: CredentialKind, dialect: str) -> None:
    sandbox.configure(seat_limit=0, seat_dialect=dialect)
    clock = FakeClock()
    with open_source(sandbox, Vault(sandbox.credentials(form)), clock) as source:
        error = outcome(lambda: source.read_list(a_query(top=1)))
        assert isinstance(error, SessionsBusyError)
        assert "SM604000" in error.action
        assert sum(clock.sleeps, timedelta(0)) > timedelta(0)
        sandbox.configure(seat_limit=1)
        assert source.read_list(a_query(top=1)).rows


def test_a_bearer_session_sends_no_cookies_and_a_netrc_is_not_asked(
    sandbox: Sandbox, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w", encoding="utf-8") as file:  # noqa: PTH123 (tmp_path is only formatted here)
        file.write("machine 127.0.0.1 login x password y\n")
    monkeypatch.setenv("NETRC", netrc)
    seen: list[Request] = []
    sandbox.faults.add(hook=seen.append, times=99)
    with open_source(sandbox) as source:
        source.read_list(a_query(top=1))
    assert not [request for request in seen if request.header("Cookie")]
    assert all(request.header("Authorization").startswith("Bearer ") for request in seen[1:])
    assert not seen[0].header("Authorization")


def test_sign_out_says_its_length(sandbox: Sandbox) -> None:
    seen: list[Request] = []
    sandbox.faults.add(path="/auth/logout", hook=seen.append)
    with open_source(sandbox) as source:
        source.read_list(a_query(top=1))
    assert seen[0].header("Content-Length") == "0"


def test_no_request_tells_the_secret_in_its_address(sandbox: Sandbox) -> None:
    vault = Vault(sandbox.credentials())
    source = a_source(sandbox, vault)
    source.read_list(a_query(top=1))
    source.close()
    addresses = " ".join(f"{request.path}?{request.query}" for request in sandbox.requests)
    assert vault.members["password"] not in addresses
    assert vault.members["client_secret"] not in addresses
