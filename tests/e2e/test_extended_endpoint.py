"""An endpoint of the tenant's own that is changed while it is read: columns come, types change, no record is lost."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.e2e.profiles import Profile, set_environment, succeed
from tests.e2e.upgrade import Upgrade


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as running:
        yield running


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


def test_an_endpoint_made_from_scratch_in_2026_r2_is_read_by_its_own_grammar(upgrade: Upgrade) -> None:
    """It speaks contract 5, and its version number does not say so; the remembered contract does, in the next run."""
    tenant = upgrade.sandbox.tenant
    upgrade.sandbox.configure(custom_endpoints={"Scratch": {"version": "1.0", "base": "26.200.001"}})
    upgrade.use("1.0", "Scratch")
    assert upgrade.sync("invoices")["records_written"] == len(tenant.records("Bill"))

    upgrade.pass_an_hour()
    bill = tenant.records("Bill")[0]
    tenant.change("Bill", bill.id, {"Status": "On Hold", "Date": date(2026, 9, 9)})
    answer = upgrade.sync("invoices")
    assert (answer["records_read"], answer["records_written"], answer["records_rejected"]) == (1, 1, 0)
    (shown,) = upgrade.rows(f"SELECT status, status_id, date, _extra FROM invoices WHERE _id = '{bill.id}'")
    assert shown == {"status": "On Hold", "status_id": "H", "date": date(2026, 9, 9), "_extra": None}
    lines = sum(len(bill.details["Details"]) for bill in tenant.records("Bill"))
    assert upgrade.rows("SELECT count(*) AS n FROM invoice_lines") == [{"n": lines}]


def test_columns_that_a_replay_and_a_reconcile_brought_are_still_in_the_view_after_idle_runs(
    sandbox: Sandbox, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def extend(**fields: str) -> None:
        definition = {"version": "1.0", "base": "24.200.001", "extra_fields": {"Account": fields}}
        sandbox.configure(custom_endpoints={"Finance": definition})
        tenant.clock.advance(seconds=3600)

    def show() -> list[dict[str, object]]:
        tenant.clock.advance(seconds=3600)
        assert succeed(profile, "gl_accounts")["records_read"] == 0
        return profile.rows("SELECT usr_score, usr_note FROM gl_accounts WHERE usr_note IS NOT NULL")

    tenant = sandbox.tenant
    first, second = tenant.records("Account")[:2]
    set_environment(monkeypatch, {"ACUMATICA_ENDPOINT": "Finance", "ACUMATICA_ENDPOINT_VERSION": "1.0"})
    tenant.change("Account", first.id, {"UsrScore": Decimal(10) ** 60})
    extend(UsrScore="decimal")
    assert succeed(profile, "gl_accounts")["records_rejected"] == 1

    tenant.change("Account", first.id, {"UsrScore": Decimal(1), "UsrNote": "a"}, touch=False)
    extend(UsrScore="decimal", UsrNote="string")
    assert succeed(profile, "gl_accounts", mode="replay")["records_written"] == 1
    assert show() == [{"usr_score": 1, "usr_note": "a"}]

    tenant.change("Account", second.id, {"UsrSize": 7, "UsrNote": "b"}, touch=False)
    extend(UsrScore="decimal", UsrNote="string", UsrSize="int")
    assert succeed(profile, "gl_accounts", mode="reconcile", depth="content")["repaired"] == 1
    assert len(show()) == 2
    assert profile.rows("SELECT usr_size FROM gl_accounts WHERE usr_note = 'b'") == [{"usr_size": 7}]
