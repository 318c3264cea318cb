"""Stock items, non-stock items and projects."""

from __future__ import annotations

from ..rows import Fields, Row
from . import names
from .books import Books, Draft
from .chart import COGS, EXPENSES, INVENTORY, PO_ACCRUAL, SALES
from .money import TOO_FINE_FOR_A_FLOAT, price, quantity

WAREHOUSES = ("MAIN", "EAST", "RETAIL")


def make_stock_items(books: Books, count: int) -> list[Draft]:
    """Stock items; a third came in one import and share their stamp's day."""
    return [books.add(_stock_item(books, number)) for number in range(count)]


_EVERY_STOCK_ITEM: Fields = {
    "ItemType": "Finished Good",
    "ValuationMethod": "Average",
    "TaxCategory": "TAXABLE",
    "LotSerialClass": "NOTTRACKED",
    "DefaultWarehouseID": "MAIN",
    "InventoryAccount": INVENTORY,
    "InventorySubaccount": "WHS-000",
    "SalesAccount": SALES,
    "SalesSubaccount": "SAL-000",
    "COGSAccount": COGS,
    "COGSSubaccount": "SAL-000",
    "POAccrualAccount": PO_ACCRUAL,
    "POAccrualSubaccount": "WHS-000",
    "CurrentStdCost": price(0),
    "Markup": quantity(0),
    "WeightUOM": "KG",
    "VolumeUOM": "LITER",
    "IsAKit": False,
    "PackSeparately": False,
}
"""What all stock items have in common."""


def _stock_item(books: Books, number: int) -> Draft:
    random = books.random
    prefix, text, item_class, unit = names.GOODS[number % len(names.GOODS)]
    size = names.SIZES[number // len(names.GOODS) % len(names.SIZES)]
    cost = random.randrange(5_000, 2_500_000)
    fields: Fields = _EVERY_STOCK_ITEM | {
        "InventoryID": f"{prefix}-{size}-{number + 1:04}",
        "Description": f"{text} {size}" + (' 3/4" "heavy duty"' if number % 50 == 9 else ""),
        "ItemClass": item_class,
        "ItemStatus": "Active" if random.random() < 0.94 else random.choice(("Inactive", "No Purchases")),
        "PostingClass": item_class,
        "BaseUOM": unit,
        "SalesUOM": unit,
        "PurchaseUOM": unit,
        "AverageCost": price(cost),
        "LastCost": price(cost + random.randrange(-2_000, 2_000)),
        "MinCost": price(cost * 9 // 10),
        "MaxCost": price(cost * 11 // 10),
        "DefaultPrice": price(cost * 16 // 10),
        "CurySpecificPrice": price(cost * 16 // 10),
        "MSRP": TOO_FINE_FOR_A_FLOAT if number == 4 else price(cost * 2),
        "DimensionWeight": price(random.randrange(100, 900_000)),
        "SubjectToCommission": random.random() < 0.5,
    }
    day = books.working_day(0.0 if number % 3 == 0 else random.random() * 0.6)
    changed = books.later(day, 5, 500) if random.random() < 0.5 else None
    return Draft(
        entity="StockItem", fields=fields, day=day, changed_on=changed, details=_stock(books, number)
    )


def _stock(books: Books, number: int) -> dict[str, list[Row]]:
    random = books.random
    rows = [
        books.row(
            {
                "WarehouseID": name,
                "QtyOnHand": quantity(random.randrange(0, 900)),
                "IsDefault": name == "MAIN",
                "Status": "Active",
                "InventoryAccount": INVENTORY,
            }
        )
        for name in WAREHOUSES[: 1 + number % 3]
    ]
    vendor: Fields = {
        "VendorID": f"V{number % 500 + 1:06}",
        "Default": True,
        "Active": True,
        "CurrencyID": "USD",
    }
    return {"WarehouseDetails": rows, "VendorDetails": [books.row(vendor)]}


def make_non_stock_items(books: Books, count: int) -> list[Draft]:
    """Services and charges."""
    return [books.add(_non_stock_item(books, number)) for number in range(count)]


_EVERY_NON_STOCK_ITEM: Fields = {
    "ItemClass": "SERVICES",
    "ItemStatus": "Active",
    "PostingClass": "SERVICES",
    "TaxCategory": "EXEMPT",
    "BaseUnit": "HOUR",
    "SalesUnit": "HOUR",
    "PurchaseUnit": "HOUR",
    "ExpenseSubaccount": "OPS-000",
    "SalesAccount": "40100",
    "SalesSubaccount": "SAL-000",
    "RequireReceipt": False,
    "RequireShipment": False,
    "IsKit": False,
    "Weight": quantity(0),
    "Volume": quantity(0),
}
"""What all non-stock items have in common."""


def _non_stock_item(books: Books, number: int) -> Draft:
    random = books.random
    text = names.SERVICES[number % len(names.SERVICES)]
    account = EXPENSES[number % len(EXPENSES)]
    fields: Fields = _EVERY_NON_STOCK_ITEM | {
        "InventoryID": f"SVC{number + 1:04}",
        "Description": f"{text}, tier {number // len(names.SERVICES) + 1}",
        "ItemType": random.choice(("Service", "Labor", "Non-Stock Item", "Expense")),
        "ExpenseAccount": account,
        "CurrentCost": price(random.randrange(100_000, 1_500_000)),
        "LastCost": price(random.randrange(100_000, 1_500_000)),
        "DefaultPrice": price(random.randrange(200_000, 2_500_000)),
        "EffectiveDate": books.working_day(0.1),
    }
    day = books.working_day(random.random() * 0.5)
    return Draft(entity="NonStockItem", fields=fields, day=day)


def make_projects(books: Books, count: int) -> list[Draft]:
    """Customer projects."""
    return [books.add(_project(books, number)) for number in range(count)]


def _project(books: Books, number: int) -> Draft:
    random = books.random
    day = books.working_day(random.random() * 0.9)
    fields: Fields = {
        "ProjectID": f"PR{number + 1:05}",
        "Description": f"Warehouse refit, phase {number % 4 + 1}",
        "Customer": f"C{random.randrange(1, 100):06}",
        "Status": random.choice(("In Planning", "Active", "Active", "Completed")),
        "Hold": False,
        "Income": quantity(0),
        "Expenses": price(random.randrange(0, 90_000_000)),
        "Assets": quantity(0),
        "Liabilities": quantity(0),
    }
    linked = {"ProjectProperties": books.row({"StartDate": day, "ProjectCurrency": "USD"})}
    return Draft(entity="Project", fields=fields, day=day, linked=linked)
