"""Every sentence of a failed sign-in that is known, and what it is down to: recorded, documented, or reported in public."""

import pytest

from connector.adapters.acumatica.sign_in_verdict import Verdict, judge
from tests.unit.adapters.acumatica.builders import HTML, a_fault, an_answer

PX = "PX.Data.PXException"
SAID = [
    # the user, the password or the account
    (Verdict.REFUSED, PX, "Error: Invalid credentials. Please try again."),
    (Verdict.REFUSED, PX, "Invalid user name or password."),
    (Verdict.REFUSED, PX, "The user name or password is incorrect."),
    (Verdict.REFUSED, PX, "Incorrect login or password."),
    (Verdict.REFUSED, PX, "Your password has expired."),
    (Verdict.REFUSED, PX, "You must change your password before you can sign in."),
    (Verdict.REFUSED, PX, "User account connector is disabled."),
    (Verdict.REFUSED, PX, "The user connector is not active."),
    (Verdict.REFUSED, PX, "The user is not allowed to use the API."),
    (Verdict.REFUSED, "System.Security.Authentication.InvalidCredentialException", "Nein."),
    (Verdict.REFUSED, "PX.Data.PXUserPasswordException", "?"),
    (Verdict.REFUSED, PX, "Fehler: Ungültige Anmeldedaten."),
    (Verdict.REFUSED, PX, "El nombre de usuario o la contraseña no son correctos."),
    (Verdict.REFUSED, PX, "Identifiants invalides. Veuillez réessayer."),
    (Verdict.REFUSED, PX, "Credenciais inválidas."),
    (Verdict.REFUSED, PX, "Credenziali non valide."),
    (Verdict.REFUSED, PX, "Ongeldige inloggegevens."),
    (Verdict.REFUSED, PX, "用户名或密码不正确"),
    (Verdict.LOCKED, PX, "Error: Your account is locked out. Contact your administrator."),
    (Verdict.LOCKED, PX, "User connector has been locked."),
    (Verdict.LOCKED, PX, "The account was temporarily locked because of failed attempts."),
    (Verdict.LOCKED, PX, "Das Konto ist gesperrt."),
    # what else a person has to mend
    (Verdict.TENANT, "PX.Data.PXUndefinedCompanyException", "?"),
    (Verdict.TENANT, PX, "A proper company ID cannot be determined."),
    (Verdict.BRANCH, PX, "Error: The branch NOWHERE cannot be found in the system."),
    (Verdict.SECOND_FACTOR, PX, "Two-factor authentication is required."),
    # seats
    (Verdict.SEATS, PX, "The number of concurrent API logins has been reached. (API Login Limit)"),
    (Verdict.SEATS, PX, "API Login Limit"),
    (Verdict.SEATS, PX, "License_LoginLimitExceeded"),
    (Verdict.SEATS, PX, "Sign-In limit exceeded"),
    (Verdict.SEATS, "PX.Data.PXLicenseExceededException", "Refresh|/Frames/Login.aspx|"),
    (Verdict.SEATS, PX, "The maximum number of concurrent users of this licence has been exceeded."),
    (Verdict.SEATS, PX, "Se ha alcanzado el límite de inicios de sesión de API."),
    (Verdict.SEATS, PX, "Die maximale Anzahl der API-Anmeldungen ist erreicht."),
    (Verdict.SEATS, PX, "Increase the number of concurrent logins of the user on Users (SM201010)."),
    # a closed site
    (Verdict.MAINTENANCE, "PX.Data.PXUnderMaintenanceException", "Please try again later."),
    (Verdict.MAINTENANCE, PX, "The system is under maintenance. Please try again later."),
    (Verdict.MAINTENANCE, PX, "The site is locked for maintenance by the administrator."),
    (Verdict.MAINTENANCE, PX, "The site is locked."),
    (Verdict.MAINTENANCE, PX, "A snapshot is being restored. The tenant is not available."),
    (Verdict.MAINTENANCE, PX, "The customization is being published."),
    (Verdict.MAINTENANCE, PX, "An upgrade is in progress."),
    # a site that failed
    (Verdict.FAILED, "PX.Data.PXDatabaseException", "Execution Timeout Expired.  The timeout period elapsed."),
    (Verdict.FAILED, "System.Data.SqlClient.SqlException", "Login failed for user 'acumatica'. The password is wrong."),
    (Verdict.FAILED, "System.Data.SqlClient.SqlException", "Transaction was deadlocked."),
    (Verdict.FAILED, "System.OutOfMemoryException", "?"),
    (Verdict.FAILED, PX, "A network-related error occurred while establishing a connection to SQL Server."),
    # nothing that tells
    (Verdict.UNKNOWN, PX, "Something is wrong."),
    (Verdict.UNKNOWN, PX, "An error has occurred."),
    (Verdict.UNKNOWN, "System.NullReferenceException", "Object reference not set to an instance of an object."),
    (Verdict.UNKNOWN, PX, "The record is locked by another process."),
    (Verdict.UNKNOWN, PX, "blocked"),
    (Verdict.UNKNOWN, PX, "The user session has expired."),
    (Verdict.UNKNOWN, PX, "The license of your account has expired."),
    (Verdict.UNKNOWN, PX, "Your subscription for this account has expired."),
    (Verdict.UNKNOWN, PX, "The IP address of the user is not allowed."),
    (Verdict.UNKNOWN, PX, "The login request is invalid."),
    (Verdict.UNKNOWN, PX, "Invalid user session."),
    (Verdict.UNKNOWN, PX, "The user table is locked by another process."),
    (Verdict.UNKNOWN, PX, "The user record is not found in the cache."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "kind", "text"), SAID, ids=[f"{kind[8:]} {text}" for _, kind, text in SAID]
)
def test_what_an_error_object_says_decides(verdict: Verdict, kind: str, text: str) -> None:
    body = a_fault(kind, text)
    body["stackTrace"] = "   at PX.Data.PXLogin.LoginUser(String& userName, String password, Branch branch)"
    assert judge(an_answer(500, body)) is verdict
    assert judge(an_answer(400, body)) is verdict
    nested = {"message": "An error has occurred.", "innerException": body}
    assert judge(an_answer(500, nested)) is verdict


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (Verdict.REFUSED, "<html>Error: Invalid credentials. Please try again.</html>"),
        (Verdict.LOCKED, "<html>Your account is locked out.</html>"),
        (Verdict.SEATS, "<html><title>API Login Limit</title></html>"),
        (Verdict.MAINTENANCE, "<html>Down for maintenance</html>"),
        (Verdict.UNKNOWN, "<html><label>Password</label> <a>Forgot your password? Change your password</a></html>"),
        (Verdict.UNKNOWN, "<html><title>Attention Required! | Cloudflare</title>You have been blocked</html>"),
        (Verdict.UNKNOWN, "<html><body>Bad Request - Request Too Long</body></html>"),
        (Verdict.UNKNOWN, "<html>Access denied: your user agent is not allowed</html>"),
    ],
)  # fmt: skip
def test_a_web_page_is_believed_little(verdict: Verdict, text: str) -> None:
    assert judge(an_answer(403, text.encode(), HTML)) is verdict


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (Verdict.REFUSED, "Invalid credentials"),
        (Verdict.UNKNOWN, "The custom error module does not recognize this error."),
        (Verdict.UNKNOWN, "This user agent is not allowed"),
        (Verdict.UNKNOWN, ""),
    ],
)
def test_plain_text_is_read_like_a_sentence(verdict: Verdict, text: str) -> None:
    assert judge(an_answer(500, text.encode(), {"Content-Type": "text/plain"})) is verdict
