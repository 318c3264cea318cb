"""The blocks of the page about inquiries and classes copy the tenant's, and its queries agree with the entities on both engines."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from msgspec import structs

from connector.app.catalogue import load_catalogue
from connector.domain.block_members import SourceKind
from connector.domain.entity import CurrentForm
from connector.domain.run import Mode, Status
from connector.domain.tables.log_table import build_table
from connector.domain.tables.schema import Column
from tests.builders import Rig
from tests.contract.test_googlesql_texts import assert_views_keep_their_promise
from tests.docs.configuration import ROOT
from tests.docs.test_warehouse_page import TYPES
from tests.stand_ins.googlesql import Loaded, analyse_statement, loaded

PAGE = (ROOT / "docs" / "inquiries.md").read_text()
[BLOCKS] = re.findall(r"```yaml\n(.+?)\n```", PAGE, re.DOTALL)
QUERIES = re.findall(r"([^\n]+):\n\n```sql\n(.+?)\n```", PAGE, re.DOTALL)
ENTITIES = ("invoices", "gl_entries", "items")


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("inquiries")
    (folder / "mine.yaml").write_text(BLOCKS)
    blocks = load_catalogue(folder / "mine.yaml").entities
    rig = Rig(folder)
    rig.catalogue |= blocks
    for entity in (*ENTITIES, *blocks):
        result = rig.run(entity)
        assert (result.status, result.records_rejected) == (Status.SUCCEEDED, 0), entity
    for entity in blocks:
        again = rig.run(entity)
        assert (again.status, again.records_written) == (Status.SUCCEEDED, 0)
        compared = rig.run(entity, Mode.RECONCILE)
        assert (compared.details["deleted"], compared.details["repaired"]) == (0, 0)
    assert rig.sandbox.seats == 0
    yield rig
    rig.close()


@pytest.fixture(scope="module")
def google(rig: Rig) -> Iterator[Loaded]:
    """GoogleSQL over what the views of the file show."""
    names = sorted(set(re.findall(r"acumatica\.(\w+)", " ".join(query for _, query in QUERIES))))
    with rig.reading() as connection:
        tables = {name: _read_shown(connection, name) for name in names}
    with loaded(tables) as engine:
        yield engine


def _read_shown(
    connection: duckdb.DuckDBPyConnection, name: str
) -> tuple[tuple[Column, ...], list[tuple[Any, ...]]]:
    described = connection.execute(f'DESCRIBE "{name}"').fetchall()
    columns = tuple(
        Column(name=column, type=TYPES[kind.partition("(")[0]])
        for column, kind, *_ in described
        if not kind.endswith("[]") and kind != "TIMESTAMP WITH TIME ZONE" and not column.startswith("_")
    )
    listed = ", ".join(f'"{column.name}"' for column in columns)
    return columns, connection.execute(f'SELECT {listed} FROM "{name}"').fetchall()


@pytest.mark.parametrize(("title", "query"), QUERIES, ids=[title for title, _ in QUERIES])
def test_queries_about_inquiries_find_the_same_on_both_engines(
    rig: Rig, google: Loaded, title: str, query: str
) -> None:
    held = [tuple(row.values()) for row in rig.query(query.replace("acumatica.", ""))]
    shown = google.ask(query.replace("acumatica.", "")).rows
    assert sorted(map(_settle, shown)) == sorted(map(_settle, held))
    is_comparison = any(word in title for word in ("differ", "do not balance", "does not have"))
    assert bool(held) is not is_comparison


@pytest.mark.parametrize("form", CurrentForm)
def test_the_views_of_every_block_have_the_columns_and_types_that_they_promise(
    rig: Rig, form: CurrentForm
) -> None:
    inquiries = [block for block in rig.catalogue.values() if block.source is not SourceKind.ENTITY]
    assert len(inquiries) == BLOCKS.count("inquiry: ") + BLOCKS.count("dac: ")
    state = rig.state
    for inquiry in inquiries:
        block, contract = structs.replace(inquiry, current=form), state.entities.read(inquiry.name).contract
        assert contract is not None
        table = build_table(block, contract)
        assert {view.name for view in table.views} == {block.current_view, block.history_view}
        assert_views_keep_their_promise(table)
        if table.merge:
            merge = table.merge.sql.replace("@since", "'0001-01-01T00:00:00Z'")
            analyse_statement(merge, (table, table.merge.into))
    state.close()


def _settle(row: tuple[Any, ...]) -> str:
    return str([f"{value.normalize():f}" if isinstance(value, Decimal) else value for value in row])


def test_a_comparison_finds_what_differs(rig: Rig) -> None:
    """Each would be of no use if it never found a row."""
    comparisons = [query for title, query in QUERIES if "differ" in title]
    assert len(comparisons) == 7
    with rig.reading() as connection:
        for query in comparisons:
            view = re.findall(r"acumatica\.(\w+)", query)[0]
            skipped = re.sub(
                rf"acumatica\.{view}\b",
                f"(SELECT * FROM {view} ORDER BY _id LIMIT 5)",
                query,
                count=1,
            )
            assert connection.execute(skipped.replace("acumatica.", "")).fetchall(), query
