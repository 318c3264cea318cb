"""A real process is killed by a real signal: the files it leaves are good, and the next process goes on from them."""

import signal
import subprocess
import sys

import pytest

from connector.domain.run import Status
from tests.builders import Rig
from tests.fault.doomed import PAGE_SIZE
from tests.oracle import assert_shows_tenant

STEPS = (
    "warehouse.append",
    "state.audit.record_page",
    "state.entities.save_checkpoint",
    "state.entities.commit",
)


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_process_killed_at_a_step_costs_nothing(rig: Rig, side: str, step: str) -> None:
    ordinal = 1 if step == "state.entities.commit" else 2
    clock = rig.clock.now().isoformat()
    argv = [sys.executable, "-m", "tests.fault.doomed", str(rig.folder), rig.url, clock]
    child = subprocess.run([*argv, f"{side} {step}", str(ordinal)], capture_output=True, check=False)
    assert child.returncode == -signal.SIGKILL, child.stdout + child.stderr
    rig.outlive_leases()
    result = rig.run("invoices", page_size=PAGE_SIZE, batch_bytes=1)
    assert result.status is Status.SUCCEEDED
    assert_shows_tenant(rig, "invoices")
    assert rig.run("invoices").records_written == 0


def test_what_was_checkpointed_before_the_kill_is_not_read_again(rig: Rig) -> None:
    argv = [sys.executable, "-m", "tests.fault.doomed", str(rig.folder), rig.url, rig.clock.now().isoformat()]
    subprocess.run([*argv, "after state.entities.save_checkpoint", "2"], capture_output=True, check=False)
    rig.outlive_leases()
    result = rig.run("invoices", page_size=PAGE_SIZE, batch_bytes=1)
    assert result.records_read == 40 - PAGE_SIZE - (PAGE_SIZE - 1)
    assert_shows_tenant(rig, "invoices")
