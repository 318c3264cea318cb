"""Answers as recorded from real instances and quoted in public documents, byte for byte, and a source they are played to."""

import json
from typing import Any

import msgspec

from connector.adapters.acumatica import AcumaticaSource
from connector.adapters.retrying import Retry
from connector.domain.batch import Row
from connector.domain.entity import Entity
from connector.domain.records.codec import Codec
from connector.domain.records.contract import Contract
from tests.contract.source_script import Play, answer
from tests.contract.source_setup import Vault, an_entity
from tests.stand_ins.clock import FakeClock
from tests.unit.adapters.acumatica.builders import a_type, ref

ANSWER_COOKIES = (
    "Set-Cookie: Locale=Culture=en-US&TimeZone=GMTM0800A; expires=Thu, 14-Dec-2099 17:20:45 GMT; path=/",
    "Set-Cookie: UserBranch=1; expires=Thu, 14-Dec-2099 17:20:45 GMT; path=/",
    "Set-Cookie: UserBranch=1; expires=Thu, 14-Dec-2099 17:20:45 GMT; path=/",
    "Set-Cookie: requestid=5C1F0A3E9B7D4C2E8F6A1B0C9D8E7F60; path=/",
    "Set-Cookie: requestid=5C1F0A3E9B7D4C2E8F6A1B0C9D8E7F60; path=/",
    "Set-Cookie: requeststat=+st:119+sc:~/entity/default/24.200.001/bill+start:638381784451234567+tg:; path=/",
)
"""What every answer carries, some of it twice."""
LOGIN_COOKIES = (
    "Set-Cookie: .ASPXAUTH=0A1B2C3D4E5F60718293A4B5C6D7E8F9; path=/; secure; HttpOnly; SameSite=None",
    "Set-Cookie: ASP.NET_SessionId=q1w2e3r4t5y6u7i8o9p0a1s2; path=/; HttpOnly; SameSite=Lax",
    "Set-Cookie: CompanyID=ACME; expires=Sat, 28-Nov-2099 17:20:45 GMT; path=/; secure; HttpOnly",
    *ANSWER_COOKIES,
)
LOGOUT_COOKIES = (
    "Set-Cookie: .ASPXAUTH=; expires=Tue, 12-Oct-1999 00:00:00 GMT; path=/; HttpOnly",
    "Set-Cookie: ASP.NET_SessionId=; expires=Tue, 12-Oct-1999 00:00:00 GMT; path=/; HttpOnly",
)
COOKIE = {"auth": "cookie", "username": "admin", "password": "p4", "tenant": "ACME"}
PASSWORD = {
    "auth": "password",
    "client_id": "6F1B1F0E@ACME",
    "client_secret": "s",
    "username": "a",
    "password": "p",
}
REFRESH = {
    "auth": "refresh_token", "client_id": "6F1B1F0E@ACME", "client_secret": "s", "refresh_token": "old",
}  # fmt: skip
TOKEN = {"access_token": "opaque", "expires_in": 3600, "token_type": "Bearer", "scope": "api"}
ENDPOINTS = [
    {"name": "Default", "version": "20.200.001", "href": "/AcmeERP/entity/Default/20.200.001/"},
    {"name": "Default", "version": "24.200.001", "href": "/AcmeERP/entity/Default/24.200.001/"},
    {"name": "eCommerce", "version": "24.200.001", "href": "/AcmeERP/entity/eCommerce/24.200.001/"},
    {"name": "MANUFACTURING", "version": "24.200.001", "href": "/AcmeERP/entity/MANUFACTURING/24.200.001/"},
    {"name": "GLConsolidation", "version": "22.200.001", "href": "/AcmeERP/entity/GLConsolidation/22.200.001/"},
    {"name": "DeviceHub", "version": "20.200.001", "href": "/AcmeERP/entity/DeviceHub/20.200.001/"},
]  # fmt: skip
BUILD = {"acumaticaBuildVersion": "25.093.0036", "databaseVersion": "25.093.0036"}
OFFERS: dict[str, Any] = {"version": BUILD, "endpoints": ENDPOINTS}
BILL = (
    b'{"id":"f9b3f8a7-6c1f-ee11-9d5a-0a2e8f6c4b1d","rowNumber":1,"note":null,'
    b'"Amount":{"value":7000.0000},"Balance":{"value":0.0},"Date":{"value":"2026-02-11T00:00:00-05:00"},'
    b'"Description":{},"DueDate":{"value":"2026-03-13T00:00:00-04:00"},"Hold":{"value":false},"IsTaxValid":{},'
    b'"LastModifiedDateTime":{"value":"2023-12-14T17:20:45.16+00:00"},"PostPeriod":{"value":"022026"},'
    b'"ReferenceNbr":{"value":"005933"},"Status":{"value":"Balanced"},"TaxTotal":{"value":0.0000},'
    b'"Type":{"value":"Debit Adj."},'
    b'"Details":[{"id":"0e0f6f2c-7c1f-ee11-9d5a-0a2e8f6c4b1d","rowNumber":1,"note":{"value":""},'
    b'"Amount":{"value":100.000000},"LastModifiedDate":{"value":"12/14/2023 19:57:08"},"Project":{"value":"X"},'
    b'"Qty":{"value":1.00000000},"custom":{},'
    b'"_links":{"files:put":"/AcmeERP/entity/Default/24.200.001/files/PX.Objects.AP.APInvoiceEntry/Transactions/0e0f6f2c/{filename}"}}],'
    b'"custom":{},"_links":{"self":"/AcmeERP/entity/Default/24.200.001/Bill/f9b3f8a7-6c1f-ee11-9d5a-0a2e8f6c4b1d",'
    b'"files:put":"/AcmeERP/entity/Default/24.200.001/files/PX.Objects.AP.APInvoiceEntry/Document/f9b3f8a7/{filename}"},'
    b'"files":[]}'
)
BILLS = an_entity("Bill", expand=("Details",), date_fields=frozenset({"Date", "DueDate"}))


def a_swagger(**types: Any) -> dict[str, Any]:
    """An OpenAPI file with these entities and types."""
    return {
        "openapi": "3.0.1",
        "components": {"schemas": types},
        "paths": {path: {} for name in types for path in (f"/{name}", f"/{name}/{{ids}}")},
    }


SWAGGER = a_swagger(
    Bill=a_type(
        Type=ref("StringValue"), ReferenceNbr=ref("StringValue"), Amount=ref("DecimalValue"),
        Balance=ref("DecimalValue"), Date=ref("DateTimeValue"), DueDate=ref("DateTimeValue"),
        Hold=ref("BooleanValue"), IsTaxValid=ref("BooleanValue"), LastModifiedDateTime=ref("DateTimeValue"),
        PostPeriod=ref("StringValue"), Status=ref("StringValue"), TaxTotal=ref("DecimalValue"),
        Description=ref("StringValue"), Details={"type": "array", "items": ref("BillDetail")},
    ),
    BillDetail=a_type(
        Amount=ref("DecimalValue"), Qty=ref("DecimalValue"), Project=ref("StringValue"),
        LastModifiedDate=ref("StringValue"),
    ),
)  # fmt: skip


def plain(document: Any, *headers: str, status: str = "200 OK") -> Play:
    """An answer with this JSON, or these bytes."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return answer(body, "Connection: close", *headers, status=status)


def failed(kind: str, text: str) -> Play:
    """A 500 in the shape of every .NET error of the API."""
    body = {
        "message": "An error has occurred.",
        "exceptionMessage": text,
        "exceptionType": kind,
        "stackTrace": "   at PX",
    }
    return plain(body, status="500 Internal Server Error")


GRANTED = plain(TOKEN)
LOGGED_IN = plain(b"", *LOGIN_COOKIES, status="204 No Content")
LOGGED_OUT = plain(b"", *LOGOUT_COOKIES, status="204 No Content")


def a_source(url: str, secret: dict[str, str] | Vault, version: str = "24.200.001") -> AcumaticaSource:
    """A source that tries everything once."""
    clock, vault = FakeClock(), secret if isinstance(secret, Vault) else Vault(secret)
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
    """The record as a row of the log, with what was set aside as `_extra`."""
    record = Codec(entity, contract).decode(raw)
    head = record.encode_head(modified_at=record.modified_at, synced_at="2026-01-01T00:00:00Z", run_id="r")
    row: dict[str, Any] = msgspec.json.decode(Row(insert_id="", head=head, body=record.body).data)
    return row | {"_extra": msgspec.json.decode(record.extra) if record.extra else None}
