"""Push notifications: a hint starts one run, a reported deletion is looked at, and nothing of them becomes data."""

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from acumatica_sandbox import Sandbox, SandboxOptions
from acumatica_sandbox.options import Webhook
from connector.app.run_entity import run_entity
from connector.app.service import build
from connector.app.settings import load_settings
from connector.domain.entity_state import EntityState, Lease
from connector.domain.run import RunRequest, Status
from tests.e2e.profiles import Function, Profile, embedded_environment, read_duckdb, set_environment
from tests.stand_ins.cloud_tasks import running_cloud_tasks
from tests.stand_ins.servers import HOST

SECRET = "sandbox-webhook-secret"
HEADER = "X-Acumatica-Secret"
QUEUE = "projects/p1/locations/l1/queues/q1"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny", real_time=True)) as tenant:
        yield tenant


@pytest.fixture
def profile(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Profile:
    environment = embedded_environment(sandbox, tmp_path)
    environment |= {"WEBHOOK": SECRET, "NOTIFY_SECRET": "env:WEBHOOK", "NOTIFY_HEADER": HEADER}
    set_environment(monkeypatch, environment)
    return Profile(name="embedded", function=Function(), warehouse=read_duckdb(tmp_path))


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    with running_cloud_tasks() as (host, taken):
        monkeypatch.setenv("CONTINUATION_QUEUE", QUEUE)
        monkeypatch.setenv("CONTINUATION_URL", "https://function.example.com")
        monkeypatch.setenv("CONTINUATION_EMULATOR_HOST", host)
        monkeypatch.setenv("NOTIFY_COLLECT_SECONDS", "3600")
        yield taken


def a_notification(entity: str = "Bill", **members: Any) -> dict[str, Any]:
    return {"Inserted": [], "Deleted": [], "Query": f"BQ-{entity}", "Id": "n-1", "TimeStamp": 1} | members


def notify(profile: Profile, body: Any, secret: str | None = SECRET) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if secret is None else {HEADER: secret}
    response = profile.function.client.post("/notify", data=data, headers=headers)
    return response.status_code, json.loads(response.data)


def call(profile: Profile, task: dict[str, Any]) -> dict[str, Any]:
    """Make the call that was enqueued."""
    return profile.function.call(base64.b64decode(task["httpRequest"]["body"])).json


def is_due(profile: Profile, entity: str) -> bool:
    entries = json.loads(profile.function.get("/status").data)["entities"]
    (due,) = [entry["due"] for entry in entries if entry["entity"] == entity]
    return bool(due)


def taken(answer: tuple[Lease, EntityState] | Lease) -> tuple[Lease, EntityState]:
    assert isinstance(answer, tuple)
    return answer


@contextmanager
def served(function: Function) -> Iterator[str]:
    """Serve the function on a socket, for somebody who posts to it."""
    server = make_server(HOST, 0, function.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def test_off_unless_configured(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SECRET")
    status, answer = notify(profile, a_notification())
    assert status == 400
    assert "nothing at POST /notify" in answer["error"]["message"]


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "s\u00e9cret"])
def test_without_the_secret_nothing_happens(
    profile: Profile, sandbox: Sandbox, tasks: list[dict[str, Any]], secret: str | None
) -> None:
    status, answer = notify(profile, b"not even read", secret)
    assert (status, answer["error"]["type"]) == (401, "UnknownSenderError")
    assert SECRET not in json.dumps(answer)
    assert not tasks
    assert not sandbox.requests


def test_an_empty_secret_lets_nobody_in(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK", " ")
    status, _ = notify(profile, a_notification(), "")
    assert status in (401, 500)


@pytest.mark.parametrize(
    ("body", "says"),
    [(b"{", "not JSON"), (b"{}", "no push notification"), (b" " * (32 * 1024 * 1024 + 1), "more than")],
)
def test_what_is_no_notification_is_answered_400(profile: Profile, body: bytes, says: str) -> None:
    status, answer = notify(profile, body)
    assert status == 400
    assert says in answer["error"]["message"]


def test_an_inquiry_of_no_entity_is_answered_400_so_that_acumatica_shows_it(profile: Profile) -> None:
    status, answer = notify(profile, a_notification("Shipment"))
    assert status == 400
    assert "Shipment" in answer["error"]["message"]


def test_a_storm_of_changes_starts_one_run_which_reads_them_all(
    profile: Profile, sandbox: Sandbox, tasks: list[dict[str, Any]]
) -> None:
    profile.function.call(entity="vendors")
    asked = len(sandbox.requests)
    with served(profile.function) as url:
        sandbox.configure(webhook=Webhook(url=f"{url}/notify", secret=SECRET, duplicate=True))
        for vendor in sandbox.tenant.records("Vendor")[:3]:
            sandbox.tenant.change("Vendor", vendor.id, {"VendorName": "Nuovo"})
        sandbox.push.drain()
    sent = sandbox.push.sent
    assert len(sent) == 3
    assert all(notification.is_acknowledged for notification in sent)
    assert [notification.attempts for notification in sent] == [2, 2, 2]  # each once, and once again
    assert len(sandbox.requests) == asked, "acknowledged without a call of Acumatica"
    (task,) = tasks
    assert datetime.fromisoformat(task["scheduleTime"]) > datetime.now(UTC)
    result = profile.function.call(base64.b64decode(task["httpRequest"]["body"])).json
    assert (result["status"], result["entity"], result["mode"]) == ("succeeded", "vendors", "incremental")
    assert profile.rows("SELECT count(*) AS n FROM vendors WHERE vendor_name = 'Nuovo'") == [{"n": 3}]
    assert len(tasks) == 1, "all of them are read, so nothing has to follow"
    assert not is_due(profile, "vendors")


def test_a_change_reported_while_another_run_holds_the_entity_is_read_after_it(
    profile: Profile, sandbox: Sandbox, tasks: list[dict[str, Any]]
) -> None:
    profile.function.call(entity="vendors")
    state = build(load_settings(os.environ)).wiring.open_state()
    lease, _ = taken(state.entities.acquire_lease("vendors", "a long run", timedelta(minutes=7)))
    sandbox.tenant.change("Vendor", sandbox.tenant.records("Vendor")[0].id, {"VendorName": "Nuovo"})
    assert notify(profile, a_notification("Vendor"))[0] == 202
    assert is_due(profile, "vendors")

    for _ in range(2):
        assert call(profile, tasks[0])["status"] == "skipped"
    asked, follows = tasks
    assert asked["name"] != follows["name"]
    assert datetime.fromisoformat(follows["scheduleTime"]) > lease.expires_at

    state.entities.release_lease(lease)
    assert call(profile, follows)["records_written"] == 1
    assert not is_due(profile, "vendors")
    assert len(tasks) == 2
    state.close()


def test_a_change_reported_during_a_run_is_read_by_another_at_once(
    profile: Profile, sandbox: Sandbox, tasks: list[dict[str, Any]]
) -> None:
    profile.function.call(entity="vendors")
    state = build(load_settings(os.environ)).wiring.open_state()
    sandbox.faults.add(
        path="/Vendor", hook=lambda _: state.notifications.note("vendors", "n-1", (), timedelta(days=1))
    )
    assert profile.function.call(entity="vendors").json["status"] == "succeeded"
    assert is_due(profile, "vendors")
    (follows,) = tasks
    assert datetime.fromisoformat(follows["scheduleTime"]) <= datetime.now(UTC)
    assert call(profile, follows)["status"] == "succeeded"
    assert not is_due(profile, "vendors")
    assert len(tasks) == 1
    state.close()


def test_a_pass_that_began_before_the_report_does_not_count_as_having_read_it(
    profile: Profile, tasks: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUMATICA_PAGE_SIZE", "5")
    is_asked = iter([False, True])
    connector = build(load_settings(os.environ), is_stopping=lambda: next(is_asked, True))
    assert run_entity(connector, RunRequest(entity="vendors")).status is Status.PARTIAL
    tasks.clear()
    notify(profile, a_notification("Vendor"))
    assert call(profile, tasks[0])["status"] == "succeeded"
    assert is_due(profile, "vendors")
    assert call(profile, tasks[1])["status"] == "succeeded"
    assert not is_due(profile, "vendors")
    assert len(tasks) == 2


@pytest.mark.parametrize("columns", [1, 20])
def test_a_mass_release_starts_a_run_too(
    profile: Profile,
    tasks: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    columns: int,
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    row = {f"Column{number}": "0f2b3f5e-7c0a-4a5b-9d0c-3b1a5e9f2c11" for number in range(columns)}
    status, answer = notify(profile, a_notification(Deleted=[row] * 10_001))
    assert (status, answer["status"], answer["suspects"]) == (202, "accepted", 0)
    assert len(tasks) == 1
    assert ("a reconcile will find what was deleted" in capsys.readouterr().out) == (columns == 20)


def test_a_duplicate_is_acknowledged_and_does_nothing(profile: Profile, tasks: list[dict[str, Any]]) -> None:
    assert notify(profile, a_notification())[0] == 202
    tasks.clear()
    status, answer = notify(profile, a_notification())
    assert (status, answer["status"]) == (200, "duplicate")
    assert not tasks


def test_without_a_queue_the_next_scheduled_run_reads_it(profile: Profile) -> None:
    status, answer = notify(profile, a_notification())
    assert (status, answer["status"], answer["starts_at"]) == (202, "accepted", None)


def test_a_queue_that_fails_still_acknowledges(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTINUATION_QUEUE", QUEUE)
    monkeypatch.setenv("CONTINUATION_URL", "https://function.example.com")
    monkeypatch.setenv("CONTINUATION_EMULATOR_HOST", f"{HOST}:9")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    status, answer = notify(profile, a_notification())
    assert (status, answer["starts_at"]) == (202, None)


def test_a_reported_deletion_is_confirmed_by_the_next_run(profile: Profile, sandbox: Sandbox) -> None:
    profile.function.call(entity="invoices")
    gone, there, *_ = sandbox.tenant.records("Bill")
    with served(profile.function) as url:
        sandbox.configure(webhook=Webhook(url=f"{url}/notify", secret=SECRET))
        sandbox.tenant.delete("Bill", gone.id)
        sandbox.push.drain()
    lie = a_notification(
        Id="n-2", Deleted=[{"NoteID": there.id}, {"NoteID": "0f2b3f5e-7c0a-4a5b-9d0c-3b1a5e9f2c11"}]
    )
    assert notify(profile, lie)[1]["suspects"] == 2

    first = profile.function.call(entity="invoices").json
    second = profile.function.call(entity="invoices").json

    assert (first["deleted"], first["reported_deleted"]) == (1, 3)
    assert "deleted" not in second
    shown = {row["_id"] for row in profile.rows("SELECT _id FROM invoices")}
    assert shown == {bill.id for bill in sandbox.tenant.records("Bill")}
    trail = profile.rows(f"SELECT _deleted FROM invoices_log WHERE _id = '{gone.id}' ORDER BY _synced_at")
    assert [row["_deleted"] for row in trail] == [False, True]


def test_nothing_of_a_notification_becomes_data(profile: Profile, sandbox: Sandbox) -> None:
    profile.function.call(entity="vendors")
    vendor = sandbox.tenant.records("Vendor")[0]
    row = {"NoteID": vendor.id, "VendorName": "Forged"}
    notify(
        profile,
        a_notification("Vendor", Inserted=[row, {**row, "NoteID": "0f2b3f5e-7c0a-4a5b-9d0c-3b1a5e9f2c11"}]),
    )
    profile.function.call(entity="vendors")
    assert profile.rows("SELECT _id FROM vendors_log WHERE vendor_name = 'Forged'") == []
