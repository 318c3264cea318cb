"""Recorded records and their values: the row says what they say, and nothing of them is lost."""

from typing import Any

import pytest

from connector.domain.entity import Entity
from connector.domain.records.contract import Contract
from tests.contract.recorded import (
    BILL,
    BILLS,
    GRANTED,
    LOGGED_OUT,
    PASSWORD,
    SWAGGER,
    a_source,
    a_swagger,
    plain,
    row_of,
)
from tests.contract.source_script import running_script
from tests.contract.source_setup import a_query, an_entity
from tests.unit.adapters.acumatica.builders import a_type, ref

STAMP = b"2023-12-14T17:20:45.16+00:00"
ID = "f9b3f8a7-6c1f-ee11-9d5a-0a2e8f6c4b1d"


def read(entity: Entity, swagger: Any, record: bytes, *, custom: Any = None) -> dict[str, Any]:
    """The row of a record that comes in a list of an endpoint with this definition."""
    schema = [] if custom is None else [plain(custom)]
    with running_script(GRANTED, plain(swagger), *schema, plain(b"[" + record + b"]"), LOGGED_OUT) as script:
        source = a_source(script.url, PASSWORD)
        contract: Contract = source.describe(entity)
        (raw,) = source.read_list(a_query(entity)).rows
        source.close()
    assert raw == record
    return row_of(entity, contract, raw)


def read_field(kind: str, value: str) -> dict[str, Any]:
    """The row of a record with one field `X` of a value type, beside its keys."""
    members = {"ReferenceNbr": ref("StringValue"), "X": ref(kind)}
    schemas = {"Bill": a_type(**members), kind: {"type": "object"}}
    record = (
        f'{{"id":"{ID}","rowNumber":1,"note":null,"ReferenceNbr":{{"value":"A"}},"X":{value},"custom":{{}}}}'
    )
    return read(an_entity(keys=("ReferenceNbr",)), a_swagger(**schemas), record.encode())


def test_a_recorded_record_becomes_the_row_it_says() -> None:
    row = read(BILLS, SWAGGER, BILL)
    assert (row["date"], row["due_date"]) == ("2026-02-11", "2026-03-13"), "winter and summer of one server"
    assert row["_modified_at"] == "2023-12-14T17:20:45.160000Z"
    assert (row["type"], row["status"], row["post_period"]) == ("Debit Adj.", "Balanced", "022026")
    assert (row["hold"], row.get("is_tax_valid"), row.get("description")) == (False, None, None)
    assert (row["amount"], row["balance"], row["tax_total"]) == ("7000", "0", "0"), (
        "exact, without their zeros"
    )
    (line,) = row["details"]
    assert (line["project"], line["amount"], line["qty"]) == ("X", "100", "1")
    assert line["last_modified_date"] == "12/14/2023 19:57:08"
    assert row["_extra"] is None


@pytest.mark.parametrize(
    ("stamp", "instant"),
    [
        ("2020-05-19T22:50:36.837+00:00", "2020-05-19T22:50:36.837000Z"),
        ("2023-12-14T17:20:45.16+00:00", "2023-12-14T17:20:45.160000Z"),
        ("2026-02-11T14:15:14.04-05:00", "2026-02-11T19:15:14.040000Z"),
        ("2023-12-14T17:20:45.213+00:00", "2023-12-14T17:20:45.213000Z"),
        ("2023-12-14T17:20:45.193+00:00", "2023-12-14T17:20:45.193000Z"),
        ("2023-12-14T17:20:45.433+00:00", "2023-12-14T17:20:45.433000Z"),
        ("2023-12-14T17:20:45.103+00:00", "2023-12-14T17:20:45.103000Z"),
        ("2023-12-14T17:20:45.1+00:00", "2023-12-14T17:20:45.100000Z"),
        ("2024-08-18T23:59:59.999+04:00", "2024-08-18T19:59:59.999000Z"),
        ("2020-02-05T00:00:00+00:00", "2020-02-05T00:00:00Z"),
    ],
)
def test_recorded_stamps_are_the_instants_they_say(stamp: str, instant: str) -> None:
    assert read(BILLS, SWAGGER, BILL.replace(STAMP, stamp.encode()))["_modified_at"] == instant
    assert read_field("DateTimeValue", f'{{"value":"{stamp}"}}')["x"] == instant


@pytest.mark.parametrize(
    "day", ["2020-02-05T00:00:00+00:00", "2026-02-11T00:00:00-05:00", "2026-03-13T00:00:00-04:00"]
)
def test_recorded_days_stay_the_day_that_is_written(day: str) -> None:
    record = BILL.replace(
        b'"Date":{"value":"2026-02-11T00:00:00-05:00"}', f'"Date":{{"value":"{day}"}}'.encode()
    )
    assert read(BILLS, SWAGGER, record)["date"] == day[:10]


@pytest.mark.parametrize(
    ("kind", "value", "columns"),
    [
        ("DateOnlyValue", '{"value":"2026-09-09"}', {"x": "2026-09-09"}),
        ("StringSingleSelectValue", '{"value":{"id":"CL","description":"Completed"}}', {"x": "Completed", "x_id": "CL"}),
        ("IntSingleSelectValue", '{"value":{"id":3,"description":"Completed"}}', {"x": "Completed", "x_id": "3"}),
        ("StringMultiSelectValue", '{"value":[{"id":"CL","description":"Completed"},{"id":"O","description":"Open"}]}',
         {"x": "Completed, Open"}),
        ("StringSingleSelectValue", "{}", {"x": None, "x_id": None}),
        ("StringValue", '{"value":"<NEW>"}', {"x": "<NEW>"}),
        ("StringValue", '{"value":"022026"}', {"x": "022026"}),
        ("DecimalValue", '{"value":0.0000}', {"x": "0"}),
        ("DecimalValue", '{"value":100.000000}', {"x": "100"}),
        ("DecimalValue", '{"value":1.00000000}', {"x": "1"}),
        ("LongValue", '{"value":636295833829493672}', {"x": 636295833829493672}),
        ("BooleanValue", "{}", {"x": None}),
        ("GuidValue", '{"value":"0e0f6f2c-7c1f-ee11-9d5a-0a2e8f6c4b1d"}', {"x": "0e0f6f2c-7c1f-ee11-9d5a-0a2e8f6c4b1d"}),
    ],
)  # fmt: skip
def test_recorded_values_become_columns(kind: str, value: str, columns: dict[str, object]) -> None:
    row = read_field(kind, value)
    assert {name: row.get(name) for name in columns} == columns
    assert row["_extra"] is None


def test_a_stamp_in_the_users_own_format_is_kept_where_a_date_time_was_promised() -> None:
    row = read_field("DateTimeValue", '{"value":"12/14/2023 19:57:08"}')
    assert (row.get("x"), row["_extra"]) == (None, {"X": "12/14/2023 19:57:08"})


FILES = (
    b'"files":[{"id":"2c0f6f2c-7c1f-ee11-9d5a-0a2e8f6c4b1d","filename":"Bills and Adjustments (INV 005933)\\\\name.pdf",'
    b'"href":"/AcmeERP/entity/Default/24.200.001/files/2c0f6f2c-7c1f-ee11-9d5a-0a2e8f6c4b1d"%b}]'
)
LINKS = BILL[BILL.index(b',"_links":{"self"') : BILL.index(b',"files":[]')]


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        (b'"note":null', b'"note":{"value":""}'),
        (b'"note":null', b'"note":{"value":"text"}'),
        (b'"files":[]', FILES % b""),
        (b'"files":[]', FILES % b',"comment":""'),
        (LINKS, b""),
        (b'"rowNumber":1,"note":null', b'"rowNumber":20,"note":null'),
    ],
    ids=["an empty note", "a note", "files", "files with a comment", "no links, as in 2023", "another row"],
)
def test_what_surrounds_a_record_is_no_part_of_its_content(part: bytes, instead: bytes) -> None:
    assert BILL.count(part) == 1
    row = read(BILLS, SWAGGER, BILL.replace(part, instead))
    assert row == read(BILLS, SWAGGER, BILL)


def test_a_linked_record_that_is_missing_or_not_expanded_is_null() -> None:
    swagger = a_swagger(
        Vendor=a_type(VendorID=ref("StringValue"), MainContact=ref("Contact"), RemittanceContact=ref("Contact")),
        Contact=a_type(Email=ref("StringValue"), Address=ref("Address")),
        Address=a_type(City=ref("StringValue")),
    )  # fmt: skip
    expand = ("MainContact", "MainContact/Address", "RemittanceContact")
    vendors = an_entity("Vendor", keys=("VendorID",), expand=expand)
    record = (
        f'{{"id":"{ID}","rowNumber":1,"note":null,"MainContact":{{"id":"{ID}","rowNumber":1,"note":null,"Address": null,'
        '"Email":{"value":"a@b"},"custom":{}},"RemittanceContact":null,"VendorID":{"value":"V1"},"custom":{}}'
    )
    row = read(vendors, swagger, record.encode())
    assert (row["vendor_id"], row["main_contact_email"]) == ("V1", "a@b")
    assert row.get("main_contact_address_city") is None
    assert row["_extra"] is None


def test_custom_fields_come_as_their_schema_announces_them() -> None:
    schema = (
        b'{"rowNumber":1,"note":null,"Amount":{},"Details":[{"rowNumber":1,"custom":{"Transactions":{"UsrLot":'
        b'{"type":"CustomStringField","value":null}}}}],"custom":{"View":{"Field":{"type":"CustomDecimalField","value":null}}},'
        b'"_workflowActions":[{"Open":{"parameters":{"custom":{"View":{"Param":{"type":"CustomStringField","value":null}}}}}}]}'
    )
    entity = an_entity("Bill", expand=("Details",), custom=("View.Field", "Details/Transactions.UsrLot"))
    record = BILL.replace(
        b'"custom":{},"_links":{"self"',
        b'"custom":{"View":{"Field":{"type":"CustomDecimalField","value":0.10}}},"_links":{"self"',
    ).replace(
        b'"custom":{},"_links":{"files:put"',
        b'"custom":{"Transactions":{"UsrLot":{"type":"CustomStringField","value":"x"}}},"_links":{"files:put"',
    )
    row = read(entity, SWAGGER, record, custom=schema)
    assert (row["field"], row["details"][0]["usr_lot"], row["_extra"]) == ("0.1", "x", None)
