from datetime import timedelta

import pytest

from connector.adapters.acumatica.error_mapping import (
    NotThereError,
    QueryMisreadError,
    RecordAbsentError,
    Subject,
    refusal,
    unreadable,
)
from connector.adapters.acumatica.transport import Answer
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
    TransientError,
)
from tests.unit.adapters.acumatica.builders import HTML, a_fault, an_answer

BILLS = Subject(text="the list of Bill")
IIS_TEXT = b"The custom error module does not recognize this error."
PAGE = b"<!DOCTYPE html><html><head><title>Sign In</title></head></html>"
SEATS = "The number of concurrent API logins has been reached. (API Login Limit)"
NOT_SET_UP = "PX.Data.PXSetupNotEnteredException`1[[PX.Objects.GL.GLSetup, PX.Objects]]"
DELEGATE = "Optimization cannot be performed.The following fields cause the error:\r\nRealGainAcctID: View CuryRecords has BQL delegate"
NO_RIGHTS = {"message": "You have insufficient rights to access the Vendor (AP303000) form."}


def error_of(status: int, body: object = b"", subject: Subject = BILLS, **parts: object) -> ConnectorError:
    error = refusal(an_answer(status, body, **parts), subject)  # type: ignore[arg-type]
    assert error is not None
    return error


def redirect(location: str, status: int = 302) -> ConnectorError:
    return error_of(status, PAGE, headers={**HTML, "Location": location})


@pytest.mark.parametrize("body", [b"[]", b'[{"id": "1"}]', b' \r\n{"id": "1"}', b"\xef\xbb\xbf[]"])
def test_json_is_no_refusal_whatever_its_records_say(body: bytes) -> None:
    assert refusal(an_answer(200, body), BILLS) is None


def test_a_record_that_speaks_of_a_login_limit_is_just_a_record() -> None:
    assert refusal(an_answer(200, [{"Description": {"value": SEATS}}]), BILLS) is None


@pytest.mark.parametrize("status", [*range(201, 400), *range(400, 600)])
def test_every_other_status_is_one_of_our_errors_with_something_to_do(status: int) -> None:
    for body, headers in ((b"", {}), (IIS_TEXT, {"Content-Type": "text/plain"}), (PAGE, HTML), (b"{}", {})):
        error = error_of(status, body, headers=headers)
        assert error.message.endswith((".", ":", ")", "»")) or str(status) in error.message
        assert error.action
        assert isinstance(error, ConfigurationError | TransientError | SourceRefusedError)


@pytest.mark.parametrize("status", [408, 429, *range(500, 512)])
def test_what_time_may_mend_is_transient(status: int) -> None:
    assert isinstance(error_of(status, IIS_TEXT), TransientError)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 411, 412, 413, 414, 415, 422])
def test_what_time_cannot_mend_is_not(status: int) -> None:
    assert not isinstance(error_of(status, IIS_TEXT), TransientError)


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (401, b"", CredentialsError, "Users form (SM201010)"),
        (401, b"", CredentialsError, "if the secret names a connected application"),
        (403, NO_RIGHTS, AccessDeniedError, "Vendor (AP303000)"),
        (403, PAGE, AccessDeniedError, "SM201020"),
        (404, b"", NotThereError, "404"),
        (413, b"", SourceRefusedError, "select"),
        (414, b"", SourceRefusedError, "select"),
        (429, IIS_TEXT, SourceThrottledError, "License Monitoring Console, SM604000"),
        (429, IIS_TEXT, SourceThrottledError, "ACUMATICA_MAX_REQUESTS_PER_MINUTE"),
        (429, SEATS.encode(), SessionsBusyError, "SM604000"),
        (429, {"message": SEATS}, SessionsBusyError, "SM201010"),
        (400, {"message": "The request is invalid."}, SourceRefusedError, "The request is invalid"),
        (400, {"message": "The request is invalid.", "modelState": {"top": ["It is no number.", 7]}}, SourceRefusedError, "top: It is no number."),
        (500, a_fault("PX.Data.PXException", SEATS), SessionsBusyError, "licence"),
        (500, a_fault("X.CannotOptimizeException", DELEGATE), NotOptimizableError, "RealGainAcctID (view CuryRecords)"),
        (500, a_fault(text=DELEGATE), NotOptimizableError, "one by one"),
        (500, a_fault("PX.Api.ContractBased.NoEntitySatisfiesTheConditionException"), RecordAbsentError, "no such record"),
        (500, a_fault(NOT_SET_UP, "The required configuration data is not entered on the X form."), SourceSetupError, "X form"),
        (500, a_fault("Microsoft.OData.ODataException", "Syntax error at position 3"), QueryMisreadError, "position 3"),
        (500, a_fault("Microsoft.Data.OData.ODataException", "Unrecognized 'X' literal"), QueryMisreadError, "literal"),
        (500, a_fault("System.ArgumentException", "Syntax error at position 21 in 'LastModifiedDateTime ge 2026'."), QueryMisreadError, "position 21"),
        (400, {"message": "The query specified in the URI is not valid. Syntax error at position 9."}, QueryMisreadError, "position 9"),
        (500, a_fault("System.Data.SqlClient.SqlException", "Timeout expired."), SourceUnavailableError, "Timeout expired"),
        (500, b"", SourceUnavailableError, "500"),
        (503, PAGE, SourceUnavailableError, "Sign In"),
        (200, PAGE, SourceAnswerError, "ACUMATICA_URL"),
        (200, b"", SourceAnswerError, "empty"),
        (204, b"", SourceAnswerError, "empty"),
        (200, b"<html><title>API Login Limit</title>", SessionsBusyError, "seat"),
        (200, b"<html><title>Site maintenance</title>", SourceInMaintenanceError, "maintenance"),
        (503, b"<html>Down for maintenance", SourceInMaintenanceError, "maintenance"),
        (500, a_fault("PX.Data.PXUnderMaintenanceException", "?"), SourceInMaintenanceError, "maintenance"),
        (500, a_fault(text="The site is locked for maintenance."), SourceInMaintenanceError, "maintenance"),
        (500, a_fault(text="Equipment Maintenance: no such view."), SourceUnavailableError, "no such view"),
        (500, a_fault(text="License_LoginLimitExceeded"), SessionsBusyError, "seat"),
    ],
)  # fmt: skip
def test_the_status_table(status: int, body: object, kind: type[ConnectorError], says: str) -> None:
    error = error_of(status, body)
    assert type(error) is kind
    assert says in f"{error.message} {error.action}"


def test_json_declared_as_html_is_not_believed() -> None:
    assert isinstance(error_of(200, b"[]", headers=HTML), SourceAnswerError)


def test_json_without_a_content_type_is_read() -> None:
    assert refusal(an_answer(200, b"[]", {}), BILLS) is None


@pytest.mark.parametrize(
    ("location", "kind", "says"),
    [
        (
            f"/AcmeERP/Frames/Error.aspx?exceptionID=1&message={SEATS.replace(' ', '%20')}",
            SessionsBusyError,
            "seat",
        ),
        (
            "/AcmeERP/Frames/Error.aspx?message=Something+odd&token=t0k3n",
            SourceUnavailableError,
            "Something odd",
        ),
        ("/AcmeERP/Frames/Maintenance.aspx", SourceInMaintenanceError, "maintenance"),
        ("https://other.example.com/AcmeERP/entity?x=1", ConfigurationError, "https://other.example.com"),
        ("/elsewhere", SourceAnswerError, "/elsewhere"),
        ("", SourceAnswerError, "ACUMATICA_URL"),
    ],
)
def test_a_redirect_is_read_not_followed(location: str, kind: type[ConnectorError], says: str) -> None:
    error = redirect(location)
    assert type(error) is kind
    assert says in f"{error.message} {error.action}"
    assert "t0k3n" not in error.message


def test_an_unknown_name_is_the_catalogues_only_if_it_named_some() -> None:
    body = a_fault("System.Collections.Generic.KeyNotFoundException", "The given key was not present.")
    error = error_of(500, body, Subject(text="the list of Bill", named=("Details", "Document.UsrA", "Type")))
    assert isinstance(error, SourceSetupError)
    assert "the list of Bill, which is one of Details, Document.UsrA, Type." in error.message
    assert "`expand`, `select` and `custom`" in error.action
    assert isinstance(error_of(500, body), SourceUnavailableError)
    many = Subject(text="the list of Bill", named=tuple(f"Field{number}" for number in range(500)))
    assert len(error_of(500, body, many).message) < 500


def test_no_stack_trace_and_no_long_body_gets_into_an_error() -> None:
    error = error_of(500, a_fault(text="x" * 10_000))
    assert "Internals" not in error.message
    assert len(error.message) < 500


def test_an_answer_that_broke_off_is_transient() -> None:
    error = error_of(200, b'[{"id": "1"', complete=False)
    assert isinstance(error, SourceAnswerError)
    assert "broke off" in error.message
    assert isinstance(error_of(200, b"", complete=False), SourceAnswerError)


def test_a_refusal_that_broke_off_is_still_a_refusal() -> None:
    assert isinstance(error_of(403, b'{"mess', complete=False), AccessDeniedError)


@pytest.mark.parametrize(
    ("header", "delay"),
    [
        ("7", timedelta(seconds=7)),
        ("0", timedelta(0)),
        ("Sun, 22 Nov 2026 12:01:30 GMT", timedelta(seconds=90)),
        ("Sun, 22 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("99999999999", timedelta(days=1)),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
def test_the_servers_own_delay_is_read(header: str | None, delay: timedelta | None) -> None:
    answer = an_answer(429, b"", {"Retry-After": header} if header is not None else {})
    error = refusal(answer, BILLS)
    assert isinstance(error, SourceThrottledError)
    assert error.retry_after == delay


BROKEN = an_answer(200, b'[{"id": "1"', complete=False)
ERROR_PAGE = an_answer(302, PAGE, {**HTML, "Location": "/AcmeERP/Frames/Error.aspx?message=Something+odd"})
CLOSED_PAGE = an_answer(302, PAGE, {**HTML, "Location": "/AcmeERP/Frames/Maintenance.aspx"})


@pytest.mark.parametrize(
    ("answer", "is_specific"),
    [
        (BROKEN, True),
        (an_answer(200, b""), True),
        (an_answer(200, PAGE), True),
        (an_answer(408, b""), True),
        (an_answer(500, IIS_TEXT), True),
        (an_answer(502, PAGE), True),
        (an_answer(504, b""), True),
        (ERROR_PAGE, True),
        (an_answer(503, b""), False),
        (an_answer(429, IIS_TEXT), False),
        (an_answer(429, SEATS.encode()), False),
        (CLOSED_PAGE, False),
        (an_answer(302, PAGE, {**HTML, "Location": "/elsewhere"}), False),
    ],
)
def test_what_a_smaller_page_may_mend_is_told_from_what_concerns_the_whole_server(
    answer: Answer, is_specific: bool
) -> None:
    error = refusal(answer, BILLS)
    assert isinstance(error, TransientError)
    assert error.is_request_specific is is_specific
    assert error.action


def test_a_body_that_is_no_json_may_be_mended_by_a_smaller_page() -> None:
    error = unreadable(BILLS)
    assert (error.is_request_specific, error.message) == (
        True,
        "The answer with the list of Bill is not the JSON it should be.",
    )
    assert error.action


@pytest.mark.parametrize(
    "body",
    [
        a_fault("X.CannotOptimizeException", DELEGATE),
        a_fault("PX.Api.ContractBased.NoEntitySatisfiesTheConditionException"),
        a_fault(NOT_SET_UP, "The required configuration data is not entered on the X form."),
        a_fault("Microsoft.OData.ODataException", "Syntax error at position 3"),
        a_fault(text="The site is locked for maintenance."),
        a_fault("PX.Data.PXUnderMaintenanceException", "?"),
    ],
)
def test_every_recognised_failure_says_what_to_do(body: bytes) -> None:
    assert error_of(500, body).action


@pytest.mark.parametrize("location", ["/AcmeERP/Frames/Error.aspx?message=Odd", "https://other.example.com/"])
def test_every_redirect_says_what_to_do(location: str) -> None:
    assert redirect(location).action


def test_an_error_page_without_a_reason_says_that_there_is_none() -> None:
    assert "no reason given" in redirect("/AcmeERP/Frames/Error.aspx").message


def test_a_page_is_told_from_nothing_at_all() -> None:
    assert "an empty answer" in error_of(200, b" ").message
    assert "a web page" in error_of(200, PAGE).message


def test_a_form_that_is_not_set_up_begins_the_sentence() -> None:
    error = error_of(500, a_fault(NOT_SET_UP, "The required data is not entered on the X form."))
    assert error.message.startswith("The list of Bill cannot be read before Acumatica is set up: ")


def test_a_failing_server_may_name_a_delay() -> None:
    error = error_of(503, headers={"Retry-After": "30"})
    assert isinstance(error, SourceUnavailableError)
    assert error.retry_after == timedelta(seconds=30)
