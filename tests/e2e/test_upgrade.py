"""An upgraded tenant: the dataset goes on by itself, gains columns, and rewrites nothing."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.e2e.profiles import Profile
from tests.e2e.upgrade import Upgrade

OLD, NEW = "20.200.001", "25.200.001"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as running:
        yield running


def test_items_go_on_under_the_new_name_of_their_stamp(
    sandbox: Sandbox, profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = Upgrade(sandbox, profile, tmp_path, monkeypatch)
    upgrade.use(OLD)
    first = upgrade.sync("items")
    before = upgrade.rows("SELECT * FROM items_log ORDER BY _id")
    assert "last_modified_date_time" not in before[0]

    upgrade.use(NEW)
    upgrade.pass_an_hour()
    second = upgrade.sync("items")
    assert second["records_read"] < first["records_read"], "the whole list was read again"
    assert (second["records_written"], second["watermark_after"]) == (0, first["watermark_after"])

    changed = upgrade.sandbox.tenant.records("StockItem")[3]
    upgrade.sandbox.tenant.change("StockItem", changed.id, {"Description": "after the upgrade"})
    third = upgrade.sync("items")
    assert (third["records_read"], third["records_written"]) == (1, 1)

    log = upgrade.rows("SELECT * FROM items_log WHERE _run_id != '" + third["run_id"] + "' ORDER BY _id")
    assert [{name: row[name] for name in before[0]} for row in log] == before, "an old row was rewritten"
    (shown,) = upgrade.rows(f"SELECT * FROM items WHERE _id = '{changed.id}'")
    stamp = upgrade.sandbox.tenant.record("StockItem", changed.id).stamp
    assert shown["last_modified_date_time"] == shown["last_modified"] == shown["_modified_at"] == stamp
    assert shown["description"] == "after the upgrade"
    assert len(upgrade.rows("SELECT _id FROM items")) == first["records_written"]


def test_without_a_version_named_the_upgrade_happens_by_itself(upgrade: Upgrade) -> None:
    upgrade.sandbox.configure(endpoint_versions=(OLD,))
    upgrade.use("")
    first = upgrade.sync("items")
    upgrade.sandbox.configure(endpoint_versions=(OLD, NEW))
    upgrade.pass_an_hour()
    assert upgrade.sync("items")["records_written"] == 0

    changed = upgrade.sandbox.tenant.records("StockItem")[0]
    upgrade.sandbox.tenant.change("StockItem", changed.id, {"Description": "after the upgrade"})
    assert upgrade.sync("items")["records_written"] == 1
    stamps = upgrade.rows("SELECT last_modified_date_time FROM items WHERE description = 'after the upgrade'")
    assert stamps == [
        {"last_modified_date_time": upgrade.sandbox.tenant.record("StockItem", changed.id).stamp}
    ]
    assert len(upgrade.rows("SELECT _id FROM items")) == first["records_written"]


def test_a_change_made_during_the_upgrade_is_not_missed(upgrade: Upgrade) -> None:
    upgrade.use(OLD)
    upgrade.sync("items")
    upgrade.pass_an_hour()
    items = upgrade.sandbox.tenant.records("StockItem")
    with upgrade.sandbox.tenant.begin() as late:
        late.change("StockItem", items[0].id, {"Description": "stamped before, committed after"})
        upgrade.sync("items")
        upgrade.use(NEW)
    upgrade.sandbox.tenant.clock.advance(seconds=60)
    upgrade.sync("items")
    (shown,) = upgrade.rows(f"SELECT description FROM items WHERE _id = '{items[0].id}'")
    assert shown["description"] == "stamped before, committed after"


def test_an_entity_that_gains_a_stamp_is_read_whole_once_more_and_then_by_change(upgrade: Upgrade) -> None:
    upgrade.use(OLD)
    first = upgrade.sync("purchase_receipts")
    assert first["watermark_after"] is None
    assert upgrade.sync("purchase_receipts")["records_unchanged"] == first["records_read"]

    upgrade.use("23.200.001")
    upgrade.pass_an_hour()
    second = upgrade.sync("purchase_receipts")
    assert second["records_read"] == first["records_read"]
    assert second["watermark_after"] is not None

    upgrade.pass_an_hour()
    third = upgrade.sync("purchase_receipts")
    assert (third["records_read"], third["records_written"]) == (0, 0)
    receipt = upgrade.sandbox.tenant.records("PurchaseReceipt")[0]
    upgrade.sandbox.tenant.change("PurchaseReceipt", receipt.id, {"Hold": True})
    assert upgrade.sync("purchase_receipts")["records_written"] == 1

    rows = upgrade.rows("SELECT _id, _modified_at FROM purchase_receipts")
    stamps = {record.id: record.stamp for record in upgrade.sandbox.tenant.records("PurchaseReceipt")}
    assert {row["_id"]: row["_modified_at"] for row in rows} == stamps
    assert len(rows) == len(stamps)


def test_new_fields_are_filled_where_content_is_read_again(upgrade: Upgrade) -> None:
    """The columns are there at once; a reconcile of contents fills them for records nobody changed."""
    upgrade.use("22.200.001")
    first = upgrade.sync("invoices")
    had = set(upgrade.columns("invoices_log"))
    upgrade.use(NEW)
    upgrade.pass_an_hour()
    upgrade.sync("invoices")
    gained = set(upgrade.columns("invoices_log")) - had
    assert gained
    shown = upgrade.rows(f"SELECT {', '.join(gained)} FROM invoices")
    assert all(value is None for row in shown for value in row.values())

    answer = upgrade.sync("invoices", mode="reconcile", depth="content")
    assert answer["matched"] + answer["repaired"] == first["records_written"]
    assert answer["repaired"] > 0
    shown = upgrade.rows(f"SELECT {', '.join(gained)} FROM invoices")
    assert any(value is not None for row in shown for value in row.values())

    again = upgrade.sync("invoices", mode="reconcile", depth="content")
    assert (again["matched"], again["repaired"]) == (first["records_written"], 0)


def test_custom_fields_chosen_half_way_get_typed_columns(upgrade: Upgrade) -> None:
    """With the upgrade, of the record and of its lines; nothing that was written before is written again."""
    tenant = upgrade.sandbox.tenant
    upgrade.sandbox.configure(
        custom_fields={
            "Bill": {
                "Document.UsrRegion": "CustomStringField",
                "Document.UsrScore": "CustomDecimalField",
                "Details/Transactions.UsrLot": "CustomIntField",
            }
        }
    )
    upgrade.use(OLD)
    first = upgrade.sync("invoices")
    upgrade.choose("invoices", "custom: [Document.UsrRegion, Document.UsrScore, Details/Transactions.UsrLot]")
    upgrade.use(NEW)
    upgrade.pass_an_hour()
    assert upgrade.sync("invoices")["records_written"] == 0

    bill = next(bill for bill in tenant.records("Bill") if bill.details["Details"])
    custom = {"Document.UsrRegion": "Nord", "Document.UsrScore": Decimal("12345678901234567890.5")}
    line = {**bill.details["Details"][0].fields}
    tenant.change("Bill", bill.id, custom=custom, details={"Details": [line]})
    assert upgrade.sync("invoices")["records_written"] == 1

    columns = upgrade.columns("invoices")
    assert (columns["usr_region"], columns["usr_score"]) == ("VARCHAR", "DECIMAL(38,9)")
    assert upgrade.columns("invoice_lines")["usr_lot"] == "BIGINT"
    (shown,) = upgrade.rows(f"SELECT usr_region, usr_score FROM invoices WHERE _id = '{bill.id}'")
    assert shown == {"usr_region": "Nord", "usr_score": Decimal("12345678901234567890.5")}
    assert (
        len(upgrade.rows("SELECT _id FROM invoices WHERE usr_region IS NULL")) == first["records_written"] - 1
    )
    assert len(upgrade.rows("SELECT _id FROM invoices_log")) == first["records_written"] + 1
