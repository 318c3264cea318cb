"""Endpoint 26.200.001: OData 4 literals, drop-downs as objects, bare days, nested options."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.acumatica_sandbox.calls import Caller, a_caller, references, the_error


def a_newest_caller(**options: Any) -> Caller:
    return a_caller("26.200.001", endpoint_versions=("24.200.001", "26.200.001"), **options)


def test_drop_downs_have_a_code_and_a_description() -> None:
    caller = a_newest_caller(size="empty")
    fields = {"Type": "Debit Adj.", "ReferenceNbr": "A1", "Status": "On Hold"}
    caller.sandbox.tenant.insert("Bill", fields)
    row = caller.list("Bill")[0]
    assert row["Type"] == {"value": {"id": "ADR", "description": "Debit Adj."}}
    assert row["Status"] == {"value": {"id": "H", "description": "On Hold"}}


def test_days_are_bare_where_the_contract_says_so() -> None:
    caller = a_newest_caller(size="empty", server_zone="America/New_York")
    tenant = caller.sandbox.tenant
    day = date(2026, 9, 9)
    tenant.insert("Bill", {"Type": "Bill", "ReferenceNbr": "A1", "Date": day})
    tenant.insert("PurchaseOrder", {"Type": "Normal", "OrderNbr": "P1", "Date": day})
    assert caller.list("Bill")[0]["Date"] == {"value": "2026-09-09"}
    assert caller.list("PurchaseOrder")[0]["Date"] == {"value": "2026-09-09T00:00:00-04:00"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Status eq 'B'", "A2"),
        ("Status eq 'Balanced'", ""),
        ("Type eq 'INV' and Amount gt 5", "A2"),
        ("Date ge 2026-03-02", "A2"),
        ("LastModifiedDateTime ge 2026-03-16T14:31:00Z", "A2"),
        ("LastModifiedDateTime ge 2026-03-16T18:31:00+04:00", "A2"),
        ("contains(Description,'ART')", "A1"),
        ("startswith(Description,'oil')", "A2"),
        ("cf.String('Document.UsrRegion') eq 'North'", "A1"),
    ],
)
def test_literals_are_bare_and_drop_downs_are_compared_by_code(text: str, expected: str) -> None:
    caller = a_newest_caller(
        size="empty", custom_fields={"Bill": {"Document.UsrRegion": "CustomStringField"}}
    )
    tenant = caller.sandbox.tenant
    first = {"Type": "Bill", "ReferenceNbr": "A1", "Status": "Open", "Description": "parts"}
    tenant.insert(
        "Bill",
        {**first, "Amount": Decimal(5), "Date": date(2026, 3, 1)},
        custom={"Document.UsrRegion": "North"},
    )
    tenant.clock.advance(60)
    second = {"Type": "Bill", "ReferenceNbr": "A2", "Status": "Balanced", "Description": "oil"}
    tenant.insert("Bill", {**second, "Amount": Decimal(6), "Date": date(2026, 3, 2)})
    assert references(caller.list("Bill", filter=text)) == expected.split()


def test_a_guid_is_bare() -> None:
    caller = a_newest_caller()
    record = caller.sandbox.tenant.records("Payment")[1]
    assert references(caller.list("Payment", filter=f"NoteID eq {record.id}")) == [record.keys[1]]


@pytest.mark.parametrize(
    "text", ["LastModifiedDateTime ge datetimeoffset'2026-03-16T14:31:00Z'", "substringof('x',Description)"]
)
def test_the_old_grammar_is_not_understood(text: str) -> None:
    assert a_newest_caller().get("Bill", filter=text).status == 500


def test_keys_in_the_url_may_be_codes_or_texts() -> None:
    caller = a_newest_caller(size="empty")
    record_id = caller.sandbox.tenant.insert("Bill", {"Type": "Debit Adj.", "ReferenceNbr": "A1"})
    for key in ("ADR", "Debit%20Adj."):
        assert caller.get(f"Bill/{key}/A1").json()["id"] == record_id


def test_options_nest_in_expand() -> None:
    caller = a_newest_caller()
    row = caller.list("Vendor", top="1", expand="MainContact($select=Email;$expand=Address($select=City))")[0]
    contact = row["MainContact"]
    assert list(contact) == ["id", "rowNumber", "note", "Email", "Address", "UserInfo", "custom", "_links"]
    assert contact["Address"]["City"]["value"]
    assert "AddressLine1" not in contact["Address"]


def test_several_members_are_opened_at_once() -> None:
    row = a_newest_caller().list("Bill", top="1", expand="Details($select=Amount,Qty),TaxDetails")[0]
    assert {"Amount", "Qty"} <= set(row["Details"][0])
    assert "UnitCost" not in row["Details"][0]
    assert "TaxDetails" in row


def test_an_expanded_collection_needs_no_select_and_a_star_is_every_field() -> None:
    row = a_newest_caller().list("Bill", top="1", select="ReferenceNbr", expand="Details($select=*)")[0]
    assert "Vendor" not in row
    assert "UnitCost" in row["Details"][0]


def test_an_unclosed_bracket_is_a_500() -> None:
    assert "unbalanced bracket" in the_error(a_newest_caller().get("Bill", expand="Details($select=Amount"))


def test_custom_fields_stand_in_select() -> None:
    caller = a_newest_caller(custom_fields={"Bill": {"Document.UsrRegion": "CustomStringField"}})
    row = caller.list("Bill", top="1", select="ReferenceNbr,Document.UsrRegion")[0]
    assert list(row["custom"]) == ["Document"]
    assert "Amount" not in row
    alone = caller.list("Bill", top="1", select="Document.UsrRegion")[0]
    assert (list(alone["custom"]), "ReferenceNbr" in alone) == (["Document"], False)
    assert "Amount" in caller.list("Bill", top="1", select="*,Document.UsrRegion")[0]


def test_custom_fields_of_lines_stand_in_the_select_of_their_collection() -> None:
    caller = a_newest_caller(custom_fields={"Bill": {"Details/Transactions.UsrLot": "CustomStringField"}})
    row = caller.list("Bill", top="1", expand="Details($select=*,Transactions.UsrLot)")[0]
    assert row["custom"] == {}
    assert row["Details"][0]["custom"] == {"Transactions": {"UsrLot": {"type": "CustomStringField"}}}
    assert "Amount" in row["Details"][0]
    assert caller.get("Bill", expand="Details($select=Transactions.UsrOther)").status == 500
    assert caller.get("Bill", select="Transactions.UsrLot").status == 500, "it is no field of the document"


def test_an_entity_that_ignores_select_answers_every_field_and_the_custom_ones() -> None:
    fields = {"Bill": {"Document.UsrRegion": "CustomStringField"}}
    caller = a_newest_caller(custom_fields=fields, select_ignored=("Bill",))
    row = caller.list("Bill", top="1", select="ReferenceNbr,Document.UsrRegion")[0]
    assert "Amount" in row
    assert list(row["custom"]) == ["Document"]


def test_what_was_renamed_has_its_new_name() -> None:
    caller = a_newest_caller()
    assert "LastModified" not in caller.list("StockItem", top="1")[0]
    assert caller.list("SalesOrder", top="1")[0]["LastModifiedDateTime"]["value"]
    assert (
        "AddressLine3"
        in caller.list("Vendor", top="1", expand="MainContact($expand=Address)")[0]["MainContact"]["Address"]
    )


def test_the_openapi_file_has_the_new_value_types() -> None:
    document = a_newest_caller().get("swagger.json").json()
    assert document["info"] == {"title": "Default/26.200.001", "version": "5"}
    schemas = document["components"]["schemas"]
    bill = schemas["Bill"]["allOf"][1]["properties"]
    assert bill["Date"] == {"$ref": "#/components/schemas/DateOnlyValue"}
    assert bill["Status"] == {"$ref": "#/components/schemas/StringSingleSelectValue"}
    assert schemas["DateOnlyValue"]["properties"]["value"] == {"type": "string", "format": "date"}
    assert set(schemas["StringSelectItem"]["properties"]) == {"id", "description"}


def test_older_endpoints_of_the_same_site_are_as_they_were() -> None:
    caller = a_newest_caller()
    old = Caller(caller.sandbox, "24.200.001")
    old.sign_in()
    assert isinstance(old.list("Bill", top="1")[0]["Type"]["value"], str)
    document = old.get("swagger.json").json()
    assert document["info"] == {"title": "Default/24.200.001", "version": "4"}
    assert "DateOnlyValue" in document["components"]["schemas"], "announced there too, by builds since 25R2"
    assert "/DateOnlyValue" not in str(document)
    assert "StringSelectItem" not in document["components"]["schemas"]
