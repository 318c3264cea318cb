"""BigQuery's SQL and our types in DuckDB's words."""

import duckdb
import pytest

from connector.adapters.duckdb.dialect import TYPES, read_columns, render_type, translate
from connector.domain.tables.evolution import FOREIGN
from tests.contract.warehouse_rows import a_log


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
