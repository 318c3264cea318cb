"""The rows of a simulated tenant: plain values, replaced as a whole and never edited in place."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

import msgspec

Scalar = str | int | bool | Decimal | date | datetime
"""A stored value. `date` is a calendar day without time, `datetime` an instant and always timezone-aware."""

Fields = dict[str, Scalar]
"""Field name to value; a field without a value is absent, as in Acumatica's `{}`."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One detail line or linked entity of a document."""

    id: str
    fields: Fields
    details: dict[str, list[Row]] = {}
    linked: dict[str, Row] = {}
    custom: Fields = {}
    note: str | None = None


class Record(Row, frozen=True, kw_only=True):
    """One document at one version; a change makes a new record with the same id."""

    entity: str
    keys: tuple[str, ...]
    stamp: datetime
    created: datetime
    archived: bool = False
    hidden: bool = False
    rendered: dict[object, str] = msgspec.field(default_factory=dict)
    """JSON already produced for this version, by the shape it was asked in."""

    @property
    def sort_key(self) -> tuple[str, ...]:
        """Where the record stands in a list: ascending keys, compared without case as SQL Server does."""
        return tuple(key.casefold() for key in self.keys)


def seeded(seed: int, purpose: str) -> Random:
    """A stream of made-up values that is the same for the same seed and purpose."""
    return Random(f"{seed}:{purpose}")  # noqa: S311 - it makes up companies and test tokens, not secrets


def new_id(random: Random) -> str:
    """A lower-case guid, the same one for the same seed."""
    text = f"{random.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def stamped(at: datetime) -> datetime:
    """`at` as a SQL Server `datetime` keeps it: rounded to 1/300 s, so milliseconds end in 0, 3 or 7."""
    start = at.replace(microsecond=0)
    ticks = round(at.microsecond * 300 / 1_000_000)
    return start + timedelta(milliseconds=round(ticks * 10 / 3))
