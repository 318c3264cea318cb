"""BigQuery's SQL and our types in DuckDB's words."""

import duckdb
import pytest

from connector.adapters.duckdb.dialect import TYPES, read_columns, render_type
from connector.adapters.duckdb.translation import translate
from connector.domain.tables.evolution import FOREIGN
from connector.domain.tables.log_queries import build_versions_query
from connector.domain.tables.schema import ColumnType, Table
from tests.contract.warehouse_rows import a_column, a_log, a_table


def test_every_column_comes_back_with_its_type() -> None:
    columns = ", ".join(f'"{column.name}" {render_type(column)}' for column in a_log().columns)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        found = list(read_columns(connection, "t"))
    assert [(c.name, c.type, c.repeated) for c in found] == [
        (c.name, c.type, c.repeated) for c in a_log().columns
    ]
    assert [c.name for c in found[8].fields] == [c.name for c in a_log().columns[8].fields]


@pytest.mark.parametrize("column_type", list(TYPES))
def test_every_type_exists_in_duckdb_under_its_own_spelling(column_type: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t (x {TYPES[column_type]})")  # type: ignore[index]
        assert next(read_columns(connection, "t")).type == column_type


def test_a_type_the_connector_never_makes_is_foreign() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (x INTERVAL, y INTEGER[])")
        assert [column.type for column in read_columns(connection, "t")] == [FOREIGN, FOREIGN]


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("NUMERIC", "12345678901234567890123456789.123456789"),
        ("BIGNUMERIC", "12345678901234567890.123456789012345678"),
    ],
)
def test_decimals_keep_every_digit_in_casts(written: str, digits: str) -> None:
    with duckdb.connect() as connection:
        found = connection.execute(
            translate(f"SELECT CAST(CAST('{digits}' AS {written}) AS STRING)")
        ).fetchone()
    assert found == (digits,)


def test_the_dataset_s_place_is_left_out() -> None:
    assert translate("SELECT `a` FROM {dataset}.`t`") == 'SELECT "a" FROM "t"'


BILLS = a_table().views[0].sql


def explain(sql: str) -> str:
    """Return the plan of a query of a log with some rows."""
    with duckdb.connect() as connection:
        make(connection, a_log())
        connection.execute(
            "INSERT INTO bills_log (_id, _version, _deleted) SELECT 'r' || i, 'v1', false FROM range(9) t(i)"
        )
        return "\n".join(row[1] for row in connection.execute(f"EXPLAIN {sql}").fetchall())


def make(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    columns = ", ".join(f'"{column.name}" {render_type(column)}' for column in table.columns)
    connection.execute(f'CREATE TABLE "{table.name}" ({columns})')


@pytest.mark.parametrize("sql", [BILLS, f"SELECT `_id` FROM ({BILLS})"])
def test_newest_rows_are_found_without_a_window_over_whole_rows(sql: str) -> None:
    plan = explain(translate(sql))
    assert "Hash Join" in plan
    assert "Window" not in plan


def test_a_filter_on_ids_reaches_the_search_for_the_newest_rows() -> None:
    plan = explain(f"SELECT * FROM ({translate(BILLS)}) WHERE _id = 'r1'")
    assert plan.count("Filters: _id = 'r1'") == 2


def test_a_query_with_a_window_of_its_own_still_sees_all_rows() -> None:
    assert "QUALIFY" in translate(build_versions_query(a_table()))


def test_a_field_called_like_the_place_of_a_row_is_shown_as_it_is() -> None:
    table = a_table((a_column("rowid", ColumnType.INT64),))
    with duckdb.connect() as connection:
        make(connection, table)
        connection.execute(
            "INSERT INTO bills_log (_id, _version, _deleted, rowid) VALUES ('r1', 'v1', false, 77)"
        )
        connection.execute(
            "INSERT INTO bills_log (_id, _version, _deleted, rowid) VALUES ('r2', 'v1', false, 0)"
        )
        shown = connection.execute(f"SELECT rowid FROM ({translate(table.views[0].sql)})").fetchall()
    assert sorted(shown) == [(0,), (77,)]
