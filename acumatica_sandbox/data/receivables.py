"""AR invoices and the payments customers send."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from ..rows import Fields, Row
from .books import TERMS, Books, Draft, period
from .chart import AR, CASH, COGS, INVENTORY, SALES
from .ledger import post
from .money import cents, money, price, quantity


def make_invoices(
    books: Books, customers: Sequence[Draft], items: Sequence[Draft], count: int
) -> list[Draft]:
    """AR invoices through the company's history."""
    return [
        invoice(books, books.random.choice(customers).fields, items, books.working_day(number / count))
        for number in range(count)
    ]


_EVERY_INVOICE: Fields = {
    "Type": "Invoice",
    "LinkARAccount": AR,
    "LinkBranch": "MAIN",
    "LocationID": "MAIN",
    "Project": "X",
    "Status": "Open",
    "Hold": False,
    "TaxTotal": money(0),
    "IsTaxValid": True,
    "BillingPrinted": True,
}
"""What all invoices have in common."""


def invoice(books: Books, customer: Fields, items: Sequence[Draft], day: date) -> Draft:
    """An invoice with its lines, its sale and its cost in the ledger."""
    random = books.random
    chosen = [items[int(random.random() * len(items))] for _ in range(1 + int(random.random() * 4))]
    rows = [invoice_line(books, place, item) for place, item in enumerate(chosen, 1)]
    total = sum(cents(row.fields["Amount"]) for row in rows)
    number = books.number("invoice", prefix="AR")
    fields: Fields = _EVERY_INVOICE | {
        "ReferenceNbr": number,
        "Customer": customer["CustomerID"],
        "CustomerOrder": f"PO-{random.randrange(1000, 99_999)}",
        "Date": day,
        "DueDate": day + timedelta(days=TERMS[str(customer["Terms"])]),
        "PostPeriod": period(day),
        "Terms": customer["Terms"],
        "Description": "Counter sale" if random.random() < 0.3 else "Order delivery",
        "Amount": money(total),
        "Balance": money(total),
    }
    sold = [(AR, "FIN-000", total, number), (SALES, "SAL-000", -total, number)]
    cost = total * 5 // 8
    issued = [(COGS, "SAL-000", cost, number), (INVENTORY, "WHS-000", -cost, number)]
    post(books, "AR", day, f"Invoice {number}", number, sold)
    post(books, "IN", day, f"Issue for {number}", number, issued)
    return books.add(
        Draft(entity="Invoice", fields=fields, day=day, details={"Details": rows}, open_cents=total)
    )


def invoice_line(books: Books, place: int, item: Draft) -> Row:
    """A line that sells some of an item at its price."""
    units = 1 + int(books.random.random() * 25)
    unit_price = cents(item["DefaultPrice"]) * 100
    amount = money(units * unit_price // 100)
    fields: Fields = {
        "LineNbr": place,
        "InventoryID": item["InventoryID"],
        "TransactionDescription": item["Description"],
        "Branch": "MAIN",
        "Account": SALES,
        "Subaccount": "SAL-000",
        "Qty": quantity(units),
        "UOM": item["BaseUOM"],
        "UnitPrice": price(unit_price),
        "ExtendedPrice": amount,
        "Amount": amount,
        "DiscountAmount": money(0),
        "TaxCategory": "TAXABLE",
    }
    return books.row(fields)


def make_payments(books: Books, invoices: Sequence[Draft], count: int) -> None:
    """Payments of invoices, the oldest first; some pay in two parts."""
    for number in range(count):
        draft = invoices[number % len(invoices)] if number < 2 * len(invoices) else None
        if draft is None or draft.open_cents <= 0:
            continue
        is_part = number < len(invoices) and number % 2 == 0
        payment(
            books,
            draft,
            books.later(draft.day, 2, 40),
            draft.open_cents // 2 if is_part else draft.open_cents,
        )


_EVERY_PAYMENT: Fields = {
    "CustomerLocationID": "MAIN",
    "CashAccount": CASH,
    "Branch": "MAIN",
    "BranchID": "MAIN",
    "CurrencyID": "USD",
    "Hold": False,
    "IsCCPayment": False,
    "AppliedToOrders": money(0),
    "Status": "Closed",
}
"""What all payments have in common."""


def payment(books: Books, draft: Draft, day: date, share: int) -> Draft:
    """A payment applied to one invoice."""
    random = books.random
    number = books.number("payment")
    fields: Fields = _EVERY_PAYMENT | {
        "Type": "Payment" if random.random() < 0.97 else "Prepayment",
        "ReferenceNbr": number,
        "CustomerID": draft["Customer"],
        "ApplicationDate": day,
        "PaymentMethod": random.choice(("CHECK", "ACH", "WIRE")),
        "PaymentRef": f"{random.randrange(100_000, 999_999)}",
        "PaymentAmount": money(share),
        "AppliedToDocuments": money(share),
    }
    if random.random() < 0.5:
        fields["Description"] = "Lockbox deposit — merci !"
    received = [(CASH, "FIN-000", share, number), (AR, "FIN-000", -share, str(draft["Customer"]))]
    batch = post(books, "AR", day, f"Payment {number}", number, received)
    rows = [_history(books, draft, number, share, day, batch)]
    settle(draft, share, day)
    return books.add(
        Draft(
            entity="Payment",
            fields=fields,
            day=day,
            details={"ApplicationHistory": rows, "DocumentsToApply": []},
        )
    )


def _history(books: Books, draft: Draft, number: str, share: int, day: date, batch: Draft) -> Row:
    fields: Fields = {
        "AdjustedDocType": draft["Type"],
        "AdjustedRefNbr": draft["ReferenceNbr"],
        "DisplayDocType": draft["Type"],
        "DisplayRefNbr": draft["ReferenceNbr"],
        "AdjustingDocType": "Payment",
        "AdjustingRefNbr": number,
        "AdjustmentNbr": 0,
        "AmountPaid": money(share),
        "Balance": money(draft.open_cents - share),
        "BatchNbr": batch["BatchNbr"],
        "ApplicationPeriod": period(day),
        "PostPeriod": draft["PostPeriod"],
        "CurrencyID": "USD",
        "Customer": draft["Customer"],
        "CustomerOrder": draft["CustomerOrder"],
        "Date": draft["Date"],
        "DueDate": draft["DueDate"],
        "CashDiscountBalance": money(0),
        "CashDiscountTaken": money(0),
        "BalanceWriteOff": money(0),
    }
    return books.row(fields)


def settle(draft: Draft, share: int, day: date) -> None:
    """Lower an invoice's balance."""
    draft.open_cents -= share
    draft.changed_on = day
    draft.fields["Balance"] = money(draft.open_cents)
    draft.fields["Status"] = "Open" if draft.open_cents else "Closed"
