"""The data access classes that can be read over OData: stored codes in place of labels, no column a screen computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import class_rows
from .feed import Feed, FeedColumn, Reference, amount, moment, text, whole


def _guid(name: str) -> FeedColumn:
    return FeedColumn(name=name, kind="Guid")


def _flag(name: str) -> FeedColumn:
    return FeedColumn(name=name, kind="Boolean")


def _class(title: str, columns: Sequence[FeedColumn], **parts: Any) -> Feed:
    """A class as OData names it, with the name of the class itself as its alias."""
    aliases = (title.rpartition("_")[2], *parts.pop("aliases", ()))
    return Feed(title=title, aliases=aliases, columns=tuple(columns), namespace="PX.Data", **parts)


STAMP, NOTE = moment("LastModifiedDateTime"), _guid("NoteID")
_GL, _AP = "PX_Objects_GL_", "PX_Objects_AP_"
_TO_ACCOUNT = Reference(target=f"{_GL}Account", by="AccountID", key="AccountID")
_TO_SUB = Reference(target=f"{_GL}Sub", by="SubID", key="SubID")
_TO_LEDGER = Reference(target=f"{_GL}Ledger", by="LedgerID", key="LedgerID")
_TO_BRANCH = Reference(target=f"{_GL}Branch", by="BranchID", key="BranchID")
_IN_THE_BOOKS = {
    "AccountByAccountID": _TO_ACCOUNT,
    "SubBySubID": _TO_SUB,
    "LedgerByLedgerID": _TO_LEDGER,
    "BranchByBranchID": _TO_BRANCH,
}
_CODES = ("Account", "Subaccount")

_BACCOUNT = _class(
    "PX_Objects_CR_BAccount",
    (text("AcctCD", 30), whole("BAccountID"), text("AcctName"), STAMP, NOTE),
    keys=("AcctCD",),
    rows=class_rows.vendors,
    tables=("Vendor",),
)
_REGISTER = _class(
    f"{_AP}APRegister",
    (
        text("DocType", 3),
        text("RefNbr", 15),
        whole("VendorID"),
        text("Status", 1),
        moment("DocDate"),
        text("FinPeriodID", 6),
        text("CuryID", 5),
        amount("OrigDocAmt"),
        amount("DocBal"),
        amount("CuryOrigDocAmt"),
        amount("CuryDocBal"),
        text("NoteText"),
        _flag("DeletedDatabaseRecord"),
        FeedColumn(name="tstamp", kind="Binary"),
        STAMP,
        NOTE,
    ),
    keys=("DocType", "RefNbr"),
    rows=class_rows.payables,
    tables=("Bill", "Vendor"),
    references={"VendorByVendorID": Reference(target=f"{_AP}Vendor", by="VendorID", key="BAccountID")},
    unselectable=("NoteText",),
    keeps_deleted=("Bill",),
    aliases=("Document",),
)

CLASSES = (
    _class(
        f"{_GL}GLTran",
        (
            text("Module", 2),
            text("BatchNbr", 15),
            whole("LineNbr"),
            whole("LedgerID"),
            whole("BranchID"),
            text("FinPeriodID", 6),
            moment("TranDate"),
            text("TranDesc"),
            text("RefNbr", 15),
            text("CuryID", 5),
            amount("CuryDebitAmt"),
            amount("CuryCreditAmt"),
            amount("DebitAmt"),
            amount("CreditAmt"),
            _flag("Posted"),
            STAMP,
            NOTE,
        ),
        keys=("Module", "BatchNbr", "LineNbr"),
        rows=class_rows.lines,
        tables=("JournalTransaction", *_CODES),
        references=_IN_THE_BOOKS,
        unselectable=("CuryID",),
    ),
    _class(
        f"{_GL}Batch",
        (
            text("Module", 2),
            text("BatchNbr", 15),
            whole("LedgerID"),
            text("FinPeriodID", 6),
            moment("DateEntered"),
            text("Status", 1),
            text("Description"),
            STAMP,
            NOTE,
        ),
        keys=("Module", "BatchNbr"),
        rows=class_rows.batches,
        tables=("JournalTransaction",),
        references={"LedgerByLedgerID": _TO_LEDGER},
    ),
    _class(
        f"{_GL}GLHistory",
        (
            whole("LedgerID"),
            whole("BranchID"),
            whole("AccountID"),
            whole("SubID"),
            text("FinPeriodID", 6),
            amount("FinBegBalance"),
            amount("FinPtdDebit"),
            amount("FinPtdCredit"),
            amount("FinYtdBalance"),
            STAMP,
        ),
        keys=("LedgerID", "BranchID", "AccountID", "SubID", "FinPeriodID"),
        rows=class_rows.history,
        tables=("JournalTransaction", *_CODES),
        references=_IN_THE_BOOKS,
    ),
    _class(
        f"{_GL}Account",
        (
            text("AccountCD", 10),
            whole("AccountID"),
            text("Description"),
            text("Type", 1),
            _flag("Active"),
            STAMP,
            NOTE,
        ),
        keys=("AccountCD",),
        rows=class_rows.accounts,
        tables=("Account",),
    ),
    _class(
        f"{_GL}Sub",
        (text("SubCD", 30), whole("SubID"), text("Description"), STAMP, NOTE),
        keys=("SubCD",),
        rows=class_rows.subaccounts,
        tables=("Subaccount",),
    ),
    _class(
        f"{_GL}Ledger",
        (text("LedgerCD", 10), whole("LedgerID"), text("Descr"), STAMP, NOTE),
        keys=("LedgerCD",),
        rows=class_rows.ledgers,
        tables=("Ledger",),
    ),
    _class(
        f"{_GL}Branch",
        (text("BranchCD", 30), whole("BranchID")),
        keys=("BranchCD",),
        rows=class_rows.branches,
        tables=("JournalTransaction",),
    ),
    _class(
        f"{_GL}GLSetup",
        (text("BatchNumberingID", 10), STAMP, NOTE),
        keys=(),
        rows=lambda _: [],
        tables=(),
        has_list=False,
    ),
    _BACCOUNT,
    _class(
        f"{_AP}Vendor",
        (*_BACCOUNT.columns, text("VStatus", 1)),
        keys=("AcctCD",),
        rows=class_rows.vendors,
        tables=("Vendor",),
        base=_BACCOUNT,
    ),
    _REGISTER,
    _class(
        f"{_AP}APInvoice",
        (*_REGISTER.columns, moment("DueDate")),
        keys=_REGISTER.keys,
        rows=class_rows.payables,
        tables=_REGISTER.tables,
        references=_REGISTER.references,
        unselectable=_REGISTER.unselectable,
        keeps_deleted=_REGISTER.keeps_deleted,
        base=_REGISTER,
    ),
)


def make_up(count: int) -> list[Feed]:
    """As many classes of modules that nobody reads, to give the catalogue the size of a real one."""
    columns = (whole("RecordID"), *(text(f"Usr{number:03}") for number in range(180)), STAMP, NOTE)
    return [
        _class(f"PX_Objects_ZZ_Made{number:04}", columns, keys=("RecordID",), rows=lambda _: [], tables=())
        for number in range(count)
    ]
