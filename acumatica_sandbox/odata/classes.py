"""The data access classes that can be read over OData: stored codes in place of labels, no column a screen computes."""

from __future__ import annotations

from ..tenant import Tenant
from . import books
from .feed import Feed, FeedColumn, FeedRow, amount, moment, text, whole

DOCUMENT_TYPES = {"Bill": "INV", "Credit Adj.": "ACR", "Debit Adj.": "ADR", "Prepayment": "PPM"}
STATUSES = {"Closed": "C", "Open": "N", "Balanced": "B", "On Hold": "H", "Posted": "P", "Unposted": "U"}
"""Stored codes by what a screen shows."""


def _period(shown: str) -> str:
    return f"{shown[2:]}{shown[:2]}"


def _lines(tenant: Tenant) -> list[FeedRow]:
    return [
        {
            "Module": row["Module"],
            "BatchNbr": row["BatchNbr"],
            "LineNbr": row["LineNbr"],
            "FinPeriodID": _period(row["PostPeriod"]),
            "TranDate": row["TransactionDate"],
            "TranDesc": row["Description"],
            "RefNbr": row["ReferenceNbr"],
            "CuryDebitAmt": row["CurrencyDebitAmount"],
            "CuryCreditAmt": row["CurrencyCreditAmount"],
            "DebitAmt": row["DebitAmount"],
            "CreditAmt": row["CreditAmount"],
            "LastModifiedDateTime": row["LastModifiedOn"],
            "NoteID": row["NoteID"],
        }
        for row in books.journal_lines(tenant)
    ]


def _payables(tenant: Tenant) -> list[FeedRow]:
    return [
        {
            "DocType": DOCUMENT_TYPES.get(row["Type"], row["Type"]),
            "RefNbr": row["ReferenceNbr"],
            "Status": STATUSES.get(row["Status"], row["Status"]),
            "DocDate": row["Date"],
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


_STAMP_AND_NOTE = (moment("LastModifiedDateTime"), FeedColumn(name="NoteID", kind="Guid"))

CLASSES = (
    Feed(
        title="PX_Objects_GL_GLTran",
        aliases=("GLTran",),
        columns=(
            text("Module", 2),
            text("BatchNbr", 15),
            whole("LineNbr"),
            text("FinPeriodID", 6),
            moment("TranDate"),
            text("TranDesc"),
            text("RefNbr", 15),
            amount("CuryDebitAmt"),
            amount("CuryCreditAmt"),
            amount("DebitAmt"),
            amount("CreditAmt"),
            *_STAMP_AND_NOTE,
        ),
        keys=("Module", "BatchNbr", "LineNbr"),
        rows=_lines,
        tables=("JournalTransaction",),
    ),
    Feed(
        title="PX_Objects_AP_APRegister",
        aliases=("APRegister",),
        columns=(
            text("DocType", 3),
            text("RefNbr", 15),
            text("Status", 1),
            moment("DocDate"),
            text("FinPeriodID", 6),
            text("CuryID", 5),
            amount("OrigDocAmt"),
            amount("DocBal"),
            amount("CuryOrigDocAmt"),
            amount("CuryDocBal"),
            *_STAMP_AND_NOTE,
        ),
        keys=("DocType", "RefNbr"),
        rows=_payables,
        tables=("Bill", "Vendor"),
    ),
)
