"""The OpenAPI file of one endpoint version."""

from __future__ import annotations

from typing import Any

from ..contract import Endpoint
from .operations import PARAMETERS, build_paths
from .responses import build_responses
from .schemas import build_schemas

FORMS = {
    "Account": "Chart of Accounts",
    "Bill": "Bills and Adjustments",
    "Check": "Checks and Payments",
    "Customer": "Customers",
    "Invoice": "Invoices and Memos",
    "JournalTransaction": "Journal Transactions",
    "Ledger": "Ledgers",
    "NonStockItem": "Non-Stock Items",
    "Payment": "Payments and Applications",
    "Project": "Projects",
    "PurchaseOrder": "Purchase Orders",
    "PurchaseReceipt": "Purchase Receipts",
    "SalesInvoice": "Invoices",
    "SalesOrder": "Sales Orders",
    "StockItem": "Stock Items",
    "Subaccount": "Subaccounts",
    "Vendor": "Vendors",
}
"""The name of each entity's form."""


def build_swagger(endpoint: Endpoint, instance: str) -> dict[str, Any]:
    """The whole document; `info.version` is the contract version. `instance` is the URL of the instance."""
    entities = sorted(endpoint.entities)
    paths: dict[str, Any] = {}
    for name in entities:
        paths |= build_paths(name)
    return {
        "openapi": "3.0.1",
        "info": {
            "title": f"{endpoint.name}/{endpoint.version}",
            "version": str(endpoint.contract_version),
        },
        "servers": [{"url": f"{instance}/entity/{endpoint.name}/{endpoint.version}"}],
        "paths": paths,
        "components": {
            "schemas": build_schemas(endpoint),
            "responses": build_responses(),
            "parameters": PARAMETERS,
        },
        "tags": [
            {"name": name, "description": f"{FORMS[name]} ({endpoint.entities[name].screen})"}
            for name in entities
        ],
    }
