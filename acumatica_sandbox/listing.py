"""Lists and single records of an entity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from .contract import Endpoint, TypeContract
from .dropdowns import text_of
from .filter_lexer import Lexer
from .filter_match import Condition, Matcher
from .filter_parser import Parser
from .messages import JSON_TYPE, Request, Response
from .problems import bad_filter, no_entity, not_optimizable
from .render import RECORDS, Renderer, SessionIds, ValueEncoder
from .rows import Record
from .selection import Selection, read_selection
from .sessions import Session
from .shape import Shape, ShapeBuilder
from .site import Site

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

VIEWS = {
    "Account": "PX.Objects.GL.AccountMaint/AccountRecords",
    "Bill": "PX.Objects.AP.APInvoiceEntry/Document",
    "Check": "PX.Objects.AP.APPaymentEntry/Document",
    "Customer": "PX.Objects.AR.CustomerMaint/BAccount",
    "Invoice": "PX.Objects.AR.ARInvoiceEntry/Document",
    "JournalTransaction": "PX.Objects.GL.JournalEntry/BatchModule",
    "Ledger": "PX.Objects.GL.GeneralLedgerMaint/LedgerRecords",
    "NonStockItem": "PX.Objects.IN.NonStockItemMaint/Item",
    "Payment": "PX.Objects.AR.ARPaymentEntry/Document",
    "Project": "PX.Objects.PM.ProjectEntry/Project",
    "PurchaseOrder": "PX.Objects.PO.POOrderEntry/Document",
    "PurchaseReceipt": "PX.Objects.PO.POReceiptEntry/Document",
    "SalesInvoice": "PX.Objects.SO.SOInvoiceEntry/Document",
    "SalesOrder": "PX.Objects.SO.SOOrderEntry/Document",
    "StockItem": "PX.Objects.IN.InventoryItemMaint/Item",
    "Subaccount": "PX.Objects.GL.SubAccountMaint/SubRecords",
    "Vendor": "PX.Objects.AP.VendorMaint/BAccount",
}
"""The graph and view of each form, as links to attachments name them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One request for records of an entity on an endpoint."""

    site: Site
    endpoint: Endpoint
    contract: TypeContract
    request: Request
    session: Session

    @property
    def sees_data(self) -> bool:
        """Whether the session is in the tenant that holds the data; the instance's other tenants are empty."""
        return self.session.tenant.casefold() == self.site.options.tenant.casefold()

    def list(self) -> Response:
        """The rows that match, in ascending key order whatever `$orderby` says."""
        parameters = self.request.parameters
        condition, used = self._condition(parameters.get("$filter", ""))
        skip, top = _count(parameters, "$skip") or 0, _count(parameters, "$top")
        shape = self._shape(self._selection(), used)
        self._refuse_unoptimizable(shape)
        rows = self._matching(parameters.get("$filter", ""), condition, used)
        page = rows[skip:] if top is None else rows[skip : skip + top]
        renderer = self._renderer(shape)
        body = ",".join(renderer.record(row, number) for number, row in enumerate(page, 1))
        return replace(_json(f"[{body}]"), delay_seconds=skip * self.site.options.skip_seconds)

    def single(self, tail: str) -> Response:
        """One record by id or by its keys; the optimiser is not involved."""
        record = self._record(tail)
        if record is None or record.hidden:
            raise no_entity()
        return _json(self._renderer(self._shape(self._selection(), set())).record(record, 1))

    def _record(self, tail: str) -> Record | None:
        if not self.sees_data:
            return None
        if GUID.fullmatch(tail):
            return self._find(tail.lower())
        keys = [unquote(part) for part in re.split(r"/|\||%7C", tail, flags=re.IGNORECASE)]
        found = self.site.tenant.find(self.contract.type, *keys)
        if found is None and self.endpoint.contract_version >= 5:
            texts = [
                text_of(self.contract.type, *pair) for pair in zip(self.contract.keys, keys, strict=False)
            ]
            found = self.site.tenant.find(self.contract.type, *texts)
        return found

    def _find(self, record_id: str) -> Record | None:
        """The record with this id; without a NoteID it has one for this session alone."""
        table = self.site.tenant.table(self.contract.type)
        if self.contract.type not in self.site.options.session_ids:
            return table.get(record_id)
        ids = SessionIds(session=self.session.id, collections=frozenset({RECORDS}))
        return next((record for record in table.ordered() if ids.of(record, RECORDS) == record_id), None)

    def _selection(self) -> Selection:
        """What is asked for; where `$select` is ignored, every field of the record."""
        version, parameters = self.endpoint.contract_version, self.request.parameters
        if self.contract.type not in self.site.options.select_ignored:
            return read_selection(parameters, version)
        if version < 5:
            parameters.pop("$select", None)
        return replace(read_selection(parameters, version), fields=None)

    def _condition(self, text: str) -> tuple[Condition | None, set[str]]:
        if not text:
            return None, set()
        options = self.site.options
        zone = self.site.named_zone(options.literal_zone)
        tokens = Lexer(self.endpoint.contract_version, zone).tokens(text)
        matcher = Matcher(
            endpoint=self.endpoint,
            contract=self.contract,
            zone=self.site.zone,
            custom_fields=options.custom_fields.get(self.contract.type, {}),
        )
        return matcher.condition(Parser(tokens).parse()), matcher.used

    def _matching(self, text: str, condition: Condition | None, used: set[str]) -> Sequence[Record]:
        """The whole list, kept while the table stands still so that later pages need not look again."""
        if used & set(self.site.options.silently_empty.get(self.contract.type, ())) or not self.sees_data:
            return []
        table = self.site.tenant.table(self.contract.type)
        shows_archived = self.request.header("PX-ApiArchive").upper() == "SHOW"
        key = ("rows", self.endpoint.name, self.endpoint.version, self.contract.type, text, shows_archived)
        known = self.site.caches.get(key)
        if known is not None and known[0] == table.generation:
            found: Sequence[Record] = known[1]
            return found

        def is_listed(row: Record) -> bool:
            is_shown = not row.hidden and (shows_archived or not row.archived)
            return is_shown and (condition is None or condition(row))

        is_whole = condition is None and not table.has_unlisted
        rows = table.ordered() if is_whole else table.select(is_listed)
        self.site.remember(key, (table.generation, rows))
        return rows

    def _shape(self, selection: Selection, used: set[str]) -> Shape:
        builder = ShapeBuilder(
            endpoint=self.endpoint,
            entity=self.contract,
            custom_fields=self.site.options.custom_fields.get(self.contract.type, {}),
            also=used,
        )
        return builder.build(selection)

    def _refuse_unoptimizable(self, shape: Shape) -> None:
        blamed = self.site.options.not_optimizable.get(self.contract.type, {})
        asked = {name for name, _ in (*shape.fields, *shape.details, *shape.linked)}
        hit = {name: view for name, view in blamed.items() if name in asked}
        if hit:
            raise not_optimizable(hit)

    def _renderer(self, shape: Shape) -> Renderer:
        options = self.site.options
        unstable = {*options.unstable_line_ids.get(self.contract.type, ())}
        if self.contract.type in options.session_ids:
            unstable.add(RECORDS)
        key = (shape, self.session.id if unstable else "")
        renderers: dict[object, Renderer] = self.site.caches.setdefault("renderers", {})
        if key not in renderers:
            values = ValueEncoder(self.site.zone, self.endpoint.contract_version)
            base = f"{options.base_path}/entity/{self.endpoint.name}/{self.endpoint.version}/"
            ids = SessionIds(session=self.session.id, collections=frozenset(unstable))
            renderers[key] = Renderer(shape, values, base, VIEWS[self.contract.type], ids)
        return renderers[key]


def _count(parameters: dict[str, str], name: str) -> int | None:
    text = parameters.get(name, "")
    if not text:
        return None
    if not text.isdigit():
        raise bad_filter(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def _json(text: str) -> Response:
    return Response(status=200, headers=(("Content-Type", JSON_TYPE),), body=text.encode())
