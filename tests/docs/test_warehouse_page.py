"""The queries of the analysts' pages run as they are printed on both engines, and give what the tenant's books say."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connector.app.catalogue import load_catalogue
from connector.domain.tables.log_table import META_COLUMNS
from connector.domain.tables.schema import Column, ColumnType
from connector.domain.tables.sync_runs import SYNC_RUNS
from connector.faces.demo import stories
from tests.docs.demo import USED, Demo
from tests.docs.tables import build
from tests.stand_ins.googlesql import analyse_statement, ask, loaded

DOCS = Path(__file__).parents[2] / "docs"
PAGE = "".join((DOCS / name).read_text() for name in ("warehouse.md", "queries.md"))
QUERIES = re.findall(r"```sql\n(.+?)\n```", PAGE, re.DOTALL)
TITLES = [re.split(r"[,.:]", text.rstrip().split("\n\n")[-1])[0] for text in PAGE.split("```sql\n")[:-1]]

TYPES = {
    "VARCHAR": ColumnType.STRING,
    "JSON": ColumnType.JSON,
    "DECIMAL": ColumnType.NUMERIC,
    "BIGINT": ColumnType.INT64,
    "DOUBLE": ColumnType.FLOAT64,
    "BOOLEAN": ColumnType.BOOL,
    "DATE": ColumnType.DATE,
    "TIMESTAMP WITH TIME ZONE": ColumnType.TIMESTAMP,
}


@pytest.mark.parametrize("number", range(len(QUERIES)), ids=TITLES)
def test_every_query_finds_the_same_rows_in_a_duckdb_session_of_any_zone(demo: Demo, number: int) -> None:
    _, rows = demo.ask(QUERIES[number])
    assert rows
    for zone in ("America/New_York", "Asia/Tokyo"):
        assert _show(demo.ask(QUERIES[number], zone)[1]) == _show(rows)


def test_every_query_finds_the_same_rows_in_the_same_order_on_googlesql(demo: Demo) -> None:
    """One test, for the rows are handed to the engine once."""
    names = set(re.findall(r"acumatica\.(\w+)", " ".join(QUERIES)))
    with duckdb.connect() as session:
        session.execute(f"ATTACH '{demo.path}' AS acumatica (READ_ONLY)")
        session.execute("SET TimeZone = 'UTC'")
        with loaded({name: _read_shown(session, name) for name in names}) as google:
            for title, query in zip(TITLES, QUERIES, strict=True):
                text = query.rstrip(";").replace("acumatica.", "")
                held = session.execute(query)
                assert held.description is not None
                columns, rows = [column[0] for column in held.description], _show(held.fetchall())
                answer = google.ask(text)
                assert list(answer.columns) == columns, title
                assert rows, title
                assert _show(answer.rows) == rows, title


def _read_shown(
    session: duckdb.DuckDBPyConnection, name: str
) -> tuple[tuple[Column, ...], list[tuple[Any, ...]]]:
    """Return the columns of a table that its queries name, and their rows."""
    named = set(re.findall(r"\w+", " ".join(query for query in QUERIES if f"acumatica.{name}" in query)))
    columns = tuple(
        Column(name=column, type=TYPES[kind.partition("(")[0]])
        for column, kind, *_ in session.execute(f"DESCRIBE acumatica.{name}").fetchall()
        if column in named and not kind.endswith("[]")
    )
    listed = ", ".join(f'"{column.name}"' for column in columns)
    return columns, session.execute(f"SELECT {listed} FROM acumatica.{name}").fetchall()


def _show(rows: Iterable[tuple[Any, ...]]) -> list[str]:
    """Return the rows as text: instants in UTC, amounts without the zeros that only one engine shows at the end."""
    return [str([_even(value) for value in row]) for row in rows]


def _even(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _ask(demo: Demo, words: str, **replaced: str) -> list[Mapping[str, Any]]:
    """Return the rows of the query that follows these words on the pages."""
    assert PAGE.count(words) == 1, words
    query = QUERIES[PAGE.split(words)[0].count("```sql")]
    for old, new in replaced.items():
        query = query.replace(old, new)
    columns, rows = demo.ask(query)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def test_the_history_of_a_bill_shows_two_versions(demo: Demo) -> None:
    assert len(_ask(demo, "What changed in a bill")) > 1


def test_what_changed_tells_new_changed_and_deleted_apart(demo: Demo) -> None:
    rows = _ask(demo, "What changed among bills")
    assert {row["what"] for row in rows} == {"new", "changed", "deleted"}


def test_before_the_first_sync_nobody_knows_how_it_was(demo: Demo) -> None:
    words = "Vendors as they were at an instant"
    known = _ask(demo, words)
    assert {row["answer"] for row in known} == {"known"}
    assert len(known) > 1
    before = _ask(demo, words, **{"2026-03-16 18": "2026-03-16 14"})
    assert [row["answer"] for row in before] == ["not known"]


def test_what_is_owed_is_what_the_tenant_says_by_vendor_and_by_age(demo: Demo) -> None:
    for words in ("Open payables by vendor.", "Ageing by the due date"):
        assert sum(row["owed"] for row in _ask(demo, words)) == demo.owed


def test_what_is_owed_is_the_balance_of_the_payables_account(demo: Demo) -> None:
    """Batches that are not posted yet included; what was paid and is not applied to a bill yet is taken off."""
    ledger = _ask(demo, "Trial balance up to a period", **{"e.status = 'Posted' AND": ""})
    [payables] = [row for row in ledger if row["account"] == "20000"]
    _, [(advances,)] = demo.ask(
        "SELECT SUM(unapplied_balance) FROM acumatica.checks WHERE status IN ('Open', 'Closed')"
    )
    assert demo.owed - advances == -payables["balance"] > 0


def test_a_document_without_a_due_date_is_not_overdue(demo: Demo) -> None:
    undated = _ask(
        demo,
        "Ageing by the due date",
        **{
            "acumatica.invoices AS i": "(SELECT * REPLACE (NULL::DATE AS due_date) FROM acumatica.invoices) AS i"
        },
    )
    assert {row["age"] for row in undated} == {"no due date"}


def test_the_trial_balance_adds_up_to_nothing(demo: Demo) -> None:
    rows = _ask(demo, "Trial balance up to a period")
    for ledger in {row["ledger_id"] for row in rows}:
        assert sum(row["balance"] for row in rows if row["ledger_id"] == ledger) == 0
    assert sum(row["debit"] for row in rows) > 0
    until_last_year = _ask(demo, "Trial balance up to a period", **{"'202603'": "'202512'"})
    assert 0 < sum(row["debit"] for row in until_last_year) < sum(row["debit"] for row in rows)
    with_others = _ask(demo, "Trial balance up to a period", **{"e.status = 'Posted' AND": ""})
    assert sum(row["debit"] for row in with_others) > sum(row["debit"] for row in rows)


def test_every_sum_of_money_is_by_currency() -> None:
    for title, query in zip(TITLES, QUERIES, strict=True):
        if "SUM(" in query and "GROUP BY" in query:
            assert re.search(r"GROUP BY .*\bcurrency(_id)?\b", query), title


def test_freshness_names_every_entity_that_was_read(demo: Demo) -> None:
    assert {row["entity"] for row in _ask(demo, "## Is it fresh?")} == set(USED)


def test_the_demo_asks_what_the_pages_print() -> None:
    assert {f"{query};" for query in stories.QUERIES.values()} <= set(QUERIES)


JOINS = re.findall(
    r"^\| (`\w+\.\w+`.*) \| (`\w+\.\w+`.*) \|$",
    PAGE.split("## What joins what")[1].split("\n## ")[0],
    re.MULTILINE,
)


@pytest.mark.parametrize(("left", "right"), JOINS)
def test_what_joins_finds_one_row_for_each_value(demo: Demo, left: str, right: str) -> None:
    ours, theirs = (re.findall(r"`(\w+)\.(\w+)`", side) for side in (left, right))
    met = " AND ".join(f"l.{a} = r.{b}" for (_, a), (_, b) in zip(ours, theirs, strict=True))
    _, rows = demo.ask(
        f"SELECT DISTINCT (SELECT COUNT(*) FROM acumatica.{theirs[0][0]} r WHERE {met})"
        f" FROM acumatica.{ours[0][0]} l WHERE COALESCE(l.{ours[0][1]}, '') <> ''"
    )
    assert rows == [(1,)]


def test_every_column_about_a_currency_is_explained() -> None:
    section = PAGE.split("## Money and currencies")[1].split("\n## ")[0]
    shown = {
        (view.name, column.name)
        for entity in load_catalogue().entities.values()
        for view in build(entity, "24.200.001").views
        for column in view.columns
        if "currenc" in column.name and not view.name.endswith("_history")
    }
    assert {column for _, column in shown} <= set(re.findall(r"\w+", section))
    assert set(re.findall(r"`(\w+)\.(\w+)`", section)) <= shown


def test_every_status_of_the_demo_is_explained_and_queries_use_no_other(demo: Demo) -> None:
    section = PAGE.split("## Which status means what")[1].split("\n## ")[0]
    explained = {
        view: set(re.findall(r"`([^`]+)`", meaning))
        for views, meaning in re.findall(r"^\| (`.+?`) \| (.+)", section, re.MULTILINE)
        for view in re.findall(r"`(\w+)`", views)
    }
    for entity in load_catalogue().entities.values():
        assert set(demo.statuses.get(entity.acumatica_entity, ())) <= explained.get(
            entity.current_view, set()
        ), entity.name
    used = set(re.findall(r"\b\w\.status (?:=|IN) \(?((?:'[^']+'(?:, )?)+)", " ".join(QUERIES)))
    assert set(re.findall(r"'([^']+)'", " ".join(used))) == {"Open", "Closed", "Posted"}


def test_every_column_of_the_connector_is_explained() -> None:
    explained = set(re.findall(r"`(_\w+)`", PAGE))
    assert {column.name for column in META_COLUMNS} <= explained
    mentioned = set(re.findall(r"\b\w+\b", PAGE))
    named = {"run_id", "finished_at", "watermark_after", "complete_until", "deletions_checked_at", "details"}
    assert named <= mentioned
    assert named <= {c.name for c in SYNC_RUNS.columns}


INLINE = re.findall(r"`((?:SELECT (?!\*)|ALTER |WHERE |SAFE_CAST|TRY_CAST)[^`]*)`", PAGE.replace("\n", " "))


def test_every_line_of_sql_within_a_sentence_runs(demo: Demo) -> None:
    assert len(INLINE) >= 6
    extra = 'JSON \'{"UsrScore": "1.50"}\''
    with duckdb.connect() as session:
        session.execute(f"ATTACH '{demo.path}' AS whole (READ_ONLY); ATTACH ':memory:' AS acumatica")
        for line in INLINE:
            session.execute("CREATE OR REPLACE TABLE acumatica.invoices AS FROM whole.invoices")
            session.execute("CREATE OR REPLACE TABLE acumatica.invoices_log AS FROM whole.invoices_log")
            session.execute("DROP TABLE IF EXISTS acumatica.invoices_log_before")
            query = f"SELECT * FROM acumatica.invoices {line}" if line.startswith("WHERE") else line
            if "_extra" in line:
                query = f"SELECT {line.replace('_extra', extra)}"
            if not line.startswith("SAFE_CAST"):
                found = session.execute(query).fetchall()
                assert found or line.startswith("ALTER"), line
            if "_extra" in line and line.startswith("TRY_CAST"):
                assert found == [(Decimal("1.5"),)]
            elif "_extra" in line:
                assert ask(query).rows == [(Decimal("1.5"),)]
            else:
                invoices = build(load_catalogue().find("invoices"), "24.200.001")
                shown = replace(invoices, name="invoices", columns=invoices.views[0].columns)
                analyse_statement(query.replace("acumatica.", ""), (invoices, shown))
