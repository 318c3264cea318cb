"""GL batches: every released document posts one, and each of them balances to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ..rows import Fields, Row
from .books import Books, Draft, period
from .chart import ACCUMULATED, CASH, DEPRECIATION, EQUITY, PAYROLL, PAYROLL_PAYABLE, descriptions
from .money import money

Posting = tuple[str, str, int, str]
"""Account, subaccount, cents (debit above zero, credit below) and text."""

_TEXTS = descriptions()
_NOTHING = Decimal("0.0000")


def post(books: Books, module: str, day: date, text: str, reference: str, postings: list[Posting]) -> Draft:
    """A batch of these postings; it is a mistake of the caller if they do not balance."""
    if sum(cents for _, _, cents, _ in postings):
        raise ValueError(f"a batch for {reference} does not balance: {postings}")
    fields: Fields = {
        "Module": module,
        "BatchNbr": books.number(f"batch {module}"),
        "LedgerID": "ACTUAL",
        "BranchID": "MAIN",
        "CurrencyID": "USD",
        "Description": text,
        "PostPeriod": period(day),
        "TransactionDate": day,
        "Status": "Posted" if (books.today - day).days > 3 else "Unposted",
        "Hold": False,
    }
    lines = [line(books, number, reference, posting) for number, posting in enumerate(postings, 1)]
    return books.add(Draft(entity="JournalTransaction", fields=fields, day=day, details={"Details": lines}))


_EVERY_LINE: Fields = {
    "BranchID": "MAIN",
    "Project": "X",
    "NonBillable": True,
    "IsNonPM": False,
}
"""What all journal lines have in common."""


def line(books: Books, number: int, reference: str, posting: Posting) -> Row:
    """One journal line: exactly one of debit and credit is not zero."""
    account, subaccount, cents, text = posting
    fields: Fields = _EVERY_LINE | {
        "LineNbr": number,
        "Account": account,
        "Subaccount": subaccount,
        "Description": _TEXTS[account],
        "TransactionDescription": text,
        "ReferenceNbr": reference,
        "DebitAmount": money(cents) if cents > 0 else _NOTHING,
        "CreditAmount": money(-cents) if cents < 0 else _NOTHING,
        "Qty": _NOTHING,
    }
    return books.row(fields)


def make_journals(books: Books, months: int) -> None:
    """What accountants enter by hand: the opening balance, payroll and depreciation every month."""
    capital = 250_000_000_00
    opening = [
        (CASH, "FIN-000", capital, "Paid-in capital"),
        (EQUITY, "FIN-000", -capital, "Paid-in capital"),
    ]
    post(books, "GL", books.working_day(0.0), "Opening balances", "OPENING", opening)
    for month in range(months):
        day = books.working_day((month + 0.9) / months)
        post(books, "GL", day, "Payroll", f"PAY{month + 1:03}", _payroll(18_000_000 + month * 125_055))
        post(books, "GL", day, "Depreciation,\nstraight line", f"DEP{month + 1:03}", _depreciation(1_250_033))


def _payroll(wages: int) -> list[Posting]:
    half = wages // 2
    return [
        (PAYROLL, "HRM-000", wages, "Wages of the month"),
        (PAYROLL_PAYABLE, "HRM-000", -half, "Net pay"),
        (PAYROLL_PAYABLE, "HRM-EST", half - wages, "Withholdings"),
    ]


def _depreciation(cents: int) -> list[Posting]:
    text = "Monthly charge"
    return [(DEPRECIATION, "OPS-000", cents, text), (ACCUMULATED, "OPS-000", -cents, text)]
