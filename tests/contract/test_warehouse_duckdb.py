"""The warehouse's promises, kept by a DuckDB file."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.adapters.duckdb.file import connect
from connector.adapters.duckdb.translation import translate
from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.domain.tables.schema import ColumnType
from connector.errors import WarehouseUnavailableError
from tests.contract.warehouse_contract import WarehouseContract
from tests.contract.warehouse_current_contract import a_kept_table
from tests.contract.warehouse_prepare_contract import NestedColumnsContract, WideningContract
from tests.contract.warehouse_rows import BUSINESS, a_column, a_row, a_table, an_append
from tests.contract.warehouse_shelf import Shelf
from tests.contract.warehouse_views_contract import (
    LeftoverContract,
    MendingContract,
    RenamingContract,
    RetypedColumnContract,
    of_entity,
)


class DuckDbShelf(Shelf):
    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> DuckDbWarehouse:
        return DuckDbWarehouse(self.path)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with connect(self.path) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(translate(sql)).fetchall()


@pytest.fixture
def shelf(tmp_path: Path) -> DuckDbShelf:
    return DuckDbShelf(tmp_path / "erp.duckdb")


@pytest.fixture
def warehouse(shelf: DuckDbShelf) -> Iterator[DuckDbWarehouse]:
    opened = shelf.open()
    yield opened
    opened.close()


class TestDuckDbWarehouse(
    WarehouseContract,
    NestedColumnsContract,
    WideningContract,
    MendingContract,
    LeftoverContract,
    RetypedColumnContract,
    RenamingContract,
):
    def test_another_program_reads_the_file_when_the_run_is_over(
        self, shelf: DuckDbShelf, warehouse: DuckDbWarehouse
    ) -> None:
        warehouse.prepare(a_table())
        warehouse.append(an_append(a_row("r1")))
        warehouse.close()
        assert _read_elsewhere(shelf.path) == "[('r1',)]"

    def test_a_column_with_numbers_too_long_for_a_file_s_wide_ones_stays_as_it_is(
        self, shelf: DuckDbShelf, warehouse: DuckDbWarehouse, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A decimal of DuckDB has 38 digits: with 18 after the point there are 20 before it, where NUMERIC has 29."""
        longest = "12345678901234567890123456789"
        warehouse.prepare(a_table())
        warehouse.append(an_append(a_row(amount=longest)))
        wide = a_table((*BUSINESS[:2], a_column("amount", ColumnType.BIGNUMERIC), *BUSINESS[3:]))
        with caplog.at_level(logging.WARNING, logger="connector"):
            assert warehouse.prepare(wide).numeric_not_widened == {"amount"}
        assert "bills_log.amount stays NUMERIC" in caplog.text
        assert warehouse.append(an_append(a_row("r2", amount="1.5"), table=wide, batch_id="2")) == {}
        assert shelf.values("SELECT amount FROM {dataset}.bills ORDER BY _id") == [
            Decimal(longest),
            Decimal("1.5"),
        ]

    def test_while_another_program_has_the_file_the_answer_is_to_come_back(
        self, shelf: DuckDbShelf, warehouse: DuckDbWarehouse
    ) -> None:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(shelf.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        with holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"open\n"
            with pytest.raises(WarehouseUnavailableError, match="open in another program"):
                warehouse.prepare(a_table())
            lines = list(warehouse.check([]))
            assert not lines[0].ok
            assert lines[0].remedy
            holder.communicate(b"\n")
        assert warehouse.prepare(a_table()).created

    def test_check_names_what_the_next_run_will_mend(
        self, shelf: DuckDbShelf, warehouse: DuckDbWarehouse
    ) -> None:
        kept, plain = of_entity("bills", "bills", kept=True), of_entity("bills", "bills")
        warehouse.prepare(kept)
        warehouse.close()
        shelf.query("DROP VIEW {dataset}.bills_lines")
        line = list(warehouse.check([plain]))[-1]
        assert line.ok
        for said in (
            "makes bills_lines, which is missing",
            "makes bills again, which is not as the connector made it",
            "drops bills_current",
        ):
            assert f"the next run {said}" in line.finding
        warehouse.prepare(plain)
        warehouse.close()
        assert "the next run" not in list(warehouse.check([plain]))[-1].finding


HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
"""
READ = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).execute('FROM bills SELECT _id').fetchall())"


def _read_elsewhere(path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


class TestCurrentRows:
    """The table of current rows takes in what was appended, and nothing else costs a run anything."""

    def test_nothing_appended_is_nothing_merged(self, shelf: DuckDbShelf, warehouse: DuckDbWarehouse) -> None:
        warehouse.prepare(a_kept_table())
        warehouse.append(an_append(a_row("r1"), table=a_kept_table()))
        warehouse.refresh(a_kept_table())
        warehouse.close()
        shelf.query("DELETE FROM bills_current")
        warehouse.refresh(a_kept_table())
        warehouse.close()
        assert shelf.query("SELECT _id FROM bills") == []

    def test_only_rows_read_since_the_last_merge_are_merged(
        self, shelf: DuckDbShelf, warehouse: DuckDbWarehouse
    ) -> None:
        warehouse.prepare(a_kept_table())
        warehouse.append(an_append(a_row("r1", synced_at=3), table=a_kept_table()))
        warehouse.refresh(a_kept_table())
        warehouse.close()
        shelf.query("DELETE FROM bills_current")
        for i, at in enumerate((5, 4)):
            row = a_row(f"r{2 + i}", synced_at=at)
            warehouse.append(an_append(row, table=a_kept_table(), batch_id=f"b{i}"))
        warehouse.refresh(a_kept_table())
        warehouse.close()
        assert shelf.query("SELECT _id FROM bills ORDER BY _id") == [("r2",), ("r3",)]

    def test_what_an_earlier_release_left_behind_is_caught_up_with(
        self, shelf: DuckDbShelf, warehouse: DuckDbWarehouse
    ) -> None:
        """It noted nothing before it appended, and wrote another layout on the log."""
        warehouse.prepare(a_kept_table())
        warehouse.append(an_append(a_row("r1"), table=a_kept_table()))
        warehouse.close()
        shelf.query("COMMENT ON TABLE bills_current IS 'The newest version of every Bill'")
        shelf.query("COMMENT ON TABLE bills_log IS 'a log [layout before]'")
        warehouse.prepare(a_kept_table())
        warehouse.close()
        assert shelf.query("SELECT _id FROM bills") == [("r1",)]
