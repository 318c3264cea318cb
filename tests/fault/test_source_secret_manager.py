"""The rotating refresh token in Secret Manager: the newest stored token is always the living one."""

import json
from typing import Any

import pytest

from acumatica_sandbox import Sandbox
from connector.adapters.acumatica import AcumaticaSource
from connector.adapters.retrying import Retry
from connector.adapters.secrets import SecretManagerSecretStore
from connector.errors import TransientError
from tests.contract.source_setup import BILLS, a_source, count, reads_a_page
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.secret_manager import FakeSecretManager

SECRET = "projects/demo/secrets/acumatica"
TOKEN = "/identity/connect/token"


@pytest.fixture
def manager(sandbox: Sandbox, secret_manager: FakeSecretManager) -> FakeSecretManager:
    secret_manager.create(SECRET, json.dumps(sandbox.credentials("refresh_token")).encode())
    return secret_manager


def a_store(manager: FakeSecretManager) -> SecretManagerSecretStore:
    """What one instance of the function has."""
    return SecretManagerSecretStore(retry=Retry(clock=FakeClock()), emulator_host=manager.host)


def a_run(sandbox: Sandbox, secrets: SecretManagerSecretStore, **parts: Any) -> AcumaticaSource:
    own: dict[str, Any] = {
        "credentials": lambda: secrets.read(SECRET),
        "store_credentials": lambda value: secrets.replace(SECRET, value),
        "check_storable": lambda: secrets.check_replaceable(SECRET),
    }
    return a_source(sandbox, **(own | parts))


def tokens(manager: FakeSecretManager) -> list[str]:
    """The tokens of the versions that can still be read, oldest first."""
    values = [version.data for version in manager.secrets[SECRET] if version.data]
    return [json.loads(value)["refresh_token"] for value in values]


def read_alone(sandbox: Sandbox, manager: FakeSecretManager) -> None:
    """A run of its own, for which the newest token must be the living one."""
    source = a_run(sandbox, a_store(manager))
    reads_a_page(source)
    source.close()


def test_a_token_that_was_stored_though_the_answer_was_lost_is_not_stored_twice(
    sandbox: Sandbox, manager: FakeSecretManager
) -> None:
    manager.lost_answers.append("AddSecretVersion")
    read_alone(sandbox, manager)
    assert count(sandbox, TOKEN) == 1
    assert len(set(tokens(manager))) == len(tokens(manager)) == 2
    read_alone(sandbox, manager)


def test_a_token_stored_meanwhile_by_another_run_is_not_replaced_by_the_one_it_came_from(
    sandbox: Sandbox, manager: FakeSecretManager
) -> None:
    """Ours is stored, the answer is lost, and before we try again another run takes it and stores its successor."""
    secrets, rival = a_store(manager), a_run(sandbox, a_store(manager))
    manager.lost_answers.append("AddSecretVersion")

    def store(value: bytes) -> None:
        try:
            secrets.replace(SECRET, value)
        except TransientError:
            rival.describe(BILLS)
            raise

    source = a_run(sandbox, secrets, store_credentials=store)
    reads_a_page(source)
    reads_a_page(rival)
    source.close()
    rival.close()
    assert count(sandbox, TOKEN) == 2
    read_alone(sandbox, manager)


def test_a_secret_that_a_person_replaced_meanwhile_is_left_alone(
    sandbox: Sandbox, manager: FakeSecretManager
) -> None:
    authorised_anew = json.dumps(sandbox.credentials("refresh_token")).encode()
    sandbox.faults.add(path=TOKEN, hook=lambda _: a_store(manager).replace(SECRET, authorised_anew))
    read_alone(sandbox, manager)
    assert tokens(manager)[-1] == json.loads(authorised_anew)["refresh_token"]
    read_alone(sandbox, manager)


def test_an_old_version_that_cannot_be_destroyed_costs_no_sign_in(
    sandbox: Sandbox, manager: FakeSecretManager
) -> None:
    manager.denied.add("DestroySecretVersion")
    read_alone(sandbox, manager)
    assert len(tokens(manager)) == 2
    read_alone(sandbox, manager)
    assert len(set(tokens(manager))) == 3
