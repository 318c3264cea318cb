"""Cookie sessions."""

import json

from tests.unit.acumatica_sandbox.calls import Caller, a_sandbox, the_error


def test_signing_in_is_a_204_with_the_cookies_of_a_real_site() -> None:
    caller = Caller(a_sandbox())
    response = caller.log_in()
    assert (response.status, response.body) == (204, b"")
    cookies = [value for name, value in response.headers if name == "Set-Cookie"]
    names = [text.split("=")[0] for text in cookies]
    assert names[:5] == ["ASP.NET_SessionId", ".ASPXAUTH", "CompanyID", "Locale", "UserBranch"]
    assert "CompanyID=ACME; expires=Thu, 19-Mar-2026 14:30:00 GMT; path=/" in cookies
    assert cookies.count("Locale=Culture=en-US&TimeZone=GMTM0800A; path=/") == 2
    assert caller.get("Bill", top="1").status == 200
    assert caller.sandbox.seats == 1


def test_a_form_body_signs_in_too_and_company_is_another_word_for_tenant() -> None:
    caller = Caller(a_sandbox())
    options = caller.sandbox.options
    body = f"name={options.username}&password={options.password}&company=ACME".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
    assert caller.send("POST", "/AcmeERP/entity/auth/login", body=body, headers=headers).status == 204


def test_a_wrong_password_is_a_500_and_not_a_401() -> None:
    response = Caller(a_sandbox()).log_in(password="wrong")
    assert the_error(response) == "Error: Invalid credentials. Please try again."
    assert response.json()["exceptionType"] == "PX.Data.PXException"


def test_wrong_passwords_lock_the_account_for_the_right_one_too() -> None:
    caller = Caller(a_sandbox(lockout_attempts=3))
    for _ in range(3):
        caller.log_in(password="wrong")
    assert "account is locked out" in the_error(caller.log_in())
    caller.control("unlock")
    assert caller.log_in().status == 204


def test_the_right_password_in_between_starts_the_count_again() -> None:
    caller = Caller(a_sandbox(lockout_attempts=2))
    caller.log_in(password="wrong")
    caller.log_in()
    caller.log_in(password="wrong")
    assert caller.log_in().status == 204


def test_no_body_is_a_bad_request() -> None:
    headers = {"Content-Type": "application/json", "Content-Length": "0"}
    response = Caller(a_sandbox()).send("POST", "/AcmeERP/entity/auth/login", headers=headers)
    assert response.status == 400
    assert response.json() == {
        "message": "The request is invalid.",
        "modelState": {"": ["The request body should not be empty."]},
    }


def test_a_single_tenant_site_takes_any_tenant_name() -> None:
    assert Caller(a_sandbox()).log_in(tenant="whatever").status == 204


def test_a_site_of_several_tenants_refuses_an_unknown_one() -> None:
    response = Caller(a_sandbox(other_tenants=("TEST",))).log_in(tenant="whatever")
    assert the_error(response) == "A proper company ID cannot be determined."
    assert response.json()["exceptionType"] == "PX.Data.PXUndefinedCompanyException"


def test_the_cookies_tell_which_tenant_was_reached_and_the_other_one_is_empty() -> None:
    caller = Caller(a_sandbox(other_tenants=("TEST",)))
    response = caller.log_in(tenant="test")
    assert any(value.startswith("CompanyID=TEST;") for _, value in response.headers)
    assert caller.list("Bill") == []
    assert caller.get(f"Bill/{caller.sandbox.tenant.records('Bill')[0].id}").status == 500


def test_an_unknown_branch_is_refused_after_the_password_and_none_is_the_users_own() -> None:
    caller = Caller(a_sandbox())
    assert "Invalid credentials" in the_error(caller.log_in(branch="NOWHERE", password="wrong"))
    assert "branch NOWHERE" in the_error(caller.log_in(branch="NOWHERE"))
    assert caller.sandbox.seats == 0
    for branch in ("MAIN", "main", ""):
        assert caller.log_in(branch=branch).status == 204


def test_signing_out_is_a_204_with_expired_cookies_and_frees_the_seat() -> None:
    caller = Caller(a_sandbox())
    caller.log_in()
    response = caller.log_out()
    assert response.status == 204
    gone = [
        value for name, value in response.headers if value.startswith((".ASPXAUTH=;", "ASP.NET_SessionId=;"))
    ]
    assert len(gone) == 2
    assert caller.sandbox.seats == 0
    assert caller.get("Bill").status == 401


def test_signing_out_without_a_length_is_a_411_and_leaks_the_seat() -> None:
    caller = Caller(a_sandbox())
    caller.log_in()
    assert caller.send("POST", "/AcmeERP/entity/auth/logout").status == 411
    assert caller.sandbox.seats == 1


def test_an_idle_session_ends_by_itself_after_ten_minutes() -> None:
    caller = Caller(a_sandbox())
    caller.log_in()
    clock = caller.sandbox.tenant.clock
    clock.advance(599)
    assert caller.get("Bill", top="1").status == 200
    clock.advance(599)
    assert caller.get("Bill", top="1").status == 200
    clock.advance(600)
    assert caller.sandbox.seats == 0
    assert caller.get("Bill", top="1").status == 401


def test_every_sign_in_takes_a_seat_of_its_own() -> None:
    sandbox = a_sandbox()
    for _ in range(3):
        Caller(sandbox).log_in()
    assert sandbox.seats == 3


def test_the_secret_for_cookies_has_the_connectors_form() -> None:
    credentials = a_sandbox().credentials("cookie")
    assert list(credentials) == ["auth", "username", "password", "tenant", "branch"]
    assert credentials["auth"] == "cookie"
    assert json.dumps(credentials)
