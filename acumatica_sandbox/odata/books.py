"""The rows of feeds about money, worked out from the same books as the contract-based entities. All books are in USD."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from .feed import FeedRow
from .seen import Books

NOTHING = Decimal("0.0000")
SIGNS = {"Bill": 1, "Credit Adj.": 1, "Debit Adj.": -1}
"""Which documents are owed, or lower what is owed. A prepayment is but a request for one until it is paid."""


def journal_lines(tenant: Books) -> list[FeedRow]:
    """One row per journal line, amounts in the batch's and the base currency."""
    return [
        {
            "Module": batch.fields["Module"],
            "BatchNbr": batch.fields["BatchNbr"],
            "LineNbr": line.fields["LineNbr"],
            "Ledger": batch.fields.get("LedgerID"),
            "Branch": line.fields.get("BranchID"),
            "PostPeriod": batch.fields.get("PostPeriod"),
            "TransactionDate": batch.fields.get("TransactionDate"),
            "Account": line.fields.get("Account"),
            "Subaccount": line.fields.get("Subaccount"),
            "Description": line.fields.get("TransactionDescription"),
            "ReferenceNbr": line.fields.get("ReferenceNbr"),
            "Currency": batch.fields.get("CurrencyID"),
            "CurrencyDebitAmount": line.fields.get("DebitAmount"),
            "CurrencyCreditAmount": line.fields.get("CreditAmount"),
            "DebitAmount": line.fields.get("DebitAmount"),
            "CreditAmount": line.fields.get("CreditAmount"),
            "Status": batch.fields.get("Status"),
            "LastModifiedOn": batch.stamp,
            "LedgerID": 1,
            "NoteID": line.id,
        }
        for batch in tenant.shown("JournalTransaction")
        for line in batch.details.get("Details", [])
    ]


def documents(tenant: Books, entity: str, party: str) -> list[FeedRow]:
    """One row per payable or receivable document, amounts in its own and the base currency."""
    names = {
        str(record.fields[f"{party}ID"]): record.fields.get(f"{party}Name") for record in tenant.all(party)
    }
    return [
        {
            "Type": record.fields["Type"],
            "ReferenceNbr": record.fields["ReferenceNbr"],
            party: record.fields.get(party),
            f"{party}Name": names.get(str(record.fields.get(party))),
            "Date": record.fields.get("Date"),
            "DueDate": record.fields.get("DueDate"),
            "PostPeriod": record.fields.get("PostPeriod"),
            "Status": record.fields.get("Status"),
            "Currency": record.fields.get("CurrencyID", "USD"),
            "CurrencyAmount": record.fields.get("Amount"),
            "CurrencyBalance": record.fields.get("Balance"),
            "Amount": record.fields.get("Amount"),
            "Balance": record.fields.get("Balance"),
            "LastModifiedOn": record.stamp,
            "BAccountID": 1,
            "NoteID": record.id,
        }
        for record in tenant.shown(entity)
    ]


def vendors(tenant: Books) -> list[FeedRow]:
    """One row per vendor."""
    return [
        {
            "VendorID": vendor.fields["VendorID"],
            "VendorName": vendor.fields.get("VendorName"),
            "Status": vendor.fields.get("Status"),
            "LastModifiedOn": vendor.stamp,
        }
        for vendor in tenant.shown("Vendor")
    ]


def period_balances(tenant: Books) -> list[FeedRow]:
    """One row per account, subaccount and period with postings: what was posted, and the balance before and after.

    Balances are debits less credits. Only posted batches count.
    """
    turnover: dict[tuple[Any, ...], dict[str, list[Decimal]]] = defaultdict(dict)
    for row in journal_lines(tenant):
        if row["Status"] != "Posted":
            continue
        account = (row["Ledger"], row["Branch"], row["Account"], row["Subaccount"])
        sums = turnover[account].setdefault(row["PostPeriod"], [NOTHING, NOTHING])
        sums[0] += row["DebitAmount"]
        sums[1] += row["CreditAmount"]
    return [row for account, periods in turnover.items() for row in _run_balance(account, periods)]


def _run_balance(account: tuple[Any, ...], periods: dict[str, list[Decimal]]) -> Iterator[FeedRow]:
    balance = NOTHING
    for period in sorted(periods, key=lambda text: (text[2:], text[:2])):
        debit, credit = periods[period]
        ledger, branch, code, sub = account
        yield {
            "Ledger": ledger,
            "Branch": branch,
            "Account": code,
            "Subaccount": sub,
            "FinancialPeriod": period,
            "BeginningBalance": balance,
            "PTDDebit": debit,
            "PTDCredit": credit,
            "EndingBalance": balance + debit - credit,
        }
        balance += debit - credit


def payables_ageing(tenant: Books) -> list[FeedRow]:
    """One row per vendor with open documents: what is owed, by how long it has been due."""
    today = tenant.clock.now().date()
    owed: dict[str, dict[str, Any]] = {}
    for row in documents(tenant, "Bill", "Vendor"):
        if row["Status"] != "Open" or not row["Balance"] or row["Type"] not in SIGNS:
            continue
        balance = SIGNS[row["Type"]] * row["Balance"]
        buckets = dict.fromkeys(("NotDue", "_130Days", "_3160Days", "Over60Days"), NOTHING)
        sums = owed.setdefault(
            row["Vendor"],
            {"Vendor": row["Vendor"], "VendorName": row["VendorName"], **buckets, "Balance": NOTHING},
        )
        sums[_bucket(row["DueDate"] or row["Date"], today)] += balance
        sums["Balance"] += balance
    return list(owed.values())


def _bucket(due: date, today: date) -> str:
    days = (today - due).days
    if days <= 0:
        return "NotDue"
    return "_130Days" if days <= 30 else "_3160Days" if days <= 60 else "Over60Days"


def stock_by_warehouse(tenant: Books) -> list[FeedRow]:
    """One row per stock item and warehouse."""
    return [
        {
            "InventoryID": item.fields["InventoryID"],
            "Warehouse": line.fields["WarehouseID"],
            "Description": item.fields.get("Description"),
            "ItemStatus": item.fields.get("ItemStatus"),
            "BaseUnit": item.fields.get("BaseUOM"),
            "QtyOnHand": line.fields.get("QtyOnHand"),
            "AverageCost": item.fields.get("AverageCost"),
            "SiteID": 1,
        }
        for item in tenant.shown("StockItem")
        for line in item.details.get("WarehouseDetails", [])
    ]
