"""Wiring: each setting chooses its adapter, and reaches it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.adapters.bigquery.warehouse import BigQueryWarehouse
from connector.adapters.cloud_tasks import CloudTasksQueue
from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.adapters.firestore import FirestoreStateStore
from connector.adapters.retrying import Retry
from connector.adapters.secrets import open_secrets
from connector.app.catalogue import load_catalogue
from connector.app.renewal_turn import RenewalTurn
from connector.app.settings import load_settings
from connector.app.wiring import Wiring, read_secret, store_secret
from connector.errors import ConfigurationError, SecretUnavailableError, SourceUnavailableError
from connector.redaction import HIDDEN, SECRETS
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.cloud_tasks import running_cloud_tasks

SECRET = "a value nobody has guessed yet"
QUEUE = "projects/p1/locations/l1/queues/q1"


def wire(clock: FakeClock, **variables: str) -> Wiring:
    least = {
        "ACUMATICA_URL": "https://erp.example.com/Books",
        "ACUMATICA_CREDENTIALS": "env:NOT_THERE",
        "BIGQUERY_PROJECT": "acme-data",
    }
    return Wiring(settings=load_settings(least | variables), clock=clock)


def soon(clock: FakeClock) -> datetime:
    return clock.now() + timedelta(minutes=5)


def test_the_cloud_is_the_default(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    ports = wire(clock, BIGQUERY_EMULATOR_HOST="http://127.0.0.1:9").open_ports(soon(clock))
    assert isinstance(ports.warehouse, BigQueryWarehouse)
    assert isinstance(ports.state, FirestoreStateStore)
    assert ports.clock is clock


def test_a_laptop_has_two_files(clock: FakeClock, tmp_path: Path) -> None:
    wiring = wire(
        clock, WAREHOUSE=f"duckdb:{tmp_path / 'erp.duckdb'}", STATE=f"sqlite:{tmp_path / 'state.db'}"
    )
    ports = wiring.open_ports(soon(clock))
    assert isinstance(ports.warehouse, DuckDbWarehouse)
    assert not list(tmp_path.iterdir()), "nothing is reached before the first call"
    taken = ports.state.entities.acquire_lease("vendors", "run-1", timedelta(minutes=5))
    assert isinstance(taken, tuple)
    other = wiring.open_state()
    assert other.statuses(["vendors"])[0].lease == taken[0]
    other.close()
    ports.state.close()


def test_the_source_is_the_one_that_is_named(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(SandboxOptions(size="tiny")) as sandbox:
        monkeypatch.setenv("OF_ACUMATICA", json.dumps(sandbox.credentials("password")))
        settings = {
            "ACUMATICA_URL": sandbox.url,
            "ACUMATICA_CREDENTIALS": "env:OF_ACUMATICA",
            "ACUMATICA_ENDPOINT_VERSION": "23.200.001",
            "WAREHOUSE": f"duckdb:{tmp_path / 'erp.duckdb'}",
            "STATE": f"sqlite:{tmp_path / 'state.db'}",
        }
        source = wire(clock, **settings).open_ports(soon(clock)).source
        contract = source.describe(load_catalogue().find("vendors"))
        assert "/entity/Default/23.200.001/" in sandbox.requests[-1].path
        assert (contract.endpoint, contract.version) == ("Default", "23.200.001")
        source.close()
        assert sandbox.seats == 0


def test_runs_that_share_the_state_take_turns_at_renewing_a_token(clock: FakeClock, tmp_path: Path) -> None:
    with Sandbox(SandboxOptions(size="tiny")) as sandbox:
        secret = tmp_path / "secret.json"
        secret.write_text(json.dumps(sandbox.credentials("refresh_token")))
        ports = wire(
            clock,
            ACUMATICA_URL=sandbox.url,
            ACUMATICA_CREDENTIALS=f"file:{secret}",
            WAREHOUSE=f"duckdb:{tmp_path / 'erp.duckdb'}",
            STATE=f"sqlite:{tmp_path / 'state.db'}",
        ).open_ports(soon(clock))
        assert RenewalTurn(ports.state.entities, "another run").take()
        with pytest.raises(SourceUnavailableError, match="renewing the Acumatica refresh token"):
            ports.source.describe(load_catalogue().find("vendors"))
        ports.source.close()
        ports.state.close()
        assert sandbox.requests == []


def test_a_secret_that_cannot_be_read_is_told_by_its_reference(clock: FakeClock, tmp_path: Path) -> None:
    settings = {"WAREHOUSE": f"duckdb:{tmp_path / 'erp.duckdb'}", "STATE": f"sqlite:{tmp_path / 'state.db'}"}
    source = wire(clock, **settings).open_ports(soon(clock)).source
    with pytest.raises(SecretUnavailableError, match="NOT_THERE"):
        source.describe(load_catalogue().find("vendors"))


def test_a_secret_is_kept_out_of_every_line_once_it_is_read(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SECRET", SECRET)
    assert wire(clock).open_secret_reader()("env:SOME_SECRET") == SECRET.encode()
    assert SECRETS.redact(f"it was {SECRET}") == f"it was {HIDDEN}"


def test_a_secret_is_kept_out_of_every_line_even_if_it_cannot_be_stored(clock: FakeClock) -> None:
    value = b"another value nobody has guessed"
    with pytest.raises(ConfigurationError):
        store_secret(open_secrets(retry=Retry(clock=clock)), "env:SOME_SECRET", value)
    assert SECRETS.redact(value.decode()) == HIDDEN


def test_a_secret_is_stored_where_it_was_read(clock: FakeClock, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(b"the first one")
    secrets = open_secrets(retry=Retry(clock=clock))
    store_secret(secrets, f"file:{path}", b"the second one")
    assert read_secret(secrets, f"file:{path}") == b"the second one"


def test_without_a_queue_nothing_is_enqueued(clock: FakeClock) -> None:
    assert wire(clock).open_queue() is None


def test_the_queue_is_the_one_that_is_named(clock: FakeClock) -> None:
    with running_cloud_tasks() as (host, tasks):
        queue = wire(
            clock,
            CONTINUATION_QUEUE=QUEUE,
            CONTINUATION_URL="https://function.example.com",
            CONTINUATION_SERVICE_ACCOUNT="invoker@p1.example.com",
            CONTINUATION_EMULATOR_HOST=host,
        ).open_queue()
        assert isinstance(queue, CloudTasksQueue)
        queue.enqueue("call-1", b"{}", datetime(2026, 1, 1, tzinfo=UTC))
    (task,) = tasks
    assert task["name"] == f"{QUEUE}/tasks/call-1"
    assert task["httpRequest"]["url"] == "https://function.example.com"
    assert task["httpRequest"]["oidcToken"]["serviceAccountEmail"] == "invoker@p1.example.com"
