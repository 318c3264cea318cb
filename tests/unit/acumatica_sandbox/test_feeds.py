"""Generic inquiries and data access classes over OData, in both generations."""

from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import pytest

from acumatica_sandbox import Response
from tests.unit.acumatica_sandbox.calls import Caller, a_caller, exact

BILLS = "AP-Bills and Adjustments"
STOCK = "IN-Stock by Warehouse"
LINES = "GL-Journal Transactions"
GI = "t/ACME/api/odata/gi"
DAC = "t/ACME/api/odata/dac"
OLD = "odata/ACME"


def ask(caller: Caller, path: str, **options: Any) -> Response:
    query = urlencode({f"${name}": value for name, value in options.items()}, quote_via=quote, safe="$")
    return caller.send("GET", f"{caller.base}/{quote(path, safe='/$(),=')}", query)


def rows(caller: Caller, path: str, **options: Any) -> list[dict[str, Any]]:
    response = ask(caller, path, **options)
    assert response.status == 200, response.body
    found: list[dict[str, Any]] = exact(response)["value"]
    return found


def test_the_service_document_lists_every_exposed_inquiry_even_forbidden_ones() -> None:
    caller = a_caller(forbidden_inquiries=(BILLS,), unexposed_inquiries=(STOCK,))
    names = {item["name"] for item in ask(caller, GI).json()["value"]}
    assert {BILLS, LINES} <= names
    assert STOCK not in names
    assert ask(caller, f"{GI}/{BILLS}").status == 403
    assert ask(caller, f"{GI}/{STOCK}").status == 404
    assert ask(caller, "t/OTHER/api/odata/gi").status == 404


def test_who_is_not_signed_in_learns_nothing() -> None:
    caller = a_caller()
    caller.headers = {}
    assert [ask(caller, path).status for path in (GI, f"{GI}/no", "t/OTHER/api/odata/gi", OLD)] == [401] * 4


def test_metadata_is_xml_with_keys_first_and_join_keys_last() -> None:
    caller = a_caller()
    root = ET.fromstring(ask(caller, f"{GI}/$metadata").body)  # noqa: S314 - the sandbox wrote it
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    types = {item.get("Name"): item for item in root.iter(f"{edm}EntityType")}
    properties = [item.get("Name") for item in types["GLJournalTransactions"].iter(f"{edm}Property")]
    assert properties[:3] == ["Module", "BatchNbr", "LineNbr"]
    assert properties[-1] == "LedgerID"
    assert "_130Days" in [item.get("Name") for item in types["APAgeingbyVendor"].iter(f"{edm}Property")]
    assert [item.get("Name") for item in root.iter(f"{edm}FunctionImport")] == [
        "DBStorageDetails_WithParameters"
    ]
    refused = caller.send("GET", f"{caller.base}/{GI}/$metadata", headers={"Accept": "application/json"})
    assert refused.status == 500
    assert "JSON metadata" in refused.json()["message"]


def test_values_are_as_each_generation_spells_them() -> None:
    caller = a_caller()
    new = rows(caller, f"{GI}/{BILLS}", orderby="Type,ReferenceNbr", top="1")[0]
    old = rows(caller, f"{OLD}/{BILLS}", orderby="Type,ReferenceNbr", top="1")[0]
    assert new["ReferenceNbr"] == old["ReferenceNbr"] == "000001         "
    assert (new["Type"], new["Date"], old["Date"]) == ("Bill", "2024-09-26T00:00:00Z", "2024-09-26T00:00:00")
    assert (new["Amount"], old["Amount"]) == (Decimal("6811.8300"), "6811.8300")
    assert new["LastModifiedOn"].endswith("Z")
    assert not old["LastModifiedOn"].endswith("Z")
    class_row = rows(
        caller, f"{DAC}/APRegister", orderby="DocType,RefNbr", filter="DocType eq 'INV'", top="1"
    )[0]
    assert (class_row["RefNbr"], class_row["Status"]) == ("000001         ", "C")
    assert rows(caller, "ODatav4/ACME/PX_Objects_AP_APRegister", filter="DocType eq 'Bill'") == []


def test_rows_come_in_another_order_unless_one_is_asked_for() -> None:
    caller = a_caller()
    unordered = [tuple(row["ReferenceNbr"] for row in rows(caller, f"{GI}/{BILLS}")) for _ in range(3)]
    ordered = [
        tuple(row["ReferenceNbr"] for row in rows(caller, f"{GI}/{BILLS}", orderby="Type,ReferenceNbr"))
        for _ in range(2)
    ]
    assert len(set(unordered)) > 1
    assert len(set(ordered)) == 1
    assert sorted(unordered[0]) == sorted(ordered[0])


@pytest.mark.parametrize(
    ("path", "condition"),
    [
        (GI, "ReferenceNbr gt '000003' or (ReferenceNbr eq '000003' and Type ge 'A')"),
        (GI, "LastModifiedOn ge 2025-01-01T00:00:00Z"),
        (GI, "contains(VendorName,'a') and Balance gt 0"),
        (OLD, "LastModifiedOn ge datetime'2025-01-01T00:00:00'"),
        (OLD, "substringof('a',VendorName) and Balance gt 0M"),
    ],
)
def test_each_generation_has_its_own_grammar(path: str, condition: str) -> None:
    caller = a_caller()
    found = rows(caller, f"{path}/{BILLS}", filter=condition)
    assert 0 < len(found) < len(rows(caller, f"{path}/{BILLS}"))
    other = OLD if path == GI else GI
    if "gt '" not in condition:
        assert ask(caller, f"{other}/{BILLS}", filter=condition).status == 500


@pytest.mark.parametrize("option", ["filter", "orderby"])
def test_what_a_calculated_column_is_asked_for_is_answered_with_nothing_at_all(option: str) -> None:
    value = {"filter": "StockValue gt 0", "orderby": "StockValue"}[option]
    response = ask(a_caller(), f"{GI}/{STOCK}", **{option: value})
    assert (response.status, response.body) == (200, b"")


def test_a_filter_by_a_key_that_is_no_result_column_loses_rows() -> None:
    caller = a_caller()
    assert len(rows(caller, f"{GI}/{STOCK}", filter="SiteID ge 0")) < len(rows(caller, f"{GI}/{STOCK}"))


def test_an_inquiry_with_parameters_shows_nothing_by_its_plain_name() -> None:
    caller = a_caller()
    assert rows(caller, f"{GI}/DB-StorageDetails") == []
    found = rows(caller, f"{GI}/DBStorageDetails_WithParameters(Warehouse='MAIN')")
    assert found
    assert {row["Warehouse"].rstrip() for row in found} == {"MAIN"}


def test_errors_carry_their_text_in_message() -> None:
    caller = a_caller()
    for option, text in (("filter", "X eq 1"), ("orderby", "X"), ("select", "X")):
        response = ask(caller, f"{GI}/{BILLS}", **{option: text})
        assert response.status == 500
        assert "Could not find a property named 'X'" in response.json()["message"]
    assert ask(caller, f"{GI}/{BILLS}", count="true").status == 500


def test_a_server_may_cut_answers_and_link_to_the_rest() -> None:
    caller = a_caller(odata_page_size=7)
    first = exact(ask(caller, f"{GI}/{BILLS}", orderby="ReferenceNbr", top="10"))
    query = first["@odata.nextLink"].partition("?")[2]
    second = exact(caller.send("GET", f"{caller.base}/{quote(f'{GI}/{BILLS}')}", query))
    assert (len(first["value"]), len(second["value"])) == (7, 3)
    caller = a_caller(odata_top_limit=4, select_top={STOCK: 5})
    assert (len(rows(caller, f"{GI}/{BILLS}", top="10")), len(rows(caller, f"{GI}/{STOCK}"))) == (4, 5)


def test_an_edited_caption_is_another_property() -> None:
    caller = a_caller(captions={BILLS: {"Balance": "OpenBalance"}})
    row = rows(caller, f"{GI}/{BILLS}", top="1")[0]
    assert "OpenBalance" in row
    assert "Balance" not in row


def test_the_feeds_agree_with_the_books() -> None:
    caller = a_caller()
    tenant = caller.sandbox.tenant
    lines = rows(caller, f"{GI}/{LINES}")
    assert sum(row["DebitAmount"] for row in lines) == sum(row["CreditAmount"] for row in lines)
    balances = rows(caller, f"{GI}/GL-Account Balances by Period")
    posted = sum(row["DebitAmount"] for row in lines if row["Status"] == "Posted")
    assert sum(row["PTDDebit"] for row in balances) == posted
    signs = {"Debit Adj.": -1, "Prepayment": 0}
    owed = sum(
        signs.get(str(record.fields["Type"]), 1) * Decimal(str(record.fields["Balance"]))
        for record in tenant.records("Bill")
        if record.fields["Status"] == "Open"
    )
    ageing = rows(caller, f"{GI}/AP-Ageing by Vendor")
    assert sum(row["Balance"] for row in ageing) == owed
    buckets = ("NotDue", "_130Days", "_3160Days", "Over60Days")
    assert all(row["Balance"] == sum(row[name] for name in buckets) for row in ageing)
