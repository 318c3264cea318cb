"""Custom fields named in the catalogue, of a document and of its lines, in the grammar of either contract."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.e2e.upgrade import Upgrade

FIELDS = {
    "Document.UsrRegion": "CustomStringField",
    "Details/Transactions.UsrLot": "CustomIntField",
    "Details/Transactions.UsrShare": "CustomDecimalField",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    versions = ("24.200.001", "26.200.001")
    options = SandboxOptions(size="tiny", endpoint_versions=versions, custom_fields={"Bill": FIELDS})
    with Sandbox(options) as running:
        yield running


@pytest.mark.parametrize("version", ["24.200.001", "26.200.001"])
def test_custom_fields_of_lines_become_columns_of_the_line_view(upgrade: Upgrade, version: str) -> None:
    tenant = upgrade.sandbox.tenant
    bill = next(bill for bill in tenant.records("Bill") if bill.details["Details"])
    custom = {"Transactions.UsrLot": 7, "Transactions.UsrShare": Decimal("0.10")}
    line = msgspec.structs.replace(bill.details["Details"][0], custom=custom)
    tenant.change("Bill", bill.id, {}, {"Details": [line]}, custom={"Document.UsrRegion": "Nord"})
    upgrade.use(version)
    upgrade.choose("invoices", f"custom: [{', '.join(FIELDS)}]")
    upgrade.sync("invoices")

    (shown,) = upgrade.rows(f"SELECT usr_region, amount, _extra FROM invoices WHERE _id = '{bill.id}'")
    assert shown == {"usr_region": "Nord", "amount": bill.fields["Amount"], "_extra": None}
    lines = upgrade.rows(
        f"SELECT usr_lot, usr_share, amount FROM invoice_lines WHERE _parent_id = '{bill.id}'"
    )
    assert lines == [{"usr_lot": 7, "usr_share": Decimal("0.10"), "amount": line.fields["Amount"]}]
