"""Single records by key and by id."""

import pytest

from acumatica_sandbox.rows import Record
from tests.unit.acumatica_sandbox.calls import a_caller


@pytest.mark.parametrize("separator", ["/", "|", "%7C"])
def test_a_record_is_found_by_its_keys_in_the_order_of_the_form(separator: str) -> None:
    caller = a_caller()
    record = caller.sandbox.tenant.records("Bill")[2]
    path = separator.join(key.replace(" ", "%20") for key in record.keys)
    assert caller.get(f"Bill/{path}").json()["id"] == record.id


def test_a_record_is_found_by_its_id() -> None:
    caller = a_caller()
    record = caller.sandbox.tenant.records("Vendor")[2]
    assert caller.get(f"Vendor/{record.id.upper()}").json()["VendorID"]["value"] == record.keys[0]


def test_the_answer_is_an_object_with_row_number_one() -> None:
    caller = a_caller()
    record = caller.sandbox.tenant.records("Vendor")[2]
    answer = caller.get(f"Vendor/{record.id}", select="VendorID", expand="MainContact").json()
    assert answer["rowNumber"] == 1
    assert "MainContact" not in answer


def test_a_key_with_a_slash_is_reached_by_id_only() -> None:
    caller = a_caller(size="empty")
    record_id = caller.sandbox.tenant.insert("StockItem", {"InventoryID": "HOS-1/2IN"})
    assert caller.get("StockItem/HOS-1/2IN").status == 500
    assert caller.get(f"StockItem/{record_id}").status == 200


@pytest.mark.parametrize("path", ["Bill/Bill/999999", "Bill/00000000-0000-4000-a000-000000000000", "Bill/x"])
def test_an_absent_record_is_a_500_and_not_a_404(path: str) -> None:
    response = a_caller().get(path)
    assert response.status == 500
    body = response.json()
    assert body["message"] == "An error has occurred."
    assert body["exceptionMessage"] == "No entity satisfies the condition."
    assert body["exceptionType"] == "PX.Api.ContractBased.NoEntitySatisfiesTheConditionException"
    assert body["stackTrace"]


def test_an_archived_record_is_still_found_directly() -> None:
    caller = a_caller()
    record: Record = caller.sandbox.tenant.records("Bill")[0]
    caller.sandbox.tenant.archive("Bill", record.id)
    assert caller.get(f"Bill/{record.id}").status == 200
