"""A million records: what a run remembers of them stays small, and they are read without being held."""

import tracemalloc
from pathlib import Path

import duckdb
import pytest

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
    with duckdb.connect(str(tmp_path / "log.duckdb")) as connection:
        connection.execute(
            "INSERT INTO bills_log (_id, _modified_at, _version, _deleted, _synced_at, _run_id) "
            "SELECT format('{:08x}-0000-4000-a000-{:012x}', i // 7, i), TIMESTAMPTZ '2026-01-01 00:00:00Z', "
            "md5(i::VARCHAR), false, TIMESTAMPTZ '2026-01-02 00:00:00Z', 'run-1' FROM range($1) AS r(i)",
            [RECORDS],
        )
    return warehouse


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
