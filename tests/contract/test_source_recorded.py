"""Recorded answers other than records: sign-in, offers, refusals. Each is understood as it came."""

import pytest

from connector.errors import (
    AccessDeniedError,
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    NotOptimizableError,
    SessionsBusyError,
    SourceAnswerError,
    SourceInMaintenanceError,
    SourceRefusedError,
    SourceSetupError,
    SourceThrottledError,
    SourceUnavailableError,
)
from tests.contract.recorded import (
    ANSWER_COOKIES,
    BILL,
    BILLS,
    BUILD,
    COOKIE,
    ENDPOINTS,
    GRANTED,
    LOGGED_IN,
    LOGGED_OUT,
    OFFERS,
    PASSWORD,
    REFRESH,
    SWAGGER,
    TOKEN,
    a_source,
    failed,
    plain,
)
from tests.contract.source_script import Play, answer, running_script
from tests.contract.source_setup import Vault, a_query, outcome

IIS_TEXT = b"The custom error module does not recognize this error."
NOT_EMPTY = (
    b'{"message":"The request is invalid.","modelState":{"":["The request body should not be empty."]}}'
)
INNER = {
    "message": "An error has occurred.",
    "exceptionMessage": "Execution Timeout Expired.",
    "exceptionType": "System.Data.SqlClient.SqlException",
    "stackTrace": "   at System.Data",
}


def text(body: bytes, status: str, kind: str = "text/plain", *headers: str) -> Play:
    return answer(body, "Connection: close", f"Content-Type: {kind}", *headers, status=status)


def redirect(place: str) -> Play:
    return text(b"<html><title>Object moved</title></html>", "302 Found", "text/html", f"Location: {place}")


def test_a_cookie_session_goes_through_with_the_recorded_cookies() -> None:
    listed = plain(b"[" + BILL + b"]", *ANSWER_COOKIES)
    with running_script(LOGGED_IN, plain(OFFERS), plain(SWAGGER), listed, LOGGED_OUT) as script:
        source = a_source(script.url, COOKIE, version="")
        contract = source.describe(BILLS)
        (raw,) = source.read_list(a_query(BILLS)).rows
        source.close()
        source.close()
    assert (contract.version, raw) == ("24.200.001", BILL)
    assert len(script.heard) == 5, "the expired cookies of the sign-out end the session for us too"
    for head in script.heard[1:]:
        assert b".ASPXAUTH=0A1B2C3D4E5F60718293A4B5C6D7E8F9" in head
        assert b"ASP.NET_SessionId=q1w2e3r4t5y6u7i8o9p0a1s2" in head
        assert b"Locale=Culture=en-US&TimeZone=GMTM0800A" in head
        assert head.count(b"UserBranch=1") == 1
    assert b"content-length: 0" in script.heard[-1].lower()


@pytest.mark.parametrize("lifetime", [3600, "3600"])
def test_a_token_is_taken_however_its_lifetime_is_spelled(lifetime: object) -> None:
    token = plain(TOKEN | {"expires_in": lifetime})
    with running_script(token, plain(SWAGGER), plain(b"[]"), LOGGED_OUT) as script:
        source = a_source(script.url, PASSWORD)
        assert source.read_list(a_query(BILLS)).rows == []
        source.close()
    assert b"Authorization: Bearer opaque" in script.heard[1]


def test_a_token_answer_with_a_new_refresh_token_is_kept() -> None:
    granted = (
        b'{"access_token":"opaque","expires_in":3600,"token_type":"Bearer","refresh_token":"new",'
        b'"scope":"api offline_access","id_token":"e.y.J"}'
    )
    vault = Vault(REFRESH)
    with running_script(plain(granted), plain(SWAGGER), plain(b"[]"), LOGGED_OUT) as script:
        source = a_source(script.url, vault)
        source.read_list(a_query(BILLS))
        source.close()
    assert vault.members["refresh_token"] == "new"


@pytest.mark.parametrize(
    "offers",
    [
        OFFERS,
        OFFERS | {"version": BUILD | {"oemBuildVersion": "2025.1.1"}},
        OFFERS | {"features": ["FinancialModule", {"name": "Distribution", "enabled": True}]},
        ENDPOINTS,
    ],
    ids=["as documented", "of an OEM", "with features", "the bare list"],
)
def test_the_list_of_endpoints_is_understood_in_each_of_its_forms(offers: object) -> None:
    with running_script(GRANTED, plain(offers), plain(SWAGGER), LOGGED_OUT) as script:
        source = a_source(script.url, PASSWORD, version="")
        assert source.describe(BILLS).version == "24.200.001"
        source.close()


@pytest.mark.parametrize(
    ("play", "error", "says"),
    [
        (failed("PX.Data.PXException", "Error: Invalid credentials. Please try again."), CredentialsError, "Invalid cred"),
        (failed("PX.Data.PXUndefinedCompanyException", "A proper company ID cannot be determined."), SourceSetupError, "ACME"),
        (failed("PX.Data.PXException", "The account is locked out."), CredentialsError, "locked out"),
        (failed("PX.Data.PXException", "The API Login Limit has been exceeded."), SessionsBusyError, "seat"),
        (text(b"The number of concurrent API logins has been reached.", "429 Too Many Requests"), SessionsBusyError, "seat"),
        (plain(NOT_EMPTY, status="400 Bad Request"), ConfigurationError, "The request body should not be empty."),
    ],
)  # fmt: skip
def test_recorded_refusals_of_a_sign_in_are_understood(
    play: Play, error: type[ConnectorError], says: str
) -> None:
    with running_script(play) as script:
        source = a_source(script.url, COOKIE)
        refused = outcome(lambda: source.read_list(a_query(BILLS)))
        source.close()
        assert len(script.heard) == 1
    assert isinstance(refused, error)
    assert says in refused.message


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":"invalid_grant","error_description":"invalid_username_or_password"}',
        b'{"error":"invalid_client"}',
        b'{"error":"unauthorized_client"}',
        b'{"error":"unsupported_grant_type"}',
    ],
)
def test_recorded_refusals_of_a_token_are_understood(body: bytes) -> None:
    with running_script(plain(body, status="400 Bad Request")) as script:
        source = a_source(script.url, PASSWORD)
        assert type(outcome(lambda: source.read_list(a_query(BILLS)))) is CredentialsError
        assert len(script.heard) == 1


SEATS_PAGE = "/AcmeERP/Frames/Error.aspx?exceptionID=1&message=The number of concurrent API logins for the user has been reached."
LISTS = [
    (failed("PX.Api.ContractBased.CannotOptimizeException", "Optimization cannot be performed.The following fields cause "
            "the error:\r\nRealGainAcctID: View CuryRecords has BQL delegate"), NotOptimizableError, "RealGainAcctID (view CuryRecords)"),
    (plain(b'{"message":"You have insufficient rights to access the Vendor (AP303000) form."}', status="403 Forbidden"),
     AccessDeniedError, "Vendor (AP303000)"),
    (failed("PX.Data.PXSetupNotEnteredException`1[[PX.Objects.AP.APSetup, PX.Objects]]",
            "The required configuration data is not entered on the Accounts Payable Preferences form."),
     SourceSetupError, "Accounts Payable Preferences form"),
    (failed("System.Collections.Generic.KeyNotFoundException", "The given key was not present in the dictionary."),
     SourceSetupError, "one of Details"),
    (failed("Microsoft.OData.ODataException", "The parent value for a property access of a property 'Details' is not a "
            "single value."), SourceRefusedError, "property 'Details' is not a single value"),
    (plain({**INNER, "exceptionMessage": "", "exceptionType": "PX.Data.PXException", "innerException": INNER},
           status="500 Internal Server Error"), SourceUnavailableError, "Execution Timeout Expired."),
    (plain(NOT_EMPTY, status="400 Bad Request"), SourceRefusedError, "The request is invalid."),
    (plain(BILL[:-1] + b',"error":"text"}', status="422 Unprocessable Entity"), SourceRefusedError, "422"),
    (text(IIS_TEXT, "429 Too Many Requests"), SourceThrottledError, "queue is full"),
    (text(IIS_TEXT, "413 Request Entity Too Large"), SourceRefusedError, "too long (413)"),
    (text(IIS_TEXT, "414 Request-URI Too Long"), SourceRefusedError, "too long (414)"),
    (text(b"<html><title>API Login Limit</title></html>", "200 OK", "text/html"), SessionsBusyError, "seat"),
    (plain(b"API Login Limit", status="500 Internal Server Error"), SessionsBusyError, "seat"),
    (redirect(SEATS_PAGE), SessionsBusyError, "seat"),
    (redirect("/AcmeERP/Frames/Maintenance.aspx"), SourceInMaintenanceError, "maintenance"),
    (text(b"<html></html>", "503 Service Unavailable", "text/html"), SourceUnavailableError, "503"),
    (plain(b""), SourceAnswerError, "an empty answer"),
]  # fmt: skip


@pytest.mark.parametrize(("play", "error", "says"), LISTS)
def test_recorded_refusals_of_a_list_are_understood(
    play: Play, error: type[ConnectorError], says: str
) -> None:
    with running_script(GRANTED, plain(SWAGGER), play, plain(SWAGGER), LOGGED_OUT) as script:
        source = a_source(script.url, PASSWORD)
        refused = outcome(lambda: source.read_list(a_query(BILLS)))
        source.close()
    assert isinstance(refused, error)
    assert says in refused.message


@pytest.mark.parametrize("body", [b"", b"<html>401</html>", b'{"message":"Unauthorized"}'])
def test_a_401_is_answered_with_one_new_sign_in_whatever_its_body(body: bytes) -> None:
    ended = plain(body, status="401 Unauthorized")
    with running_script(
        GRANTED, plain(SWAGGER), ended, LOGGED_OUT, GRANTED, plain(b"[]"), LOGGED_OUT
    ) as script:
        source = a_source(script.url, PASSWORD)
        assert source.read_list(a_query(BILLS)).rows == []
        source.close()
        assert len(script.heard) == 7


def test_a_record_that_is_absent_is_none() -> None:
    absent = failed(
        "PX.Api.ContractBased.NoEntitySatisfiesTheConditionException", "No entity satisfies the condition."
    )
    with running_script(GRANTED, plain(SWAGGER), absent, LOGGED_OUT) as script:
        source = a_source(script.url, PASSWORD)
        assert source.read_record(BILLS, "f9b3f8a7-6c1f-ee11-9d5a-0a2e8f6c4b1d") is None
        source.close()
