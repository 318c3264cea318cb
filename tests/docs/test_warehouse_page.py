"""The queries of the analysts' page run as they are printed, and give what the tenant's books say."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from acumatica_sandbox.data.business_day import business_day
from connector.adapters.duckdb.dialect import translate
from connector.domain.run import Mode, Status
from connector.domain.tables.log_table import META_COLUMNS
from connector.domain.tables.schema import Column, ColumnType
from connector.domain.tables.sync_runs import SYNC_RUNS
from connector.faces.demo import stories
from tests.builders import Rig
from tests.stand_ins.googlesql import Loaded, loaded

DOCS = Path(__file__).parents[2] / "docs"
PAGE = "".join((DOCS / name).read_text() for name in ("warehouse.md", "queries.md"))
QUERIES = re.findall(r"```sql\n(.+?)\n```", PAGE, re.DOTALL)
USED = (
    "vendors", "invoices", "checks", "purchase_orders", "gl_accounts", "gl_entries", "sales_invoices",
)  # fmt: skip
TITLES = [" ".join(query.split("FROM")[1].split()[:1]) for query in QUERIES]

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


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(tmp_path_factory.mktemp("page"))
    for entity in USED:
        assert rig.run(entity).status is Status.SUCCEEDED
    newest = rig.sandbox.tenant.records("SalesInvoice")[-1]
    rig.sandbox.tenant.change("SalesInvoice", newest.id, {"Status": "Open", "Balance": Decimal("12.5")})
    business_day(rig.sandbox.tenant, rig.sandbox.options)
    rig.clock.advance(rig.sandbox.tenant.clock.now() - rig.clock.now())
    for entity in USED:
        assert rig.run(entity).status is Status.SUCCEEDED
    rig.sandbox.tenant.delete("Bill", rig.sandbox.tenant.records("Bill")[-1].id)
    assert rig.run("invoices", mode=Mode.RECONCILE).status is Status.SUCCEEDED
    yield rig
    rig.close()


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("number", range(len(QUERIES)), ids=TITLES)
def test_every_query_runs_as_printed_in_a_duckdb_session_of_any_zone(
    rig: Rig, number: int, zone: str
) -> None:
    translated = _settle(tuple(row.values()) for row in _ask(rig, number))
    with duckdb.connect() as session:
        session.execute(f"ATTACH '{rig.folder / 'warehouse.duckdb'}' AS acumatica (READ_ONLY)")
        session.execute(f"SET TimeZone = '{zone}'")
        assert _settle(session.execute(QUERIES[number]).fetchall()) == translated


@pytest.fixture(scope="module")
def google(rig: Rig) -> Iterator[Loaded]:
    """GoogleSQL over what the views of the file show."""
    with rig.reading() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        names = sorted(set(re.findall(r"acumatica\.(\w+)", " ".join(QUERIES))))
        tables = {name: _read_shown(connection, name) for name in names if "_log" not in name}
    with loaded(tables) as engine:
        yield engine


def _read_shown(
    connection: duckdb.DuckDBPyConnection, name: str
) -> tuple[tuple[Column, ...], list[tuple[Any, ...]]]:
    """Return the columns of a table or view that are not repeated, and their rows."""
    described = connection.execute(f'DESCRIBE "{name}"').fetchall()
    columns = tuple(
        Column(name=column, type=TYPES[kind.partition("(")[0]])
        for column, kind, *_ in described
        if not kind.endswith("[]")
    )
    listed = ", ".join(f'"{column.name}"' for column in columns)
    return columns, connection.execute(f'SELECT {listed} FROM "{name}"').fetchall()


@pytest.mark.parametrize("number", range(len(QUERIES)), ids=TITLES)
def test_every_query_finds_the_same_rows_on_googlesql_as_in_duckdb(
    rig: Rig, google: Loaded, number: int
) -> None:
    with duckdb.connect() as session:
        session.execute(f"ATTACH '{rig.folder / 'warehouse.duckdb'}' AS acumatica (READ_ONLY)")
        session.execute("SET TimeZone = 'UTC'")
        held = session.execute(QUERIES[number]).fetchall()
    shown = google.ask(QUERIES[number].rstrip(";").replace("acumatica.", "")).rows
    assert _settle(map(_even, shown)) == _settle(map(_even, held))


def _even(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the row without the zeros that only one engine shows after the last digit."""
    return tuple(f"{value.normalize():f}" if isinstance(value, Decimal) else value for value in row)


def _settle(rows: Iterable[tuple[Any, ...]]) -> list[str]:
    """Return the rows as text, in one order, with every instant in UTC."""
    return sorted(
        str([value.astimezone(UTC) if isinstance(value, datetime) else value for value in row])
        for row in rows
    )


def _ask(rig: Rig, number: int) -> list[dict[str, Any]]:
    return rig.query(translate(QUERIES[number].rstrip(";").replace("acumatica.", "")))


@pytest.mark.parametrize("number", range(len(QUERIES)), ids=TITLES)
def test_every_query_runs_and_finds_something(rig: Rig, number: int) -> None:
    assert _ask(rig, number)


def _find(words: str) -> int:
    """The query that follows these words on the page."""
    return PAGE.split(words)[0].count("```sql")


def test_the_history_of_a_bill_shows_two_versions(rig: Rig) -> None:
    assert len(_ask(rig, _find("What changed in a bill"))) > 1


def test_what_changed_tells_new_changed_and_deleted_apart(rig: Rig) -> None:
    rows = _ask(rig, _find("What changed among bills"))
    assert {row["what"] for row in rows} == {"new", "changed", "deleted"}


def test_before_the_first_sync_nobody_knows_how_it_was(rig: Rig) -> None:
    number = _find("Vendors as they were at an instant")
    assert {row["answer"] for row in _ask(rig, number)} == {"known"}
    assert len(_ask(rig, number)) > 1
    before = translate(
        QUERIES[number].rstrip(";").replace("acumatica.", "").replace("2026-03-16 18", "2026-03-16 14")
    )
    assert [row["answer"] for row in rig.query(before)] == ["not known"]


def test_what_is_owed_is_what_the_tenant_says_by_vendor_and_by_age(rig: Rig) -> None:
    expected = Decimal(0)
    for bill in rig.sandbox.tenant.records("Bill"):
        if bill.fields["Status"] == "Open":
            balance = Decimal(str(bill.fields["Balance"]))
            expected += -balance if bill.fields["Type"] in ("Debit Adj.", "Prepayment") else balance
    for words in ("Open payables by vendor.", "Ageing, on a given day"):
        assert sum(row["owed"] for row in _ask(rig, _find(words))) == expected


def test_the_trial_balance_adds_up_to_nothing(rig: Rig) -> None:
    rows = _ask(rig, _find("Trial balance"))
    assert {row["ledger_id"] for row in rows}
    assert sum(row["balance"] for row in rows) == 0
    assert sum(row["debit"] for row in rows) > 0


def test_freshness_names_every_entity_that_was_read(rig: Rig) -> None:
    assert {row["entity"] for row in _ask(rig, _find("## Is it fresh?"))} == set(USED)


def test_the_demo_asks_what_the_pages_print() -> None:
    assert {f"{query};" for query in stories.QUERIES.values()} <= set(QUERIES)


JOINS = re.findall(r"^\| (`\w+\.\w+`.*) \| (`\w+\.\w+`.*) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("left", "right"), JOINS)
def test_what_joins_finds_one_row_for_each_value(rig: Rig, left: str, right: str) -> None:
    ours, theirs = (re.findall(r"`(\w+)\.(\w+)`", side) for side in (left, right))
    met = " AND ".join(f"l.{a} = r.{b}" for (_, a), (_, b) in zip(ours, theirs, strict=True))
    rows = rig.query(
        f"SELECT (SELECT COUNT(*) FROM {theirs[0][0]} r WHERE {met}) AS found FROM {ours[0][0]} l"
        f" WHERE COALESCE(l.{ours[0][1]}, '') <> ''"
    )
    assert rows
    assert {row["found"] for row in rows} == {1}


def test_every_column_of_the_connector_is_explained() -> None:
    explained = set(re.findall(r"`(_\w+)`", PAGE))
    assert {column.name for column in META_COLUMNS} <= explained
    mentioned = set(re.findall(r"\b\w+\b", PAGE))
    named = {"run_id", "finished_at", "watermark_after", "complete_until", "deletions_checked_at", "details"}
    assert named <= mentioned
    assert named <= {c.name for c in SYNC_RUNS.columns}
