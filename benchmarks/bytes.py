"""What BigQuery reads for the queries of the documents, in each form of the current rows: `python -m benchmarks.bytes`.

The views are opened down to the tables, columns that nothing needs are dropped, and the rest is multiplied by its width as BigQuery
counts it, over the partitions that a literal leaves. The widths are those of the demo's company, which is copied for it.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import msgspec
from msgspec import structs

from benchmarks.read_columns import Read, find_reads
from connector.app.catalogue import load_catalogue
from connector.domain.entity import CurrentForm
from connector.domain.instants import from_text
from connector.domain.tables.current_table import show_merged
from connector.domain.tables.log_queries import (
    build_days_query,
    build_ids_query,
    build_versions_query,
)
from connector.domain.tables.log_table import build_trail_table, find_key_columns
from connector.domain.tables.schema import Column, ColumnType, Table
from connector.domain.tables.sync_runs import SYNC_RUNS
from tests.docs.demo import USED, copy_demo
from tests.docs.tables import build

DOCS = Path(__file__).parents[1] / "docs"
ENDPOINT = "24.200.001"
FORMS = {"view": CurrentForm.VIEW, "auto": CurrentForm.AUTO, "table": CurrentForm.TABLE}
VERSIONS = (1, 10, 100)
RECORDS = 100_000
"""Of every entity."""
DAYS = 365
"""The first versions were read on one day, all others spread evenly over the days since."""
RECENT_DAYS = 19 / 24
"""How far the literal of a current view is back on average: it moves to midnight once a day, with the first run after 07:00."""
MERGE_DAYS = {"auto": 1 + 6 / 24, "table": 0.5}
"""How much of the log a MERGE reads: since the midnight of the day before, at 06:00; or since the last midnight, at any hour."""
QUERIES, RUNS, NIGHTS = 11_000, 720, 30
"""Of the dashboards and of each entity in a month."""
LEAST = 10e6
"""Bytes that BigQuery bills for each table of a query at least."""
FIXED = {
    ColumnType.NUMERIC: 16,
    ColumnType.BIGNUMERIC: 32,
    ColumnType.FLOAT64: 8,
    ColumnType.INT64: 8,
    ColumnType.BOOL: 1,
    ColumnType.DATE: 8,
    ColumnType.TIMESTAMP: 8,
}
"""Bytes of a value (docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types, "Data type sizes"); NULL has none."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query of the documents, by the sentence before it."""

    title: str
    sql: str

    @property
    def is_of_history(self) -> bool:
        """Whether it asks for versions that are not current, which stand in the log alone."""
        return "_history" in self.sql


def read_questions() -> list[Question]:
    """Return the queries of the documents that ask for what was copied."""
    pages = "".join((DOCS / name).read_text(encoding="utf-8") for name in ("warehouse.md", "queries.md"))
    texts = re.findall(r"```sql\n(.+?)\n```", pages, re.DOTALL)
    before = pages.split("```sql\n")[:-1]
    titles = [re.split(r"[.:,]", part.rstrip().split("\n\n")[-1])[0].replace("`", "") for part in before]
    asked = [Question(title, sql) for title, sql in zip(titles, texts, strict=True)]
    return [
        question for question in asked if set(re.findall(r"acumatica\.(\w+)", question.sql)) != {"sync_runs"}
    ]


@cache
def build_tables(form: str) -> Sequence[Table]:
    """Return the tables of the entities that the queries ask for, as they are once the current rows have been merged."""
    entities = (structs.replace(load_catalogue().entities[name], current=FORMS[form]) for name in USED)
    return [show_merged(build(entity, ENDPOINT), from_text("2026-03-16T00:00:00Z")) for entity in entities]


@cache
def find_reads_in(sql: str, form: str) -> Sequence[Read]:
    """Return the looks that a query takes with the current rows in this form."""
    return find_reads(sql, [*build_tables(form), SYNC_RUNS])


Widths = Mapping[str, Mapping[str, float]]
"""Mean bytes of each column, by table."""


def measure_widths(path: Path) -> Widths:
    """Return the widths in the logs of a DuckDB file, and of the tables of current rows, which have the same columns."""
    widths: dict[str, Mapping[str, float]] = {}
    with duckdb.connect(str(path), read_only=True) as connection:
        for table in build_tables("auto"):
            assert table.merge is not None
            listed = ", ".join(f'"{column.name}"' for column in table.columns)
            rows = connection.execute(f"SELECT {listed} FROM {table.name} WHERE NOT _deleted").fetchall()  # noqa: S608 - names of the catalogue
            sums = [sum(size_of(row[i], column) for row in rows) for i, column in enumerate(table.columns)]
            means = {
                column.name: total / len(rows) for column, total in zip(table.columns, sums, strict=True)
            }
            widths |= {table.name: means, table.merge.into.name: means}
    return widths


def size_of(value: Any, column: Column) -> int:
    """Return what BigQuery counts for a value."""
    if value is None:
        return 0
    if column.repeated:
        return sum(size_of(line.get(field.name), field) for line in value for field in column.fields)
    if column.type in FIXED:
        return FIXED[column.type]
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return len(text.encode()) + 2 * (column.type is ColumnType.STRING)


@dataclass(frozen=True, slots=True)
class Company:
    """Entities with so many versions of each record."""

    widths: Widths
    versions: int

    @property
    def changes_a_day(self) -> float:
        """Rows that a log gains in a day."""
        return RECORDS * (self.versions - 1) / DAYS

    def weigh(self, reads: Sequence[Read]) -> float:
        """Return the bytes of these looks at tables."""
        return sum(self._count_rows(read) * self.measure(read.table, read.columns) for read in reads)

    def bill(self, reads: Sequence[Read]) -> float:
        """Return what BigQuery bills for them: at least 10 MB of each table."""
        tables = {read.table for read in reads}
        return sum(
            max(LEAST, self.weigh([read for read in reads if read.table == table])) for table in tables
        )

    def measure(self, table: str, columns: frozenset[str]) -> float:
        """Return the width of these columns."""
        return sum(self.widths[table][column] for column in columns) if table in self.widths else 0

    def weigh_question(self, sql: str, form: str) -> float:
        """Return the bytes of a query with the current rows in this form."""
        return self.weigh(find_reads_in(sql, form))

    def weigh_merges(self, form: str) -> float:
        """Return the bytes of a MERGE of every entity: what it reads, and again the whole table that it updates."""
        return sum(self._weigh_merge(table, MERGE_DAYS[form]) for table in build_tables(form))

    def _weigh_merge(self, table: Table, days: float) -> float:
        assert table.merge is not None
        [order] = find_reads(build_versions_query(table), [table])
        whole = sum(self.widths[table.name].values())
        compared = self.measure(table.name, order.columns)
        return RECORDS * (whole + compared) + self.changes_a_day * days * whole

    def _count_rows(self, read: Read) -> float:
        if read.table.endswith("_current"):
            return RECORDS
        return self.changes_a_day * RECENT_DAYS if read.is_recent else RECORDS * self.versions


def weigh_month(company: Company, form: str) -> Mapping[str, float]:
    """Return the bytes of a month by what reads them."""
    dashboards = [question for question in read_questions() if not question.is_of_history]
    looks = [find_reads_in(question.sql, form) for question in dashboards]
    merges = {"view": 0, "auto": NIGHTS, "table": RUNS}[form]
    reconciles = [company.weigh_question(build_versions_query(table), form) for table in build_tables(form)]
    return {
        "queries": QUERIES * sum(map(company.weigh, looks)) / len(looks),
        "merges": merges * company.weigh_merges(form) if merges else 0,
        "reconciles": NIGHTS * sum(reconciles),
        "billed": QUERIES * sum(map(company.bill, looks)) / len(looks),
    }


def weigh_audit(company: Company) -> tuple[float, float]:
    """Return the bytes of `audit invoices KEY`: with all these columns of the log, by key and by id, and as it is asked."""
    entity = load_catalogue().entities["invoices"]
    trail, keys = build_trail_table(entity), find_key_columns(entity)
    steps = (build_ids_query(trail, keys), build_days_query(trail))
    looks = [read for sql in steps for read in find_reads(sql, [trail])]
    width = company.measure(trail.name, frozenset(column.name for column in trail.columns))
    rows = RECORDS * company.versions
    found = min(
        rows, RECORDS + company.changes_a_day * (company.versions - 1)
    )  # of the days with a version of it
    return 2 * rows * width, company.weigh(looks) + found * width


def render(path: Path) -> str:
    """Return the tables of the page about costs, by the widths in this DuckDB file."""
    widths = measure_widths(path)
    companies = [Company(widths, versions) for versions in VERSIONS]
    return "\n".join(
        [*_render_questions(companies), "", *_render_month(companies), "", *_render_audit(companies)]
    )


def _render_questions(companies: Sequence[Company]) -> Iterator[str]:
    yield _line(
        f"MB a query, {RECORDS:,} records an entity",
        *(f"{form} {c.versions}" for c in companies for form in FORMS),
    )
    yield _line("---", *["---"] * len(companies) * len(FORMS))
    for question in read_questions():
        weights = (company.weigh_question(question.sql, form) for company in companies for form in FORMS)
        yield _line(question.title, *(f"{weight / 1e6:,.0f}" for weight in weights))


def _render_month(companies: Sequence[Company]) -> Iterator[str]:
    yield _line("GB a month", *(f"{form} {c.versions}" for c in companies for form in FORMS))
    yield _line("---", *["---"] * len(companies) * len(FORMS))
    months = [weigh_month(company, form) for company in companies for form in FORMS]
    names = {
        "queries": f"{QUERIES:,} dashboard queries",
        "merges": f"MERGE: {RUNS} runs with `table`, {NIGHTS} with `auto`",
        "reconciles": f"{NIGHTS} reconciles of keys",
    }
    for name, title in names.items():
        yield _line(title, *(f"{month[name] / 1e9:,.0f}" for month in months))
    totals = [sum(month[name] for name in names) for month in months]
    yield _line("**together**", *(f"**{total / 1e9:,.0f}**" for total in totals))
    views = [totals[i - i % len(FORMS)] for i in range(len(totals))]
    yield _line("beside the view", *(f"{mine / view:.3f}" for mine, view in zip(totals, views, strict=True)))
    yield _line(
        "the queries as billed, at least 10 MB a table",
        *(f"{month['billed'] / 1e9:,.0f}" for month in months),
    )


def _render_audit(companies: Sequence[Company]) -> Iterator[str]:
    yield _line("MB of `audit invoices KEY`", *(f"{company.versions}" for company in companies))
    yield _line("---", *["---"] * len(companies))
    weights = [weigh_audit(company) for company in companies]
    for i, title in enumerate(
        ("all columns of the log, by key and by id", "ids first, then days, then rows")
    ):
        yield _line(title, *(f"{weight[i] / 1e6:,.0f}" for weight in weights))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(render(copy_demo(Path(place, "demo")).path))
