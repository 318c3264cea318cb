"""What a run with nothing to sync asks for: `python -m benchmarks.idle [ENTITY]`.

Acumatica's requests are those the tenant saw after the sign-in, without the sign-out. Firestore's operations are what it bills,
counted on the way to its emulator; without one (it needs Java and the Cloud SDK's component) they are not, and that is said.
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.adapters.clock import SystemClock
from connector.adapters.firestore import FirestoreStateStore
from connector.adapters.retrying import Retry
from connector.app.service import build, build_run_id
from connector.app.settings import load_settings
from connector.domain.run import RunRequest, RunResult
from connector.ports import StateStore
from connector.runs.run import Limits, Run
from connector.runs.sync import sync_entity
from tests.contract.state_firestore_probe import OperationCounter, ProbedClient
from tests.stand_ins.firestore import running_firestore
from tests.stand_ins.servers import StandInUnavailableError

PROJECT = "benchmark"
SESSION_PATHS = ("/identity/", "/entity/auth/")


def run_once(environment: Mapping[str, str], entity: str, state: StateStore | None) -> RunResult:
    """Do one incremental run as the function does it; `state` replaces the store of the settings."""
    connector = build(load_settings(environment))
    now = connector.clock.now()
    limits = Limits(deadline=now + timedelta(minutes=10))
    ports = connector.wiring.open_ports(limits.deadline)
    run = Run(
        run_id=build_run_id(now),
        entity=connector.catalogue.find(entity),
        request=RunRequest(entity=entity),
        ports=replace(ports, state=state) if state else ports,
        limits=limits,
    )
    return run.execute(sync_entity)


def show(entity: str) -> None:
    """Fill an empty warehouse, run again, and print what the second run took."""
    counter = OperationCounter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tenant = stack.enter_context(Sandbox(SandboxOptions(real_time=True)))
        (folder / "credentials.json").write_text(json.dumps(tenant.credentials()))
        environment = {
            "ACUMATICA_URL": tenant.url,
            "ACUMATICA_ENDPOINT_VERSION": "24.200.001",
            "ACUMATICA_CREDENTIALS": f"file:{folder / 'credentials.json'}",
            "WAREHOUSE": f"duckdb:{folder / 'warehouse.duckdb'}",
            "STATE": f"sqlite:{folder / 'state.db'}",
        }
        state = _open_firestore(stack, counter)
        first = run_once(environment, entity, state)
        tenant.requests.clear()
        counter.operations.clear()
        second = run_once(environment, entity, state)
        asked = [request for request in tenant.requests if not any(p in request.path for p in SESSION_PATHS)]
    print(f"{entity}: {first.records_read:,} records read at first, {second.records_read} in the second run")
    print(
        f"Acumatica requests after sign-in: {len(asked)} ({', '.join(r.path.rsplit('/', 1)[1] for r in asked)})"
    )
    if state:
        print(f"Firestore operations: {counter.operations.total()} ({dict(counter.operations)})")


def _open_firestore(stack: ExitStack, counter: OperationCounter) -> StateStore | None:
    try:
        os.environ["FIRESTORE_EMULATOR_HOST"] = stack.enter_context(running_firestore())
    except StandInUnavailableError as missing:
        print(f"FIRESTORE OPERATIONS ARE NOT COUNTED, there is no emulator: {missing}")
        return None
    clock = SystemClock()
    client = ProbedClient(PROJECT, counter)
    return FirestoreStateStore(
        connect=lambda: client, prefix="acumatica", clock=clock, retry=Retry(clock=clock)
    )


if __name__ == "__main__":
    show(sys.argv[1] if len(sys.argv) > 1 else "vendors")
