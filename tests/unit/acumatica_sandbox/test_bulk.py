"""Lists so long that their rows are computed when they are asked for."""

import pytest

from tests.unit.acumatica_sandbox.calls import Caller, a_caller, references


def a_bulk_caller(count: int = 5000) -> Caller:
    return a_caller(size="empty", bulk={"Vendor": count, "Bill": count})


def test_the_list_has_as_many_rows_as_it_was_told() -> None:
    caller = a_bulk_caller()
    assert len(caller.list("Vendor", top="1000", skip="4500")) == 500
    numbers = references(caller.list("Vendor", top="3", skip="998"), "VendorID")
    assert numbers == ["B000000999", "B000001000", "B000001001"]


def test_rows_are_in_key_order_and_differ() -> None:
    rows = a_bulk_caller(300).list("Bill")
    keys = [(row["Type"]["value"], row["ReferenceNbr"]["value"]) for row in rows]
    assert keys == sorted(keys)
    assert len({row["id"] for row in rows}) == 300


def test_a_row_is_found_by_id_and_by_key() -> None:
    caller = a_bulk_caller()
    row = caller.list("Bill", top="1", skip="777")[0]
    by_id = caller.get(f"Bill/{row['id']}").json()
    by_key = caller.get(
        f"Bill/{row['Type']['value'].replace(' ', '%20')}/{row['ReferenceNbr']['value']}"
    ).json()
    assert by_id == by_key
    assert by_id["id"] == row["id"]
    assert caller.get("Vendor/B999999999").status == 500
    assert caller.get("Vendor/00000001-0000-4000-a000-000000000000").status == 500


def test_filters_work_on_computed_rows() -> None:
    caller = a_bulk_caller()
    everything = caller.list("Vendor", select="VendorID,LastModifiedDateTime")
    stamp = sorted(row["LastModifiedDateTime"]["value"] for row in everything)[-10]
    newest = caller.list("Vendor", filter=f"LastModifiedDateTime ge datetimeoffset'{stamp}'")
    assert len(newest) >= 10
    assert caller.list("Vendor", filter="VendorID eq 'B000000042'", expand="MainContact")[0]["MainContact"]


def test_computed_rows_cannot_be_changed() -> None:
    caller = a_bulk_caller()
    row = caller.sandbox.tenant.find("Vendor", "B000000001")
    assert row is not None
    with pytest.raises(ValueError, match="cannot be changed"):
        caller.sandbox.tenant.change("Vendor", row.id, {"VendorName": "x"})
    with pytest.raises(ValueError, match="cannot be changed"):
        caller.sandbox.tenant.delete("Vendor", row.id)
