"""Data access classes get the same promise as entities: nothing lost, nothing doubled, nothing silent."""

from typing import Any
from urllib.parse import unquote

import pytest

from connector.domain.entity import Depth
from connector.domain.run import Mode, Status
from tests.unit.runs.feed_rig import DOCUMENT_COLUMNS, LINE_COLUMNS, FeedRig, a_class

REGISTER = "PX_Objects_AP_APRegister"
HISTORY: dict[str, Any] = {
    "dac": "PX_Objects_GL_GLHistory",
    "columns": {
        "LedgerID": "int",
        "BranchID": "int",
        "AccountID": "int",
        "SubID": "int",
        "FinPeriodID": "string",
        "AccountByAccountID/AccountCD": "string",
        "FinPtdDebit": "decimal",
        "LastModifiedDateTime": "datetime",
    },
    "keys": ("LedgerID", "BranchID", "AccountID", "SubID", "FinPeriodID"),
}
LINES: dict[str, Any] = {
    "dac": "PX_Objects_GL_GLTran",
    "columns": LINE_COLUMNS,
    "keys": ("Module", "BatchNbr", "LineNbr"),
}


def without(*names: str, **more: str) -> dict[str, str]:
    return {name: kind for name, kind in DOCUMENT_COLUMNS.items() if name not in names} | more


def ids(rig: FeedRig) -> set[str]:
    return {bill.id for bill in rig.tenant.records("Bill")}


def test_every_row_is_copied_trimmed_and_exact_under_its_note() -> None:
    rig = FeedRig(a_class())
    result = rig.run()
    assert (result.status, result.records_written, result.records_rejected) == (Status.SUCCEEDED, 40, 0)
    assert set(rig.rows) == ids(rig)
    bill = rig.tenant.find("Bill", "Bill", "000001")
    assert bill is not None
    row = rig.rows[bill.id]
    assert (row["doc_type"], row["ref_nbr"], row["vendor_by_vendor_id_acct_cd"]) == (
        "INV",
        "000001",
        "V000012",
    )
    assert (row["doc_bal"], row["doc_date"]) == (
        f"{bill.fields['Balance']:f}".rstrip("0").rstrip("."),
        "2024-09-26",
    )
    assert row["_modified_at"] == "2024-11-06T10:23:10.513000Z"
    assert rig.run().records_written == 0
    assert rig.sandbox.seats == 0


def test_pages_are_asked_for_by_keys_and_no_run_reads_the_catalogue() -> None:
    rig = FeedRig(a_class())
    rig.run()
    rig.run(Mode.RECONCILE, depth=Depth.CONTENT)
    assert not any("$metadata" in request.url for request in rig.asked)
    pages = [unquote(query) for query in rig.queries if "$orderby" in query]
    asked = ",".join(name for name in DOCUMENT_COLUMNS if "/" not in name)
    assert all("$orderby=DocType,RefNbr" in query and "$skip" not in query for query in pages)
    assert f"$select={asked}&$expand=VendorByVendorID($select=AcctCD)" in pages[1]
    assert "$filter=DocType gt 'INV' or (DocType eq 'INV' and (RefNbr ge '000013         '))" in pages[2]
    headers = [request.headers for request in rig.asked if "$top" in request.query]
    assert all(item["PX-ApiArchive"] == "SHOW" for item in headers)


def test_a_renamed_key_is_the_same_record() -> None:
    rig = FeedRig(a_class())
    rig.run()
    bill = rig.tenant.records("Bill")[3]
    rig.tenant.clock.advance(3600)
    rig.tenant.rename("Bill", bill.id, {"ReferenceNbr": "999999"})
    assert rig.run().records_written == 1
    assert rig.rows[bill.id]["ref_nbr"] == "999999"
    assert set(rig.rows) == ids(rig)


def test_deletions_are_told_by_the_note() -> None:
    rig = FeedRig(a_class(), tracked_deletions=("Bill",))
    rig.run()
    gone = rig.tenant.records("Bill")[2]
    rig.tenant.clock.advance(3600)
    rig.tenant.delete("Bill", gone.id)
    result = rig.run()
    assert (result.status, result.details["deleted"]) == (Status.SUCCEEDED, 1)
    assert set(rig.rows) == ids(rig)


def test_lines_that_go_with_their_batch_are_told_too() -> None:
    rig = FeedRig(a_class(**LINES), tracked_deletions=("JournalTransaction",))
    rig.run(page_size=500)
    batch = rig.tenant.records("JournalTransaction")[2]
    rig.tenant.clock.advance(3600)
    rig.tenant.delete("JournalTransaction", batch.id)
    assert rig.run(page_size=500).details["deleted"] == len(batch.details["Details"])


def test_deletions_that_acumatica_does_not_track_are_found_by_a_reconcile_and_no_warning_is_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rig = FeedRig(a_class())
    rig.run()
    rig.tenant.delete("Bill", rig.tenant.records("Bill")[2].id)
    rig.run()
    assert not any("SM207010" in record.message for record in caplog.records if record.levelname == "WARNING")
    assert rig.run(Mode.RECONCILE).details["deleted"] == 1
    assert set(rig.rows) == ids(rig)


@pytest.mark.parametrize("depth", list(Depth))
def test_a_class_without_a_note_is_told_apart_by_its_keys_and_never_asked_for_deletions(depth: Depth) -> None:
    rig = FeedRig(a_class(**HISTORY), tracked_deletions=("JournalTransaction",))
    rig.run(page_size=50)
    before = rig.rows
    rig.tenant.clock.advance(3600)
    gone = rig.tenant.records("JournalTransaction")[-1]
    rig.tenant.delete("JournalTransaction", gone.id)
    rig.run(page_size=50)
    result = rig.run(Mode.RECONCILE, page_size=50, depth=depth)
    assert result.status is Status.SUCCEEDED
    assert not any("GetDeletedRecords" in request.url for request in rig.asked)
    assert all(record_id.count("|") == 4 for record_id in before)
    assert {row["account_by_account_id_account_cd"] for row in before.values()} == {
        str(account.fields["AccountCD"])
        for account in rig.tenant.records("Account")
        if any(row["account_id"] == account.fields["AccountID"] for row in before.values())
    }


def test_archived_rows_are_copied_as_those_of_entities_are() -> None:
    rig = FeedRig(a_class())
    for bill in rig.tenant.records("Bill")[:5]:
        rig.tenant.archive("Bill", bill.id)
    rig.run()
    assert set(rig.rows) == ids(rig)


def test_keys_that_are_the_note_are_counted_and_lose_nothing() -> None:
    rig = FeedRig(a_class(keys=("NoteID",)))
    assert rig.run().records_written == 40
    assert set(rig.rows) == ids(rig)
    assert any("$skip=6" in query for query in rig.queries)


def test_a_reference_to_nothing_leaves_its_columns_empty() -> None:
    rig = FeedRig(a_class())
    rig.sandbox.faults.add(
        path="APRegister",
        times=99,
        rewrite=('"VendorByVendorID":{"AcctCD":"V000012', '"VendorByVendorID":null,"x":{"y":"'),
    )
    assert rig.run().records_written == 40
    assert {row.get("vendor_by_vendor_id_acct_cd") for row in rig.rows.values()} > {None}


@pytest.mark.parametrize("spelling", ['"DocBal":"{}"', '"DocBal":{}'])
def test_money_is_exact_as_number_and_as_text(spelling: str) -> None:
    rig = FeedRig(a_class())
    bill = rig.tenant.records("Bill")[0]
    balance = f"{bill.fields['Balance']}"
    rig.sandbox.faults.add(
        path="APRegister",
        times=99,
        rewrite=(f'"DocBal":{balance}', spelling.format("12345678901234567890.1234")),
    )
    rig.edit(bignumeric_fields=frozenset({"DocBal"}))
    rig.run()
    assert rig.rows[bill.id]["doc_bal"] == "12345678901234567890.1234"


def test_a_filter_may_name_what_a_row_refers_to() -> None:
    rig = FeedRig(a_class(filter="VendorByVendorID/AcctCD eq 'V000012' and Status eq 'N'"))
    rig.run()
    wanted = {
        bill.id
        for bill in rig.tenant.records("Bill")
        if (bill.fields["Vendor"], bill.fields["Status"]) == ("V000012", "Open")
    }
    assert set(rig.rows) == wanted


def test_another_filter_reads_everything_once_more_and_other_columns_follow() -> None:
    rig = FeedRig(a_class(filter="Status eq 'N'"))
    rig.run()
    few = len(rig.rows)
    rig.tenant.clock.advance(3600)
    rig.edit(filter=None, columns={**DOCUMENT_COLUMNS, "CuryDocBal": "decimal"})
    assert rig.run().status is Status.SUCCEEDED
    assert few < len(rig.rows) == 40
    assert any("cury_doc_bal" in row for row in rig.rows.values())


def test_a_value_of_another_type_than_the_block_says_is_kept_beside_the_columns_and_told() -> None:
    rig = FeedRig(a_class(columns=without(Status="int")))
    result = rig.run()
    assert (result.status, result.records_written) == (Status.SUCCEEDED, 40)
    assert result.details["retyped"] == ["Status"]
    assert not any("status" in row for row in rig.rows.values())
