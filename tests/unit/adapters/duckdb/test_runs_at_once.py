"""Runs of one process that share a file, each in a thread of its own."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.domain.tables.sync_runs import SYNC_RUNS
from tests.contract.warehouse_rows import a_table

RUNS = 4
ROUNDS = 5


def test_tables_are_made_and_kept_at_once(tmp_path: Path) -> None:
    for number in range(ROUNDS):
        barrier = threading.Barrier(RUNS, timeout=60)
        path = tmp_path / f"{number}.duckdb"
        with ThreadPoolExecutor(RUNS) as threads:
            runs = [threads.submit(_prepare, path, f"t{run}", barrier) for run in range(RUNS)]
            assert [run.result() for run in runs] == [None] * RUNS


def _prepare(path: Path, name: str, barrier: threading.Barrier) -> None:
    table = a_table()
    table = replace(table, name=f"{name}_log", views=(), merge=None)
    warehouse = DuckDbWarehouse(path)
    barrier.wait()
    try:
        assert warehouse.prepare(table).created
        warehouse.prepare(SYNC_RUNS)
        assert {column.name for column in warehouse.read_columns("sync_runs")} >= {"run_id"}
    finally:
        warehouse.close()
