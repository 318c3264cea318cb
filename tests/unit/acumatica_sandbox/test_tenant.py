"""The tenant's data: transactions, stamps, keys, deletions, the clock."""

from datetime import UTC, datetime, timedelta

import pytest

from acumatica_sandbox import Tenant, TenantClock
from acumatica_sandbox.clock import FIXED_START
from acumatica_sandbox.transaction import RecordLockedError, Transaction

A_BILL = {"Type": "Bill", "ReferenceNbr": "A1"}


def test_a_write_is_seen_when_it_commits_and_stamped_when_it_was_made() -> None:
    tenant = Tenant()
    transaction = tenant.begin()
    record_id = transaction.insert("Bill", A_BILL)
    tenant.clock.advance(120)
    assert tenant.records("Bill") == []
    tenant.commit(transaction)
    record = tenant.record("Bill", record_id)
    assert record.stamp == record.fields["LastModifiedDateTime"] == FIXED_START
    assert tenant.clock.now() == FIXED_START + timedelta(seconds=120)


def test_what_is_rolled_back_never_happened() -> None:
    tenant = Tenant()
    transaction = tenant.begin()
    transaction.insert("Bill", A_BILL)
    transaction.rollback()
    assert tenant.records("Bill") == []
    with pytest.raises(RuntimeError, match="closed"):
        transaction.insert("Bill", A_BILL)


def insert_two(transaction: Transaction) -> None:
    transaction.insert("Bill", A_BILL)
    transaction.insert("Bill", {"Type": "Bill"})


def test_an_error_inside_a_transaction_rolls_it_back() -> None:
    tenant = Tenant()
    with pytest.raises(ValueError, match="needs its key"), tenant.begin() as transaction:
        insert_two(transaction)
    assert tenant.records("Bill") == []


def test_a_record_written_by_an_open_transaction_is_locked() -> None:
    tenant = Tenant()
    record_id = tenant.insert("Bill", A_BILL)
    transaction = tenant.begin()
    transaction.change("Bill", record_id, {"Description": "mine"})
    with pytest.raises(RecordLockedError):
        tenant.change("Bill", record_id, {"Description": "yours"})
    transaction.commit()
    tenant.change("Bill", record_id, {"Description": "yours"})
    assert tenant.record("Bill", record_id).fields["Description"] == "yours"


def test_writes_of_one_transaction_build_on_each_other() -> None:
    tenant = Tenant()
    with tenant.begin() as transaction:
        record_id = transaction.insert("Bill", A_BILL)
        transaction.change("Bill", record_id, {"Description": "x"})
        transaction.rename("Bill", record_id, {"ReferenceNbr": "A2"})
    record = tenant.record("Bill", record_id)
    assert (record.keys, record.fields["Description"]) == (("Bill", "A2"), "x")


def test_a_change_moves_the_stamp_unless_it_is_silent() -> None:
    tenant = Tenant()
    record_id = tenant.insert("Bill", A_BILL)
    tenant.clock.advance(60)
    tenant.change("Bill", record_id, {"Description": "balance only"}, touch=False)
    assert tenant.record("Bill", record_id).stamp == FIXED_START
    tenant.change("Bill", record_id, {"Description": "again"})
    record = tenant.record("Bill", record_id)
    assert record.stamp == FIXED_START + timedelta(seconds=60)
    assert record.created == FIXED_START


def test_details_are_replaced_as_a_whole_and_known_rows_keep_their_id() -> None:
    tenant = Tenant()
    record_id = tenant.insert("Bill", A_BILL, {"Details": [{"Account": "1"}, {"Account": "2"}]})
    first, second = tenant.record("Bill", record_id).details["Details"]
    tenant.change("Bill", record_id, details={"Details": [second, {"Account": "3"}]})
    rows = tenant.record("Bill", record_id).details["Details"]
    assert [row.fields["Account"] for row in rows] == ["2", "3"]
    assert rows[0].id == second.id
    assert rows[1].id not in (first.id, second.id)


def test_the_system_fills_every_name_of_the_stamp_the_creation_and_the_note_id() -> None:
    tenant = Tenant()
    record = tenant.record("StockItem", tenant.insert("StockItem", {"InventoryID": "I1"}))
    assert record.fields["LastModified"] == record.fields["LastModifiedDateTime"] == record.stamp
    assert record.fields["NoteID"] == record.id
    vendor = tenant.record("Vendor", tenant.insert("Vendor", {"VendorID": "V1"}))
    assert vendor.fields["CreatedDateTime"] == vendor.created
    subaccount = tenant.record("Subaccount", tenant.insert("Subaccount", {"SubaccountCD": "S"}))
    assert set(subaccount.fields) == {"SubaccountCD"}


def test_keys_are_unique_without_regard_to_case() -> None:
    tenant = Tenant()
    tenant.insert("Vendor", {"VendorID": "abc"})
    other = tenant.insert("Vendor", {"VendorID": "abd"})
    with pytest.raises(ValueError, match="exists already"):
        tenant.insert("Vendor", {"VendorID": "ABC"})
    with pytest.raises(ValueError, match="exists already"):
        tenant.rename("Vendor", other, {"VendorID": "Abc"})
    assert tenant.find("Vendor", "ABD") is tenant.record("Vendor", other)


def test_deletions_are_remembered_with_their_time() -> None:
    tenant = Tenant()
    record_id = tenant.insert("Bill", A_BILL)
    tenant.clock.advance(5)
    tenant.delete("Bill", record_id)
    deletion = tenant.deletions[0]
    assert (deletion.entity, deletion.id) == ("Bill", record_id)
    assert deletion.deleted_at == FIXED_START + timedelta(seconds=5)
    with pytest.raises(KeyError):
        tenant.record("Bill", record_id)


def test_what_does_not_exist_cannot_be_changed() -> None:
    with pytest.raises(KeyError):
        Tenant().change("Bill", "nothing", {"Description": "x"})
    with pytest.raises(KeyError, match="no entity 'Nothing'"):
        Tenant().insert("Bill", A_BILL) and Tenant().records("Nothing")


def test_archived_and_hidden_records_are_live_for_the_oracle_unless_left_out() -> None:
    tenant = Tenant()
    archived, hidden = (tenant.insert("Vendor", {"VendorID": name}) for name in ("A", "B"))
    tenant.archive("Vendor", archived)
    tenant.hide("Vendor", hidden)
    assert len(tenant.records("Vendor")) == 2
    assert [row.id for row in tenant.records("Vendor", archived=False)] == [hidden]
    assert [row.id for row in tenant.records("Vendor", hidden=False)] == [archived]
    tenant.change("Vendor", archived, {"VendorName": "x"})
    assert tenant.record("Vendor", archived).archived


def test_a_clock_moves_forward_only_and_may_be_wrong() -> None:
    clock = TenantClock(datetime(2026, 1, 1, tzinfo=UTC), timedelta(seconds=-30))
    clock.advance(10)
    assert clock.now() == datetime(2025, 12, 31, 23, 59, 40, tzinfo=UTC)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
    assert not clock.is_real


def test_a_real_clock_passes_by_itself_and_can_be_put_ahead() -> None:
    clock = TenantClock(None)
    assert clock.is_real
    first = clock.now()
    clock.advance(3600)
    assert clock.now() - first >= timedelta(hours=1)
    assert abs((clock.now() - datetime.now(UTC)).total_seconds() - 3600) < 5
