import pytest

from connector.adapters.acumatica.secret import CookieSecret, PasswordSecret, RefreshSecret
from connector.adapters.acumatica.sign_in_errors import check_login, check_token
from connector.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    SessionsBusyError,
    SourceAnswerError,
    SourceInMaintenanceError,
    SourceSetupError,
    SourceThrottledError,
    SourceUnavailableError,
)
from tests.unit.adapters.acumatica.builders import HTML, a_fault, an_answer

PASSWORD = PasswordSecret(client_id="G@ACME", client_secret="s3", username="ann", password="p4")
REFRESH = RefreshSecret(client_id="G@ACME", client_secret="s3", refresh_token="r5")
COOKIE = CookieSecret(username="ann", password="p4", tenant="ACME")
SEATS = "The number of concurrent API logins has been reached. (API Login Limit)"


@pytest.mark.parametrize(
    ("secret", "code", "says"),
    [
        (PASSWORD, "invalid_grant", "SM201010"),
        (PASSWORD, "invalid_client", "SM303010"),
        (PASSWORD, "unauthorized_client", "Resource Owner Password Credentials"),
        (PASSWORD, "unsupported_grant_type", "SM303010"),
        (PASSWORD, "invalid_scope", "scope api"),
        (PASSWORD, "something_new", "400"),
        (REFRESH, "invalid_grant", "authorise"),
        (REFRESH, "invalid_client", "SM303010"),
        (REFRESH, "unauthorized_client", "Authorization Code"),
    ],
)
def test_each_code_of_the_identity_server_names_what_to_mend(
    secret: PasswordSecret | RefreshSecret, code: str, says: str
) -> None:
    body = {"error": code, "error_description": "you sent p4 and s3 and r5"}
    with pytest.raises(CredentialsError) as caught:
        check_token(an_answer(400, body), secret)
    shown = f"{caught.value.message} {caught.value.action}"
    assert says in shown
    assert not [value for value in ("p4", "s3", "r5") if value in shown]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, b"", ConfigurationError),
        (401, b"", SourceAnswerError),
        (400, b"<html>", SourceAnswerError),
        (403, b"<html><title>Attention Required!</title>", SourceAnswerError),
        (400, {"error": "temporarily_unavailable"}, SourceAnswerError),
        (
            400,
            {"error": "invalid_grant", "error_description": "Execution Timeout Expired."},
            SourceAnswerError,
        ),
        (
            400,
            {"error": "invalid_grant", "error_description": "The site is locked."},
            SourceInMaintenanceError,
        ),
        (
            400,
            {"error": "invalid_grant", "error_description": "License_LoginLimitExceeded"},
            SessionsBusyError,
        ),
        (
            400,
            {"error": "invalid_grant", "error_description": "Límite de inicios de sesión de API."},
            SessionsBusyError,
        ),
        (400, {"error": "invalid_grant"}, CredentialsError),
        (
            400,
            {"error": "invalid_grant", "error_description": "invalid_username_or_password"},
            CredentialsError,
        ),
        (400, {"error": "invalid_request", "error_description": SEATS}, SessionsBusyError),
        (429, b"", SourceThrottledError),
        (500, a_fault(), SourceUnavailableError),
        (503, b"", SourceUnavailableError),
        (200, b"<html>", SourceAnswerError),
    ],
)
def test_other_answers_of_the_identity_server(status: int, body: object, kind: type[ConnectorError]) -> None:
    with pytest.raises(ConnectorError) as caught:
        check_token(an_answer(status, body), PASSWORD)
    assert type(caught.value) is kind


@pytest.mark.parametrize("status", [200, 204])
def test_a_cookie_sign_in_answers_without_a_body(status: int) -> None:
    check_login(an_answer(status), COOKIE)


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (500, a_fault(text="Error: Invalid credentials. Please try again."), CredentialsError, "SM201010"),
        (500, a_fault(text="Fehler: Ungültige Anmeldedaten."), CredentialsError, "Ungültige"),
        (500, a_fault(text="Error: Your account is locked out."), CredentialsError, "locked out"),
        (500, a_fault("PX.Data.PXUndefinedCompanyException", "?"), SourceSetupError, "SM203520"),
        (500, a_fault("PX.Data.PXException", SEATS), SessionsBusyError, "SM604000"),
        (
            500,
            a_fault("System.Data.SqlClient.SqlException", "Timeout expired."),
            SourceUnavailableError,
            "Timeout",
        ),
        (500, {"message": "Error: Invalid credentials. Please try again."}, CredentialsError, "SM201010"),
        (500, b"Invalid credentials", CredentialsError, "status 500"),
        (500, b"<html>Error: Invalid credentials. Please try again.</html>", CredentialsError, "SM201010"),
        (500, a_fault(text="Error: The branch EAST cannot be found."), CredentialsError, "CS102000"),
        (500, a_fault(text="Two-factor authentication is required."), CredentialsError, "second factor"),
        (500, a_fault("PX.Data.PXUnderMaintenanceException", "?"), SourceInMaintenanceError, "maintenance"),
        (500, a_fault(text="A snapshot is being restored."), SourceInMaintenanceError, "snapshot"),
        (500, a_fault(text="License_LoginLimitExceeded"), SessionsBusyError, "SM604000"),
        (500, a_fault(), SourceUnavailableError, "Something is wrong"),
        (
            403,
            b"<html><title>Attention Required! | Cloudflare</title>",
            SourceAnswerError,
            "titled «Attention Required!",
        ),
        (400, b"<html><title>Bad Request</title>", SourceAnswerError, "proxy, firewall"),
        (
            500,
            a_fault("System.Security.Authentication.InvalidCredentialException", "Nein."),
            CredentialsError,
            "Nein.",
        ),
        (
            500,
            a_fault("System.Data.SqlClient.SqlException", "Transaction was deadlocked."),
            SourceUnavailableError,
            "deadlocked",
        ),
        (500, {"message": "An error has occurred."}, SourceUnavailableError, "An error has occurred"),
        (500, b"", SourceUnavailableError, "500"),
        (503, b"<html>", SourceUnavailableError, "503"),
        (429, b"", SessionsBusyError, "429"),
        (
            400,
            {"message": "The request is invalid.", "modelState": {"": ["It is empty."]}},
            ConfigurationError,
            "invalid. It is empty.",
        ),
        (401, b"", SourceAnswerError, "401"),
        (408, b"", SourceUnavailableError, "gave up"),
        (404, b"", ConfigurationError, "ACUMATICA_URL"),
    ],
)
def test_a_refused_cookie_sign_in_names_what_to_mend(
    status: int, body: object, kind: type[ConnectorError], says: str
) -> None:
    with pytest.raises(ConnectorError) as caught:
        check_login(an_answer(status, body), COOKIE)
    assert type(caught.value) is kind
    assert says in f"{caught.value.message} {caught.value.action}"
    assert "p4" not in f"{caught.value.message} {caught.value.action}"


def test_a_password_acumatica_judged_is_never_worth_another_try() -> None:
    for body in (a_fault("PX.Data.PXUserPasswordException"), a_fault(text="User ann is disabled.")):
        with pytest.raises(ConnectorError) as caught:
            check_login(an_answer(500, body), COOKIE)
        assert isinstance(caught.value, CredentialsError)
        assert caught.value.may_lock_account


def test_a_sign_in_page_in_place_of_the_api_says_so() -> None:
    with pytest.raises(SourceAnswerError, match="web page"):
        check_login(an_answer(200, b"<html>", HTML), COOKIE)
