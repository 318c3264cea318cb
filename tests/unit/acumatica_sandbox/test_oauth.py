"""The identity server."""

import pytest

from acumatica_sandbox import Response
from tests.unit.acumatica_sandbox.calls import Caller, a_caller, a_sandbox


def the_refusal(response: Response) -> tuple[str, str]:
    assert response.status == 400
    body = response.json()
    return body["error"], body.get("error_description", "")


def test_discovery_names_every_address_and_no_client_credentials() -> None:
    caller = Caller(a_sandbox())
    headers = {"Host": "127.0.0.1:8080"}
    path = "/AcmeERP/identity/.well-known/openid-configuration"
    body = caller.send("GET", path, headers=headers).json()
    assert body["issuer"] == "http://127.0.0.1:8080/AcmeERP/identity"
    assert body["token_endpoint"] == "http://127.0.0.1:8080/AcmeERP/identity/connect/token"
    assert body["revocation_endpoint"].endswith("/connect/revocation")
    assert "client_credentials" not in body["grant_types_supported"]
    assert caller.send("GET", f"{path}/jwks").json() == {"keys": []}


def test_the_password_grant_answers_an_opaque_token_for_an_hour() -> None:
    caller = Caller(a_sandbox())
    answer = caller.sign_in()
    assert set(answer) == {"access_token", "expires_in", "token_type", "refresh_token", "scope"}
    assert (answer["expires_in"], answer["token_type"]) == (3600, "Bearer")
    assert caller.get("Bill", top="1").status == 200


def test_without_offline_access_there_is_no_refresh_token() -> None:
    assert "refresh_token" not in Caller(a_sandbox()).sign_in(scope="api")


def test_the_lifetime_may_come_as_text() -> None:
    assert Caller(a_sandbox(expires_in_as_text=True)).sign_in()["expires_in"] == "3600"


def test_a_wrong_password_is_an_invalid_grant_with_its_description() -> None:
    caller = Caller(a_sandbox())
    response = caller.token(**caller.password_form(password="wrong"))
    assert the_refusal(response) == ("invalid_grant", "invalid_username_or_password")


def test_wrong_passwords_lock_the_account() -> None:
    caller = Caller(a_sandbox(lockout_attempts=2))
    for _ in range(2):
        caller.token(**caller.password_form(password="wrong"))
    assert caller.token(**caller.password_form()).status == 400


@pytest.mark.parametrize(
    "change",
    [
        {"client_secret": "wrong"},
        {"client_id": "6F1B1F0E-7C0A-4A5B-9D0C-3B1A5E9F2C11@OTHER"},
        {"client_id": "6F1B1F0E-7C0A-4A5B-9D0C-3B1A5E9F2C11"},
        {"client_id": "someone@ACME"},
    ],
)
def test_a_wrong_application_is_an_invalid_client(change: dict[str, str]) -> None:
    caller = Caller(a_sandbox())
    assert the_refusal(caller.token(**caller.password_form(**change)))[0] == "invalid_client"


def test_the_suffix_of_the_client_id_decides_the_tenant() -> None:
    caller = Caller(a_sandbox(other_tenants=("My Tenant",)))
    caller.sign_in(client_id="6f1b1f0e-7c0a-4a5b-9d0c-3b1a5e9f2c11@My Tenant")
    assert caller.list("Bill") == []


@pytest.mark.parametrize(
    ("grant_type", "error"),
    [("client_credentials", "unauthorized_client"), ("implicit", "unsupported_grant_type")],
)
def test_other_flows_are_refused(grant_type: str, error: str) -> None:
    caller = Caller(a_sandbox())
    assert the_refusal(caller.token(**caller.password_form(grant_type=grant_type)))[0] == error


@pytest.mark.parametrize(("flow", "allowed"), [("password", True), ("authorization_code", False)])
def test_an_application_has_one_flow_and_may_refresh_what_it_was_given(flow: str, allowed: bool) -> None:
    caller = Caller(a_sandbox(application_flow=flow))
    assert (caller.token(**caller.password_form()).status == 200) is allowed
    client = caller.sandbox.options.client_id.replace("@", "%40")
    query = f"response_type=code&client_id={client}&redirect_uri=http://x.example/cb&scope=api"
    answer = caller.send("GET", "/AcmeERP/identity/connect/authorize", query)
    assert (answer.status == 302) is not allowed
    exchange = caller.password_form(grant_type="authorization_code", code="none")
    assert the_refusal(caller.token(**exchange))[0] == ("unauthorized_client" if allowed else "invalid_grant")
    refresh_token = caller.sandbox.credentials("refresh_token")["refresh_token"]
    assert refreshed(caller, refresh_token).status == 200


def test_client_credentials_are_refused_in_either_word() -> None:
    caller = Caller(a_sandbox(no_client_credentials="unsupported_grant_type"))
    form = caller.password_form(grant_type="client_credentials")
    assert the_refusal(caller.token(**form))[0] == "unsupported_grant_type"


def test_a_scope_without_the_api_is_refused() -> None:
    caller = Caller(a_sandbox())
    assert the_refusal(caller.token(**caller.password_form(scope="openid")))[0] == "invalid_scope"


def refreshed(caller: Caller, refresh_token: str) -> Response:
    form = caller.password_form(grant_type="refresh_token", refresh_token=refresh_token)
    return caller.token(**form)


def test_each_refresh_gives_a_new_refresh_token_and_the_old_one_is_dead() -> None:
    caller = Caller(a_sandbox())
    first = caller.sandbox.credentials("refresh_token")["refresh_token"]
    answer = refreshed(caller, first).json()
    assert answer["refresh_token"] != first
    assert the_refusal(refreshed(caller, first))[0] == "invalid_grant"
    assert refreshed(caller, answer["refresh_token"]).status == 200


def test_a_refresh_token_is_good_for_the_application_of_its_own_tenant_alone() -> None:
    caller = Caller(a_sandbox(other_tenants=("TEST",)))
    token = caller.sandbox.credentials("refresh_token")["refresh_token"]
    others = f"{caller.sandbox.options.client_guid}@TEST"
    form = caller.password_form(grant_type="refresh_token", refresh_token=token, client_id=others)
    assert the_refusal(caller.token(**form))[0] == "invalid_grant"
    assert refreshed(caller, token).status == 200, "the token was not spent"


def test_the_chain_of_refreshes_ends_after_thirty_days() -> None:
    caller = Caller(a_sandbox())
    token = caller.sandbox.credentials("refresh_token")["refresh_token"]
    caller.sandbox.tenant.clock.advance(29 * 86_400)
    token = refreshed(caller, token).json()["refresh_token"]
    caller.sandbox.tenant.clock.advance(86_400)
    assert the_refusal(refreshed(caller, token))[0] == "invalid_grant"


def test_an_authorization_code_works_once() -> None:
    caller = Caller(a_sandbox())
    client = caller.sandbox.options.client_id.replace("@", "%40")
    query = f"response_type=code&client_id={client}&redirect_uri=http://x.example/cb&scope=api&state=s%201"
    answer = caller.send("GET", "/AcmeERP/identity/connect/authorize", query)
    location = answer.header("Location")
    assert answer.status == 302
    assert location.startswith("http://x.example/cb?code=")
    assert location.endswith("&state=s%201")
    code = location.split("code=")[1].split("&")[0]
    form = caller.password_form(grant_type="authorization_code", code=code)
    assert caller.token(**form).status == 200
    assert the_refusal(caller.token(**form))[0] == "invalid_grant"


def test_an_expired_token_is_an_empty_401() -> None:
    caller = a_caller()
    assert caller.get("Bill", top="1").status == 200
    caller.sandbox.tenant.clock.advance(3600)
    response = caller.get("Bill", top="1")
    assert (response.status, response.body) == (401, b"")


def test_tokens_can_be_made_invalid_at_once() -> None:
    caller = a_caller()
    caller.control("expire-tokens")
    assert caller.get("Bill", top="1").status == 401


def test_a_token_takes_its_seat_with_the_first_call_and_keeps_it() -> None:
    caller = a_caller()
    assert caller.sandbox.seats == 0
    for _ in range(3):
        caller.get("Bill", top="1")
    assert caller.sandbox.seats == 1


def test_signing_out_with_the_token_frees_the_seat_and_the_next_call_opens_another() -> None:
    caller = a_caller()
    caller.get("Bill", top="1")
    assert caller.log_out().status == 204
    assert caller.sandbox.seats == 0
    assert caller.get("Bill", top="1").status == 200
    assert caller.sandbox.seats == 1


def test_signing_out_before_any_call_takes_no_seat() -> None:
    caller = a_caller()
    assert caller.log_out().status == 204
    assert caller.sandbox.seats == 0


def test_a_stranger_cannot_sign_out() -> None:
    assert Caller(a_sandbox()).log_out().status == 401


def test_revocation_kills_the_token_but_not_the_seat() -> None:
    caller = Caller(a_sandbox())
    token = caller.sign_in()["access_token"]
    caller.get("Bill", top="1")
    form = caller.password_form(token=token)
    body = "&".join(f"{name}={value.replace('@', '%40')}" for name, value in form.items()).encode()
    assert caller.send("POST", "/AcmeERP/identity/connect/revocation", body=body).status == 200
    assert caller.get("Bill", top="1").status == 401
    assert caller.sandbox.seats == 1


def test_refreshes_share_the_session_of_their_grant() -> None:
    caller = Caller(a_sandbox())
    answer = caller.sign_in()
    caller.get("Bill", top="1")
    again = refreshed(caller, answer["refresh_token"]).json()
    caller.headers = {"Authorization": f"Bearer {again['access_token']}"}
    caller.get("Bill", top="1")
    assert caller.sandbox.seats == 1


def test_with_the_api_scope_alone_the_seat_is_free_when_the_token_expires() -> None:
    caller = Caller(a_sandbox())
    caller.sign_in(scope="api")
    caller.get("Bill", top="1")
    caller.sandbox.tenant.clock.advance(3599)
    assert caller.sandbox.seats == 1
    caller.sandbox.tenant.clock.advance(1)
    assert caller.sandbox.seats == 0


def test_with_offline_access_the_seat_stays_taken() -> None:
    caller = a_caller()
    caller.get("Bill", top="1")
    caller.sandbox.tenant.clock.advance(86_400)
    assert caller.sandbox.seats == 1


def test_concurrent_access_keeps_sessions_apart_by_their_cookies() -> None:
    caller = Caller(a_sandbox())
    caller.sign_in(scope="api:concurrent_access")
    for _ in range(3):
        opened = caller.get("Bill", top="1")
    assert caller.sandbox.seats == 3
    cookies = dict(
        value.split(";")[0].split("=", 1) for name, value in opened.headers if name == "Set-Cookie"
    )
    caller.headers["Cookie"] = f"ASP.NET_SessionId={cookies['ASP.NET_SessionId']}"
    caller.get("Bill", top="1")
    assert caller.sandbox.seats == 3


def test_userinfo_tells_the_user_and_tenant() -> None:
    caller = a_caller()
    assert caller.send("GET", "/AcmeERP/identity/connect/userinfo").json()["sub"] == "connector@ACME"
    caller.headers = {}
    assert caller.send("GET", "/AcmeERP/identity/connect/userinfo").status == 401


def test_the_secrets_for_oauth_have_the_connectors_form() -> None:
    sandbox = a_sandbox()
    assert list(sandbox.credentials("password")) == [
        "auth",
        "client_id",
        "client_secret",
        "username",
        "password",
    ]
    assert list(sandbox.credentials("refresh_token")) == [
        "auth",
        "client_id",
        "client_secret",
        "refresh_token",
    ]
    assert sandbox.credentials()["client_id"].endswith("@ACME")
