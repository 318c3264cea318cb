"""What only Secret Manager does: versions, states, checksums, and Google's errors."""

import subprocess
import sys

import grpc
import pytest
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from connector.adapters.retrying import Retry
from connector.adapters.secrets import SecretManagerSecretStore
from connector.adapters.secrets.errors import build_error
from connector.errors import ConfigurationError, ConnectorError, SecretUnavailableError, TransientError
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.secret_manager import FakeSecretManager

SECRET = "projects/demo/secrets/acumatica"


@pytest.fixture
def secrets(secret_manager: FakeSecretManager, clock: FakeClock) -> SecretManagerSecretStore:
    retry = Retry(clock=clock, attempts=3)
    return SecretManagerSecretStore(retry=retry, emulator_host=secret_manager.host)


def test_a_reference_without_a_version_is_the_latest(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"one", b"two")
    assert secrets.read(SECRET) == b"two"
    assert secrets.read(f"{SECRET}/versions/latest") == b"two"
    assert secrets.read(f"{SECRET}/versions/1") == b"one"


def test_replacing_adds_a_version_before_it_destroys_the_one_that_was_read(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"kept by somebody", b"old")
    secrets.read(SECRET)
    secrets.replace(SECRET, b"new")
    assert secret_manager.states(SECRET) == ["ENABLED", "DESTROYED", "ENABLED"]
    methods = [method for method, _ in secret_manager.calls]
    assert methods == ["AccessSecretVersion", "AddSecretVersion", "DestroySecretVersion"]
    secrets.replace(SECRET, b"newer")
    assert secret_manager.states(SECRET) == ["ENABLED", "DESTROYED", "DESTROYED", "ENABLED"]


def test_replacing_what_was_never_read_destroys_the_latest_version(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"older", b"old")
    secrets.replace(SECRET, b"new")
    assert secret_manager.states(SECRET) == ["ENABLED", "DESTROYED", "ENABLED"]


def test_the_old_version_stays_when_the_new_one_cannot_be_added(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"old")
    secret_manager.denied.add("AddSecretVersion")
    with pytest.raises(SecretUnavailableError) as caught:
        secrets.replace(SECRET, b"hunter2")
    assert "secretVersionManager" in caught.value.action
    assert "hunter2" not in caught.value.message
    assert secrets.read(SECRET) == b"old"


def test_an_old_version_that_may_not_be_destroyed_is_a_warning_as_the_new_one_is_stored(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager, caplog: pytest.LogCaptureFixture
) -> None:
    secret_manager.create(SECRET, b"old")
    secret_manager.denied.add("DestroySecretVersion")
    secrets.replace(SECRET, b"new")
    assert secrets.read(SECRET) == b"new"
    assert secret_manager.states(SECRET) == ["ENABLED", "ENABLED"]
    assert f"{SECRET}/versions/1 is no longer needed and could not be destroyed" in caplog.text


def test_a_version_is_added_once_even_if_the_answer_is_lost(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"old")
    secret_manager.lost_answers.append("AddSecretVersion")
    with pytest.raises(TransientError):
        secrets.replace(SECRET, b"new")
    assert secret_manager.states(SECRET) == ["ENABLED", "ENABLED"]
    assert secrets.read(SECRET) == b"new"


def test_a_version_somebody_else_destroyed_already_is_no_error(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager, clock: FakeClock
) -> None:
    secret_manager.create(SECRET, b"old")
    secrets.read(SECRET)
    SecretManagerSecretStore(retry=Retry(clock=clock), emulator_host=secret_manager.host).replace(
        SECRET, b"b"
    )
    secrets.replace(SECRET, b"c")
    assert secrets.read(SECRET) == b"c"


def test_a_right_to_add_versions_that_is_missing_is_named_before_it_is_needed(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"old")
    secret_manager.denied.add("AddSecretVersion")
    with pytest.raises(SecretUnavailableError, match="may not add versions") as caught:
        secrets.check_replaceable(SECRET)
    assert "secretVersionManager" in caught.value.action
    assert [method for method, _ in secret_manager.calls] == ["TestIamPermissions"]


def test_a_right_that_nobody_tells_of_is_believed_in(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"old")
    secret_manager.denied.add("TestIamPermissions")
    secrets.check_replaceable(SECRET)


def test_a_fixed_version_cannot_be_replaced(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"old")
    with pytest.raises(ConfigurationError) as caught:
        secrets.replace(f"{SECRET}/versions/1", b"new")
    assert f"{SECRET} without a version" in caught.value.action
    assert secret_manager.states(SECRET) == ["ENABLED"]


def test_a_disabled_version_says_so(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"old")
    secret_manager.disable(SECRET, 1)
    with pytest.raises(SecretUnavailableError, match="disabled or destroyed"):
        secrets.read(SECRET)


def test_a_right_that_is_missing_is_named(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"old")
    secret_manager.denied.add("AccessSecretVersion")
    with pytest.raises(SecretUnavailableError, match=SECRET) as caught:
        secrets.read(SECRET)
    assert "roles/secretmanager.secretAccessor" in caught.value.action


def test_an_empty_secret_says_so(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"")
    with pytest.raises(SecretUnavailableError, match="empty"):
        secrets.read(SECRET)


def test_a_passing_failure_is_tried_again(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager, clock: FakeClock
) -> None:
    secret_manager.create(SECRET, b"old")
    secret_manager.failures = [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED]
    assert secrets.read(SECRET) == b"old"
    assert len(clock.sleeps) == 2


def test_an_outage_is_an_error_that_time_mends(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"old")
    secret_manager.failures = [grpc.StatusCode.UNAVAILABLE] * 3
    with pytest.raises(TransientError, match=SECRET):
        secrets.read(SECRET)


def test_a_damaged_answer_is_never_used(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager
) -> None:
    secret_manager.create(SECRET, b"old")
    secret_manager.damaged = True
    with pytest.raises(TransientError, match="damaged"):
        secrets.read(SECRET)


@pytest.mark.parametrize(
    "reference", ["projects/hunter2", f"{SECRET}/versions/", f"{SECRET}/hunter2", f"{SECRET} x"]
)
def test_a_malformed_reference_is_refused_without_showing_it(
    secrets: SecretManagerSecretStore, secret_manager: FakeSecretManager, reference: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        secrets.read(reference)
    assert "hunter2" not in caught.value.message
    assert secret_manager.calls == []


@pytest.mark.parametrize("status", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_grpc_status_becomes_an_error_of_ours_without_googles_text(status: grpc.StatusCode) -> None:
    lasting = {"INVALID_ARGUMENT", "NOT_FOUND", "PERMISSION_DENIED", "UNAUTHENTICATED", "FAILED_PRECONDITION"}
    lasting |= {"OUT_OF_RANGE", "UNIMPLEMENTED", "DATA_LOSS"}
    error = build_error(SECRET, api.from_grpc_status(status, "hunter2"))
    assert isinstance(error, SecretUnavailableError if status.name in lasting else TransientError)
    assert "hunter2" not in f"{error.message} {error.action}"
    assert SECRET in error.message


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (auth.DefaultCredentialsError("none"), SecretUnavailableError),
        (auth.RefreshError("refused"), SecretUnavailableError),
        (auth.TransportError("no route"), TransientError),
        (
            api.ServiceUnavailable("Getting metadata from plugin failed: invalid_grant"),
            SecretUnavailableError,
        ),
        (api.RetryError("slow", cause=ValueError()), TransientError),
    ],
)
def test_sign_in_errors_are_told_apart(error: Exception, expected: type[ConnectorError]) -> None:
    assert type(build_error(SECRET, error)) is expected


def test_googles_libraries_are_not_imported_before_they_are_needed() -> None:
    code = "import sys, connector.adapters.secrets; print([m for m in sys.modules if m.startswith(('google.api', 'grpc'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
