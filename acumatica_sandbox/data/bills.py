"""AP bills: what vendors charge, some of it for purchase orders."""

from __future__ import annotations

from collections.abc import Sequence
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
    by_id = {vendor["VendorID"]: vendor for vendor in vendors}
    for number in range(count):
        order = orders[number // 3] if number % 3 == 0 and number // 3 < len(orders) else None
        vendor = by_id[order["VendorID"]] if order else books.random.choice(vendors)
        day = books.later(order.day, 5, 20) if order else books.working_day(number / count)
        made.append(bill(books, vendor.fields, day, order))
    return made


_EVERY_BILL: Fields = {
    "CurrencyID": "USD",
    "BranchID": "MAIN",
    "LocationID": "MAIN",
    "CashAccount": CASH,
    "Project": "X",
    "IsTaxValid": True,
}
"""What all bills have in common."""


def bill(books: Books, vendor: Fields, day: date, order: Draft | None = None, kind: str = "") -> Draft:
    """A bill with its lines, tax and, when released, its batch in the ledger."""
    random = books.random
    lines, net = _order_lines(books, order) if order else _expense_lines(books)
    taxed = vendor["TaxZone"] == "STATE" and order is None
    tax = net * _TAX_RATE // 100 if taxed else 0
    age = (books.today - day).days
    status = "Open" if age > 5 or random.random() < 0.4 else random.choice(("On Hold", "Balanced"))
    chosen = kind or ("Bill" if order else random.choice(_TYPES))
    fields: Fields = _EVERY_BILL | {
        "Type": chosen,
        "ReferenceNbr": books.number("bill"),
        "Vendor": vendor["VendorID"],
        "VendorRef": f"INV-{random.randrange(10_000, 999_999)}",
        "Date": day,
        "DueDate": day + timedelta(days=TERMS[str(vendor["Terms"])]),
        "PostPeriod": period(day),
        "Terms": vendor["Terms"],
        "Status": status,
        "Hold": status == "On Hold",
        "ApprovedForPayment": status == "Open",
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


_EVERY_LINE: Fields = {
    "Branch": "MAIN",
    "UOM": "EA",
    "Project": "X",
    "NonBillable": False,
    "TaxCategory": "TAXABLE",
    "CalculateDiscountsOnImport": False,
}
"""What all expense lines have in common."""


def _line(books: Books, account: str, units: int, unit_cost: int, cents: int) -> Row:
    amount = money(cents)
    fields: Fields = _EVERY_LINE | {
        "Account": account,
        "Subaccount": books.random.choice(_SUBACCOUNTS),
        "Description": _TEXTS[account],
        "TransactionDescription": _TEXTS[account],
        "Qty": quantity(units),
        "UnitCost": price(unit_cost),
        "ExtendedCost": amount,
        "Amount": amount,
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
