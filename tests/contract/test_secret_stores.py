"""Files, environment variables and Secret Manager keep the port's promises."""

from pathlib import Path

import pytest

from connector.adapters.retrying import Retry
from connector.adapters.secrets import EnvSecretStore, FileSecretStore, open_secrets
from connector.ports import SecretStore
from tests.contract.secret_store import FixedContract, ReplaceableContract
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.secret_manager import FakeSecretManager


class TestEnvSecretStore(FixedContract):
    @pytest.fixture
    def secrets(self) -> SecretStore:
        return EnvSecretStore({"TOKEN": "old"})

    @pytest.fixture
    def reference(self) -> str:
        return "env:TOKEN"

    @pytest.fixture
    def missing(self) -> str:
        return "env:NOWHERE"


class TestFileSecretStore(ReplaceableContract):
    @pytest.fixture
    def secrets(self) -> SecretStore:
        return FileSecretStore()

    @pytest.fixture
    def second(self) -> SecretStore:
        return FileSecretStore()

    @pytest.fixture
    def reference(self, tmp_path: Path) -> str:
        path = tmp_path / "secret.json"
        path.write_bytes(b"old")
        return f"file:{path}"

    @pytest.fixture
    def missing(self, tmp_path: Path) -> str:
        return f"file:{tmp_path}/no folder/secret.json"


class TestSecretManagerSecretStore(ReplaceableContract):
    """Through the routing store, as the connector builds it."""

    @pytest.fixture
    def secrets(self, secret_manager: FakeSecretManager, clock: FakeClock) -> SecretStore:
        environment = {"SECRET_MANAGER_EMULATOR_HOST": secret_manager.host}
        return open_secrets(retry=Retry(clock=clock), environment=environment)

    @pytest.fixture
    def second(self, secret_manager: FakeSecretManager, clock: FakeClock) -> SecretStore:
        environment = {"SECRET_MANAGER_EMULATOR_HOST": secret_manager.host}
        return open_secrets(retry=Retry(clock=clock), environment=environment)

    @pytest.fixture
    def reference(self, secret_manager: FakeSecretManager) -> str:
        return secret_manager.create("projects/demo/secrets/acumatica", b"older", b"old")

    @pytest.fixture
    def missing(self) -> str:
        return "projects/demo/secrets/nowhere"


class TestFixedVersionOfSecretManager(FixedContract):
    @pytest.fixture
    def secrets(self, secret_manager: FakeSecretManager, clock: FakeClock) -> SecretStore:
        environment = {"SECRET_MANAGER_EMULATOR_HOST": secret_manager.host}
        return open_secrets(retry=Retry(clock=clock), environment=environment)

    @pytest.fixture
    def reference(self, secret_manager: FakeSecretManager) -> str:
        return secret_manager.create("projects/demo/secrets/acumatica", b"old", b"newer") + "/versions/1"

    @pytest.fixture
    def missing(self) -> str:
        return "projects/demo/secrets/acumatica/versions/99"
