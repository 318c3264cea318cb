"""Purchase orders and receipts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from ..rows import Fields, Row
from .books import Books, Draft, period
from .chart import INVENTORY, PO_ACCRUAL
from .ledger import post
from .money import cents, money, price, quantity

_STATUSES = ("On Hold", "Pending Approval", "Open", "Open", "Open")


def make_orders(books: Books, vendors: Sequence[Draft], items: Sequence[Draft], count: int) -> list[Draft]:
    """Purchase orders through the company's history; old ones are closed."""
    suppliers = [vendor for vendor in vendors if vendor["VendorClass"] == "GOODS"]
    return [
        order(books, books.random.choice(suppliers).fields, items, books.working_day(number / count))
        for number in range(count)
    ]


_EVERY_ORDER: Fields = {
    "Location": "MAIN",
    "Branch": "MAIN",
    "Project": "X",
    "CurrencyID": "USD",
    "BaseCurrencyID": "USD",
    "CurrencyRate": price(10_000),
    "CurrencyReciprocalRate": price(10_000),
    "CurrencyRateTypeID": "SPOT",
    "TaxTotal": money(0),
    "IsTaxValid": True,
}
"""What all purchase orders have in common."""


def order(books: Books, vendor: Fields, items: Sequence[Draft], day: date) -> Draft:
    """A purchase order of a few items."""
    random = books.random
    number = books.number("order", prefix="PO")
    age = (books.today - day).days
    status = "Closed" if age > 90 else "Completed" if age > 40 else random.choice(_STATUSES)
    done = status in ("Closed", "Completed")
    kind = "Drop-Ship" if random.random() < 0.05 else "Normal"
    chosen = [items[int(random.random() * len(items))] for _ in range(1 + int(random.random() * 6))]
    lines = [_line(books, kind, number, place, item, day, done) for place, item in enumerate(chosen, 1)]
    total = sum(cents(row.fields["ExtendedCost"]) for row in lines)
    fields: Fields = _EVERY_ORDER | {
        "Type": kind,
        "OrderNbr": number,
        "Status": status,
        "Hold": status == "On Hold",
        "Date": day,
        "PromisedOn": day + timedelta(days=int(vendor["LeadTimedays"])),  # type: ignore[arg-type]
        "VendorID": vendor["VendorID"],
        "Terms": vendor["Terms"],
        "CurrencyEffectiveDate": day,
        "ControlTotal": money(total),
        "LineTotal": money(total),
        "OrderTotal": money(total),
        "VendorTaxZone": vendor["TaxZone"],
    }
    if random.random() < 0.6:
        fields["Description"] = f"Replenishment week {day.isocalendar().week}"
    changed = books.later(day, 2, 30) if done else None
    return books.add(
        Draft(entity="PurchaseOrder", fields=fields, day=day, changed_on=changed, details={"Details": lines})
    )


_EVERY_LINE: Fields = {
    "BranchID": "MAIN",
    "LineType": "Goods for IN",
    "WarehouseID": "MAIN",
    "Account": INVENTORY,
    "Subaccount": "WHS-000",
    "Project": "X",
    "TaxCategory": "TAXABLE",
    "Cancelled": False,
    "MinReceiptPercent": quantity(0),
    "MaxReceiptPercent": quantity(100),
    "CompleteOn": quantity(100),
    "ReceiptAction": "Accept but Warn",
}
"""What all order lines have in common."""


def _line(books: Books, kind: str, number: str, place: int, item: Draft, day: date, done: bool) -> Row:
    units = 1 + int(books.random.random() * 60)
    unit_cost = cents(item["LastCost"]) * 100
    extended = units * unit_cost // 100
    received = quantity(units if done else 0)
    fields: Fields = _EVERY_LINE | {
        "LineNbr": place,
        "OrderType": kind,
        "OrderNbr": number,
        "InventoryID": item["InventoryID"],
        "LineDescription": item["Description"],
        "UOM": item["BaseUOM"],
        "OrderQty": quantity(units),
        "OrderedQty": quantity(units),
        "QtyOnReceipts": received,
        "ReceivedAmount": money(extended if done else 0),
        "UnitCost": price(unit_cost),
        "ExtendedCost": money(extended),
        "Requested": day,
        "Promised": day + timedelta(days=14),
        "Completed": done,
    }
    return books.row(fields)


def make_receipts(books: Books, orders: Sequence[Draft], count: int) -> None:
    """Receipts of completed orders; each posts to inventory."""
    done = [draft for draft in orders if draft["Status"] in ("Closed", "Completed")]
    for draft in done[-count:]:
        receipt(books, draft, books.later(draft.day, 3, 15))


def receipt(books: Books, source: Draft, day: date) -> Draft:
    """A receipt of everything on an order."""
    number = books.number("receipt", prefix="R")
    total = cents(source["OrderTotal"])
    units = sum(row.fields["OrderQty"] for row in source.details["Details"])  # type: ignore[misc]
    fields: Fields = {
        "Type": "Receipt",
        "ReceiptNbr": number,
        "Status": "Released",
        "Hold": False,
        "Date": day,
        "PostPeriod": period(day),
        "VendorID": source["VendorID"],
        "Location": "MAIN",
        "Branch": "MAIN",
        "CurrencyID": "USD",
        "TotalQty": units,
        "ControlQty": units,
        "TotalCost": money(total),
        "CreateBill": False,
        "UnbilledQuantity": quantity(0),
    }
    lines = [_receipt_line(books, row) for row in source.details["Details"]]
    stocked = [(INVENTORY, "WHS-000", total, number), (PO_ACCRUAL, "WHS-000", -total, number)]
    if total:
        post(books, "IN", day, f"Receipt {number}", number, stocked)
    return books.add(Draft(entity="PurchaseReceipt", fields=fields, day=day, details={"Details": lines}))


def _receipt_line(books: Books, source: Row) -> Row:
    names = ("LineNbr", "InventoryID", "UOM", "UnitCost", "ExtendedCost", "LineType")
    fields: Fields = {name: source.fields[name] for name in names}
    fields |= {
        "ReceiptQty": source.fields["OrderQty"],
        "Warehouse": "MAIN",
        "Location": "R1S1",
        "Branch": "MAIN",
        "TransactionDescription": source.fields["LineDescription"],
        "POOrderType": source.fields["OrderType"],
        "POOrderNbr": source.fields["OrderNbr"],
        "POLineNbr": source.fields["LineNbr"],
    }
    return books.row(fields)
