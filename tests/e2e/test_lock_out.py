"""A wrong password is sent once, however many schedules run: the API user's account is never locked by the connector."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.e2e.profiles import Profile

ENTITIES = ("vendors", "invoices", "purchase_orders", "payments", "gl_accounts", "gl_entries", "items")
LOCK_AFTER = 3


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny", real_time=True, lockout_attempts=LOCK_AFTER)) as tenant:
        yield tenant


@pytest.fixture
def put_password(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What an operator does: store the secret with another password."""
    secret = tmp_path / "of_the_operator.json"
    monkeypatch.setenv("ACUMATICA_CREDENTIALS", f"file:{secret}")

    def put(password: str) -> None:
        secret.write_text(json.dumps({**sandbox.credentials("password"), "password": password}))

    return put


def test_many_schedules_with_a_wrong_password_are_one_sign_in(
    embedded: Profile, put_password: Callable[[str], None], sandbox: Sandbox
) -> None:
    right = sandbox.credentials("password")["password"]
    put_password("hunter2-wrong")
    for entity in ENTITIES * 2:
        answer = embedded.function.call(entity=entity)
        assert (answer.status, answer.json["error"]["type"]) == (500, "CredentialsError")
        assert "hunter2" not in json.dumps(answer.json)
    assert "run check" in answer.json["error"]["action"]
    assert _sign_ins(sandbox) == 1

    put_password(right)
    assert embedded.function.call(entity="vendors").status == 200
    assert embedded.function.call(entity="items").status == 200


def test_an_account_mended_in_acumatica_runs_again_after_a_check(
    profile: Profile, put_password: Callable[[str], None], sandbox: Sandbox
) -> None:
    put_password("the new password")
    assert profile.function.call(entity="vendors").status == 500
    assert profile.function.call(mode="check", entity="vendors").status == 500
    assert profile.function.call(entity="vendors").status == 500
    assert _sign_ins(sandbox) == 2, "one by a run, one by the check"

    sandbox.configure(password="the new password")
    assert profile.function.call(entity="vendors").status == 500
    assert profile.function.call(mode="check", entity="vendors").status == 200
    assert profile.function.call(entity="vendors").status == 200


def _sign_ins(sandbox: Sandbox) -> int:
    return sum(request.path.endswith("/connect/token") for request in sandbox.requests)
