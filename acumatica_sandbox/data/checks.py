"""AP checks: payments of a vendor's bills, and what releasing one does to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ..rows import Fields, Row
from .books import Books, Draft
from .chart import AP, CASH
from .ledger import post
from .money import cents, money

SUNDAY = 6


def make_checks(books: Books, bills: Sequence[Draft], count: int) -> None:
    """Checks, each paying a few due bills of one vendor; the newest ones are not released yet."""
    payable: dict[str, list[Draft]] = {}
    for draft in bills:
        if draft["Type"] in ("Bill", "Credit Adj.") and draft["Status"] == "Open" and draft.open_cents > 0:
            payable.setdefault(draft.text("Vendor"), []).append(draft)
    groups = [
        drafts[start : start + 1 + books.random.randrange(3)]
        for drafts in payable.values()
        for start in range(0, len(drafts), 3)
    ]
    groups.sort(key=lambda group: (max(draft.day for draft in group), group[0].text("ReferenceNbr")))
    kept_days = 2 if books.today.weekday() == SUNDAY else 1  # Friday's are there all weekend
    for group in groups[:count]:
        day = books.later(max(draft.day for draft in group), 3, 45)
        check(books, group, day, is_released=(books.today - day).days > kept_days)


def check(books: Books, paid: Sequence[Draft], day: date, *, is_released: bool) -> Draft:
    """A check for these bills, sometimes for a part of the last one; releasing it lowers their balances."""
    random = books.random
    shares = [draft.open_cents for draft in paid]
    if random.random() < 0.12:
        shares[-1] = shares[-1] * 2 // 3
    surplus = 10_000 if random.random() < 0.03 else 0
    total = sum(shares) + surplus
    number = books.number("check")
    status = random.choice(("On Hold", "Balanced"))
    fields: Fields = {
        "Type": "Check",
        "ReferenceNbr": number,
        "Vendor": paid[0]["Vendor"],
        "ApplicationDate": day,
        "CashAccount": CASH,
        "CurrencyID": "USD",
        "Description": f"Payment run {day:%Y-%m-%d}",
        "Hold": status == "On Hold",
        "PaymentAmount": money(total),
        "PaymentMethod": random.choice(("CHECK", "ACH")),
        "PaymentRef": f"{books.numbers['check'] + 30_000}",
        "Status": status,
        "UnappliedBalance": money(surplus),
    }
    rows = [_application(books, draft, share) for draft, share in zip(paid, shares, strict=True)]
    made = Draft(entity="Check", fields=fields, day=day, details={"Details": rows, "History": []})
    if is_released:
        release_check(books, made, {draft.text("ReferenceNbr"): draft for draft in paid}, day)
    return books.add(made)


def release_check(books: Books, draft: Draft, bills: Mapping[str, Draft], day: date) -> None:
    """Release a check: its bills are settled, its lines move to the history, the ledger gets a batch."""
    number, total = draft.text("ReferenceNbr"), cents(draft["PaymentAmount"])
    history = []
    for row in draft.details["Details"]:
        paid = bills[str(row.fields["ReferenceNbr"])]
        share = cents(row.fields["AmountPaid"])
        applied: Fields = {"VendorRef": paid["VendorRef"], "CashDiscountTaken": money(0)}
        history.append(Row(id=row.id, fields=row.fields | applied))
        settle(books, paid, share, number, day)
    draft.details |= {"Details": [], "History": history}
    draft.fields |= {"Status": "Open" if cents(draft["UnappliedBalance"]) else "Closed", "Hold": False}
    draft.changed_on = day
    vendor = str(draft["Vendor"])
    cash = [(AP, "FIN-000", total, vendor), (CASH, "FIN-000", -total, f"Check {number}")]
    post(books, "AP", day, f"Check {number}", number, cash)


def _application(books: Books, draft: Draft, share: int) -> Row:
    fields: Fields = {
        "DocType": draft["Type"],
        "ReferenceNbr": draft["ReferenceNbr"],
        "AmountPaid": money(share),
        "Balance": money(draft.open_cents - share),
        "CashDiscountBalance": money(0),
    }
    return books.row(fields)


def settle(books: Books, draft: Draft, share: int, check_number: str, day: date) -> None:
    """Lower a bill's balance by what a released check paid of it."""
    draft.open_cents -= share
    draft.changed_on = day
    draft.fields["Balance"] = money(draft.open_cents)
    draft.fields["Status"] = "Open" if draft.open_cents else "Closed"
    applied: Fields = {
        "DocType": "Check",
        "ReferenceNbr": check_number,
        "AmountPaid": money(share),
        "Balance": money(0),
        "Status": "Closed",
    }
    draft.details["Applications"] = [*draft.details["Applications"], books.row(applied)]
