"""The OpenAPI file of an endpoint and of the instance, and the ad-hoc schema."""

from typing import Any

from tests.unit.acumatica_sandbox.calls import NEWEST, Caller, a_caller


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


def test_the_adhoc_schema_shows_empty_fields_and_custom_blocks_of_every_level() -> None:
    fields = {"Document.UsrRegion": "CustomStringField", "Details/Transactions.UsrLot": "CustomIntField"}
    schema = a_caller(custom_fields={"Bill": fields}).get("Bill/$adHocSchema").json()
    assert schema["Amount"] == {}
    assert schema["custom"] == {"Document": {"UsrRegion": {"type": "CustomStringField", "value": None}}}
    line = schema["Details"][0]
    assert line["custom"] == {"Transactions": {"UsrLot": {"type": "CustomIntField", "value": None}}}
    assert schema["_workflowActions"] == []
