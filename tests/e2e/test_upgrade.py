"""A tenant that is upgraded or extended: the dataset goes on by itself, gains columns, and rewrites nothing."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.catalogue import BUNDLED
from connector.sandbox import Sandbox, SandboxOptions
from tests.e2e.profiles import Profile, set_environment

OLD, NEW = "20.200.001", "25.200.001"


class Upgrade:
    """A connector whose endpoint and catalogue change between two runs."""

    def __init__(
        self, sandbox: Sandbox, profile: Profile, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._profile = profile

    def use(self, version: str, endpoint: str = "Default") -> None:
        """What an operator does for an upgrade: set two variables."""
        values = {"ACUMATICA_ENDPOINT": endpoint, "ACUMATICA_ENDPOINT_VERSION": version}
        set_environment(self._monkeypatch, values)

    def choose(self, entity: str, line: str) -> None:
        """Add a line to an entity's block of the catalogue."""
        path = self.folder / "entities.yaml"
        text = (path if path.exists() else BUNDLED).read_text(encoding="utf-8")
        path.write_text(text.replace(f"\n{entity}:\n", f"\n{entity}:\n  {line}\n"), encoding="utf-8")
        self._monkeypatch.setenv("ENTITIES_FILE", str(path))

    def sync(self, entity: str, **members: Any) -> dict[str, Any]:
        """Do a run that must succeed."""
        answer = self._profile.function.call(entity=entity, **members)
        assert (answer.status, answer.json["status"]) == (200, "succeeded"), answer.json
        return answer.json

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return self._profile.rows(sql)

    def columns(self, table: str) -> dict[str, str]:
        return {row["column_name"]: row["column_type"] for row in self.rows(f"DESCRIBE {table}")}

    def pass_an_hour(self) -> None:
        self.sandbox.tenant.clock.advance(seconds=3600)

    def extend(self, *, lines: dict[str, str] | None = None, **fields: str) -> None:
        """Give the tenant's own endpoint these extra fields of bills and of their lines."""
        extra = {"Bill": fields, "BillDetail": lines or {}}
        definition = {"version": "1.0", "base": "24.200.001", "extra_fields": extra}
        self.sandbox.configure(custom_endpoints={"Finance": definition})


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as running:
        yield running


@pytest.fixture
def upgrade(sandbox: Sandbox, embedded: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Upgrade:
    """On a laptop: the stand-in for BigQuery cannot query tables whose nested columns grew."""
    return Upgrade(sandbox, embedded, tmp_path, monkeypatch)


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
    upgrade.use("24.200.001")
    first = upgrade.sync("invoices")
    upgrade.choose("invoices", "custom: [Document.UsrRegion, Document.UsrScore, Details/Transactions.UsrLot]")
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


def test_a_field_added_to_the_endpoint_becomes_a_column_with_the_first_record_that_has_it(
    upgrade: Upgrade,
) -> None:
    """Nobody tells the connector: a member it does not know makes it read the contract again, in the same run."""
    upgrade.extend()
    upgrade.use("1.0", "Finance")
    upgrade.sync("invoices")

    upgrade.extend(UsrScore="decimal", lines={"UsrLot": "string"})
    upgrade.pass_an_hour()
    bill = next(bill for bill in upgrade.sandbox.tenant.records("Bill") if bill.details["Details"])
    line = {**bill.details["Details"][0].fields, "UsrLot": "L-7"}
    upgrade.sandbox.tenant.change("Bill", bill.id, {"UsrScore": Decimal("0.10")}, details={"Details": [line]})
    answer = upgrade.sync("invoices")
    assert (answer["records_written"], answer["records_rejected"]) == (1, 0)

    (shown,) = upgrade.rows(f"SELECT usr_score, _extra FROM invoices WHERE _id = '{bill.id}'")
    assert shown == {"usr_score": Decimal("0.10"), "_extra": None}
    lots = upgrade.rows(f"SELECT usr_lot FROM invoice_lines WHERE _parent_id = '{bill.id}'")
    assert lots == [{"usr_lot": "L-7"}]


def test_a_field_that_leaves_the_endpoint_keeps_its_column_and_what_was_in_it(upgrade: Upgrade) -> None:
    upgrade.extend(UsrScore="decimal")
    upgrade.use("1.0", "Finance")
    bill, other = upgrade.sandbox.tenant.records("Bill")[:2]
    upgrade.sandbox.tenant.change("Bill", bill.id, {"UsrScore": Decimal(7)})
    upgrade.pass_an_hour()
    upgrade.sync("invoices")

    upgrade.use("24.200.001")
    upgrade.pass_an_hour()
    upgrade.sandbox.tenant.change("Bill", other.id, {"Description": "changed"})
    upgrade.sync("invoices")
    (kept,) = upgrade.rows(f"SELECT usr_score FROM invoices_log WHERE _id = '{bill.id}'")
    assert kept == {"usr_score": Decimal(7)}


@pytest.mark.parametrize("is_told", [True, False], ids=["with a new version", "unannounced"])
def test_a_changed_type_is_reported_and_its_values_are_kept_beside(upgrade: Upgrade, is_told: bool) -> None:
    upgrade.extend(UsrCode="int", lines={"UsrLot": "int"})
    upgrade.use("1.0", "Finance")
    tenant = upgrade.sandbox.tenant
    bill, other = [bill for bill in tenant.records("Bill") if bill.details["Details"]][:2]
    line = {**bill.details["Details"][0].fields, "UsrLot": 3}
    tenant.change("Bill", bill.id, {"UsrCode": 41}, details={"Details": [line]})
    upgrade.pass_an_hour()
    upgrade.sync("invoices")
    before = upgrade.rows("SELECT * FROM invoices_log ORDER BY _id")

    extra = {"Bill": {"UsrCode": "string"}, "BillDetail": {"UsrLot": "string"}}
    if is_told:
        definition = {"version": "2.0", "base": "24.200.001", "extra_fields": extra}
        upgrade.sandbox.configure(custom_endpoints={"Finance": definition})
        upgrade.use("2.0", "Finance")
    else:
        upgrade.extend(UsrCode="string", lines={"UsrLot": "string"})
    upgrade.pass_an_hour()
    line = {**other.details["Details"][0].fields, "UsrLot": "L-3"}
    tenant.change("Bill", other.id, {"UsrCode": "forty-two"}, details={"Details": [line]})
    answer = upgrade.sync("invoices")

    assert (answer["records_written"], answer["records_rejected"]) == (1, 0)
    assert answer["retyped"] == ["Details/UsrLot", "UsrCode"]
    (shown,) = upgrade.rows(f"SELECT usr_code, _extra FROM invoices WHERE _id = '{other.id}'")
    assert shown["usr_code"] is None
    assert json.loads(shown["_extra"]) == {"UsrCode": "forty-two", "Details[1]/UsrLot": "L-3"}
    assert upgrade.columns("invoices")["usr_code"] == "BIGINT"
    old = upgrade.rows(f"SELECT * FROM invoices_log WHERE _run_id != '{answer['run_id']}' ORDER BY _id")
    assert old == before
    (still,) = upgrade.rows(f"SELECT usr_code FROM invoices WHERE _id = '{bill.id}'")
    assert still["usr_code"] == 41


def test_a_type_that_changes_together_with_a_new_field_costs_no_record(upgrade: Upgrade) -> None:
    upgrade.extend(UsrCode="int")
    upgrade.use("1.0", "Finance")
    tenant = upgrade.sandbox.tenant
    upgrade.sync("invoices")

    upgrade.extend(UsrCode="string", UsrNote="string")
    upgrade.pass_an_hour()
    changed = [bill.id for bill in tenant.records("Bill")[:5]]
    for record_id in changed:
        tenant.change("Bill", record_id, {"UsrCode": "forty-two", "UsrNote": "new"})
    answer = upgrade.sync("invoices")
    assert (answer["records_written"], answer["records_rejected"]) == (5, 0)
    shown = upgrade.rows("SELECT _id, usr_code, usr_note, _extra FROM invoices WHERE usr_note = 'new'")
    assert {row["_id"] for row in shown} == set(changed)
    assert [(row["usr_code"], json.loads(row["_extra"])) for row in shown] == [
        (None, {"UsrCode": "forty-two"})
    ] * 5
