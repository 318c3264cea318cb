"""A believable day of activity in the tenant: what people enter, release, pay, reprice and throw away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..options import SandboxOptions
from ..rows import Record
from ..tenant import Tenant
from ..transaction import Change
from .bills import bill, post_bill
from .books import Books, Draft
from .checks import check, release_check
from .money import cents, money, price
from .partners import vendor
from .purchasing import order, receipt
from .receivables import invoice, payment

Activity = dict[str, dict[str, int]]
"""Per entity how many records were inserted, changed and deleted."""

_SERIES = {
    "bill": ("Bill", "ReferenceNbr"),
    "check": ("Check", "ReferenceNbr"),
    "invoice": ("Invoice", "ReferenceNbr"),
    "payment": ("Payment", "ReferenceNbr"),
    "order": ("PurchaseOrder", "OrderNbr"),
    "receipt": ("PurchaseReceipt", "ReceiptNbr"),
}

_IN_THE_MORNING = ("Vendor", "Customer", "StockItem", "PurchaseOrder", "Bill", "Check", "Invoice")


def business_day(tenant: Tenant, options: SandboxOptions) -> Activity:
    """Let a day happen and answer what it did; a clock that does not move by itself moves by an hour a step."""
    seen: list[Change] = []
    tenant.listeners.append(seen.extend)
    try:
        day = BusinessDay(tenant, options)
        for step in day.steps():
            step()
            day.save()
            if not tenant.clock.is_real:
                tenant.clock.advance(3600)
    finally:
        tenant.listeners.remove(seen.extend)
    return summary(seen)


class BusinessDay:
    """The steps of one day, over what the tenant holds when it begins."""

    def __init__(self, tenant: Tenant, options: SandboxOptions) -> None:
        """Go on with the numbering where the tenant stands."""
        self._tenant = tenant
        purpose = f"business day {len(tenant.records('JournalTransaction'))}"
        self._books = Books(tenant, options, purpose)
        self._loaded = {
            entity: [as_draft(record) for record in tenant.records(entity)] for entity in _IN_THE_MORNING
        }
        for series, (entity, key) in _SERIES.items():
            taken = (_digits(str(row.fields[key])) for row in tenant.records(entity))
            self._books.numbers[series] = max(taken, default=0)
        for row in tenant.records("JournalTransaction"):
            series = f"batch {row.keys[0]}"
            self._books.numbers[series] = max(self._books.numbers[series], _digits(row.keys[1]))

    def steps(self) -> list[Callable[[], None]]:
        """What happens, in order; each step is saved before the next."""
        return [
            self._meet_vendors,
            self._enter_bills,
            self._discard_bill,
            self._discard_check,
            self._release_bills,
            self._order_goods,
            self._receive_goods,
            self._release_checks,
            self._pay_bills,
            self._invoice_customers,
            self._receive_payments,
            self._reprice_items,
        ]

    def save(self) -> None:
        """Write what the step drafted, each document in a transaction of its own."""
        for drafts in self._books.drafts.values():
            for draft in drafts:
                draft.record_id = self._tenant.insert(
                    draft.entity, draft.fields, draft.details, linked=draft.linked, note=draft.note
                )
        self._books.drafts.clear()
        for draft in self._changed():
            self._tenant.change(draft.entity, draft.record_id, draft.fields, draft.details)
            draft.changed_on = None

    def _changed(self) -> list[Draft]:
        return [draft for drafts in self._loaded.values() for draft in drafts if draft.changed_on]

    def _drafts(self, entity: str) -> list[Draft]:
        """The records that an entity had in the morning and still has, as drafts."""
        return self._loaded[entity]

    def _some(self, drafts: Sequence[Draft], count: int) -> list[Draft]:
        return self._books.random.sample(list(drafts), min(count, len(drafts)))

    def _meet_vendors(self) -> None:
        for _ in range(2):
            self._books.add(
                vendor(self._books, len(self._drafts("Vendor")) + self._books.numbers["new vendor"])
            )
            self._books.numbers["new vendor"] += 1
        for draft in self._some(self._drafts("Vendor"), 3):
            draft.fields["Terms"] = "NET15" if draft["Terms"] == "NET30" else "NET30"
            draft.changed_on = self._books.today

    def _enter_bills(self) -> None:
        for known in self._some(self._drafts("Vendor"), 12):
            bill(self._books, known.fields, self._books.today)

    def _release_bills(self) -> None:
        drafts = [draft for draft in self._drafts("Bill") if draft["Status"] == "Balanced"]
        for draft in self._some(drafts, 5):
            draft.fields |= {"Status": "Open", "Hold": False, "ApprovedForPayment": True}
            draft.changed_on = self._books.today
            if draft["Type"] != "Prepayment":
                post_bill(self._books, draft)

    def _order_goods(self) -> None:
        suppliers = [draft for draft in self._drafts("Vendor") if draft["VendorClass"] == "GOODS"]
        for supplier in self._some(suppliers, 4):
            order(self._books, supplier.fields, self._drafts("StockItem"), self._books.today)

    def _receive_goods(self) -> None:
        waiting = [draft for draft in self._drafts("PurchaseOrder") if draft["Status"] == "Open"]
        for draft in self._some(waiting, 3):
            draft.fields["Status"] = "Completed"
            draft.changed_on = self._books.today
            receipt(self._books, draft, self._books.today)

    def _release_checks(self) -> None:
        bills = {draft.text("ReferenceNbr"): draft for draft in self._drafts("Bill")}
        waiting = [draft for draft in self._drafts("Check") if draft["Status"] in ("On Hold", "Balanced")]
        for draft in self._some(waiting, 4):
            release_check(self._books, draft, bills, self._books.today)

    def _pay_bills(self) -> None:
        reserved = {
            row.fields["ReferenceNbr"]
            for draft in self._drafts("Check")
            for row in draft.details.get("Details", [])
        }
        due = [
            draft
            for draft in self._drafts("Bill")
            if draft["Type"] == "Bill"
            and draft["Status"] == "Open"
            and draft.open_cents > 0
            and draft["ReferenceNbr"] not in reserved
        ]
        for draft in self._some(due, 8):
            check(self._books, [draft], self._books.today, is_released=True)

    def _invoice_customers(self) -> None:
        for customer in self._some(self._drafts("Customer"), 5):
            invoice(self._books, customer.fields, self._drafts("StockItem"), self._books.today)

    def _receive_payments(self) -> None:
        due = [draft for draft in self._drafts("Invoice") if draft.open_cents > 0]
        for draft in self._some(due, 8):
            payment(self._books, draft, self._books.today, draft.open_cents)

    def _reprice_items(self) -> None:
        for draft in self._some(self._drafts("StockItem"), 10):
            raised = price(cents(draft["DefaultPrice"]) * 103)
            draft.fields |= {"DefaultPrice": raised, "CurySpecificPrice": raised}
            draft.changed_on = self._books.today

    def _discard_bill(self) -> None:
        reserved = {
            row.fields["ReferenceNbr"]
            for draft in self._drafts("Check")
            for row in draft.details.get("Details", [])
        }
        unreleased = [
            draft
            for draft in self._drafts("Bill")
            if draft["Status"] in ("On Hold", "Balanced") and draft["ReferenceNbr"] not in reserved
        ]
        self._discard(unreleased)

    def _discard_check(self) -> None:
        self._discard(
            [draft for draft in self._drafts("Check") if draft["Status"] in ("On Hold", "Balanced")]
        )

    def _discard(self, drafts: Sequence[Draft]) -> None:
        for draft in self._some(drafts, 1):
            self._drafts(draft.entity).remove(draft)
            self._tenant.delete(draft.entity, draft.record_id)


def as_draft(record: Record) -> Draft:
    """A record of the tenant, ready to be changed."""
    balance = record.fields.get("Balance")
    return Draft(
        entity=record.entity,
        fields=dict(record.fields),
        day=record.created.date(),
        details=dict(record.details),
        linked=record.linked,
        open_cents=cents(balance or money(0)),
        record_id=record.id,
    )


def summary(changes: Sequence[Change]) -> Activity:
    """How many records were inserted, changed and deleted; one that was inserted and changed is inserted."""
    kinds: dict[tuple[str, str], str] = {}
    for change in changes:
        if change.after is None:
            kinds[change.entity, change.id] = "deleted"
        elif change.before is None:
            kinds[change.entity, change.id] = "inserted"
        else:
            kinds.setdefault((change.entity, change.id), "changed")
    found: Activity = {}
    for (entity, _), kind in kinds.items():
        counts = found.setdefault(entity, {"inserted": 0, "changed": 0, "deleted": 0})
        counts[kind] += 1
    return found


def _digits(text: str) -> int:
    return int("".join(letter for letter in text if letter.isdigit()) or 0)
