"""The demo's company in a DuckDB file: copied, left to itself for a day, and copied again, once for all test processes."""

import fcntl
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.data.business_day import business_day
from acumatica_sandbox.tenant import Tenant
from connector.domain.run import Mode, Status
from tests.builders import Rig

USED = (
    "vendors", "invoices", "checks", "purchase_orders", "gl_accounts", "gl_entries", "sales_invoices",
)  # fmt: skip
"""The entities that the documented queries ask for."""
STATUSES = ("Bill", "Check", "PurchaseOrder", "JournalTransaction", "SalesInvoice")


@dataclass(frozen=True, slots=True)
class Demo:
    """The file, with what the tenant's own books say: what is owed to vendors, and the statuses by Acumatica entity."""

    path: Path
    owed: Decimal
    statuses: Mapping[str, Sequence[str]]

    def ask(self, sql: str, zone: str = "UTC") -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return the columns and the rows, in order, of a query as it is printed, in a session of this zone."""
        with duckdb.connect() as session:
            session.execute(f"ATTACH '{self.path}' AS acumatica (READ_ONLY)")
            session.execute(f"SET TimeZone = '{zone}'")
            answer = session.execute(sql)
            return [column[0] for column in answer.description or ()], answer.fetchall()


def copy_demo(folder: Path) -> Demo:
    """Return what is in this folder; the first process that comes makes it, the others wait."""
    folder.mkdir(exist_ok=True)
    books = folder / "books.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not books.exists():
            made = _make(folder)
            books.write_text(json.dumps(made))
    held = json.loads(books.read_text())
    return Demo(folder / "warehouse.duckdb", Decimal(held["owed"]), held["statuses"])


def _make(folder: Path) -> dict[str, Any]:
    rig = Rig(folder, Sandbox(SandboxOptions(size="demo")).start())
    tenant = rig.sandbox.tenant
    try:
        for entity in USED:
            assert rig.run(entity, page_size=1000).status is Status.SUCCEEDED
        business_day(tenant, rig.sandbox.options)
        rig.clock.advance(tenant.clock.now() - rig.clock.now())
        for entity in USED:
            assert rig.run(entity, page_size=1000).status is Status.SUCCEEDED
        assert rig.run("invoices", mode=Mode.RECONCILE, page_size=1000).status is Status.SUCCEEDED
    finally:
        rig.close()
    statuses = {
        entity: sorted({str(record.fields["Status"]) for record in tenant.records(entity)})
        for entity in STATUSES
    }
    return {"owed": str(_add_up(tenant)), "statuses": statuses}


def _add_up(tenant: Tenant) -> Decimal:
    """Return the balances of open documents, those that count against what is owed taken off, and no request for a prepayment."""
    owed = Decimal(0)
    for bill in tenant.records("Bill"):
        if bill.fields["Status"] == "Open" and bill.fields["Type"] != "Prepayment":
            balance = Decimal(str(bill.fields["Balance"]))
            owed += -balance if bill.fields["Type"] == "Debit Adj." else balance
    return owed
