"""How the file is opened: rows stored in small groups, little kept in memory, and the machine's memory left to queries."""

from pathlib import Path

import duckdb
import pytest

from connector.adapters.duckdb.errors import translated
from connector.adapters.duckdb.file import CACHE_BYTES, ROW_GROUP, close, connect, open_cursor, shrink_cache
from connector.adapters.duckdb.query import query_file
from connector.errors import WarehouseUnavailableError

CACHED = CACHE_BYTES // 4
"""So many random numbers take twice what may be kept."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "erp.duckdb"


def measure_memory(connection: duckdb.DuckDBPyConnection) -> int:
    [(used,)] = connection.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()
    return int(used)


def test_rows_are_stored_in_small_groups_beside_the_large_ones_of_an_older_file(path: Path) -> None:
    older = 3 * ROW_GROUP + 5
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE rows AS SELECT range AS number FROM range({older})")
    for _ in range(3):
        with connect(path) as connection:
            connection.execute(f"INSERT INTO rows SELECT {older} FROM range({ROW_GROUP})")
    with connect(path) as connection:
        groups = connection.execute(
            "SELECT sum(count) FROM pragma_storage_info('rows') WHERE segment_type = 'BIGINT' GROUP BY row_group_id"
        ).fetchall()
        [(rows, highest)] = connection.execute("SELECT count(*), max(number) FROM rows").fetchall()
    assert sorted(int(count) for (count,) in groups) == [ROW_GROUP] * 3 + [older]
    assert (rows, highest) == (older + 3 * ROW_GROUP, older)


def test_what_was_written_is_not_kept_and_the_limit_of_memory_is_as_before(path: Path) -> None:
    connection = connect(path)
    [(limit,)] = connection.execute("SELECT current_setting('memory_limit')").fetchall()
    connection.execute(f"CREATE TABLE rows AS SELECT random() AS number FROM range({CACHED})")
    connection.execute("CHECKPOINT")
    with open_cursor(connection) as other:
        shrink_cache(connection)
        assert measure_memory(other) > CACHE_BYTES, "another connection may be in need of it"
    shrink_cache(connection)
    assert measure_memory(connection) <= CACHE_BYTES
    assert connection.execute("SELECT current_setting('memory_limit')").fetchall() == [(limit,)]
    close(connection)


def test_what_memory_does_not_hold_goes_beside_the_file(path: Path) -> None:
    with connect(path) as connection:
        assert connection.execute("SELECT current_setting('temp_directory')").fetchall() == [(f"{path}.tmp",)]


def test_a_question_beside_a_run_of_the_same_program_is_to_be_asked_again(path: Path) -> None:
    with connect(path), pytest.raises(WarehouseUnavailableError) as caught, translated():
        list(query_file(path, "SELECT 1"))
    assert "try again" in caught.value.action
