"""Answers as recorded from real instances and quoted in public documents, accepted byte for byte as they came."""

import json
from typing import Any

import msgspec
import pytest

from connector.adapters.acumatica import AcumaticaSource
from connector.domain.contract import Contract
from connector.domain.entity import Entity
from connector.domain.record import Codec
from connector.errors import (
    AccessDeniedError,
    ConnectorError,
    CredentialsError,
    NotOptimizableError,
    SessionsBusyError,
    SourceSetupError,
    SourceThrottledError,
)
from connector.retrying import Retry
from tests.contract.source_script import Play, answer, running_script
from tests.contract.source_setup import Vault, a_query, an_entity, outcome
from tests.stand_ins.clock import FakeClock
from tests.unit.adapters.acumatica.builders import a_type, ref

LOGIN_COOKIES = (
    "Set-Cookie: .ASPXAUTH=0A1B2C3D4E5F60718293A4B5C6D7E8F9; path=/; secure; HttpOnly; SameSite=None",
    "Set-Cookie: ASP.NET_SessionId=q1w2e3r4t5y6u7i8o9p0a1s2; path=/; HttpOnly; SameSite=Lax",
    "Set-Cookie: CompanyID=ACME; expires=Sat, 28-Nov-2099 17:20:45 GMT; path=/; secure; HttpOnly",
    "Set-Cookie: Locale=Culture=en-US&TimeZone=GMTM0800A; expires=Thu, 14-Dec-2099 17:20:45 GMT; path=/",
    "Set-Cookie: UserBranch=1; expires=Thu, 14-Dec-2099 17:20:45 GMT; path=/",
    "Set-Cookie: UserBranch=1; expires=Thu, 14-Dec-2099 17:20:45 GMT; path=/",
    "Set-Cookie: requestid=5C1F0A3E9B7D4C2E8F6A1B0C9D8E7F60; path=/",
    "Set-Cookie: requestid=5C1F0A3E9B7D4C2E8F6A1B0C9D8E7F60; path=/",
    "Set-Cookie: requeststat=+st:119+sc:~/entity/auth/login+start:638381784451234567+tg:; path=/",
)
COOKIE = {"auth": "cookie", "username": "admin", "password": "p4", "tenant": "ACME"}
PASSWORD = {
    "auth": "password",
    "client_id": "6F1B1F0E@ACME",
    "client_secret": "s",
    "username": "a",
    "password": "p",
}
TOKEN = {"access_token": "opaque", "expires_in": 3600, "token_type": "Bearer", "scope": "api"}
OFFERS = {
    "version": {
        "acumaticaBuildVersion": "25.093.0036",
        "oemBuildVersion": "2025.1.1",
        "databaseVersion": "25.093.0036",
    },
    "endpoints": [
        {"name": "Default", "version": "20.200.001", "href": "/AcmeERP/entity/Default/20.200.001/"},
        {"name": "Default", "version": "24.200.001", "href": "/AcmeERP/entity/Default/24.200.001/"},
        {"name": "eCommerce", "version": "24.200.001", "href": "/AcmeERP/entity/eCommerce/24.200.001/"},
        {"name": "DeviceHub", "version": "20.200.001", "href": "/AcmeERP/entity/DeviceHub/20.200.001/"},
    ],
}
SWAGGER = {
    "openapi": "3.0.1",
    "components": {
        "schemas": {
            "Bill": a_type(
                Type=ref("StringValue"), ReferenceNbr=ref("StringValue"), Amount=ref("DecimalValue"),
                Balance=ref("DecimalValue"), Date=ref("DateTimeValue"), DueDate=ref("DateTimeValue"),
                Hold=ref("BooleanValue"), LastModifiedDateTime=ref("DateTimeValue"), PostPeriod=ref("StringValue"),
                Description=ref("StringValue"), Details={"type": "array", "items": ref("BillDetail")},
            ),
            "BillDetail": a_type(Amount=ref("DecimalValue"), Qty=ref("DecimalValue"), Project=ref("StringValue")),
        }
    },
    "paths": {"/Bill": {}, "/Bill/{ids}": {}},
}  # fmt: skip
BILL = (
    b'{"id":"f9b3f8a7-6c1f-ee11-9d5a-0a2e8f6c4b1d","rowNumber":1,"note":null,'
    b'"Amount":{"value":7000.0000},"Balance":{"value":0.0},"Date":{"value":"2026-02-11T00:00:00-05:00"},'
    b'"Description":{},"DueDate":{"value":"2026-03-13T00:00:00-04:00"},"Hold":{"value":false},'
    b'"LastModifiedDateTime":{"value":"2023-12-14T17:20:45.16+00:00"},"PostPeriod":{"value":"022026"},'
    b'"ReferenceNbr":{"value":"005933"},"Type":{"value":"Debit Adj."},'
    b'"Details":[{"id":"0e0f6f2c-7c1f-ee11-9d5a-0a2e8f6c4b1d","rowNumber":1,"note":{"value":""},'
    b'"Amount":{"value":100.000000},"Project":{"value":"X"},"Qty":{"value":1.00000000},"custom":{},'
    b'"_links":{"files:put":"/AcmeERP/entity/Default/24.200.001/files/PX.Objects.AP.APInvoiceEntry/Transactions/0e0f6f2c/{filename}"}}],'
    b'"custom":{},"_links":{"self":"/AcmeERP/entity/Default/24.200.001/Bill/f9b3f8a7-6c1f-ee11-9d5a-0a2e8f6c4b1d",'
    b'"files:put":"/AcmeERP/entity/Default/24.200.001/files/PX.Objects.AP.APInvoiceEntry/Document/f9b3f8a7/{filename}"},'
    b'"files":[]}'
)
BILLS = an_entity("Bill", expand=("Details",), date_fields=frozenset({"Date", "DueDate"}))


def plain(document: Any, *headers: str, status: str = "200 OK") -> Play:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return answer(body, "Connection: close", *headers, status=status)


def failed(kind: str, text: str) -> Play:
    body = {
        "message": "An error has occurred.",
        "exceptionMessage": text,
        "exceptionType": kind,
        "stackTrace": "   at PX",
    }
    return plain(body, status="500 Internal Server Error")


LOGGED_IN = plain(b"", *LOGIN_COOKIES, status="204 No Content")
LOGGED_OUT = plain(
    b"", "Set-Cookie: .ASPXAUTH=; expires=Tue, 12-Oct-1999 00:00:00 GMT; path=/", status="204 No Content"
)


def a_source(url: str, secret: dict[str, str], version: str = "24.200.001") -> AcumaticaSource:
    clock, vault = FakeClock(), Vault(secret)
    return AcumaticaSource(
        url=url,
        endpoint="Default",
        version=version,
        credentials=vault.read,
        store_credentials=vault.store,
        check_storable=vault.check_storable,
        clock=clock,
        retry=Retry(clock=clock, attempts=1),
        storing_retry=Retry(clock=clock),
    )


def row_of(entity: Entity, contract: Contract, raw: bytes) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.json.decode(
        Codec(entity, contract).decode(raw).encode(synced_at="2026-01-01T00:00:00Z", run_id="r")
    )
    return row


def test_a_cookie_session_goes_through_with_the_recorded_cookies() -> None:
    with running_script(
        LOGGED_IN, plain(OFFERS), plain(SWAGGER), plain(b"[" + BILL + b"]"), LOGGED_OUT
    ) as script:
        source = a_source(script.url, COOKIE, version="")
        contract = source.describe(BILLS)
        (raw,) = source.read_list(a_query(BILLS)).rows
        source.close()
    assert (contract.version, raw) == ("24.200.001", BILL)
    for head in script.heard[1:]:
        assert b".ASPXAUTH=0A1B2C3D4E5F60718293A4B5C6D7E8F9" in head
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


def test_a_recorded_record_becomes_the_row_it_says() -> None:
    with running_script(plain(TOKEN), plain(SWAGGER), LOGGED_OUT) as script:
        source = a_source(script.url, PASSWORD)
        contract = source.describe(BILLS)
        source.close()
    row = row_of(BILLS, contract, BILL)
    assert (row["date"], row["due_date"]) == ("2026-02-11", "2026-03-13"), "winter and summer of one server"
    assert row["_modified_at"] == "2023-12-14T17:20:45.160000Z"
    assert row["type"] == "Debit Adj."
    assert row["hold"] is False
    assert "description" not in row or row["description"] is None
    assert (row["amount"], row["balance"]) == ("7000", "0"), "exact, without the zeros of the scale"
    (line,) = row["details"]
    assert (line["project"], float(line["qty"])) == ("X", 1.0)


@pytest.mark.parametrize(
    ("play", "error"),
    [
        (failed("PX.Data.PXException", "Error: Invalid credentials. Please try again."), CredentialsError),
        (
            failed("PX.Data.PXUndefinedCompanyException", "A proper company ID cannot be determined."),
            SourceSetupError,
        ),
        (failed("PX.Data.PXException", "The account is locked out."), CredentialsError),
        (failed("PX.Data.PXException", "The API Login Limit has been exceeded."), SessionsBusyError),
    ],
)
def test_recorded_refusals_of_a_sign_in_are_understood(play: Play, error: type[ConnectorError]) -> None:
    with running_script(play) as script:
        source = a_source(script.url, COOKIE)
        assert type(outcome(lambda: source.read_list(a_query(BILLS)))) is error
        source.close()
        assert len(script.heard) == 1


@pytest.mark.parametrize(
    ("play", "error"),
    [
        (
            plain(
                {"error": "invalid_grant", "error_description": "invalid_username_or_password"},
                status="400 Bad Request",
            ),
            CredentialsError,
        ),
        (plain({"error": "invalid_client"}, status="400 Bad Request"), CredentialsError),
        (plain({"error": "unauthorized_client"}, status="400 Bad Request"), CredentialsError),
    ],
)
def test_recorded_refusals_of_a_token_are_understood(play: Play, error: type[ConnectorError]) -> None:
    with running_script(play) as script:
        source = a_source(script.url, PASSWORD)
        assert type(outcome(lambda: source.read_list(a_query(BILLS)))) is error
        assert len(script.heard) == 1


@pytest.mark.parametrize(
    ("play", "error"),
    [
        (
            failed(
                "PX.Api.ContractBased.CannotOptimizeException",
                "Optimization cannot be performed.The following fields cause the error:\r\n"
                "RealGainAcctID: View CuryRecords has BQL delegate",
            ),
            NotOptimizableError,
        ),
        (
            plain(
                {"message": "You have insufficient rights to access the Bill (AP301000) form."},
                status="403 Forbidden",
            ),
            AccessDeniedError,
        ),
        (
            failed(
                "PX.Data.PXSetupNotEnteredException`1[[PX.Objects.AP.APSetup, PX.Objects]]",
                "The required configuration data is not entered on the Accounts Payable Preferences form.",
            ),
            SourceSetupError,
        ),
        (
            answer(
                b"The custom error module does not recognize this error.",
                "Connection: close",
                "Content-Type: text/plain",
                status="429 Too Many Requests",
            ),
            SourceThrottledError,
        ),
    ],
)
def test_recorded_refusals_of_a_list_are_understood(play: Play, error: type[ConnectorError]) -> None:
    with running_script(plain(TOKEN), plain(SWAGGER), play) as script:
        source = a_source(script.url, PASSWORD)
        assert type(outcome(lambda: source.read_list(a_query(BILLS)))) is error
        source.close()


def test_a_record_that_is_absent_is_none() -> None:
    absent = failed(
        "PX.Api.ContractBased.NoEntitySatisfiesTheConditionException", "No entity satisfies the condition."
    )
    with running_script(plain(TOKEN), plain(SWAGGER), absent, LOGGED_OUT) as script:
        source = a_source(script.url, PASSWORD)
        assert source.read_record(BILLS, "f9b3f8a7-6c1f-ee11-9d5a-0a2e8f6c4b1d") is None
        source.close()
