"""Generic inquiries get the same promise as entities: nothing lost, nothing doubled, nothing silent."""

from typing import Any
from urllib.parse import unquote

import pytest

from connector.domain.entity import Depth, Parameter
from connector.domain.run import Mode, RunResult, Status
from tests.unit.runs.feed_rig import BILLS, LINES, STOCK, FeedRig, an_inquiry

STOCK_BLOCK: dict[str, Any] = {
    "inquiry": STOCK,
    "keys": ("InventoryID", "Warehouse"),
    "modified_field": None,
    "date_fields": frozenset(),
}
WITH_PARAMETERS = {**STOCK_BLOCK, "inquiry": "DB-StorageDetails"}


def failure(result: RunResult) -> str:
    assert result.status is Status.FAILED
    assert result.error is not None
    return f"{result.error.type}: {result.error.message} {result.error.action}"


def bills(rig: FeedRig) -> set[str]:
    return {f"{bill.fields['Type']}|{bill.fields['ReferenceNbr']}" for bill in rig.tenant.records("Bill")}


def a_stock_rig(**options: Any) -> FeedRig:
    return FeedRig(an_inquiry(**STOCK_BLOCK), **options)


def test_every_row_is_copied_trimmed_and_exact_under_its_keys() -> None:
    rig = FeedRig()
    result = rig.run()
    assert (result.status, result.records_written, result.records_rejected) == (Status.SUCCEEDED, 40, 0)
    assert set(rig.rows) == bills(rig)
    row = rig.rows["Bill|000001"]
    assert (row["reference_nbr"], row["vendor"]) == ("000001", "V000012")
    assert (row["amount"], row["date"]) == ("6811.83", "2024-09-26")
    assert row["_modified_at"] == "2024-11-06T10:23:10.513000Z"
    assert rig.sandbox.seats == 0


def test_pages_after_the_first_are_asked_for_by_keys() -> None:
    rig = FeedRig()
    rig.run()
    pages = [unquote(query) for query in rig.queries if "$orderby" in query]
    assert all("$orderby=Type,ReferenceNbr" in query and "$skip" not in query for query in pages)
    assert "$filter=Type gt 'Bill' or (Type eq 'Bill' and (ReferenceNbr ge '000007         '))" in pages[1]


def test_rows_are_counted_where_some_lack_a_key_and_these_are_kept_with_the_reason() -> None:
    rig = FeedRig(an_inquiry(keys=("Type", "ReferenceNbr", "DueDate")))
    for bill in rig.tenant.records("Bill")[:3]:
        rig.tenant.change("Bill", bill.id, {"DueDate": None})
    result = rig.run()
    assert (result.records_written, result.records_rejected) == (37, 3)
    letters = list(rig.state.dead_letters.read("ap_documents"))
    assert all("lacks a key" in letter.reason for letter in letters)
    pages = [unquote(query) for query in rig.queries if "$orderby" in query]
    assert not any(" ge '" in query for query in pages)
    assert any("$skip=6" in query for query in pages)


def test_only_what_changed_is_read_where_a_column_tells() -> None:
    rig = FeedRig()
    rig.run()
    bill = rig.tenant.records("Bill")[4]
    rig.tenant.clock.advance(3600)
    rig.tenant.change("Bill", bill.id, {"Description": "new"}, touch=True)
    rig.tenant.clock.advance(3600)
    result = rig.run()
    assert (result.records_read, result.records_written) == (1, 1)
    assert "LastModifiedOn ge 2026-" in unquote(rig.queries[-1])


def test_an_inquiry_without_a_stamp_is_read_whole_and_what_is_unchanged_writes_nothing() -> None:
    rig = a_stock_rig()
    first = rig.run()
    again = rig.run()
    assert first.records_written == first.records_read > 0
    assert (again.records_read, again.records_written) == (first.records_read, 0)
    item = rig.tenant.records("StockItem")[0]
    rig.tenant.change("StockItem", item.id, {"AverageCost": item.fields["AverageCost"] + 1}, touch=False)  # type: ignore[operator]
    changed = rig.run()
    assert changed.records_written == len(item.details["WarehouseDetails"])


@pytest.mark.parametrize("depth", list(Depth))
def test_a_reconcile_marks_rows_that_are_gone(depth: Depth) -> None:
    rig = FeedRig()
    rig.run()
    rig.tenant.delete("Bill", rig.tenant.records("Bill")[2].id)
    result = rig.run(Mode.RECONCILE, depth=depth)
    assert (result.status, result.details["deleted"]) == (Status.SUCCEEDED, 1)
    assert set(rig.rows) == bills(rig)


def test_a_reconcile_reads_what_changed_without_a_stamp() -> None:
    rig = FeedRig()
    rig.run()
    bill = rig.tenant.records("Bill")[2]
    rig.tenant.change("Bill", bill.id, {"VendorRef": "x", "Status": "Voided"}, touch=False)
    result = rig.run(Mode.RECONCILE, depth=Depth.CONTENT)
    assert result.details["repaired"] == 1
    assert "Voided" in {row["status"] for row in rig.rows.values()}


def test_a_dead_letter_is_replayed() -> None:
    rig = FeedRig()
    rig.sandbox.faults.add(
        path="AP-Bills",
        times=1,
        ordinal=1,
        rewrite=('"ReferenceNbr":"000001         "', '"ReferenceNbr":null'),
    )
    rig.run()
    [letter] = rig.state.dead_letters.read("ap_documents")
    assert letter.record_id.startswith("unidentified-")
    assert b"6811.83" in letter.payload
    result = rig.run(Mode.RECONCILE)
    assert result.details["repaired"] == 1
    assert set(rig.rows) == bills(rig)


# what cannot be read is refused, with the remedy, and nothing is lost


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    told = failure(FeedRig(an_inquiry(inquiry="AP-Bills and adjustment")).run())
    assert told.startswith(
        "SourceSetupError: The tenant exposes no generic inquiry «AP-Bills and adjustment»"
    )
    assert f"Did you mean {BILLS}?" in told


def test_a_missing_right_is_told_with_the_form_that_grants_it() -> None:
    told = failure(FeedRig(forbidden_inquiries=(BILLS,)).run())
    assert told.startswith(f"AccessDeniedError: The API user has no right to the inquiry «{BILLS}».")
    assert "SM201020" in told


def test_an_answer_of_nothing_never_means_no_rows() -> None:
    rig = a_stock_rig()
    rig.run()
    before = rig.rows
    rig.edit(filter="StockValue gt 0")
    told = failure(rig.run())
    assert told.startswith("QueryImpossibleError: Acumatica cannot carry out the query")
    assert "calculated column" in told
    assert failure(rig.run(Mode.RECONCILE)) == told
    assert rig.rows == before


def test_keys_that_do_not_tell_rows_apart_are_refused() -> None:
    told = failure(FeedRig(an_inquiry(keys=("Type",))).run())
    assert "do not tell the rows of the inquiry" in told
    assert "several have Bill" in told


def test_keys_that_stop_telling_rows_apart_fail_the_reconcile_and_mark_nothing() -> None:
    rig = a_stock_rig()
    rig.run()
    item = rig.tenant.records("StockItem")[0]
    line = item.details["WarehouseDetails"][0]
    twice = [line.fields, line.fields, *(other.fields for other in item.details["WarehouseDetails"][1:])]
    rig.tenant.change("StockItem", item.id, details={"WarehouseDetails": twice})
    before = rig.rows
    assert "do not tell the rows" in failure(rig.run(Mode.RECONCILE))
    assert rig.rows == before


@pytest.mark.parametrize("member", ["keys", "modified_field", "order_by"])
def test_a_caption_that_the_copy_depends_on_is_missed_by_its_name(member: str) -> None:
    names = {"keys": "ReferenceNbr", "modified_field": "LastModifiedOn", "order_by": "Status"}
    rig = FeedRig(an_inquiry(order_by=("Status",)))
    rig.run()
    before = rig.rows
    rig.sandbox.configure(captions={BILLS: {names[member]: f"{names[member]}2"}})
    told = failure(rig.run())
    assert f"has no column {names[member]}. Did you mean {names[member]}2?" in told
    assert "SM208000" in told
    assert rig.rows == before


def test_any_other_edited_caption_is_told_and_goes_on_in_a_new_column(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rig = a_stock_rig()
    rig.run()
    rig.sandbox.configure(captions={STOCK: {"ItemStatus": "State"}})
    assert rig.run().status is Status.SUCCEEDED
    assert "was edited: without ItemStatus, with State now" in caplog.text
    row = next(iter(rig.rows.values()))
    assert (row["state"], row.get("item_status")) == ("Active", None)


def test_a_column_of_another_type_is_set_aside_and_told() -> None:
    rig = FeedRig()
    rig.run()
    rig.sandbox.faults.add(
        path="$metadata",
        times=99,
        rewrite=('Name="Balance" Type="Edm.Decimal" Scale="Variable"', 'Name="Balance" Type="Edm.Boolean"'),
    )
    rig.tenant.clock.advance(3600)
    rig.tenant.change("Bill", rig.tenant.records("Bill")[4].id, {"Description": "new"})
    result = rig.run()
    assert (result.records_written, result.details["retyped"]) == (1, ["Balance"])
    assert set(rig.rows) == bills(rig)


def test_a_key_of_a_joined_table_is_neither_sorted_nor_filtered_by() -> None:
    told = failure(FeedRig(an_inquiry(keys=("Type", "ReferenceNbr", "BAccountID"))).run())
    assert f"BAccountID is a key of a table behind «{BILLS}», but no column of its results" in told


def test_money_and_instants_are_no_keys() -> None:
    assert "Balance of" in failure(FeedRig(an_inquiry(keys=("Balance",))).run())
    assert "date_fields" in failure(FeedRig(an_inquiry(keys=("Date",), date_fields=frozenset())).run())


def test_an_inquiry_with_parameters_is_read_with_them_alone() -> None:
    rig = FeedRig(an_inquiry(**WITH_PARAMETERS))
    assert "gives none for Warehouse" in failure(rig.run())
    rig.edit(parameters=(Parameter(name="Warehous", value="MAIN"),))
    assert "gives none for Warehouse" in failure(rig.run())
    rig.edit(parameters=(Parameter(name="Warehouse", value="MAIN"),))
    assert rig.run().status is Status.SUCCEEDED
    assert {row["warehouse"] for row in rig.rows.values()} == {"MAIN"}
    rig.edit(parameters=(Parameter(name="Warehouse", value="EAST"), Parameter(name="Site", value=1)))
    assert "has no parameter Site" in failure(rig.run())


def test_another_filter_reads_everything_once_more() -> None:
    rig = FeedRig(an_inquiry(filter="Status eq 'Open'"))
    rig.run()
    open_bills = len(rig.rows)
    rig.tenant.clock.advance(3600)
    rig.edit(filter="Status ne 'On Hold'")
    result = rig.run()
    assert result.status is Status.SUCCEEDED
    assert len(rig.rows) > open_bills
    on_hold = {row["status"] for row in rig.rows.values()}
    assert {"Open", "Closed"} <= on_hold
    rig.edit(filter="Status eq 'Open'")
    rig.run(Mode.RECONCILE, force=True)
    assert {row["status"] for row in rig.rows.values()} == {"Open"}


def test_links_are_followed_and_short_answers_are_no_end() -> None:
    linked, short = FeedRig(odata_page_size=3), FeedRig(odata_top_limit=2)
    assert linked.run().status is short.run().status is Status.SUCCEEDED
    assert set(linked.rows) == set(short.rows) == bills(linked)


def test_a_link_to_another_host_is_never_followed() -> None:
    rig = FeedRig(odata_page_size=3)
    rig.sandbox.faults.add(path="AP-Bills", times=99, rewrite=("http://localhost/", "http://elsewhere/"))
    assert "never followed" in failure(rig.run())


def test_a_selection_and_an_exclusion_are_asked_for_and_kept_to() -> None:
    rig = FeedRig(
        an_inquiry(select=("Status", "Balance"), exclude=frozenset({"Vendor"}), date_fields=frozenset())
    )
    rig.run()
    columns = {name for name in rig.rows["Bill|000001"] if not name.startswith("_")}
    assert columns == {"type", "reference_nbr", "last_modified_on", "status", "balance"}


def test_a_column_that_begins_with_digits_has_a_name_that_bigquery_takes() -> None:
    block = an_inquiry(
        inquiry="AP-Ageing by Vendor", keys=("Vendor",), modified_field=None, date_fields=frozenset()
    )
    rig = FeedRig(block)
    rig.run()
    row = next(iter(rig.rows.values()))
    assert {"field_130_days", "field_3160_days"} <= row.keys()


def test_the_journal_is_copied_to_the_cent() -> None:
    block = an_inquiry(
        inquiry=LINES,
        keys=("Module", "BatchNbr", "LineNbr"),
        date_fields=frozenset({"TransactionDate"}),
    )
    rig = FeedRig(block)
    rig.run(page_size=100)
    batches = rig.tenant.records("JournalTransaction")
    assert len(rig.rows) == sum(len(batch.details["Details"]) for batch in batches)
    assert "AP|000001|1" in rig.rows
