"""The OData function that tells which records were deleted, for tables whose deletions are tracked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from .filter_lexer import Lexer
from .messages import Request, Response, json_response
from .problems import bad_filter
from .site import Site
from .tenant import Deletion

LINES = "PX_Objects_GL_GLTran"
DACS = {
    "Account": ("PX_Objects_GL_Account",),
    "Bill": ("PX_Objects_AP_APInvoice", "PX_Objects_AP_APRegister"),
    "Check": ("PX_Objects_AP_APPayment",),
    "Customer": ("PX_Objects_AR_Customer",),
    "Invoice": ("PX_Objects_AR_ARInvoice",),
    "JournalTransaction": ("PX_Objects_GL_Batch", LINES),
    "NonStockItem": ("PX_Objects_IN_InventoryItem",),
    "Payment": ("PX_Objects_AR_ARPayment",),
    "Project": ("PX_Objects_PM_PMProject",),
    "PurchaseOrder": ("PX_Objects_PO_POOrder",),
    "PurchaseReceipt": ("PX_Objects_PO_POReceipt",),
    "SalesInvoice": ("PX_Objects_SO_SOInvoice",),
    "SalesOrder": ("PX_Objects_SO_SOOrder",),
    "StockItem": ("PX_Objects_IN_InventoryItem",),
    "Subaccount": ("PX_Objects_GL_Sub",),
    "Vendor": ("PX_Objects_AP_Vendor",),
}
"""The data access classes behind each form, as OData names them."""

FUNCTION = "px.GetDeletedRecords()"


def deleted_records(request: Request, site: Site, name: str) -> Response:
    """Answer `{DAC}/px.GetDeletedRecords()?$filter=DeleteDate ge <instant>`."""
    entities = {entity for entity, dacs in DACS.items() if name in _spell(dacs)}
    tracked = entities & set(site.options.tracked_deletions)
    if not tracked:
        body = {"error": {"code": "", "message": f"Deleted records of {name} are not tracked (SM207010)."}}
        return json_response(400, body)
    since = _since(request.parameters.get("$filter", ""))
    told = [
        row
        for item in site.tenant.deletions
        if item.entity in tracked and (since is None or item.deleted_at >= since)
        for row in (_lines_of(item) if name in _spell((LINES,)) else [item])
    ]
    return _page(told, request, site.options.deletions_page_size, f"$metadata#{name}")


def _spell(dacs: Sequence[str]) -> set[str]:
    """The names that classes go by."""
    return {*dacs, *(dac.rpartition("_")[2] for dac in dacs)}


def _lines_of(item: Deletion) -> list[Deletion]:
    """The lines that went with a document."""
    lines = item.record.details.get("Details", []) if item.record else []
    return [Deletion(entity=item.entity, id=line.id, deleted_at=item.deleted_at) for line in lines]


def _page(told: list[Deletion], request: Request, size: int | None, context: str) -> Response:
    """The rows from `$skiptoken` on, and the link to those after them."""
    start = int(request.parameters.get("$skiptoken", "0"))
    end = len(told) if size is None else start + size
    rows = [{"RefNoteID": item.id, "DeleteDate": _text(item.deleted_at)} for item in told[start:end]]
    body: dict[str, object] = {"@odata.context": context, "value": rows}
    if end < len(told):
        query = urlencode({**request.parameters, "$skiptoken": end}, quote_via=quote, safe="$")
        host = request.header("Host") or "127.0.0.1"
        body["@odata.nextLink"] = f"http://{host}{request.path}?{query}"
    return json_response(200, body)


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _since(text: str) -> datetime | None:
    """The instant of `DeleteDate ge <instant>`, the one condition this function is asked with."""
    if not text:
        return None
    words = text.split()
    if len(words) != 3 or words[:2] != ["DeleteDate", "ge"]:
        raise bad_filter("Only 'DeleteDate ge <instant>' can be asked.")
    value = Lexer(5, UTC).tokens(words[2])[0].value
    if not isinstance(value, datetime):
        raise bad_filter("DeleteDate is compared with an instant.")
    return value
