"""The figures of the guide for analysts follow from the code, or from one another."""

import re
from decimal import Decimal

import duckdb
import pytest

from connector.adapters.duckdb.dialect import render_type
from connector.domain.tables.log_table import META_COLUMNS
from connector.domain.tables.schema import Column, ColumnType
from tests.builders import an_id
from tests.docs.configuration import ROOT
from tests.docs.tables import VERSIONS, read_swagger

PAGE = (ROOT / "docs" / "warehouse.md").read_text()
REASONS = (ROOT / "docs" / "decisions" / "0010-current-rows-as-a-view-or-a-table.md").read_text()


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


def test_what_a_query_costs_follows_from_its_figures() -> None:
    section = PAGE.split("## What queries cost")[1].split("\n## ")[0]
    [price] = map(float, re.findall(r"\$([\d.]+) a TiB", section))
    assert f"${price} a TiB" in REASONS
    [(kilobytes, log)] = re.findall(
        r"million bills with three versions each, of (\d) KB, is (\d) GB", section
    )
    versions = 3_000_000
    assert versions * int(kilobytes) * 1000 == int(log) * 10**9
    assert "five of forty columns reads\nabout 1 GB, half a cent" in section
    newest = [column for column in META_COLUMNS if f"`{column.name}`" in section.split("besides")[0]]
    assert [column.name for column in newest] == ["_id", "_modified_at", "_version", "_deleted", "_synced_at"]
    sizes = {
        "_id": 2 + len(an_id(1)),
        "_version": 2 + 32,
        "_deleted": 1,
    }  # a text has two bytes more, a time eight
    read = int(log) * 10**9 * 5 / 40 + versions * sum(sizes.get(column.name, 8) for column in newest)
    assert round(read / 10**9) == 1
    assert round(read / 2**40 * price * 100, 1) == pytest.approx(0.5, abs=0.1)
