"""No statement goes to BigQuery that its own engine has not analysed: the places that send one are found in the code."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.adapters import bigquery as package
from connector.adapters.bigquery.alter_columns import build_widening
from connector.adapters.bigquery.inherited import build_removal
from connector.adapters.bigquery.jobs import dry_run, run_query
from connector.adapters.bigquery.rename import build_renaming
from connector.adapters.bigquery.views import build_statement
from connector.domain.entity import CurrentForm
from connector.domain.tables.current_table import build_merge, show_merged
from connector.domain.tables.log_queries import (
    build_days_query,
    build_ids_query,
    build_shared_ids_query,
    build_trail_query,
    build_trial_query,
    build_versions_query,
)
from connector.domain.tables.log_table import META_COLUMNS
from connector.domain.tables.schema import Table
from tests.contract.test_googlesql_texts import CONNECTION, an_expiring
from tests.contract.warehouse_current_contract import a_daily_table
from tests.contract.warehouse_rows import BUSINESS, LINES, PARTS, a_log, a_table, an_entity
from tests.stand_ins.googlesql import analyse_statement

FOLDER = Path(inspect.getfile(package)).parent
SENDERS = {run_query.__name__, dry_run.__name__, "_query"}
TABLE = a_table(entity=an_entity(line_views=(LINES, PARTS)))
MERGE = build_merge(an_entity(current=CurrentForm.TABLE), BUSINESS + META_COLUMNS)
EXPIRES: dict[str, Any] = {"expirationTime": "1800000000000"}

SENT: dict[str, Callable[[], Sequence[str]]] = {
    "checks._check_jobs": lambda: ["SELECT 1"],
    "checks._check_table": lambda: [view.sql for view in TABLE.views],
    "checks._try_views": lambda: [build_trial_query(TABLE)],
    "current_rows._merge": lambda: [MERGE.sql],
    "ddl._widen_columns": lambda: [build_widening(CONNECTION, TABLE.name, ["amount"])],
    "inherited.keep_for_good": lambda: [
        str(build_removal(CONNECTION, an_expiring(kind, **EXPIRES))) for kind in ("TABLE", "VIEW")
    ],
    "rename.rename_log": lambda: [build_renaming(CONNECTION, TABLE.name, "invoices_log")],
    "views.make": lambda: [
        build_statement(CONNECTION, view, {"app": "x"})
        for view in (*TABLE.views, *show_merged(a_daily_table(), datetime(2026, 1, 1, tzinfo=UTC)).views)
    ],
    "warehouse._query": list,  # what the four below hand to it
    "warehouse.current_versions": lambda: [build_versions_query(TABLE), build_versions_query(TABLE, 2)],
    "warehouse.find_shared_ids": lambda: [build_shared_ids_query(TABLE, ["type", "reference_nbr"], 20)],
    "warehouse.find_ids": lambda: [build_ids_query(TABLE, ["type", "lines"])],
    "warehouse.record_versions": lambda: [
        build_days_query(TABLE),
        build_trail_query(TABLE, [date(2026, 1, 1)]),
    ],
}
"""By the place that sends them: the statements, as they are sent."""


def find_senders() -> Iterator[str]:
    """Yield module and function of every call of what sends a statement."""
    for path in sorted(FOLDER.glob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and function.name not in SENDERS - {"_query"}:
                called = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
                names = {getattr(each, "id", getattr(each, "attr", "")) for each in called}
                if names & SENDERS:
                    yield f"{path.stem}.{function.name}"


def test_every_place_that_sends_a_statement_is_known() -> None:
    assert sorted(find_senders()) == sorted(SENT)


def test_no_statement_goes_another_way() -> None:
    """The client's own methods that take SQL are called in one module, by the two functions that all others call."""
    code = Path(inspect.getfile(package)).parents[2]
    ways = r"\.(query|query_and_wait|create_job|insert_rows_from_query)\(|view_query\b|QueryJob\("
    callers = {
        path.relative_to(code).as_posix() for path in code.rglob("*.py") if re.search(ways, path.read_text())
    }
    assert callers == {"adapters/bigquery/jobs.py"}


@pytest.mark.parametrize("place", SENT)
def test_every_statement_is_right_for_the_engine(place: str) -> None:
    tables: tuple[Table, ...] = (a_log(), MERGE.into)
    shown = tuple(replace(a_log(), name=view.name, columns=view.columns) for view in TABLE.views)
    for statement in SENT[place]():
        text = re.sub(r"@\w+", "'0001-01-01T00:00:00Z'", statement.replace("`demo.erp`.", ""))
        analyse_statement(text, (*tables, *shown))
