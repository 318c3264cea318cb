"""An inquiry through both profiles: every row once with its own values, changes and deletions too."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.e2e.profiles import Profile, normalise, succeed

BLOCK = """
ap_documents:
  inquiry: AP-Bills and Adjustments
  keys: [Type, ReferenceNbr]
  modified_field: LastModifiedOn
  date_fields: [Date, DueDate]
  current_view: ap_documents
  schedule: "12 * * * *"
"""
QUERY = "SELECT type, reference_nbr, vendor, date, amount, balance, currency FROM ap_documents"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A tenant in New York, whose answers are cut into pages of its own."""
    with Sandbox(SandboxOptions(size="tiny", server_zone="America/New_York", odata_page_size=9)) as tenant:
        yield tenant


def test_both_profiles_hold_the_rows_of_an_inquiry(
    profile: Profile, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.yaml").write_text(BLOCK)
    monkeypatch.setenv("ENTITIES_FILE", str(tmp_path / "own.yaml"))
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "20")
    bills = sandbox.tenant.records("Bill")
    assert succeed(profile, "ap_documents")["records_written"] == len(bills)
    assert_shown(profile, sandbox)
    assert succeed(profile, "ap_documents")["records_written"] == 0

    sandbox.tenant.clock.advance(3600)
    sandbox.tenant.change("Bill", bills[3].id, {"Balance": Decimal("0.01")})
    assert succeed(profile, "ap_documents")["records_written"] == 1
    sandbox.tenant.delete("Bill", bills[7].id)
    assert succeed(profile, "ap_documents", mode="reconcile")["deleted"] == 1
    assert_shown(profile, sandbox)
    assert sandbox.seats == 0


def assert_shown(profile: Profile, sandbox: Sandbox) -> None:
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
    rows = profile.rows(QUERY)
    shown = {(row.pop("type"), row.pop("reference_nbr")): row for row in rows}
    assert len(shown) == len(rows)
    assert normalise(shown) == normalise(expected)
    assert all(type(row["date"]) is date for row in shown.values())
