"""The figures of the guide for analysts follow from the code, or from one another."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import duckdb

from benchmarks.read_columns import find_reads
from connector.adapters.bigquery.current_rows import TABLE_FROM_BYTES
from connector.adapters.duckdb.dialect import render_type
from connector.domain.tables.current_table import show_merged
from connector.domain.tables.log_table import META_COLUMNS
from connector.domain.tables.schema import Column, ColumnType
from tests.contract.warehouse_current_contract import a_daily_table
from tests.docs.configuration import ROOT
from tests.docs.tables import VERSIONS, read_swagger

PAGE = (ROOT / "docs" / "warehouse.md").read_text()
COST = (ROOT / "docs" / "cost.md").read_text()


def test_a_wide_number_has_as_many_digits_in_a_file_as_the_page_says() -> None:
    [digits] = re.findall(r"a BIGNUMERIC has (\d+) digits\s+before the point and (\d+) after it", PAGE)
    before, after = map(int, digits)
    kind = render_type(Column(name="x", type=ColumnType.BIGNUMERIC))
    longest = f"{'9' * before}.{'9' * after}"
    with duckdb.connect() as session:
        cast = f"SELECT TRY_CAST(? AS {kind})"
        for text, held in (
            (longest, Decimal(longest)),
            (f"9{longest}", None),
            (f"0.{'0' * after}4", Decimal(0)),
        ):
            assert session.execute(cast, [text]).fetchall() == [(held,)]


def test_codes_of_drop_downs_begin_with_the_version_that_the_page_says() -> None:
    [first] = re.findall(r"contract version 5: `Default` from ([\d.]+) on", PAGE)
    grammars = {version: read_swagger(version).grammar for version in VERSIONS}
    assert grammars == {version: 5 if version >= first else 4 for version in VERSIONS}


def test_a_current_view_reads_what_the_page_says_beside_the_columns_asked_for() -> None:
    section = " ".join(PAGE.split("## What queries cost")[1].split("\n## ")[0].split())
    small, large = (_find_meta(part) for part in section.split(" besides")[:2])
    plain, merged = a_daily_table(), show_merged(a_daily_table(), datetime(2026, 3, 16, tzinfo=UTC))
    [read] = find_reads("SELECT amount FROM {dataset}.bills", [plain])
    assert read.columns - {"amount"} == small
    newest, since = find_reads("SELECT amount FROM {dataset}.bills", [merged])
    assert newest.columns - {"amount"} == large
    assert (newest.is_recent, since.is_recent) == (False, True)


def _find_meta(text: str) -> set[str]:
    return {column.name for column in META_COLUMNS if f"`{column.name}`" in text}


def test_a_log_is_large_where_the_pages_say_so() -> None:
    assert TABLE_FROM_BYTES == 256 * 2**20
    assert "Once the log holds 256 MB" in PAGE
    assert "whose log holds 256 MB or more" in COST
