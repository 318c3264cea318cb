"""A process that is killed while it makes the state file or the DuckDB file leaves nothing that blocks the next one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILL = """
import json, os, resource, signal, sys
from pathlib import Path
from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.adapters.sqlite import SqliteStateStore
from tests.stand_ins.clock import FakeClock
from tests.contract.warehouse_rows import a_log
TABLE = a_log()

def use(kind, path):
    if kind == "state":
        store = SqliteStateStore(path=path, clock=FakeClock())
        assert store.audit.find_records("vendors", "V1") == []
        store.audit.open_run("run-1", {"entity": "vendors"})
        store.close()
    else:
        warehouse = DuckDbWarehouse(path)
        warehouse.prepare(TABLE)
        warehouse.close()

def is_killed(kind, path, size):
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # the kernel kills at the first byte beyond
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        use(kind, path)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)

kind, folder = sys.argv[1], Path(sys.argv[2])
killed = 0
for number, size in enumerate(json.loads(sys.argv[3])):
    path = folder / f"{kind}-{number}.db"
    killed += is_killed(kind, path, size)
    use(kind, path)
    use(kind, path)
print(killed)
"""

SIZES = {
    "state": [0, 1, 100, 4096, 8192, 20_000, 40_960, 61_440],
    "warehouse": [0, 1, 100, 4096, 8192, 12_288, 20_000, 200_000],
}
"""Bytes a file may have before its process is killed."""


@pytest.mark.parametrize("kind", SIZES)
def test_wherever_it_is_killed_the_next_process_makes_the_file(kind: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILL, kind, str(tmp_path), json.dumps(SIZES[kind])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= len(SIZES[kind]) - 1, "hardly a process was killed"
