"""AP bills and the checks that pay them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from ..rows import Fields, Row
from .books import TERMS, Books, Draft, period
from .chart import AP, CASH, EXPENSES, PO_ACCRUAL, TAX_PAID, descriptions
from .ledger import Posting, post
from .money import TOO_FINE_FOR_A_FLOAT, cents, money, price, quantity

_TEXTS = descriptions()
_SUBACCOUNTS = ("OPS-000", "OPS-EST", "WHS-000", "SAL-WST", "ADM-000")
_TAX_RATE = 7
_REVERSED = ("Debit Adj.",)
_TYPES = ("Bill",) * 46 + ("Credit Adj.",) * 2 + ("Debit Adj.",) * 2 + ("Prepayment",)


def make_bills(books: Books, vendors: Sequence[Draft], orders: Sequence[Draft], count: int) -> list[Draft]:
    """Bills through the company's history; every third one follows a purchase order."""
    made = []
    for number in range(count):
        order = orders[number // 3] if number % 3 == 0 and number // 3 < len(orders) else None
        vendor = books.random.choice(vendors)
        day = books.later(order.day, 5, 20) if order else books.working_day(number / count)
        made.append(bill(books, vendor.fields, day, order))
    return made


def bill(books: Books, vendor: Fields, day: date, order: Draft | None = None, kind: str = "") -> Draft:
    """A bill with its lines, tax and, when released, its batch in the ledger."""
    random = books.random
    lines, net = _order_lines(books, order) if order else _expense_lines(books)
    taxed = vendor["TaxZone"] == "STATE" and order is None
    tax = net * _TAX_RATE // 100 if taxed else 0
    age = (books.today - day).days
    status = "Open" if age > 5 or random.random() < 0.4 else random.choice(("On Hold", "Balanced"))
    chosen = kind or ("Bill" if order else random.choice(_TYPES))
    fields: Fields = {
        "Type": chosen,
        "ReferenceNbr": books.number("bill"),
        "Vendor": order["VendorID"] if order else vendor["VendorID"],
        "VendorRef": f"INV-{random.randrange(10_000, 999_999)}",
        "Date": day,
        "DueDate": day + timedelta(days=TERMS[str(vendor["Terms"])]),
        "PostPeriod": period(day),
        "Terms": vendor["Terms"],
        "CurrencyID": "USD",
        "BranchID": "MAIN",
        "LocationID": "MAIN",
        "CashAccount": CASH,
        "Project": "X",
        "Status": status,
        "Hold": status == "On Hold",
        "ApprovedForPayment": status == "Open",
        "IsTaxValid": True,
        "Amount": money(net + tax),
        "Balance": money(net + tax),
        "TaxTotal": money(tax),
    }
    if random.random() < 0.8:
        fields["Description"] = _description(books)
    details = {"Details": lines, "TaxDetails": _taxes(books, net, tax), "Applications": []}
    draft = Draft(entity="Bill", fields=fields, day=day, details=details, open_cents=net + tax)
    if status == "Open" and chosen != "Prepayment":
        post_bill(books, draft)
    return books.add(draft)


def post_bill(books: Books, draft: Draft) -> Draft:
    """The batch of a released bill: lines and tax against payables."""
    sign = -1 if draft["Type"] in _REVERSED else 1
    reference = draft.text("ReferenceNbr")
    postings: list[Posting] = []
    for row in draft.details["Details"]:
        amount = cents(row.fields["Amount"])
        if amount:
            text = str(row.fields.get("TransactionDescription", ""))
            postings.append((str(row.fields["Account"]), str(row.fields["Subaccount"]), sign * amount, text))
    total = sum(amount for _, _, amount, _ in postings)
    tax = sign * draft.open_cents - total
    if tax:
        postings.append((TAX_PAID, "FIN-000", tax, "Input tax"))
    postings.append((AP, "FIN-000", -total - tax, str(draft["Vendor"])))
    return post(books, "AP", draft.day, f"Bill {reference}", reference, postings)


def _description(books: Books) -> str:
    random = books.random
    if random.random() < 0.02:
        return 'Replacement parts\nsee attached "delivery note"\tno. 7'
    topic = random.choice(
        ("Monthly charges", "Spare parts", "Restocking", "Service call", "Freight", "Año nuevo")
    )
    return f"{topic} {random.randrange(100, 999)}"


def _expense_lines(books: Books) -> tuple[list[Row], int]:
    random = books.random
    rows: list[Row] = []
    net = 0
    for _ in range(1 + int(random.random() * random.random() * 8)):
        units = 1 + int(random.random() * 12)
        unit_cost = 50_000 + int(random.random() * 1_950_000)
        cents = units * unit_cost // 100
        rows.append(_line(books, random.choice(EXPENSES), units, unit_cost, cents))
        net += cents
    if random.random() < 0.03:
        rebate = -(net // 20)
        rows.append(_line(books, EXPENSES[0], 1, rebate * 100, rebate))
        net += rebate
    if random.random() < 0.002:
        rows.append(_free_line(books))
    return rows, net


def _free_line(books: Books) -> Row:
    row = _line(books, EXPENSES[1], 0, 0, 0)
    return Row(id=row.id, fields={**row.fields, "UnitCost": TOO_FINE_FOR_A_FLOAT})


def _line(books: Books, account: str, units: int, unit_cost: int, cents: int) -> Row:
    amount = money(cents)
    fields: Fields = {
        "Account": account,
        "Subaccount": books.random.choice(_SUBACCOUNTS),
        "Description": _TEXTS[account],
        "TransactionDescription": _TEXTS[account],
        "Branch": "MAIN",
        "Qty": quantity(units),
        "UOM": "EA",
        "UnitCost": price(unit_cost),
        "ExtendedCost": amount,
        "Amount": amount,
        "Project": "X",
        "NonBillable": False,
        "TaxCategory": "TAXABLE",
        "CalculateDiscountsOnImport": False,
    }
    return books.row(fields)


def _order_lines(books: Books, order: Draft) -> tuple[list[Row], int]:
    rows, net = [], 0
    for source in order.details["Details"]:
        amount = source.fields["ExtendedCost"]
        fields: Fields = {
            "Account": PO_ACCRUAL,
            "Subaccount": "WHS-000",
            "Description": _TEXTS[PO_ACCRUAL],
            "TransactionDescription": source.fields["LineDescription"],
            "Branch": "MAIN",
            "InventoryID": source.fields["InventoryID"],
            "Qty": source.fields["OrderQty"],
            "UOM": source.fields["UOM"],
            "UnitCost": source.fields["UnitCost"],
            "ExtendedCost": amount,
            "Amount": amount,
            "Project": "X",
            "NonBillable": False,
            "TaxCategory": "TAXABLE",
            "POOrderType": order["Type"],
            "POOrderNbr": order["OrderNbr"],
            "POLine": source.fields["LineNbr"],
        }
        row = books.row(fields)
        rows.append(row)
        net += cents(row.fields["Amount"])
    return rows, net


def _taxes(books: Books, net: int, tax: int) -> list[Row]:
    if not tax:
        return []
    rate = price(_TAX_RATE * 10_000)
    return [
        books.row(
            {"TaxID": "STATETAX", "TaxRate": rate, "TaxableAmount": money(net), "TaxAmount": money(tax)}
        )
    ]


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
    for group in groups[:count]:
        day = books.later(max(draft.day for draft in group), 3, 45)
        check(books, group, day, is_released=(books.today - day).days > 1)


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
