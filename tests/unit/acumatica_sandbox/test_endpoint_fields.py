"""Which entities and fields each version of an endpoint has, and what a custom endpoint adds or lacks."""

from typing import Any

import pytest

from acumatica_sandbox.contract import TypeContract, known_versions, system_endpoint
from tests.unit.acumatica_sandbox.calls import NEWEST, Caller, a_caller, the_error


def schemas(caller: Caller) -> dict[str, Any]:
    found: dict[str, Any] = caller.get("swagger.json").json()["components"]["schemas"]
    return found


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
