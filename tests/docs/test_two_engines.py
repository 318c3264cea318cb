"""Every cell of the page on two engines is what GoogleSQL and DuckDB say."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.stand_ins.googlesql import ask
from tests.stand_ins.googlesql_engine import GoogleSqlError

PAGE = (Path(__file__).parents[2] / "docs" / "two-engines.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| subject")
]
DIFFERENT = {row[0]: row[1:] for row in ROWS if len(row) == 5}
EQUAL = {row[0]: row[1:] for row in ROWS if len(row) == 3}


@pytest.fixture(scope="module")
def session() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        yield connection


def test_the_page_is_about_the_duckdb_in_use() -> None:
    assert f"DuckDB {'.'.join(duckdb.__version__.split('.')[:2])} " in PAGE
    assert len(DIFFERENT) + len(EQUAL) == len(ROWS)
    assert DIFFERENT
    assert EQUAL


@pytest.mark.parametrize("subject", DIFFERENT)
def test_the_engines_answer_differently_as_the_page_says(
    session: duckdb.DuckDBPyConnection, subject: str
) -> None:
    expression, google, duck, same = DIFFERENT[subject]
    assert google != duck
    assert answer_both(session, _read_spans(expression)) == (_read_result(google), _read_result(duck))
    *forms, result = _read_spans(same)
    assert answer_both(session, forms) == (result, result)


@pytest.mark.parametrize("subject", EQUAL)
def test_the_engines_agree_as_the_page_says(session: duckdb.DuckDBPyConnection, subject: str) -> None:
    expression, result = EQUAL[subject]
    [shown] = _read_spans(result)
    assert answer_both(session, _read_spans(expression)) == (shown, shown)


def answer_both(session: duckdb.DuckDBPyConnection, forms: list[str]) -> tuple[str, str]:
    """Return what each engine says: to one form, or each to its own."""
    assert len(forms) in (1, 2)
    try:
        [(value,)] = ask(f"SELECT {forms[0]} AS x").rows
        google = _show(value)
    except GoogleSqlError:
        google = "fails"
    try:
        [(value,)] = session.execute(f"SELECT {forms[-1]} AS x").fetchall()
        return google, _show(value)
    except duckdb.Error:
        return google, "fails"


def _read_spans(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _read_result(cell: str) -> str:
    return cell.strip("`")


def _show(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return str(value)
