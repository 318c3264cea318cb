"""What queries cost: the tables of the page are what the command prints, and the default form keeps what it is there for."""

from datetime import date

import pytest

from benchmarks.bytes import Company, Widths, measure_widths, render, size_of, weigh_audit, weigh_month
from benchmarks.read_columns import Read, find_reads
from connector.domain.tables.log_queries import build_days_query, build_trail_query
from connector.domain.tables.schema import Column, ColumnType
from tests.contract.warehouse_current_contract import a_daily_table
from tests.contract.warehouse_rows import LINE, a_column
from tests.docs.configuration import ROOT
from tests.docs.demo import Demo

COST = (ROOT / "docs" / "cost.md").read_text()
ORDER = {"_id", "_modified_at", "_synced_at", "_version", "_deleted"}


@pytest.fixture(scope="module")
def widths(demo: Demo) -> Widths:
    return measure_widths(demo.path)


def test_the_page_has_what_the_command_prints(demo: Demo) -> None:
    assert render(demo.path) in COST


def test_at_ten_versions_the_default_reads_a_tenth_of_the_log(widths: Widths) -> None:
    def total(form: str, versions: int) -> float:
        month = weigh_month(Company(widths, versions), form)
        return month["queries"] + month["merges"] + month["reconciles"]

    assert total("auto", 10) <= total("view", 10) / 10
    assert all(total("auto", n) < min(total("view", n), total("table", n)) for n in (1, 10, 100))


def test_an_audit_reads_half_of_what_whole_rows_would_take(widths: Widths) -> None:
    at_once, in_steps = weigh_audit(Company(widths, 10))
    assert in_steps <= at_once * 0.55


def test_a_sum_over_the_view_reads_the_columns_that_order_versions_and_no_others() -> None:
    [read] = find_reads("SELECT SUM(amount) FROM {dataset}.bills", [a_daily_table()])
    assert read == Read(table="bills_log", columns=frozenset({*ORDER, "amount"}), is_recent=False)


def test_the_rows_of_a_record_are_read_by_day() -> None:
    log = a_daily_table()
    [found] = find_reads(build_days_query(log), [log])
    assert (found.columns, found.is_recent) == (frozenset({"_id", "_synced_at"}), False)
    [rows] = find_reads(build_trail_query(log, [date(2026, 3, 16)]), [log])
    assert rows.is_recent
    assert "details" not in rows.columns


@pytest.mark.parametrize(
    ("kind", "value", "size"),
    [
        (ColumnType.STRING, "é", 4), (ColumnType.STRING, "", 2), (ColumnType.STRING, None, 0), (ColumnType.NUMERIC, 1, 16),
        (ColumnType.BOOL, False, 1), (ColumnType.DATE, date(2026, 3, 16), 8), (ColumnType.JSON, '{"a":1}', 7),
    ],
)  # fmt: skip
def test_a_value_has_the_width_that_is_charged(kind: ColumnType, value: object, size: int) -> None:
    assert size_of(value, a_column("a", kind)) == size


def test_lines_have_the_width_of_their_fields() -> None:
    lines = Column(name="details", type=ColumnType.RECORD, repeated=True, fields=LINE)
    rows = [{"_position": 1, "account": "4000", "amount": 1}, {"allocations": [{"lot": "x", "quantity": 2}]}]
    assert size_of(rows, lines) == 8 + 6 + 16 + 3 + 16
