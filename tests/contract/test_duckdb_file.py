"""What other programs find in the DuckDB file: a format that they open, and every object under the documented name."""

import os
import sqlite3
import subprocess
from pathlib import Path

import duckdb
import pytest

from connector.adapters.duckdb import dataset
from connector.adapters.duckdb.query import query_file
from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.domain.tables.schema import Column, ColumnType, Table
from connector.errors import ConfigurationError
from tests.contract.warehouse_rows import BUSINESS, LINE, LINES, PARTS, a_row, a_table, an_append, an_entity
from tests.stand_ins.install import install_bigquery
from tests.stand_ins.servers import StandInUnavailableError

TABLE = a_table(entity=an_entity(line_views=(LINES, PARTS)))
OBJECTS = ["bills", "bill_lines", "bill_parts", "bills_history", "bills_log"]
FULL = a_row(
    amount="12345678901234567890.123456789",
    due_date="2026-02-28",
    created_at="2026-03-08T06:59:59.997Z",
    extra=b'{"UsrScore":"0.1"}',
    details=[{"_position": 1, "account": "4000", "amount": "1.10", "allocations": [{"lot": "L", "quantity": "2"}]}],
)  # fmt: skip


def fill(path: Path, table: Table = TABLE) -> None:
    """Do what a run does: prepare the table, append, let the file go."""
    warehouse = DuckDbWarehouse(path)
    warehouse.prepare(table)
    warehouse.append(an_append(FULL, table=table))
    warehouse.close()


def read_documented(path: Path, objects: list[str] = OBJECTS) -> list[int]:
    with duckdb.connect(str(path), read_only=True) as connection:
        counted = (f"SELECT count(*) FROM acumatica.{name}" for name in objects)
        return [count for sql in counted for (count,) in connection.execute(sql).fetchall()]


@pytest.mark.parametrize(
    "name", ["erp.duckdb", "acumatica.duckdb", "Acumatica.db", "my copy.v2.duckdb", "memory.db"]
)
def test_the_documented_names_resolve_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    fill(tmp_path / name)
    assert read_documented(tmp_path / name) == [1, 1, 1, 1, 1]


def test_a_sqlite_file_is_never_written_to_nor_is_anything_downloaded_for_it(tmp_path: Path) -> None:
    """DuckDB itself would open it by an extension: the state, say, named for the warehouse too."""
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as state:
        state.execute("CREATE TABLE leases (entity TEXT)")
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="is a SQLite file, as the state is") as caught:
        fill(path)
    assert "WAREHOUSE=duckdb:PATH" in caught.value.action
    line, *_ = DuckDbWarehouse(path).check([TABLE])
    assert (line.ok, line.finding) == (False, caught.value.message)
    with pytest.raises(ConfigurationError):
        list(query_file(path, "SELECT 1"))
    assert path.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_told_wherever_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "erp.duckdb"
    fill(path)
    path.chmod(0)
    line, *_ = DuckDbWarehouse(path).check([TABLE])
    assert not line.ok
    for use in (lambda: fill(path), lambda: list(query_file(path, "SELECT 1"))):
        with pytest.raises(ConfigurationError, match="Permission denied"):
            use()


@pytest.mark.parametrize(("before", "after"), [("acumatica", "erp"), ("erp", "acumatica")])
def test_the_documented_names_resolve_in_a_renamed_file_from_the_next_run_on(
    tmp_path: Path, before: str, after: str
) -> None:
    fill(tmp_path / f"{before}.duckdb")
    renamed = (tmp_path / f"{before}.duckdb").rename(tmp_path / f"{after}.duckdb")
    with pytest.raises(duckdb.Error):
        read_documented(renamed)
    fill(renamed)
    assert read_documented(renamed) == [1, 1, 1, 1, 2]


def test_the_documented_names_show_new_columns_and_new_views(tmp_path: Path) -> None:
    fill(tmp_path / "erp.duckdb", a_table(entity=an_entity(line_views=())))
    line = (*LINE, Column(name="promised", type=ColumnType.DATE))
    details = Column(name="details", type=ColumnType.RECORD, repeated=True, fields=line)
    columns = tuple(details if column.name == "details" else column for column in BUSINESS)
    wider = (*columns, Column(name="memo", type=ColumnType.STRING))
    fill(tmp_path / "erp.duckdb", a_table(wider, entity=an_entity(line_views=(LINES,))))
    with duckdb.connect(str(tmp_path / "erp.duckdb"), read_only=True) as connection:
        shown = connection.execute("SELECT memo FROM acumatica.bills").fetchall()
        lines = connection.execute("SELECT account, promised FROM acumatica.bill_lines").fetchall()
    assert shown == [(None,)]
    assert lines == [("4000", None)]


def test_the_documented_names_of_what_is_dropped_are_gone_too(tmp_path: Path) -> None:
    path = tmp_path / "erp.duckdb"
    fill(path)
    warehouse = DuckDbWarehouse(path)
    assert sorted([*warehouse.drop_derived("bills"), "bills_log"]) == sorted(OBJECTS)
    warehouse.close()
    with duckdb.connect(str(path), read_only=True) as connection:
        shown = connection.execute(
            "SELECT view_name FROM duckdb_views() WHERE schema_name = 'acumatica'"
        ).fetchall()
    assert shown == [("bills_log",)]


def test_a_view_that_fails_keeps_no_run_from_its_work(tmp_path: Path) -> None:
    path = tmp_path / "erp.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE rates (day DATE)")
        connection.execute("CREATE VIEW mine AS SELECT * FROM rates")
        connection.execute("DROP TABLE rates")
    fill(path)
    assert read_documented(path) == [1, 1, 1, 1, 1]


def test_a_file_without_the_schema_gets_it_and_keeps_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(dataset, "publish", lambda _: None)
        fill(tmp_path / "erp.duckdb")
    fill(tmp_path / "erp.duckdb")
    assert read_documented(tmp_path / "erp.duckdb", ["bills", "bills_log"]) == [1, 2]


def test_a_file_in_the_newest_format_goes_on_being_used(tmp_path: Path) -> None:
    path = tmp_path / "erp.duckdb"
    duckdb.connect(str(path)).close()
    fill(path)
    assert read_documented(path) == [1, 1, 1, 1, 1]


READ = """
import duckdb, sys
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    assert duckdb.__version__.startswith("1.5."), duckdb.__version__
    for name in sys.argv[2:]:
        columns = connection.execute(f"DESCRIBE {name}").fetchall()
        shown = ", ".join(f'CAST("{column}" AS VARCHAR)' for column, *_ in columns)
        [row] = connection.execute(f"SELECT {shown} FROM {name}").fetchall()
        print(name, len(row), "12345678901234567890.123456789" in row)
"""


def test_tools_with_duckdb_1_5_open_the_file_and_read_every_view(tmp_path: Path) -> None:
    path = tmp_path / "erp.duckdb"
    fill(path)
    longer = (*BUSINESS, Column(name="memo", type=ColumnType.STRING))
    warehouse = DuckDbWarehouse(path)
    warehouse.prepare(a_table(longer, entity=an_entity(line_views=(LINES, PARTS))))
    warehouse.close()
    python = _find_python_with_duckdb_1_5()
    names = [f"{schema}.{name}" for schema in ("main", "acumatica") for name in OBJECTS]
    done = subprocess.run([python, "-c", READ, path, *names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = [line.split() for line in done.stdout.splitlines()]
    assert [name for name, _, _ in shown] == names
    assert [name for name, _, has_amount in shown if has_amount == "False"] == [
        "main.bill_lines",
        "acumatica.bill_lines",
    ]


def _find_python_with_duckdb_1_5() -> Path:
    """The BigQuery stand-in's own interpreter has it."""
    try:
        return install_bigquery() / "python"
    except StandInUnavailableError as missing:
        leave_out = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        leave_out(f"NOT TESTED with DuckDB 1.5: {missing}")
