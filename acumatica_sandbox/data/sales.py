"""Sales orders, and the sales invoices of those that were shipped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from ..rows import Fields, Row
from .books import Books, Draft
from .chart import AR, SALES
from .ledger import post
from .money import cents, money, price, quantity
from .receivables import invoice_line


def make_sales_orders(books: Books, customers: Sequence[Draft], items: Sequence[Draft], count: int) -> None:
    """Sales orders, and a sales invoice for each that is completed."""
    for number in range(count):
        day = books.working_day(number / count)
        customer = books.random.choice(customers).fields
        draft = _sales_order(books, customer, items, day)
        if draft["Status"] == "Completed":
            _sales_invoice(books, draft, books.later(day, 1, 6))


_EVERY_ORDER: Fields = {
    "Branch": "MAIN",
    "LocationID": "MAIN",
    "CurrencyID": "USD",
    "BaseCurrencyID": "USD",
    "CurrencyRate": price(10_000),
    "Project": "X",
    "Hold": False,
    "Approved": True,
    "CreditHold": False,
    "TaxTotal": money(0),
}
"""What all sales orders have in common."""


def _sales_order(books: Books, customer: Fields, items: Sequence[Draft], day: date) -> Draft:
    random = books.random
    number = books.number("sales order", prefix="SO")
    chosen = [items[int(random.random() * len(items))] for _ in range(1 + int(random.random() * 5))]
    rows = [_order_line(books, place, item, day) for place, item in enumerate(chosen, 1)]
    total = sum(cents(row.fields["Amount"]) for row in rows)
    fields: Fields = _EVERY_ORDER | {
        "OrderType": "SO" if random.random() < 0.9 else "QT",
        "OrderNbr": number,
        "Status": "Completed" if (books.today - day).days > 14 else "Open",
        "CustomerID": customer["CustomerID"],
        "CustomerOrder": f"PO-{random.randrange(1000, 99_999)}",
        "Date": day,
        "RequestedOn": day + timedelta(days=3),
        "OrderedQty": sum(row.fields["OrderQty"] for row in rows),  # type: ignore[misc]
        "ControlTotal": money(total),
        "OrderTotal": money(total),
    }
    return books.add(Draft(entity="SalesOrder", fields=fields, day=day, details={"Details": rows}))


def _order_line(books: Books, place: int, item: Draft, day: date) -> Row:
    row = invoice_line(books, place, item)
    fields: Fields = {
        "LineNbr": place,
        "InventoryID": item["InventoryID"],
        "LineDescription": item["Description"],
        "Branch": "MAIN",
        "WarehouseID": "MAIN",
        "OrderQty": row.fields["Qty"],
        "OpenQty": quantity(0),
        "UOM": row.fields["UOM"],
        "UnitPrice": row.fields["UnitPrice"],
        "ExtendedPrice": row.fields["Amount"],
        "Amount": row.fields["Amount"],
        "Completed": True,
        "FreeItem": False,
        "RequestedOn": day + timedelta(days=3),
        "LastModifiedDate": f"{day:%m/%d/%Y} 19:57:08",
    }
    return Row(id=row.id, fields=fields)


_EVERY_INVOICE: Fields = {
    "Type": "Invoice",
    "Currency": "USD",
    "Hold": False,
    "CreditHold": False,
    "TaxTotal": money(0),
    "DiscountTotal": money(0),
    "FreightPrice": money(0),
    "PaymentTotal": money(0),
    "Project": "X",
    "IsTaxValid": True,
}
"""What all sales invoices have in common."""


def _sales_invoice(books: Books, order: Draft, day: date) -> None:
    number = books.number("sales invoice", prefix="SI")
    fields: Fields = _EVERY_INVOICE | {
        "ReferenceNbr": number,
        "CustomerID": order["CustomerID"],
        "CustomerOrder": order["CustomerOrder"],
        "Date": day,
        "DueDate": day + timedelta(days=30),
        "Status": "Closed" if (books.today - day).days > 60 else "Open",
        "Amount": order["OrderTotal"],
        "Balance": order["OrderTotal"] if (books.today - day).days <= 60 else money(0),
        "DetailTotal": order["OrderTotal"],
    }
    rows = [_sales_invoice_line(books, row, order) for row in order.details["Details"]]
    total = cents(order["OrderTotal"])
    sold = [(AR, "FIN-000", total, number), (SALES, "SAL-000", -total, number)]
    post(books, "AR", day, f"Sales invoice {number}", number, sold)
    books.add(Draft(entity="SalesInvoice", fields=fields, day=day, details={"Details": rows}))


def _sales_invoice_line(books: Books, row: Row, order: Draft) -> Row:
    fields: Fields = {
        "LineNbr": row.fields["LineNbr"],
        "InventoryID": row.fields["InventoryID"],
        "TransactionDescr": row.fields["LineDescription"],
        "BranchID": "MAIN",
        "Account": SALES,
        "SubAccount": "SAL-000",
        "Qty": row.fields["OrderQty"],
        "UOM": row.fields["UOM"],
        "UnitPrice": row.fields["UnitPrice"],
        "Amount": row.fields["Amount"],
        "OrderType": order["OrderType"],
        "OrderNbr": order["OrderNbr"],
        "OrderLineNbr": row.fields["LineNbr"],
        "WarehouseID": "MAIN",
    }
    return books.row(fields)
