"""The company while it is being made: drafts of documents, numbering, the calendar and the ledger's postings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from ..options import SandboxOptions
from ..rows import Fields, Row, Scalar, new_id, seeded, stamped
from ..tenant import Tenant

TERMS = {"NET30": 30, "NET15": 15, "NET45": 45, "NET60": 60, "2N10N30": 30, "DUEREC": 0}
"""Days until a document with these terms is due."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """A document that may still change; `open_cents` is what is left to pay of it."""

    entity: str
    fields: Fields
    day: date
    details: dict[str, list[Row]] = field(default_factory=dict)
    linked: dict[str, Row] = field(default_factory=dict)
    open_cents: int = 0
    changed_on: date | None = None
    note: str | None = None
    record_id: str = ""
    """Set for a document that is in the tenant already."""

    def __getitem__(self, name: str) -> Scalar:
        """A field that is known to be filled."""
        return self.fields[name]

    def text(self, name: str) -> str:
        """A field that is known to be a filled text."""
        return str(self.fields[name])


class Books:
    """Everything generators share."""

    def __init__(self, tenant: Tenant, options: SandboxOptions, purpose: str = "books") -> None:
        """Begin on the day the tenant's clock shows."""
        self.tenant = tenant
        self.options = options
        self.random = seeded(options.seed, purpose)
        self.today = tenant.clock.now().astimezone(UTC).date()
        self.numbers: Counter[str] = Counter()
        self.drafts: dict[str, list[Draft]] = {}

    def add(self, draft: Draft) -> Draft:
        """Keep a draft for later."""
        self.drafts.setdefault(draft.entity, []).append(draft)
        return draft

    def number(self, series: str, width: int = 6, prefix: str = "") -> str:
        """The next number of a numbering sequence."""
        self.numbers[series] += 1
        return f"{prefix}{self.numbers[series]:0{width}}"

    def row(self, fields: Fields) -> Row:
        """A detail line or linked entity with an id of its own."""
        return Row(id=new_id(self.tenant.random), fields=fields)

    def working_day(self, share: float, days: int = 540) -> date:
        """A weekday that far through the company's recorded history."""
        day = self.today - timedelta(days=days - int(days * share))
        return day - timedelta(days=max(0, day.weekday() - 4))

    def later(self, day: date, low: int, high: int) -> date:
        """A weekday some days after, but not in the future."""
        then = min(self.today, day + timedelta(days=low + int((high - low) * self.random.random())))
        return max(day, then - timedelta(days=max(0, then.weekday() - 4)))

    def instant(self, day: date) -> datetime:
        """A moment in the working hours of a day, always before now."""
        seconds = 8 * 3600 + self.random.random() * 9 * 3600
        at = datetime.combine(day, time(), UTC) + timedelta(seconds=seconds)
        latest = self.tenant.clock.now() - timedelta(seconds=1 + self.random.random() * 3600)
        return stamped(min(at, latest))

    def store(self) -> None:
        """Load every draft into the tenant."""
        for drafts in self.drafts.values():
            for draft in drafts:
                self._store(draft)

    def _store(self, draft: Draft) -> None:
        draft.fields |= self._extra_values(draft.entity)
        created = self.instant(draft.day)
        stamp = max(created, self.instant(draft.changed_on)) if draft.changed_on else created
        self.tenant.load(
            draft.entity,
            draft.fields,
            details=draft.details,
            linked=draft.linked,
            stamp=stamp,
            created=created,
            note=draft.note,
            custom=custom_values(self.random, self.options.custom_fields.get(draft.entity, {})),
        )

    def _extra_values(self, entity: str) -> Fields:
        """Values for the fields that custom endpoints add to an entity."""
        endpoints = self.options.custom_endpoints.values()
        kinds = {
            name: kind
            for endpoint in endpoints
            for name, kind in endpoint.get("extra_fields", {}).get(entity, {}).items()
        }
        return {
            name: made_up(self.random, kind) for name, kind in kinds.items() if self.random.random() < 0.9
        }


def custom_values(random: Random, fields: Mapping[str, str]) -> Fields:
    """Values for user-defined fields, by their type; details keep theirs empty."""
    return {
        name: made_up(random, kind)
        for name, kind in fields.items()
        if "/" not in name and random.random() < 0.9
    }


def made_up(random: Random, kind: str) -> Scalar:
    """A value of a contract type (`decimal`) or of a custom field's type (`CustomDecimalField`)."""
    name = kind.casefold()
    if "decimal" in name or "double" in name:
        return Decimal(random.randrange(100_000)).scaleb(-2)
    if "bool" in name:
        return random.random() < 0.5
    if any(word in name for word in ("int", "short", "long", "byte")):
        return random.randrange(100)
    if "date" in name:
        return date(2026, 1, 1) + timedelta(days=random.randrange(60))
    return new_id(random) if "guid" in name else random.choice(("North", "South", "East", "West"))


def period(day: date) -> str:
    """The financial period of a day, `MMYYYY`."""
    return f"{day:%m%Y}"
