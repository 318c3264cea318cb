"""Amounts in cents while they are computed, decimals with the stored scale when they are written."""

from __future__ import annotations

from decimal import Decimal

TOO_FINE_FOR_A_FLOAT = Decimal("12345678901234.5678")
"""A value no binary double holds."""


def money(cents: int) -> Decimal:
    """An amount of a document: four decimals, as `DECIMAL(19,4)` keeps it."""
    return Decimal(cents * 100).scaleb(-4)


def quantity(units: int) -> Decimal:
    """A quantity: six decimals."""
    return Decimal(units * 1_000_000).scaleb(-6)


def price(ten_thousandths: int) -> Decimal:
    """A unit price: six decimals, of which four are used."""
    return Decimal(ten_thousandths * 100).scaleb(-6)


def cents(amount: object) -> int:
    """A stored amount in cents; what is no decimal is zero."""
    return int(amount * 100) if isinstance(amount, Decimal) else 0
