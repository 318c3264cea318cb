"""Rows of a feed become records: exact, trimmed, and never shifted."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from connector.adapters.acumatica.feeds.grammar import build_query, is_at_or_after, render_literal
from connector.adapters.acumatica.feeds.rows import find_repeated, wrap_row
from connector.domain.records.contract import Contract, Kind, Shape
from tests.unit.runs.feed_rig import an_inquiry

ROW = msgspec.json.Decoder(dict[str, Raw])


def a_contract(fields: Mapping[str, Kind], *unread: str) -> Contract:
    root = Shape(fields=fields, unread=frozenset(unread))
    return Contract(endpoint="OData", version="1", request="", root=root, modified_field=None)


def wrapped(text: str, kind: Kind, name: str = "Value") -> Any:
    row = wrap_row(ROW.decode(f'{{"{name}":{text}}}'.encode()), an_inquiry(), a_contract({name: kind}))
    return json.loads(row, parse_float=Decimal)[name]


@pytest.mark.parametrize(
    ("sent", "kind", "value"),
    [
        ("1999.000000", Kind.DECIMAL, Decimal("1999.000000")),
        ('"1999.000000"', Kind.DECIMAL, Decimal("1999.000000")),
        ("12345678901234567890.1234", Kind.DECIMAL, Decimal("12345678901234567890.1234")),
        ('"12345678901234567890.1234"', Kind.DECIMAL, Decimal("12345678901234567890.1234")),
        ('"n/a"', Kind.DECIMAL, "n/a"),
        ('"0012345"', Kind.DECIMAL, "0012345"),
        ('"000001    "', Kind.INT, "000001"),
        ('"-0.50"', Kind.DOUBLE, Decimal("-0.50")),
        ('"7"', Kind.INT, 7),
        ('"MAIN      "', Kind.STRING, "MAIN"),
        ('"  two words  "', Kind.STRING, "  two words"),
        ('"   "', Kind.STRING, ""),
        ('"\\u00fc "', Kind.STRING, "ü"),
        ('"007"', Kind.STRING, "007"),
        ('"2026-01-31T00:00:00Z"', Kind.DATE, "2026-01-31"),
        ('"2026-01-31T00:00:00"', Kind.DATE, "2026-01-31"),
        ('"2026-01-31T23:30:00-08:00"', Kind.DATE, "2026-01-31"),
        ('"2026-01-31"', Kind.DATE, "2026-01-31"),
        ('"Rent of the warehouse"', Kind.DATE, "Rent of the warehouse"),
        ('"2026-01-31T08:15:00.837Z"', Kind.DATETIME, "2026-01-31T08:15:00.837Z"),
        ("true", Kind.BOOL, True),
    ],
)
def test_a_value_arrives_as_it_was_meant(sent: str, kind: Kind, value: object) -> None:
    assert wrapped(sent, kind) == {"value": value}


def test_nothing_is_no_value_and_an_empty_text_is_one() -> None:
    assert wrapped("null", Kind.STRING) == {}
    assert wrapped('""', Kind.STRING) == {"value": ""}


def test_annotations_and_join_keys_are_left_out_and_unknown_columns_are_kept() -> None:
    row = ROW.decode(b'{"@odata.etag":"x","A@odata.type":"y","SiteID":1,"New":2,"A":"a"}')
    record = wrap_row(row, an_inquiry(), a_contract({"A": Kind.STRING}, "SiteID"))
    assert json.loads(record) == {"New": {"value": 2}, "A": {"value": "a"}}


def test_rows_without_a_key_repeat_none() -> None:
    entity = an_inquiry(keys=("A",))
    rows = [ROW.decode(text) for text in (b'{"A":null}', b'{"A":null}', b'{"B":1}', b'{"A":"x "}')]
    assert find_repeated(rows, entity) is None
    assert find_repeated([*rows, ROW.decode(b'{"A":"x"}')], entity) == "x"


def test_conditions_on_several_keys_are_nested() -> None:
    assert is_at_or_after(["A"], ["1"]) == "A ge 1"
    assert is_at_or_after(["A", "B", "C"], ["1", "2", "3"]) == (
        "A gt 1 or (A eq 1 and (B gt 2 or (B eq 2 and (C ge 3))))"
    )


@pytest.mark.parametrize(
    ("value", "kind", "literal"),
    [
        ("O'Malley", Kind.STRING, "'O''Malley'"),
        ("7", Kind.INT, "7"),
        ("True", Kind.BOOL, "true"),
        ("2026-01-31", Kind.DATE, "2026-01-31T00:00:00Z"),
    ],
)
def test_literals_are_of_odata_4(value: str, kind: Kind, literal: str) -> None:
    assert render_literal(value, kind) == literal


def test_no_value_ends_a_query_early() -> None:
    query = build_query(conditions=["A eq 'x&$top=1#+%'"], select=(), order=("A",), top=5)
    assert query == "$filter=A%20eq%20'x%26$top=1%23%2B%25'&$orderby=A&$top=5"
