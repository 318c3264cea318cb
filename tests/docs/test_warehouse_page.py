"""The queries of the analysts' page run as they are printed, and give what the tenant's books say."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connector.adapters.duckdb.dialect import translate
from connector.domain.run import Mode, Status
from connector.domain.tables.log_table import META_COLUMNS
from connector.domain.tables.sync_runs import SYNC_RUNS
from tests.builders import Rig

PAGE = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text()
QUERIES = re.findall(r"```sql\n(.+?)\n```", PAGE, re.DOTALL)
USED = ("vendors", "invoices", "gl_accounts", "gl_entries")
TITLES = [" ".join(query.split("FROM")[1].split()[:1]) for query in QUERIES]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(tmp_path_factory.mktemp("page"))
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


def test_every_column_of_the_connector_is_explained() -> None:
    explained = set(re.findall(r"`(_\w+)`", PAGE))
    assert {column.name for column in META_COLUMNS} <= explained
    mentioned = set(re.findall(r"\b\w+\b", PAGE))
    named = {"run_id", "finished_at", "watermark_after", "complete_until", "deletions_checked_at", "details"}
    assert named <= mentioned
    assert named <= {c.name for c in SYNC_RUNS.columns}
