"""Lists: paging, order, what is expanded, selected and hidden."""

import pytest

from tests.unit.acumatica_sandbox.calls import Caller, a_caller, references, the_error


def test_without_top_every_row_comes() -> None:
    caller = a_caller()
    assert len(caller.list("Bill")) == len(caller.sandbox.tenant.records("Bill")) == 40


def test_rows_come_in_ascending_key_order_whatever_orderby_says() -> None:
    caller = a_caller()
    plain = [row["id"] for row in caller.list("Bill")]
    assert [row["id"] for row in caller.list("Bill", orderby="LastModifiedDateTime desc")] == plain
    keys = [(row["Type"]["value"], row["ReferenceNbr"]["value"]) for row in caller.list("Bill")]
    assert keys == sorted(keys)


def test_skip_comes_before_top_and_row_numbers_begin_anew() -> None:
    caller = a_caller()
    every = caller.list("Bill")
    page = caller.list("Bill", top="7", skip="19")
    assert [row["rowNumber"] for row in page] == list(range(1, 8))
    assert [row["id"] for row in page] == [row["id"] for row in every[19:26]]


def test_skip_past_the_end_is_an_empty_list() -> None:
    assert a_caller().list("Bill", skip="4000", top="10") == []


def test_a_page_size_that_is_no_number_is_refused() -> None:
    assert "Invalid value 'ten' for $top" in the_error(a_caller().get("Bill", top="ten"))


def test_the_list_has_neither_count_nor_next_link() -> None:
    response = a_caller().get("Bill", top="5", count="true")
    assert isinstance(response.json(), list)


def test_details_are_absent_unless_expanded() -> None:
    caller = a_caller()
    assert "Details" not in caller.list("Bill", top="1")[0]
    expanded = caller.list("Bill", top="1", expand="Details")[0]
    record = caller.sandbox.tenant.record("Bill", expanded["id"])
    assert [line["id"] for line in expanded["Details"]] == [row.id for row in record.details["Details"]]
    assert [line["rowNumber"] for line in expanded["Details"]] == list(range(1, len(expanded["Details"]) + 1))
    assert "TaxDetails" not in expanded


def test_an_expanded_collection_without_rows_is_an_empty_array() -> None:
    caller = a_caller(size="empty")
    caller.sandbox.tenant.insert("Bill", {"Type": "Bill", "ReferenceNbr": "A1"})
    assert caller.list("Bill", expand="Details")[0]["Details"] == []


def test_linked_entities_open_by_path_and_are_null_inside_an_open_parent() -> None:
    caller = a_caller()
    vendor = caller.list("Vendor", top="1")[0]
    assert "MainContact" not in vendor
    closed = caller.list("Vendor", top="1", expand="MainContact")[0]
    assert closed["MainContact"]["Email"]["value"]
    assert closed["MainContact"]["Address"] is None
    opened = caller.list("Vendor", top="1", expand="MainContact,MainContact/Address")[0]
    assert opened["MainContact"]["Address"]["City"]["value"]


def test_a_missing_linked_entity_is_null() -> None:
    caller = a_caller(size="empty")
    caller.sandbox.tenant.insert("Vendor", {"VendorID": "V1"})
    assert caller.list("Vendor", expand="MainContact")[0]["MainContact"] is None


def test_only_selected_fields_come_with_those_that_always_do() -> None:
    row = a_caller().list("Bill", top="1", select="ReferenceNbr,Amount")[0]
    assert list(row) == ["id", "rowNumber", "note", "Amount", "ReferenceNbr", "custom", "_links", "files"]


def test_fields_of_the_filter_come_though_not_selected() -> None:
    row = a_caller().list("Bill", top="1", select="ReferenceNbr", filter="Type eq 'Bill'")[0]
    assert row["Type"]["value"] == "Bill"
    assert "Vendor" not in row


def test_with_select_an_expanded_collection_that_is_not_selected_is_dropped_in_silence() -> None:
    caller = a_caller()
    assert "Details" not in caller.list("Bill", top="1", select="ReferenceNbr", expand="Details")[0]
    row = caller.list("Bill", top="1", select="ReferenceNbr,Details/Amount", expand="Details")[0]
    assert list(row["Details"][0]) == ["id", "rowNumber", "note", "Amount", "custom", "_links"]
    assert "Details" not in caller.list("Bill", top="1", select="ReferenceNbr,Details/Amount")[0]


@pytest.mark.parametrize(
    "option",
    [{"select": "Amount,Nothing"}, {"select": "amount"}, {"expand": "Nothing"}, {"expand": "Amount"}],
)
def test_an_unknown_name_in_select_or_expand_is_a_missing_key(option: dict[str, str]) -> None:
    response = a_caller().get("Bill", None, **option)
    assert the_error(response) == "The given key was not present in the dictionary."
    assert response.json()["exceptionType"] == "System.Collections.Generic.KeyNotFoundException"


def test_an_entity_that_ignores_select_answers_every_field() -> None:
    caller = a_caller(select_ignored=("JournalTransaction",))
    assert "Description" in caller.list("JournalTransaction", top="1", select="BatchNbr")[0]


def test_custom_fields_come_when_asked_for() -> None:
    fields = {"Document.UsrRegion": "CustomStringField", "Document.AttributeSIZE": "CustomDecimalField"}
    caller = a_caller(custom_fields={"Bill": fields})
    record = next(row for row in caller.sandbox.tenant.records("Bill") if len(row.custom) == 2)
    assert caller.get(f"Bill/{record.id}").json()["custom"] == {}
    custom = caller.get(f"Bill/{record.id}", custom="Document.UsrRegion").json()["custom"]
    value = record.custom["Document.UsrRegion"]
    assert custom == {"Document": {"UsrRegion": {"type": "CustomStringField", "value": value}}}
    assert caller.get("Bill", custom="Document.UsrOther").status == 500


def test_custom_fields_of_lines_are_named_with_their_collection() -> None:
    caller = a_caller(custom_fields={"Bill": {"Details/Transactions.UsrLot": "CustomStringField"}})
    row = caller.list("Bill", top="1", expand="Details", custom="Details/Transactions.UsrLot")[0]
    assert row["custom"] == {}
    assert row["Details"][0]["custom"] == {"Transactions": {"UsrLot": {"type": "CustomStringField"}}}


def test_archived_rows_come_only_with_the_header() -> None:
    caller = a_caller()
    record = caller.sandbox.tenant.records("Bill")[3]
    caller.sandbox.tenant.archive("Bill", record.id)
    assert record.id not in [row["id"] for row in caller.list("Bill")]
    assert record.id in [row["id"] for row in caller.list("Bill", headers={"PX-ApiArchive": "SHOW"})]
    caller.sandbox.tenant.archive("Bill", record.id, archived=False)
    assert record.id in [row["id"] for row in caller.list("Bill")]


def test_rows_of_a_restriction_group_are_hidden_in_silence() -> None:
    caller = a_caller()
    record = caller.sandbox.tenant.records("Vendor")[0]
    caller.sandbox.tenant.hide("Vendor", record.id)
    assert len(caller.list("Vendor")) == 11
    assert "NoEntity" in caller.get(f"Vendor/{record.id}").json()["exceptionType"]


def test_a_list_that_cannot_be_optimised_names_the_fields_and_views() -> None:
    caller = a_caller(not_optimizable={"Check": {"History": "APHistory", "UnappliedBalance": "CurrencyInfo"}})
    response = caller.get("Check", select="ReferenceNbr,History", expand="History")
    assert the_error(response) == (
        "Optimization cannot be performed.The following fields cause the error:\r\n"
        "History: View APHistory has BQL delegate"
    )
    assert response.json()["exceptionType"] == "PX.Api.ContractBased.CannotOptimizeException"
    assert "UnappliedBalance: View CurrencyInfo" in the_error(caller.get("Check"))


def test_what_no_list_can_hold_is_left_out_or_read_one_by_one() -> None:
    caller = a_caller(not_optimizable={"Check": {"History": "APHistory"}})
    rows = caller.list("Check", select="ReferenceNbr")
    single = caller.get(f"Check/{rows[0]['id']}", expand="History")
    assert single.status == 200
    assert isinstance(single.json()["History"], list)


def test_a_page_shows_what_was_committed_when_it_was_read() -> None:
    caller = a_caller()
    before = references(caller.list("Bill", top="5"))
    tenant = caller.sandbox.tenant
    tenant.delete("Bill", tenant.records("Bill")[0].id)
    assert references(caller.list("Bill", top="4")) == before[1:]


def test_a_deletion_is_invisible_to_a_filter_on_the_stamp() -> None:
    caller = a_caller()
    tenant = caller.sandbox.tenant
    tenant.clock.advance(60)
    tenant.delete("Bill", tenant.records("Bill")[0].id)
    assert caller.list("Bill", filter="LastModifiedDateTime ge datetimeoffset'2026-03-16T14:30:00Z'") == []


def test_a_key_rename_moves_the_row_and_keeps_its_id() -> None:
    caller = a_caller()
    first = caller.list("StockItem", top="1")[0]
    caller.sandbox.tenant.rename("StockItem", first["id"], {"InventoryID": "ZZZ-LAST"})
    last = caller.list("StockItem")[-1]
    assert (last["id"], last["InventoryID"]["value"]) == (first["id"], "ZZZ-LAST")


def test_lines_without_a_note_id_have_new_ids_in_every_session() -> None:
    caller = a_caller(unstable_line_ids={"Bill": ("Details",)})
    first = caller.list("Bill", top="1", expand="Details,TaxDetails")[0]
    again = caller.list("Bill", top="1", expand="Details,TaxDetails")[0]
    assert first == again
    other = Caller(caller.sandbox)
    other.sign_in()
    elsewhere = other.list("Bill", top="1", expand="Details,TaxDetails")[0]
    assert elsewhere["id"] == first["id"]
    assert [line["id"] for line in elsewhere["TaxDetails"]] == [line["id"] for line in first["TaxDetails"]]
    assert not {line["id"] for line in elsewhere["Details"]} & {line["id"] for line in first["Details"]}
