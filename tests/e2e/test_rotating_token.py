"""A refresh token that changes with every use: it is spent only where its successor can be kept, and that is kept."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from secrets import randbelow

import grpc
import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.app.run_entity import run_entity
from connector.app.service import build
from connector.app.settings import load_settings
from connector.domain.run import RunRequest, Status
from connector.redaction import HIDDEN, SECRETS
from tests.e2e.profiles import Function, embedded_environment, set_environment
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.secret_manager import FakeSecretManager

SECRET = "projects/p1/secrets/acumatica"
TOKEN = "/connect/token"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A tenant whose tokens no test has seen before."""
    with Sandbox(SandboxOptions(size="tiny", real_time=True, seed=randbelow(2**31))) as running:
        yield running


@pytest.fixture
def secret(sandbox: Sandbox) -> bytes:
    return json.dumps(sandbox.credentials("refresh_token")).encode()


@pytest.fixture
def function(
    sandbox: Sandbox, secret_manager: FakeSecretManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Function:
    set_environment(monkeypatch, embedded_environment(sandbox, tmp_path))
    monkeypatch.setenv("ACUMATICA_CREDENTIALS", SECRET)
    monkeypatch.setenv("SECRET_MANAGER_EMULATOR_HOST", secret_manager.host)
    return Function()


def keep_in_a_variable(_: FakeSecretManager, patch: pytest.MonkeyPatch, secret: bytes) -> str:
    patch.setenv("TENANT_SECRET", secret.decode())
    return "env:TENANT_SECRET"


def keep_in_a_fixed_version(manager: FakeSecretManager, _: pytest.MonkeyPatch, secret: bytes) -> str:
    return f"{manager.create(SECRET, secret)}/versions/1"


def keep_where_nothing_may_be_added(manager: FakeSecretManager, _: pytest.MonkeyPatch, secret: bytes) -> str:
    manager.denied.add("AddSecretVersion")
    return manager.create(SECRET, secret)


@pytest.mark.parametrize(
    ("keep", "says"),
    [
        (keep_in_a_variable, "does not outlive the process"),
        (keep_in_a_fixed_version, "names a fixed version"),
        (keep_where_nothing_may_be_added, "may not add versions"),
    ],
)
def test_a_token_whose_successor_could_not_be_kept_is_not_spent(
    keep: Callable[[FakeSecretManager, pytest.MonkeyPatch, bytes], str],
    says: str,
    function: Function,
    sandbox: Sandbox,
    secret: bytes,
    secret_manager: FakeSecretManager,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACUMATICA_CREDENTIALS", keep(secret_manager, monkeypatch, secret))
    answer = function.call(entity="vendors")
    assert answer.status == 500
    assert says in answer.json["error"]["message"]
    check = function.call(mode="check", entity="vendors")
    assert check.status == 500
    assert says in check.json["error"]["message"]
    assert _grants(sandbox) == 0

    secret_manager.denied.clear()
    monkeypatch.setenv("ACUMATICA_CREDENTIALS", secret_manager.create(SECRET, secret))
    assert function.call(entity="vendors").status == 200


def test_a_token_got_at_the_very_end_of_a_run_is_stored_in_the_time_that_is_for_closing(
    function: Function, sandbox: Sandbox, secret: bytes, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, secret)
    settings = load_settings(os.environ)
    clock = FakeClock()
    deadline = clock.now() + settings.sync.time_budget

    def let_time_pass(_: object) -> None:
        clock.set(deadline - timedelta(milliseconds=1))
        secret_manager.failures = [grpc.StatusCode.UNAVAILABLE] * 4

    sandbox.faults.add(path=TOKEN, hook=let_time_pass)
    result = run_entity(build(settings, clock=clock), RunRequest(entity="vendors"))
    assert result.status is Status.FAILED
    assert clock.now() > deadline
    assert _token(secret_manager) != json.loads(secret)["refresh_token"]
    assert function.call(entity="vendors").status == 200


def test_a_token_is_kept_out_of_the_log_from_its_first_moment(
    function: Function, secret: bytes, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, secret)
    assert function.call(entity="vendors").status == 200
    newest = _token(secret_manager)
    assert newest != json.loads(secret)["refresh_token"]
    assert SECRETS.redact(f"refused: {newest}") == f"refused: {HIDDEN}"


def _grants(sandbox: Sandbox) -> int:
    return sum(request.path.endswith(TOKEN) for request in sandbox.requests)


def _token(manager: FakeSecretManager) -> str:
    token: str = json.loads(manager.secrets[SECRET][-1].data)["refresh_token"]
    return token
