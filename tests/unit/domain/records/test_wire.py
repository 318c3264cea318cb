"""Scalars on their way from the wire to a column."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from msgspec import Raw

from connector.domain.records.columns import Leaf, Part
from connector.domain.records.contract import Kind
from connector.domain.records.wire import (
    CONVERTERS,
    Choice,
    choose_converter,
    to_bignumeric,
    to_date,
    to_description,
    to_descriptions,
    to_float,
    to_id,
    to_numeric,
    to_utc,
)

NUMERIC_EDGE = "9" * 29 + "." + "9" * 9
BIG_EDGE = "9" * 38 + "." + "9" * 38


@pytest.mark.parametrize(
    ("digits", "text"),
    [
        ("0", "0"), ("-0", "0"), ("-0.00", "0"), ("0.0", "0"), ("12.50", "12.5"), ("12.05", "12.05"),
        ("-7", "-7"), ("-0.5", "-0.5"), ("100", "100"), ("1.000000000000", "1"), ("-3.10", "-3.1"),
        ("1e3", "1000"), ("1.5E+2", "150"), ("15e-1", "1.5"), ("-1e-9", "-0.000000001"), ("1e28", "1" + "0" * 28),
        ("0.1234567890", "0.123456789"), ("99999999999", "99999999999"), ("123456789012.3400", "123456789012.34"),
        (NUMERIC_EDGE, NUMERIC_EDGE), ("0." + "1" * 9 + "000", "0." + "1" * 9), ("null", None),
    ],
)  # fmt: skip
def test_digits_lose_their_trailing_zeros_and_nothing_else(digits: str, text: str | None) -> None:
    assert to_numeric(Raw(digits.encode())) == text


@pytest.mark.parametrize(
    "digits",
    ["1" * 30, "0.0123456789", "1e29", "1e-10", "1e101", "1e999999999", '"1"', "true", "{}", "1e", ""],
)
def test_what_numeric_does_not_hold_is_refused(digits: str) -> None:
    with pytest.raises(ValueError, match=r"^(a number with more digits than its column holds|not a number)$"):
        to_numeric(Raw(digits.encode()))


def test_a_wide_column_holds_38_digits_on_each_side() -> None:
    assert to_bignumeric(Raw(BIG_EDGE.encode())) == BIG_EDGE
    assert to_bignumeric(Raw(b"1e37")) == "1" + "0" * 37
    for digits in ("1" * 39, "0." + "1" * 39, "1e38"):
        with pytest.raises(ValueError, match="more digits"):
            to_bignumeric(Raw(digits.encode()))


def test_there_is_one_nought_whatever_its_sign_and_its_length() -> None:
    for digits in ("0", "-0", "-0.00", "0e5", "-0e1", "-0.00000000000000"):
        assert to_bignumeric(Raw(digits.encode())) == to_numeric(Raw(digits.encode())) == "0"


@pytest.mark.parametrize("text", ["1", "-1.5", "1e5", "1.5E-300"])
def test_a_floating_point_number_keeps_its_digits(text: str) -> None:
    assert to_float(Raw(text.encode())) == Raw(text.encode())


def test_what_is_no_floating_point_number_is_refused() -> None:
    assert to_float(Raw(b"null")) is None
    for text in (b'"1"', b"true", b"NaN", b"1."):
        with pytest.raises(ValueError, match=r"^not a number$"):
            to_float(Raw(text))


@pytest.mark.parametrize("text", ["2026-03-13T00:00:00-04:00", "2026-03-13", "2026-03-13T23:59:59+14:00"])
def test_a_day_is_what_the_text_says(text: str) -> None:
    assert to_date(text) == date(2026, 3, 13)


@pytest.mark.parametrize("text", ["", "2026-02-30", "13.03.2026"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        to_date(text)


def test_an_instant_has_one_spelling() -> None:
    eastern = datetime(2026, 3, 13, 0, 30, tzinfo=timezone(timedelta(hours=-4)))
    assert to_utc(eastern) == eastern
    assert to_utc(eastern).tzinfo is UTC
    for hours, year in ((5, 1), (-5, 9999)):
        recent_versions = datetime(
            year,
            1 if year == 1 else 12,
            1 if year == 1 else 31,
            0 if year == 1 else 23,
            tzinfo=timezone(timedelta(hours=hours)),
        )
        with pytest.raises(ValueError, match=r"^an instant outside the years 1 to 9999 of UTC$"):
            to_utc(recent_versions)


def test_a_drop_down_value_is_its_text_and_its_id() -> None:
    assert to_id(Choice(id=7, description="Net 30")) == "7"
    assert to_id(Choice(id="N", description=None)) == "N"
    assert to_id(Choice(description="x")) is None
    assert to_description(Choice(id=7, description="Net 30")) == "Net 30"
    assert to_descriptions([Choice(id=7, description="Net 30"), Choice(id=8)]) == "Net 30, 8"
    assert to_descriptions([]) == ""


def test_each_kind_has_its_converter() -> None:
    def leaf(kind: Kind, part: Part = Part.WHOLE) -> Leaf:
        return Leaf(column="c", field="C", kind=kind, part=part)

    assert choose_converter(leaf(Kind.SELECT, Part.ID), wide=False) is to_id
    assert choose_converter(leaf(Kind.SELECT, Part.DESCRIPTION), wide=False) is to_description
    assert choose_converter(leaf(Kind.DECIMAL), wide=True) is to_bignumeric
    assert choose_converter(leaf(Kind.STRING), wide=False) is None
    for kind, convert in CONVERTERS.items():
        assert choose_converter(leaf(kind), wide=False) is convert
