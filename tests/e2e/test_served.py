"""The function as functions-framework serves it: a process of its own, asked over HTTP, ended with SIGTERM."""

import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from acumatica_sandbox import Request, Sandbox, SandboxOptions
from connector.app.run_entity import run_entity
from connector.app.service import Connector, build
from connector.app.settings import load_settings
from connector.domain.run import RunRequest, Status
from tests.e2e.profiles import Function, embedded_environment, read_duckdb, set_environment
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.cloud_tasks import running_cloud_tasks
from tests.stand_ins.servers import HOST, free_port, running

ROOT = Path(__file__).parents[2]
QUEUE = "projects/p1/locations/l1/queues/q1"


def _command(port: int) -> list[str]:
    framework = [
        sys.executable,
        "-m",
        "functions_framework",
        "--target",
        "sync",
        "--source",
        str(ROOT / "main.py"),
    ]
    return [*framework, "--host", HOST, "--port", str(port)]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny", real_time=True)) as tenant:
        yield tenant


def test_a_served_function_syncs_and_shows_how_it_stands(sandbox: Sandbox, tmp_path: Path) -> None:
    with running(_command, environment=embedded_environment(sandbox, tmp_path)) as port:
        answer = requests.post(f"http://{HOST}:{port}/", json={"entity": "vendors"}, timeout=60)
        status = requests.get(f"http://{HOST}:{port}/status", timeout=60).json()
        page = requests.get(f"http://{HOST}:{port}/", timeout=60)

    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    vendors = next(entry for entry in status["entities"] if entry["entity"] == "vendors")
    assert vendors["watermark"] == answer.json()["watermark_after"]
    assert vendors["last_run"]["run_id"] == answer.json()["run_id"]
    assert page.headers["Content-Type"].startswith("text/html")
    assert "vendors" in page.text


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="finds the server's worker in /proc")
def test_an_instance_that_must_end_stores_its_progress_and_the_next_goes_on(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """SIGTERM goes to the whole container; here to the server, which passes it on to its workers."""
    environment = {**embedded_environment(sandbox, tmp_path), "ACUMATICA_PAGE_SIZE": "5"}
    asked = threading.Event()
    go_on = threading.Event()

    def hold(_: Request) -> None:
        asked.set()
        go_on.wait(60)

    sandbox.faults.add(path="/Bill", ordinal=6, times=1, hook=hold)
    with subprocess.Popen(
        _command(port := free_port()), env={**os.environ, **environment}, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for(port, server)
            answers: list[dict[str, Any]] = []
            caller = threading.Thread(
                target=lambda: answers.append(
                    requests.post(f"http://{HOST}:{port}/", json={"entity": "invoices"}, timeout=60).json()
                )
            )
            caller.start()
            assert asked.wait(60)
            server.send_signal(signal.SIGTERM)
            _wait_until_worker_knows(server.pid)
            go_on.set()
            caller.join(60)
        finally:
            server.terminate()
    assert answers[0]["status"] == "partial"
    assert 0 < answers[0]["records_written"] < len(sandbox.tenant.records("Bill"))
    assert sandbox.seats == 0

    with pytest.MonkeyPatch.context() as monkeypatch:
        set_environment(monkeypatch, environment)
        second = Function().call(entity="invoices").json
    assert second["status"] == "succeeded"
    assert second["records_written"] == len(sandbox.tenant.records("Bill")) - answers[0]["records_written"]
    shown = read_duckdb(tmp_path)("SELECT count(*) AS n, count(DISTINCT _id) AS ids FROM invoices")[0]
    assert shown == {"n": len(sandbox.tenant.records("Bill")), "ids": len(sandbox.tenant.records("Bill"))}


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    while server.poll() is None:
        try:
            requests.get(f"http://{HOST}:{port}/status", timeout=5)
        except requests.ConnectionError:
            continue
        return


def _wait_until_worker_knows(pid: int) -> None:
    """Return once no worker has the signal pending any more: the server passed it on and it was taken."""
    for worker in _children(pid):
        while True:
            status = Path(f"/proc/{worker}/status").read_text()
            pending = next(line for line in status.splitlines() if line.startswith("ShdPnd")).split()[1]
            if not int(pending, 16) >> (signal.SIGTERM - 1) & 1:
                break


@pytest.fixture
def short_of_time(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> Connector:
    """A connector whose time budget is used up while it reads its third page."""
    environment = {
        **embedded_environment(sandbox, tmp_path),
        "ACUMATICA_PAGE_SIZE": "5",
        "CONTINUATION_QUEUE": QUEUE,
        "CONTINUATION_URL": "https://function.example.com",
        "CONTINUATION_SERVICE_ACCOUNT": "invoker@p1.example.com",
        "CONTINUATION_EMULATOR_HOST": f"{HOST}:{free_port()}",
    }
    set_environment(monkeypatch, environment)
    sandbox.faults.add(path="/Bill", ordinal=6, times=1, hook=lambda _: clock.advance(timedelta(hours=1)))
    return build(load_settings(os.environ), clock=clock)


def test_a_run_that_ran_out_of_time_enqueues_the_call_that_goes_on(
    sandbox: Sandbox, short_of_time: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_cloud_tasks() as (host, tasks):
        monkeypatch.setenv("CONTINUATION_EMULATOR_HOST", host)
        connector = build(load_settings(os.environ), clock=short_of_time.clock)
        first = run_entity(connector, RunRequest(entity="invoices"))
        assert first.status is Status.PARTIAL
        (task,) = tasks
        call = task["httpRequest"]
        assert task["path"] == f"/v2/{QUEUE}/tasks"
        assert task["name"] == f"{QUEUE}/tasks/continue-{first.run_id}"
        assert call["url"] == "https://function.example.com"
        assert call["oidcToken"] == {
            "serviceAccountEmail": "invoker@p1.example.com",
            "audience": "https://function.example.com",
        }
        second = Function().call(base64.b64decode(call["body"])).json
    assert second["status"] == "succeeded"
    assert 0 < first.records_written < len(sandbox.tenant.records("Bill"))
    assert second["records_written"] + first.records_written == len(sandbox.tenant.records("Bill"))
    assert len(tasks) == 1


def test_a_queue_that_refuses_fails_nothing(short_of_time: Connector) -> None:
    assert run_entity(short_of_time, RunRequest(entity="invoices")).status is Status.PARTIAL
