"""A million records: what a run remembers of them stays small, and they are read without being held."""

import tracemalloc
from pathlib import Path

import duckdb
import pytest

from connector.adapters.duckdb.current_versions import ROWS_IN_PART
from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.domain.versions import VersionIndex
from tests.contract.warehouse_rows import a_log

RECORDS = 50_000
"""A twentieth of a million keeps the test quick: what is kept grows in proportion, what is passing does not."""
TWENTY = 1_000_000 // RECORDS
LIMIT = 100 * 1024 * 1024


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDbWarehouse:
    warehouse = DuckDbWarehouse(tmp_path / "log.duckdb")
    warehouse.prepare(a_log())
    warehouse.close()
    fill(tmp_path / "log.duckdb", RECORDS, "format('{:08x}-0000-4000-a000-{:012x}', i // 7, i)")
    return warehouse


def fill(path: Path, records: int, record_id: str) -> None:
    """Put rows into the log, the id of the i-th by this expression."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "INSERT INTO bills_log (_id, _modified_at, _version, _deleted, _synced_at, _run_id) "
            f"SELECT {record_id}, TIMESTAMPTZ '2026-01-01 00:00:00Z', "
            "md5(i::VARCHAR), false, TIMESTAMPTZ '2026-01-02 00:00:00Z', 'run-1' FROM range($1) AS r(i)",
            [records],
        )


def test_a_log_that_is_read_in_parts_gives_each_record_once_in_the_order_of_ids(tmp_path: Path) -> None:
    records, path = ROWS_IN_PART, tmp_path / "log.duckdb"
    warehouse = DuckDbWarehouse(path)
    warehouse.prepare(a_log())
    warehouse.close()
    for ids in ("chr((i % 90 + 33)::INTEGER) || i", "chr((i % 90 + 33)::INTEGER) || i", "'é' || i % 9"):
        fill(path, records, ids)
    found = [version.record_id for version in warehouse.current_versions(a_log())]
    warehouse.close()
    assert found == sorted(
        {*(f"{chr(i % 90 + 33)}{i}" for i in range(records)), *(f"é{i}" for i in range(9))}
    )


def test_a_million_versions_fit_a_hundred_megabytes(warehouse: DuckDbWarehouse) -> None:
    """Of what is read nothing is held but the index, and some thousand rows on their way to it."""
    versions = warehouse.current_versions(a_log())
    first = next(versions)
    tracemalloc.start()
    try:
        index = VersionIndex(versions)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        warehouse.close()
    assert len(index) == RECORDS - 1
    assert index.find(first.record_id) is None
    assert index.find("00000000-0000-4000-a000-000000000001") is not None
    assert kept * TWENTY + (peak - kept) < LIMIT
