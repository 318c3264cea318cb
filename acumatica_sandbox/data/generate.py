"""Fills a tenant: who the company is, and a year and a half of its business."""

from __future__ import annotations

import gc
from dataclasses import dataclass

from ..options import SandboxOptions
from ..tenant import Tenant
from .bills import make_bills
from .books import Books
from .bulk import add_bulk
from .chart import make_chart
from .checks import make_checks
from .items import make_non_stock_items, make_projects, make_stock_items
from .ledger import make_journals
from .partners import make_customers, make_vendors
from .purchasing import make_orders, make_receipts
from .receivables import make_invoices, make_payments
from .sales import make_sales_orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many documents of each kind."""

    vendors: int
    customers: int
    stock_items: int
    non_stock_items: int
    projects: int
    orders: int
    receipts: int
    bills: int
    checks: int
    invoices: int
    payments: int
    sales_orders: int
    months: int


SIZES = {
    "demo": Counts(
        vendors=520,
        customers=420,
        stock_items=820,
        non_stock_items=100,
        projects=40,
        orders=1600,
        receipts=400,
        bills=5200,
        checks=1600,
        invoices=1150,
        payments=2000,
        sales_orders=400,
        months=18,
    ),
    "tiny": Counts(
        vendors=12,
        customers=10,
        stock_items=20,
        non_stock_items=10,
        projects=4,
        orders=15,
        receipts=5,
        bills=40,
        checks=10,
        invoices=15,
        payments=20,
        sales_orders=8,
        months=3,
    ),
}


def fill(tenant: Tenant, options: SandboxOptions) -> None:
    """Make the company of this seed and size; `empty` makes nothing."""
    counts = SIZES.get(options.size)
    if counts is not None:
        _fill(tenant, options, counts)
    if options.bulk:
        small = Tenant(tenant.clock, options.seed)
        _fill(small, options, SIZES["tiny"])
        add_bulk(tenant, options, small)


def _fill(tenant: Tenant, options: SandboxOptions, counts: Counts) -> None:
    was_collecting = gc.isenabled()
    gc.disable()  # only long-lived objects are made here, so looking for garbage would double the time
    try:
        _make(Books(tenant, options), counts)
    finally:
        if was_collecting:
            gc.enable()


def _make(books: Books, counts: Counts) -> None:
    make_chart(books)
    vendors = make_vendors(books, counts.vendors)
    customers = make_customers(books, counts.customers)
    items = make_stock_items(books, counts.stock_items)
    make_non_stock_items(books, counts.non_stock_items)
    make_projects(books, counts.projects)
    orders = make_orders(books, vendors, items, counts.orders)
    make_receipts(books, orders, counts.receipts)
    bills = make_bills(books, vendors, orders, counts.bills)
    make_checks(books, bills, counts.checks)
    invoices = make_invoices(books, customers, items, counts.invoices)
    make_payments(books, invoices, counts.payments)
    make_sales_orders(books, customers, items, counts.sales_orders)
    make_journals(books, counts.months)
    books.store()
