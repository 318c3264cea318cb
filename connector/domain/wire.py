"""Scalars on the wire and in a column: one typed slot per kind, and how its value becomes a column's JSON."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any

from msgspec import Meta, Raw, Struct

from connector.domain.contract import Kind
from connector.domain.layout import Leaf, Part

NULL = Raw(b"null")
NUMERIC = re.compile(rb"(-?)([0-9]{1,29})(?:\.([0-9]{1,9}?)0*)?")
BIGNUMERIC = re.compile(rb"(-?)([0-9]{1,38})(?:\.([0-9]{1,38}?)0*)?")
LONGEST = 100
"""Digits of a number in scientific form that are worth spelling out; no column holds as many."""
NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class Text(Struct, forbid_unknown_fields=True, frozen=True):
    """A string, guid or date; `{}` when empty."""

    value: str | None = None


class Digits(Struct, forbid_unknown_fields=True, frozen=True):
    """A number whose digits are kept as they are."""

    value: Raw = NULL


class Whole(Struct, forbid_unknown_fields=True, frozen=True):
    """An integer that fits a 64-bit column."""

    value: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None


class Truth(Struct, forbid_unknown_fields=True, frozen=True):
    """A boolean; unset is `{}`."""

    value: bool | None = None


class Instant(Struct, forbid_unknown_fields=True, frozen=True):
    """A date-time with its offset."""

    value: Annotated[datetime, Meta(tz=True)] | None = None


class Choice(Struct, frozen=True):
    """One entry of a drop-down (contract 5)."""

    id: str | int | None = None
    description: str | None = None


class Select(Struct, forbid_unknown_fields=True, frozen=True):
    """A drop-down value."""

    value: Choice | None = None


class MultiSelect(Struct, forbid_unknown_fields=True, frozen=True):
    """Several drop-down values."""

    value: list[Choice] | None = None


WIRE_TYPES: dict[Kind, type[Struct]] = {
    Kind.STRING: Text,
    Kind.GUID: Text,
    Kind.DATE: Text,
    Kind.DECIMAL: Digits,
    Kind.DOUBLE: Digits,
    Kind.INT: Whole,
    Kind.BOOL: Truth,
    Kind.DATETIME: Instant,
    Kind.SELECT: Select,
    Kind.MULTISELECT: MultiSelect,
}


def to_numeric(raw: Raw) -> Raw | None:
    """Return a decimal's digits as JSON text without trailing zeros; raise ValueError when NUMERIC cannot hold it."""
    return _to_digits(bytes(raw), wide=False)


def to_bignumeric(raw: Raw) -> Raw | None:
    """Return a wide decimal's digits as JSON text; raise ValueError when it has over 38 digits on a side."""
    return _to_digits(bytes(raw), wide=True)


@lru_cache(maxsize=32_768)  # quantities, rates and zeros repeat all through an ERP's documents
def _to_digits(text: bytes, *, wide: bool) -> Raw | None:
    pattern = BIGNUMERIC if wide else NUMERIC
    found = pattern.fullmatch(text) or pattern.fullmatch(_spell_out(text))
    if found is None:
        if text == b"null":
            return None
        raise ValueError("a number with more digits than its column holds")
    sign, whole, fraction = found.groups()
    if fraction and fraction != b"0":
        return Raw(b'"%b%b.%b"' % (sign, whole, fraction))
    return Raw(b'"%b%b"' % (sign if whole != b"0" else b"", whole))


def _spell_out(text: bytes) -> bytes:
    """Return a number in scientific form as plain digits; anything else unchanged."""
    if b"e" not in text.lower() or not NUMBER.fullmatch(text):
        return text
    try:
        number = Decimal(text.decode())
    except InvalidOperation:
        return text
    return f"{number:f}".encode() if abs(number.adjusted()) <= LONGEST else text


def to_float(raw: Raw) -> Raw | None:
    """Return a floating-point number's digits; raise ValueError for anything else."""
    if NUMBER.fullmatch(raw):
        return raw
    if raw == NULL:
        return None
    raise ValueError("not a number")


def to_date(text: str) -> str:
    """Return the date part as it stands, never shifted to another zone; raise ValueError when there is none."""
    return date.fromisoformat(text[:10]).isoformat()


def to_utc(instant: datetime) -> datetime:
    """Return the same instant in UTC, so that one instant has one spelling; raise ValueError if UTC has no such year."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("an instant outside the years 1 to 9999 of UTC") from None


def to_id(choice: Choice) -> str | None:
    """Return the internal id of a drop-down entry as text."""
    return None if choice.id is None else str(choice.id)


def to_description(choice: Choice) -> str | None:
    """Return what the screen shows for a drop-down entry: what contract 4 gave as the value itself."""
    return choice.description


def to_descriptions(choices: list[Choice]) -> str:
    """Return what the screen shows for several entries."""
    return ", ".join(choice.description or str(choice.id) for choice in choices)


CONVERTERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.DECIMAL: to_numeric,
    Kind.DOUBLE: to_float,
    Kind.DATE: to_date,
    Kind.DATETIME: to_utc,
    Kind.MULTISELECT: to_descriptions,
}


def choose_converter(leaf: Leaf, *, wide: bool) -> Callable[[Any], Any] | None:
    """Return what turns the slot's value into the column's; None when it is the column's already."""
    if leaf.part is Part.ID:
        return to_id
    if leaf.part is Part.DESCRIPTION:
        return to_description
    return to_bignumeric if wide else CONVERTERS.get(leaf.kind)
