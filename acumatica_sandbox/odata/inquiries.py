"""The generic inquiries that the tenant has published and exposed via OData."""

from __future__ import annotations

from functools import partial

from . import books
from .feed import Feed, FeedColumn, FeedRow, amount, moment, text, whole
from .seen import Books

_LINES = ("JournalTransaction",)


def _documents(party: str) -> tuple[FeedColumn, ...]:
    return (
        text("Type"),
        text("Reference Nbr.", 15),
        text(party, 30),
        text(f"{party} Name"),
        moment("Date"),
        moment("Due Date"),
        text("Post Period"),
        text("Status"),
        text("Currency", 5),
        amount("Currency Amount"),
        amount("Currency Balance"),
        amount("Amount"),
        amount("Balance"),
        moment("Last Modified On"),
        whole("BAccountID", is_join_key=True),
    )


_STOCK = (
    text("Inventory ID", 30),
    text("Warehouse", 10),
    text("Description"),
    text("Item Status"),
    text("Base Unit"),
    amount("Qty. On Hand"),
    amount("Average Cost"),
    amount("Stock Value", is_formula=True),
    whole("SiteID", is_join_key=True),
)


def _stock(tenant: Books) -> list[FeedRow]:
    rows = books.stock_by_warehouse(tenant)
    return [{**row, "StockValue": row["QtyOnHand"] * row["AverageCost"]} for row in rows]


INQUIRIES = (
    Feed(
        title="AP-Vendors",
        columns=(text("Vendor ID", 30), text("Vendor Name"), text("Status"), moment("Last Modified On")),
        keys=("VendorID",),
        rows=books.vendors,
        tables=("Vendor",),
    ),
    Feed(
        title="GL-Journal Transactions",
        columns=(
            text("Module", 2),
            text("Batch Nbr.", 15),
            whole("Line Nbr."),
            text("Ledger", 10),
            text("Branch", 30),
            text("Post Period"),
            moment("Transaction Date"),
            text("Account", 10),
            text("Subaccount", 30),
            text("Description"),
            text("Reference Nbr.", 15),
            text("Currency", 5),
            amount("Currency Debit Amount"),
            amount("Currency Credit Amount"),
            amount("Debit Amount"),
            amount("Credit Amount"),
            text("Status"),
            moment("Last Modified On"),
            whole("LedgerID", is_join_key=True),
        ),
        keys=("Module", "BatchNbr", "LineNbr"),
        rows=books.journal_lines,
        tables=_LINES,
    ),
    Feed(
        title="AP-Bills and Adjustments",
        columns=_documents("Vendor"),
        keys=("Type", "ReferenceNbr"),
        rows=partial(books.documents, entity="Bill", party="Vendor"),
        tables=("Bill", "Vendor"),
    ),
    Feed(
        title="AR-Invoices and Memos",
        columns=_documents("Customer"),
        keys=("Type", "ReferenceNbr"),
        rows=partial(books.documents, entity="Invoice", party="Customer"),
        tables=("Invoice", "Customer"),
    ),
    Feed(
        title="GL-Account Balances by Period",
        columns=(
            text("Ledger", 10),
            text("Branch", 30),
            text("Account", 10),
            text("Subaccount", 30),
            text("Financial Period"),
            amount("Beginning Balance"),
            amount("PTD Debit"),
            amount("PTD Credit"),
            amount("Ending Balance"),
        ),
        keys=("Ledger", "Branch", "Account", "Subaccount", "FinancialPeriod"),
        rows=books.period_balances,
        tables=_LINES,
    ),
    Feed(
        title="AP-Ageing by Vendor",
        columns=(
            text("Vendor", 30),
            text("Vendor Name"),
            amount("Not Due", is_formula=True),
            amount("1-30 Days", is_formula=True),
            amount("31-60 Days", is_formula=True),
            amount("Over 60 Days", is_formula=True),
            amount("Balance", is_formula=True),
        ),
        keys=("Vendor",),
        rows=books.payables_ageing,
        tables=("Bill", "Vendor"),
    ),
    Feed(
        title="IN-Stock by Warehouse",
        columns=_STOCK,
        keys=("InventoryID", "Warehouse"),
        rows=_stock,
        tables=("StockItem",),
    ),
    Feed(
        title="DB-StorageDetails",
        columns=_STOCK,
        keys=("InventoryID", "Warehouse"),
        rows=_stock,
        tables=("StockItem",),
        parameters={"Warehouse": "String"},
    ),
)
