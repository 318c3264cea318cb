"""The rows of data access classes, worked out from the same books as the contract-based entities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from . import books
from .feed import FeedRow
from .seen import Books

DOCUMENT_TYPES = {"Bill": "INV", "Credit Adj.": "ACR", "Debit Adj.": "ADR", "Prepayment": "PPM"}
STATUSES = {
    "Closed": "C",
    "Open": "N",
    "Balanced": "B",
    "On Hold": "H",
    "Posted": "P",
    "Unposted": "U",
    "Active": "A",
}
ACCOUNT_TYPES = {"Asset": "A", "Expense": "E", "Income": "I", "Liability": "L"}
"""Stored codes by what a screen shows."""
DEBIT_TYPES = ("Asset", "Expense")
"""Accounts whose balance is debits less credits; the others' is credits less debits."""


def _number(code: object) -> int:
    """The number that a table without one of its own in the contract has for a code."""
    return crc32(str(code).encode()) % 1_000_000


def _period(shown: str) -> str:
    return f"{shown[2:]}{shown[:2]}"


def accounts(tenant: Books) -> list[FeedRow]:
    """Accounts."""
    return [
        {
            "AccountID": account.fields["AccountID"],
            "AccountCD": account.fields["AccountCD"],
            "Description": account.fields.get("Description"),
            "Type": ACCOUNT_TYPES.get(str(account.fields.get("Type")), account.fields.get("Type")),
            "Active": account.fields.get("Active"),
            "LastModifiedDateTime": account.stamp,
            "NoteID": account.id,
        }
        for account in tenant.shown("Account")
    ]


def subaccounts(tenant: Books) -> list[FeedRow]:
    """Subaccounts."""
    return [
        {
            "SubID": sub.fields["SubaccountID"],
            "SubCD": sub.fields["SubaccountCD"],
            "Description": sub.fields.get("Description"),
            "LastModifiedDateTime": sub.stamp,
            "NoteID": sub.id,
        }
        for sub in tenant.shown("Subaccount")
    ]


def ledgers(tenant: Books) -> list[FeedRow]:
    """Ledgers, by numbers that the contract does not tell."""
    return [
        {
            "LedgerID": _number(ledger.fields["LedgerID"]),
            "LedgerCD": ledger.fields["LedgerID"],
            "Descr": ledger.fields.get("Description"),
            "LastModifiedDateTime": ledger.stamp,
            "NoteID": ledger.id,
        }
        for ledger in tenant.shown("Ledger")
    ]


def branches(tenant: Books) -> list[FeedRow]:
    """The branches that lines were posted to."""
    lines = (line for batch in tenant.all("JournalTransaction") for line in batch.details.get("Details", []))
    codes = sorted({str(line.fields.get("BranchID")) for line in lines})
    return [{"BranchID": _number(code), "BranchCD": code} for code in codes]


def vendors(tenant: Books) -> list[FeedRow]:
    """Vendors, as business accounts."""
    return [
        {
            "BAccountID": _number(vendor.fields["VendorID"]),
            "AcctCD": vendor.fields["VendorID"],
            "AcctName": vendor.fields.get("VendorName"),
            "VStatus": STATUSES.get(str(vendor.fields.get("Status")), vendor.fields.get("Status")),
            "LastModifiedDateTime": vendor.stamp,
            "NoteID": vendor.id,
        }
        for vendor in tenant.shown("Vendor")
    ]


def _index(tenant: Books, entity: str, code: str, number: str) -> Mapping[Any, Any]:
    """The numbers of all records of an entity by their codes."""
    return {record.fields[code]: record.fields[number] for record in tenant.all(entity)}


def batches(tenant: Books) -> list[FeedRow]:
    """One row per batch."""
    return [
        {
            "Module": batch.fields["Module"],
            "BatchNbr": batch.fields["BatchNbr"],
            "LedgerID": _number(batch.fields.get("LedgerID")),
            "FinPeriodID": _period(str(batch.fields.get("PostPeriod"))),
            "DateEntered": batch.fields.get("TransactionDate"),
            "Status": STATUSES.get(str(batch.fields.get("Status")), batch.fields.get("Status")),
            "Description": batch.fields.get("Description"),
            "LastModifiedDateTime": batch.stamp,
            "NoteID": batch.id,
        }
        for batch in tenant.shown("JournalTransaction")
    ]


def lines(tenant: Books) -> list[FeedRow]:
    """One row per journal line, accounts as numbers."""
    accounts = _index(tenant, "Account", "AccountCD", "AccountID")
    subs = _index(tenant, "Subaccount", "SubaccountCD", "SubaccountID")
    return [
        {
            "Module": row["Module"],
            "BatchNbr": row["BatchNbr"],
            "LineNbr": row["LineNbr"],
            "LedgerID": _number(row["Ledger"]),
            "BranchID": _number(row["Branch"]),
            "AccountID": accounts.get(row["Account"]),
            "SubID": subs.get(row["Subaccount"]),
            "FinPeriodID": _period(row["PostPeriod"]),
            "TranDate": row["TransactionDate"],
            "TranDesc": row["Description"],
            "RefNbr": row["ReferenceNbr"],
            "CuryID": row["Currency"],
            "CuryDebitAmt": row["CurrencyDebitAmount"],
            "CuryCreditAmt": row["CurrencyCreditAmount"],
            "DebitAmt": row["DebitAmount"],
            "CreditAmt": row["CreditAmount"],
            "Posted": row["Status"] == "Posted",
            "LastModifiedDateTime": row["LastModifiedOn"],
            "NoteID": row["NoteID"],
        }
        for row in books.journal_lines(tenant)
    ]


def payables(tenant: Books) -> list[FeedRow]:
    """One row per payable document."""
    return [
        {
            "DocType": DOCUMENT_TYPES.get(row["Type"], row["Type"]),
            "RefNbr": row["ReferenceNbr"],
            "VendorID": _number(row["Vendor"]),
            "Status": STATUSES.get(row["Status"], row["Status"]),
            "DocDate": row["Date"],
            "DueDate": row["DueDate"],
            "FinPeriodID": _period(row["PostPeriod"]),
            "CuryID": row["Currency"],
            "OrigDocAmt": row["Amount"],
            "DocBal": row["Balance"],
            "CuryOrigDocAmt": row["CurrencyAmount"],
            "CuryDocBal": row["CurrencyBalance"],
            "LastModifiedDateTime": row["LastModifiedOn"],
            "NoteID": row["NoteID"],
        }
        for row in books.documents(tenant, "Bill", "Vendor")
    ]


def history(tenant: Books) -> list[FeedRow]:
    """One row per account, subaccount and period with postings, in the sign of the account.

    It is stamped by what was posted last, in this period or before: that moves its balance.
    """
    accounts = {account.fields["AccountCD"]: account for account in tenant.all("Account")}
    subs = _index(tenant, "Subaccount", "SubaccountCD", "SubaccountID")
    posted = _last_posted(tenant)
    rows, last = [], dict.fromkeys(map(_account_of, posted), datetime.min.replace(tzinfo=UTC))
    for row in books.period_balances(tenant):
        account, key = accounts[row["Account"]], _account_of(row)
        last[key] = max(last[key], posted[*key, row["FinancialPeriod"]])
        sign = 1 if account.fields["Type"] in DEBIT_TYPES else -1
        rows.append(
            {
                "LedgerID": _number(row["Ledger"]),
                "BranchID": _number(row["Branch"]),
                "AccountID": account.fields["AccountID"],
                "SubID": subs.get(row["Subaccount"]),
                "FinPeriodID": _period(row["FinancialPeriod"]),
                "FinBegBalance": sign * row["BeginningBalance"] + books.NOTHING,
                "FinPtdDebit": row["PTDDebit"],
                "FinPtdCredit": row["PTDCredit"],
                "FinYtdBalance": sign * row["EndingBalance"] + books.NOTHING,
                "LastModifiedDateTime": last[key],
            }
        )
    return rows


def _account_of(row: Mapping[str, Any] | tuple[Any, ...]) -> tuple[Any, ...]:
    names = ("Ledger", "Branch", "Account", "Subaccount")
    return row[:4] if isinstance(row, tuple) else tuple(row[name] for name in names)


def _last_posted(tenant: Books) -> Mapping[tuple[Any, ...], datetime]:
    """When something was posted last, by account and period."""
    lines = sorted(books.journal_lines(tenant), key=lambda row: row["LastModifiedOn"])
    posted = [row for row in lines if row["Status"] == "Posted"]
    return {(*_account_of(row), row["PostPeriod"]): row["LastModifiedOn"] for row in posted}
