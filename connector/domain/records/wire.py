"""Scalars as sent and as stored: one type per kind to decode into, and how its value becomes a column's JSON."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import quote as percent_encode

import msgspec
from msgspec import Meta, Raw, Struct

from connector.domain.records.columns import Leaf, Part
from connector.domain.records.contract import Kind

NULL = Raw(b"null")
MAX_DIGITS = 100
"""Maximum digits to write a number in scientific notation in full; no column holds as many."""
MAX_INTEGER_DIGITS = 19
SHORT = 11
"""A number of at most this many characters always fits NUMERIC, wherever its point is. Nearly all amounts do."""
NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class StringValue(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """A string, guid or date; `{}` when empty."""

    value: str | None = None


class DecimalValue(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """A number whose digits are kept as sent."""

    value: Raw = NULL


class TextValue(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """A scalar of any kind whose column is text."""

    value: Raw = NULL


class IntValue(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """An integer that fits a 64-bit column."""

    value: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None


class BooleanValue(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """A boolean; unset is `{}`."""

    value: bool | None = None


class Instant(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """A date-time with its offset."""

    value: Annotated[datetime, Meta(tz=True)] | None = None


class Choice(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """One entry of a drop-down (contract 5)."""

    id: str | int | None = None
    description: str | None = None


class Select(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """A drop-down value."""

    value: Choice | None = None


class MultiSelect(Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """Several drop-down values."""

    value: list[Choice] | None = None


WIRE_TYPES: dict[Kind, type[Struct]] = {
    Kind.STRING: StringValue,
    Kind.GUID: StringValue,
    Kind.DATE: StringValue,
    Kind.DECIMAL: DecimalValue,
    Kind.DOUBLE: DecimalValue,
    Kind.INT: IntValue,
    Kind.BOOL: BooleanValue,
    Kind.DATETIME: Instant,
    Kind.SELECT: Select,
    Kind.MULTISELECT: MultiSelect,
}


ODD_NAME = re.compile(r'["\\\x00-\x1f\x7f]')
"""Characters that msgspec does not accept in a member name."""


def name_slot(member: str) -> str:
    """Return the name under which a member is decoded: its own, or a unique one if msgspec does not accept it."""
    return f"\N{REPLACEMENT CHARACTER}{percent_encode(member)}" if ODD_NAME.search(member) else member


def to_numeric(raw: Raw) -> str | None:
    """Return a decimal's digits without trailing zeros; raise ValueError if NUMERIC cannot hold it."""
    text = str(raw, "ascii")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    # Of all JSON values numbers alone begin with a digit or a minus.
    if "-" <= text < ":" and len(text) <= SHORT and "e" not in text and "E" not in text:
        return text if text != "-0" else "0"
    return _to_digits(raw, whole_limit=29, fraction_limit=9)


def to_bignumeric(raw: Raw) -> str | None:
    """Return a wide decimal's digits; raise ValueError if it has over 38 digits on either side of the point."""
    return _to_digits(raw, whole_limit=38, fraction_limit=38)


def _to_digits(raw: Raw, *, whole_limit: int, fraction_limit: int) -> str | None:
    """Normalise the digits with text operations: a decimal type would cost as much as all other work on a record."""
    text = str(raw, "ascii")
    if text == "null":
        return None
    if "e" in text or "E" in text:
        text = _expand_exponent(text)
    whole, _, fraction = text.partition(".")
    digits, fraction = whole.removeprefix("-"), fraction.rstrip("0")
    if not digits.isdigit() or (fraction and not fraction.isdigit()):
        raise ValueError("not a number")
    if len(digits) > whole_limit or len(fraction) > fraction_limit:
        raise ValueError("a number with more digits than its column holds")
    if fraction:
        return f"{whole}.{fraction}"
    return "0" if digits == "0" else whole


def _expand_exponent(text: str) -> str:
    """Return a number in scientific form as plain digits; raise ValueError for anything else."""
    try:
        number = Decimal(text)
    except InvalidOperation as exc:
        raise ValueError("not a number") from exc
    if abs(number.adjusted()) > MAX_DIGITS:
        raise ValueError("a number with more digits than its column holds")
    return f"{number:f}"


def to_text(raw: Raw) -> str | None:
    """Return any scalar as the text that was sent, a string without its quotes; raise ValueError for anything else."""
    text = str(raw, "utf-8")
    if text.startswith('"'):
        return msgspec.json.decode(raw, type=str)
    if text == "null":
        return None
    if text in ("true", "false") or NUMBER.fullmatch(raw):
        return text
    raise ValueError("neither text nor number nor boolean")


def to_integer(raw: Raw) -> int:
    """Return a whole number, however it is written (`12.0`, `1.2e1`); raise ValueError for anything else."""
    number = Decimal(str(raw, "ascii"))
    if number.adjusted() > MAX_INTEGER_DIGITS or number != number.to_integral_value():
        raise ValueError("not a whole number")
    return int(number)


def to_float(raw: Raw) -> Raw | None:
    """Return a floating-point number's digits; raise ValueError for anything else."""
    if NUMBER.fullmatch(raw):
        return raw
    if raw == NULL:
        return None
    raise ValueError("not a number")


def to_date(text: str) -> date:
    """Return the date part as sent, never shifted to another time zone; raise ValueError if there is none."""
    return date.fromisoformat(text[:10])


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


def choose_wire_type(leaf: Leaf) -> type[Struct]:
    """Return the slot that a field is decoded into."""
    return TextValue if leaf.as_text else WIRE_TYPES[leaf.kind]


def choose_converter(leaf: Leaf, *, wide: bool) -> Callable[[Any], Any] | None:
    """Return what turns the slot's value into the column's; None when it is the column's already."""
    if leaf.as_text:
        return to_text
    if leaf.part is Part.ID:
        return to_id
    if leaf.part is Part.DESCRIPTION:
        return to_description
    return to_bignumeric if wide else CONVERTERS.get(leaf.kind)
