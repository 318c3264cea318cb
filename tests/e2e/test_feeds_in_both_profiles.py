"""An inquiry and a class through both profiles: every row once with its own values, changes and deletions too."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.e2e.profiles import Profile, normalise, succeed

BLOCKS = """
ap_register:
  dac: PX_Objects_AP_APRegister
  columns:
    DocType: string
    RefNbr: string
    VendorByVendorID/AcctCD: string
    DocDate: date
    CuryID: string
    OrigDocAmt: decimal
    DocBal: decimal
    LastModifiedDateTime: datetime
    NoteID: guid
  keys: [DocType, RefNbr]
  modified_field: LastModifiedDateTime
  current_view: ap_register
  schedule: "12 * * * *"
ap_documents:
  inquiry: AP-Bills and Adjustments
  keys: [Type, ReferenceNbr]
  modified_field: LastModifiedOn
  date_fields: [Date, DueDate]
  current_view: ap_documents
  schedule: "12 * * * *"
"""
QUERIES = {
    "ap_documents": "SELECT type, reference_nbr, vendor, date, amount, balance, currency FROM ap_documents",
    "ap_register": "SELECT CASE doc_type WHEN 'INV' THEN 'Bill' WHEN 'ACR' THEN 'Credit Adj.' WHEN 'ADR' THEN 'Debit Adj.' ELSE"
    " 'Prepayment' END AS type, ref_nbr AS reference_nbr, vendor_by_vendor_id_acct_cd AS vendor, doc_date AS date,"
    " orig_doc_amt AS amount, doc_bal AS balance, cury_id AS currency FROM ap_register",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A tenant in New York, whose answers are cut into pages of its own."""
    with Sandbox(SandboxOptions(size="tiny", server_zone="America/New_York", odata_page_size=9)) as tenant:
        yield tenant


@pytest.mark.parametrize("name", QUERIES)
def test_both_profiles_hold_the_rows(
    profile: Profile, sandbox: Sandbox, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.yaml").write_text(BLOCKS)
    monkeypatch.setenv("ENTITIES_FILE", str(tmp_path / "own.yaml"))
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "20")
    bills = sandbox.tenant.records("Bill")
    assert succeed(profile, name)["records_written"] == len(bills)
    assert_shown(profile, sandbox, name)
    assert succeed(profile, name)["records_written"] == 0

    sandbox.tenant.clock.advance(3600)
    sandbox.tenant.change("Bill", bills[3].id, {"Balance": Decimal("0.01")})
    assert succeed(profile, name)["records_written"] == 1
    sandbox.tenant.delete("Bill", bills[7].id)
    assert succeed(profile, name, mode="reconcile")["deleted"] == 1
    assert_shown(profile, sandbox, name)
    assert sandbox.seats == 0


def assert_shown(profile: Profile, sandbox: Sandbox, name: str) -> None:
    """Each bill is there once, days as they are entered, money to the last digit."""
    expected = {
        tuple(bill.keys): {
            "vendor": bill.fields["Vendor"],
            "date": bill.fields["Date"],
            "amount": bill.fields["Amount"],
            "balance": bill.fields["Balance"],
            "currency": "USD",
        }
        for bill in sandbox.tenant.records("Bill")
    }
    rows = profile.rows(QUERIES[name])
    shown = {(row.pop("type"), row.pop("reference_nbr")): row for row in rows}
    assert len(shown) == len(rows)
    assert normalise(shown) == normalise(expected)
    assert all(type(row["date"]) is date for row in shown.values())
