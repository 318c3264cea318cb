"""What a run does to its process."""

import gc
import subprocess
import sys
from pathlib import Path

from connector.app.run_entity import open_ports
from connector.app.service import build
from connector.app.settings import load_settings


def test_what_a_run_imports_is_never_looked_through_for_garbage_and_the_rest_still_is(tmp_path: Path) -> None:
    gc.unfreeze()
    connector = build(
        load_settings(
            {
                "ACUMATICA_URL": "https://erp.example.com/Books",
                "ACUMATICA_CREDENTIALS": "env:NOT_THERE",
                "WAREHOUSE": f"duckdb:{tmp_path / 'erp.duckdb'}",
                "STATE": f"sqlite:{tmp_path / 'state.db'}",
            }
        )
    )
    open_ports(connector, connector.clock.now())
    frozen = gc.get_freeze_count()
    assert frozen
    assert gc.isenabled()
    open_ports(connector, connector.clock.now())
    assert gc.get_freeze_count() <= frozen, "garbage of later runs is collected"


def test_duckdb_does_not_tell_people_of_what_is_exempt_from_collection(tmp_path: Path) -> None:
    script = (
        "import gc, pathlib, sys; from connector.adapters.duckdb.file import connect\n"
        "connect(pathlib.Path(sys.argv[1])).close(); gc.freeze()"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "erp.duckdb")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
