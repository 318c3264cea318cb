"""The actions of entities: commands of their forms, which the API can invoke."""

from __future__ import annotations

from .notation import Schema, map_of, obj, ref

ACTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "Bill": {"ReleaseBill": (), "ReverseBill": ()},
    "Check": {"ReleaseCheck": (), "VoidCheck": ()},
    "Invoice": {"ReleaseInvoice": ()},
    "JournalTransaction": {"ReleaseJournalTransaction": ()},
    "NonStockItem": {"UpdateStandardCostNonStockItem": ()},
    "Payment": {"CaptureCreditCardPayment": (), "ReleasePayment": (), "VoidPayment": ()},
    "Project": {"ActivateProject": (), "CompleteProject": (), "RunProjectBilling": ()},
    "PurchaseReceipt": {"CreateAPBill": (), "ReleasePurchaseReceipt": ()},
    "SalesInvoice": {"ReleaseSalesInvoice": ()},
    "SalesOrder": {"CancelSalesOrder": (), "PrepareSalesInvoice": (), "ReopenSalesOrder": ()},
    "StockItem": {"UpdateStandardCostStockItem": ()},
    "Vendor": {
        "CreateContactFromVendor": (
            "FirstName", "LastName", "JobTitle", "Phone1Type", "Phone1", "Phone2Type", "Phone2", "Email", "ContactClass",
        )
    },
}  # fmt: skip
"""Some of each entity's, with the names of their parameters, which are all text."""
NOTE = "What the action is to be done with."


def custom_action(entity: str) -> str:
    """The type of a command of the entity's workflow."""
    return f"{entity}CustomAction"


def action_schemas(entity: str) -> Schema:
    """The type of each action of an entity, and that of any other command."""
    schemas = {name: _action(entity, parameters) for name, parameters in ACTIONS.get(entity, {}).items()}
    custom = obj({"custom": map_of(map_of(ref("CustomField")))})
    whole = obj({"entity": ref(entity), "parameters": custom | {"description": NOTE}}, required=["entity"])
    return {**schemas, custom_action(entity): whole}


def _action(entity: str, parameters: tuple[str, ...]) -> Schema:
    if not parameters:
        return obj({"entity": ref(entity)}, required=["entity"])
    values = {**obj({name: ref("StringValue") for name in parameters}), "description": NOTE}
    return obj({"entity": ref(entity), "parameters": values}, required=["entity", "parameters"])
