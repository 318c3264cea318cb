"""What an instance offers: versions, 401 before routing, 404s, rights, OpenAPI, ad-hoc schema."""

from typing import Any

import pytest

from acumatica_sandbox.contract import TypeContract, known_versions, system_endpoint
from tests.unit.acumatica_sandbox.calls import Caller, a_caller, a_sandbox, the_error

NEWEST = (*(f"{year}.200.001" for year in (20, 22, 23, 24, 25)), "26.200.001")


def schemas(caller: Caller) -> dict[str, Any]:
    found: dict[str, Any] = caller.get("swagger.json").json()["components"]["schemas"]
    return found


def test_the_version_list_is_there_for_anyone() -> None:
    caller = Caller(a_sandbox())
    body = caller.send("GET", "/AcmeERP/entity").json()
    assert body["version"] == {"acumaticaBuildVersion": "26.200.0117", "databaseVersion": "26.200.0117"}
    assert body["endpoints"][0] == {
        "name": "Default",
        "version": "20.200.001",
        "href": "/AcmeERP/entity/Default/20.200.001/",
    }
    assert [item["version"] for item in body["endpoints"]] == list(NEWEST)


def test_custom_endpoints_are_listed_for_the_signed_in_only() -> None:
    caller = Caller(a_sandbox(custom_endpoints={"Finance": {"version": "1.0", "base": "24.200.001"}}))
    names = [item["name"] for item in caller.send("GET", "/AcmeERP/entity").json()["endpoints"]]
    assert "Finance" not in names
    caller.sign_in()
    names = [item["name"] for item in caller.send("GET", "/AcmeERP/entity/").json()["endpoints"]]
    assert "Finance" in names


def test_some_builds_answer_the_bare_list() -> None:
    caller = Caller(a_sandbox(endpoint_list="array"))
    assert isinstance(caller.send("GET", "/AcmeERP/entity").json(), list)


def test_an_instance_at_the_root_of_its_site_has_no_virtual_directory() -> None:
    caller = a_caller(virtual_directory="")
    assert caller.endpoint == "/entity/Default/24.200.001"
    row = caller.list("Bill", top="1")[0]
    assert row["_links"]["self"].startswith("/entity/Default/24.200.001/Bill/")


@pytest.mark.parametrize(
    "path",
    [
        "/AcmeERP/entity/Default/24.200.001/Bill",
        "/AcmeERP/entity/Default/99.999.999/Bill",
        "/AcmeERP/entity/Nothing/1/Nothing",
        "/AcmeERP/entity/Default/24.200.001/swagger.json",
        "/AcmeERP/t/ACME/api/odata/dac/PX_Objects_AP_APInvoice/px.GetDeletedRecords()",
    ],
)
def test_whoever_is_not_signed_in_gets_an_empty_401_before_any_routing(path: str) -> None:
    response = Caller(a_sandbox()).send("GET", path)
    assert (response.status, response.body) == (401, b"")


@pytest.mark.parametrize(
    ("style", "start"), [("empty", b""), ("html", b"<!DOCTYPE html>"), ("json", b'{"message":')]
)
def test_an_unknown_endpoint_or_entity_is_a_404_for_the_signed_in(style: str, start: bytes) -> None:
    caller = a_caller(not_found_body=style)
    for path in ("Default/21.200.001/Bill", "Other/24.200.001/Bill", "Default/24.200.001/Nothing"):
        response = caller.send("GET", f"/AcmeERP/entity/{path}")
        assert response.status == 404
        assert response.body.startswith(start)
        assert bool(response.body) == bool(start)


def test_names_in_the_url_have_no_case() -> None:
    caller = a_caller()
    assert caller.send("GET", "/AcmeERP/entity/default/24.200.001/bill", "$top=1").status == 200


def test_outside_the_virtual_directory_there_is_nothing() -> None:
    assert Caller(a_sandbox()).send("GET", "/entity").status == 404


def test_a_form_without_rights_is_a_403_that_names_it() -> None:
    caller = a_caller(forbidden=("Vendor",))
    response = caller.get("Vendor")
    assert response.status == 403
    assert response.json() == {
        "message": "You have insufficient rights to access the Vendor (AP303000) form."
    }


def test_rights_are_those_at_sign_in() -> None:
    caller = a_caller(forbidden=("Vendor",))
    assert caller.get("Vendor").status == 403
    caller.sandbox.configure(forbidden=())
    assert caller.get("Vendor").status == 403
    caller.log_out()
    assert caller.get("Vendor").status == 200


def test_a_module_that_is_not_set_up_is_a_500_that_names_the_form() -> None:
    response = a_caller(not_set_up={"Project": "Projects Preferences"}).get("Project")
    expected = "The required configuration data is not entered on the Projects Preferences form."
    assert the_error(response) == expected
    assert response.json()["exceptionType"].startswith("PX.Data.PXSetupNotEnteredException`1[[")


def test_a_query_longer_than_the_web_server_takes_is_a_404_in_html() -> None:
    caller = a_caller(query_limit=2048)
    response = caller.get("Bill", filter="Type eq 'Bill' and " * 200 + "Amount gt 0")
    assert response.status == 404
    assert "html" in response.header("Content-Type")


def test_every_answer_carries_the_clock_and_the_cookies_of_a_real_site() -> None:
    response = a_caller().get("Bill", top="1")
    assert response.header("Content-Type") == "application/json; charset=utf-8"
    assert response.header("Date") == "Mon, 16 Mar 2026 14:30:00 GMT"
    cookies = [value for name, value in response.headers if name == "Set-Cookie"]
    assert "Locale=Culture=en-US&TimeZone=GMTM0800A; path=/" in cookies
    assert len([text for text in cookies if text.startswith("requestid=")]) == 2
    assert any("~/entity/default/24.200.001/bill+start:" in text for text in cookies)


def test_the_date_header_follows_the_tenants_clock_and_can_be_missing() -> None:
    caller = a_caller(clock_skew_seconds=-3600.0)
    assert caller.get("Bill", top="1").header("Date") == "Mon, 16 Mar 2026 13:30:00 GMT"
    caller.sandbox.tenant.clock.advance(90)
    assert caller.get("Bill", top="1").header("Date") == "Mon, 16 Mar 2026 13:31:30 GMT"
    caller.sandbox.configure(date_header=False, noise_cookies=False)
    assert [name for name, _ in caller.get("Bill", top="1").headers] == ["Content-Type"]


def test_the_openapi_file_describes_entities_details_and_linked_types() -> None:
    caller = a_caller()
    document = caller.get("swagger.json").json()
    assert document["openapi"] == "3.0.1"
    found = document["components"]["schemas"]
    inherited, own = found["Bill"]["allOf"]
    assert inherited == {"$ref": "#/components/schemas/Entity"}
    assert own["properties"]["Amount"] == {"$ref": "#/components/schemas/DecimalValue"}
    assert own["properties"]["Date"] == {"$ref": "#/components/schemas/DateTimeValue"}
    assert own["properties"]["Details"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/BillDetail"},
    }
    vendor = found["Vendor"]["allOf"][1]["properties"]
    assert vendor["MainContact"] == {"$ref": "#/components/schemas/Contact"}
    assert set(found["Entity"]["properties"]) == {
        "id",
        "rowNumber",
        "note",
        "custom",
        "error",
        "files",
        "_links",
    }
    assert {"/Bill", "/Bill/{ids}", "/Bill/{id}", "/Bill/$adHocSchema"} <= set(document["paths"])


def test_the_openapi_file_names_actions_and_where_it_is() -> None:
    document = a_caller().get("swagger.json").json()
    assert document["servers"][0]["url"].endswith("/AcmeERP/entity/Default/24.200.001")
    assert {"/Bill/ReleaseBill", "/Bill/{actionName}", "/Bill/{ids}/files/{filename}"} <= set(
        document["paths"]
    )
    bill = document["components"]["schemas"]["Bill"]["allOf"][1]["properties"]
    assert bill["_workflowActions"]["additionalProperties"] == {
        "$ref": "#/components/schemas/BillCustomAction"
    }


def test_the_instance_has_an_openapi_file_of_its_own_for_the_signed_in() -> None:
    caller = a_caller()
    document = caller.send("GET", "/AcmeERP/entity/swagger.json").json()
    assert set(document["paths"]) == {"/auth/login", "/auth/logout", "/"}
    assert document["servers"][0]["url"].endswith("/AcmeERP/entity")
    assert Caller(caller.sandbox).send("GET", "/AcmeERP/entity/swagger.json").status == 401


def test_every_reference_of_the_openapi_file_leads_somewhere() -> None:
    for version in NEWEST:
        caller = a_caller(version, endpoint_versions=(version,))
        document = caller.get("swagger.json").json()
        for text in references_in(document):
            _, _, section, name = text.split("/")
            assert name in document["components"][section], text


def references_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references_in(item) for item in value.values()))
    return set().union(*(references_in(item) for item in value)) if isinstance(value, list) else set()


MODIFIED = {
    "StockItem": ("LastModified",) * 3 + ("both",) * 2 + ("LastModifiedDateTime",),
    "SalesOrder": ("LastModified",) * 5 + ("LastModifiedDateTime",),
    "PurchaseReceipt": ("",) * 2 + ("LastModifiedDateTime",) * 4,
    "SalesInvoice": ("",) * 2 + ("LastModifiedDateTime",) * 4,
    "Subaccount": ("",) * 6,
    **dict.fromkeys(
        [
            "Vendor",
            "Bill",
            "PurchaseOrder",
            "Check",
            "Payment",
            "Account",
            "Ledger",
            "JournalTransaction",
            "NonStockItem",
            "Customer",
            "Invoice",
            "Project",
        ],
        ("LastModifiedDateTime",) * 6,
    ),
}


@pytest.mark.parametrize("entity", sorted(MODIFIED))
def test_the_stamp_of_each_entity_has_the_name_its_version_gives_it(entity: str) -> None:
    for version, expected in zip(NEWEST, MODIFIED[entity], strict=True):
        fields = system_endpoint(version).types[entity].fields
        present = [name for name in ("LastModified", "LastModifiedDateTime") if name in fields]
        assert present == {"both": ["LastModified", "LastModifiedDateTime"], "": []}.get(expected, [expected])


def test_an_answer_has_exactly_the_fields_of_its_version() -> None:
    old = a_caller("22.200.001").list("StockItem", top="1")[0]
    new = a_caller("25.200.001").list("StockItem", top="1")[0]
    assert (
        old["LastModified"]["value"] == new["LastModified"]["value"] == new["LastModifiedDateTime"]["value"]
    )
    assert "LastModifiedDateTime" not in old
    assert "IsTaxValid" not in a_caller("22.200.001").list("Bill", top="1")[0]


def test_every_type_that_is_named_is_there_in_every_version() -> None:
    assert known_versions() == list(NEWEST)
    for version in NEWEST:
        types = system_endpoint(version).types
        for contract in types.values():
            assert set(members_of(contract).values()) <= set(types), (version, contract.type)


def members_of(contract: TypeContract) -> dict[str, str]:
    return {**contract.details, **contract.linked}


def test_a_custom_endpoint_adds_fields_with_values_and_may_leave_entities_out() -> None:
    finance = {
        "version": "1.0",
        "base": "24.200.001",
        "extra_fields": {"Bill": {"UsrApprovalCode": "string", "UsrScore": "decimal"}},
        "entities": ["Bill", "Vendor"],
    }
    caller = a_caller("1.0", "Finance", custom_endpoints={"Finance": finance})
    rows = caller.list("Bill")
    assert any(row["UsrApprovalCode"] for row in rows)
    bill = schemas(caller)["Bill"]["allOf"][1]["properties"]
    assert bill["UsrScore"] == {"$ref": "#/components/schemas/DecimalValue"}
    assert caller.get("Check").status == 404
    default = Caller(caller.sandbox)
    default.sign_in()
    assert "UsrApprovalCode" not in default.list("Bill", top="1")[0]


def test_a_custom_endpoint_may_lack_fields_and_collections_of_its_base() -> None:
    lost = {"Bill": ["Details", "Vendor"], "Vendor": ["MainContact"]}
    finance = {"version": "1.0", "base": "24.200.001", "without": lost}
    caller = a_caller("1.0", "Finance", custom_endpoints={"Finance": finance})
    members = {name: set(schemas(caller)[name]["allOf"][1]["properties"]) for name in lost}
    assert not members["Bill"] & {"Details", "Vendor"}
    assert {"Amount", "TaxDetails"} <= members["Bill"]
    assert "MainContact" not in members["Vendor"]
    assert "Vendor" not in caller.list("Bill", top="1")[0]
    assert "key was not present" in the_error(caller.get("Bill", expand="Details"))


def test_the_adhoc_schema_shows_empty_fields_and_custom_blocks_of_every_level() -> None:
    fields = {"Document.UsrRegion": "CustomStringField", "Details/Transactions.UsrLot": "CustomIntField"}
    schema = a_caller(custom_fields={"Bill": fields}).get("Bill/$adHocSchema").json()
    assert schema["Amount"] == {}
    assert schema["custom"] == {"Document": {"UsrRegion": {"type": "CustomStringField", "value": None}}}
    line = schema["Details"][0]
    assert line["custom"] == {"Transactions": {"UsrLot": {"type": "CustomIntField", "value": None}}}
    assert schema["_workflowActions"] == []


@pytest.mark.parametrize("path", ["/AcmeERP/entity", "/AcmeERP/entity/Default/24.200.001/Bill"])
def test_maintenance_answers_html_or_a_redirect_to_every_request(path: str) -> None:
    caller = a_caller()
    caller.sandbox.configure(maintenance="html")
    page = caller.send("GET", path)
    assert (page.status, page.header("Content-Type")) == (503, "text/html; charset=utf-8")
    caller.sandbox.configure(maintenance="redirect")
    moved = caller.send("GET", path)
    assert (moved.status, moved.header("Location")) == (302, "/AcmeERP/Frames/Maintenance.aspx")


def test_the_data_is_read_only_through_the_api() -> None:
    caller = a_caller()
    assert caller.send("PUT", f"{caller.endpoint}/Bill", body=b"{}").status == 400
