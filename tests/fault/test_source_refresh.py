"""The rotating refresh token: stored before it counts, whoever crashes."""

from collections.abc import Callable

import pytest

from acumatica_sandbox import Sandbox
from acumatica_sandbox.messages import Request
from acumatica_sandbox.sandbox import CredentialKind
from connector.errors import ConfigurationError, CredentialsError, SecretUnavailableError, TransientError
from tests.contract.source_setup import (
    BILLS,
    Vault,
    a_query,
    a_source,
    count,
    open_source,
    outcome,
    reads_a_page,
)

TOKEN = "/identity/connect/token"


class Crash(BaseException):
    """The process ends here."""


def failing_store(vault: Vault, times: int) -> Callable[[bytes], None]:
    """Stores as the vault does, after so many failures that time would mend."""
    failures = iter(range(times))

    def store(value: bytes) -> None:
        if next(failures, None) is not None:
            raise TransientError("busy", action="wait")
        vault.store(value)

    return store


def test_each_run_leaves_a_token_for_the_next(sandbox: Sandbox, vault: Vault) -> None:
    seen = {vault.members["refresh_token"]}
    for _ in range(4):
        with open_source(sandbox, vault) as source:
            assert source.read_list(a_query(top=1)).rows
        seen.add(vault.members["refresh_token"])
    assert len(seen) == 5


def test_everything_else_in_the_secret_is_kept(sandbox: Sandbox, vault: Vault) -> None:
    vault.change(note="authorised by Ann")
    before = vault.members
    with open_source(sandbox, vault) as source:
        source.describe(BILLS)
    assert vault.members == before | {"refresh_token": vault.members["refresh_token"]}


def test_the_new_token_is_stored_before_the_access_token_is_used(sandbox: Sandbox, vault: Vault) -> None:
    stored_when_used: list[int] = []

    def note(_: Request) -> None:
        stored_when_used.append(len(vault.stored))

    sandbox.faults.add(path="/Default/", hook=note, times=99)
    with open_source(sandbox, vault) as source:
        source.describe(BILLS)
        sandbox.site.identity.expire_all()
        source.describe(BILLS)
    assert stored_when_used == [1, 1, 2]


def test_a_crash_after_storing_costs_nothing(sandbox: Sandbox, vault: Vault) -> None:
    def store_and_crash(value: bytes) -> None:
        vault.store(value)
        raise Crash

    with pytest.raises(Crash):
        a_source(sandbox, vault, store_credentials=store_and_crash).describe(BILLS)
    with open_source(sandbox, vault) as source:
        assert source.read_list(a_query(top=1)).rows


def test_a_crash_before_storing_is_told_as_what_it_is(sandbox: Sandbox, vault: Vault) -> None:
    def crash(_: bytes) -> None:
        raise Crash

    with pytest.raises(Crash):
        a_source(sandbox, vault, store_credentials=crash).describe(BILLS)
    with open_source(sandbox, vault) as source:
        error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, CredentialsError)
    assert "used already" in error.message
    assert "authorise" in error.action


def test_a_store_that_fails_for_a_moment_is_tried_again(sandbox: Sandbox, vault: Vault) -> None:
    with open_source(sandbox, vault, store_credentials=failing_store(vault, 2)) as source:
        assert source.read_list(a_query(top=1)).rows
    assert count(sandbox, TOKEN) == 1


def test_a_token_that_could_not_be_stored_is_stored_before_another_is_asked_for(
    sandbox: Sandbox, vault: Vault
) -> None:
    with open_source(sandbox, vault, store_credentials=failing_store(vault, 8)) as source:
        assert source.read_list(a_query(top=1)).rows
    assert count(sandbox, TOKEN) == 2
    assert len(vault.stored) == 2
    with open_source(sandbox, vault) as source:
        reads_a_page(source)


def test_a_token_that_could_not_be_stored_is_stored_when_the_run_closes(
    sandbox: Sandbox, vault: Vault
) -> None:
    with open_source(sandbox, vault, store_credentials=failing_store(vault, 4), attempts=1) as source:
        error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, TransientError)
    assert "the old one is void: busy" in error.message
    assert "authorise" in error.action
    with open_source(sandbox, vault) as source:
        reads_a_page(source)


def test_a_token_that_could_not_be_stored_at_all_is_logged_when_the_run_closes(
    sandbox: Sandbox, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    with open_source(sandbox, vault, store_credentials=failing_store(vault, 99), attempts=1) as source:
        outcome(lambda: source.describe(BILLS))
        caplog.clear()
    assert "could not be stored" in caplog.text
    assert vault.stored == []


def test_a_secret_that_cannot_be_stored_is_not_used(sandbox: Sandbox, vault: Vault) -> None:
    def refuse() -> None:
        raise ConfigurationError("a variable", action="use a file")

    with open_source(sandbox, vault, check_storable=refuse) as source:
        assert isinstance(outcome(lambda: source.describe(BILLS)), ConfigurationError)
        (line,) = source.check([BILLS])
        assert not line.ok
    assert count(sandbox, TOKEN) == 0


@pytest.mark.parametrize("form", ["password", "cookie"])
def test_a_secret_that_never_changes_need_not_be_storable(sandbox: Sandbox, form: CredentialKind) -> None:
    def refuse() -> None:
        raise ConfigurationError("a variable", action="use a file")

    with open_source(sandbox, Vault(sandbox.credentials(form)), check_storable=refuse) as source:
        reads_a_page(source)


def test_a_token_that_cannot_be_stored_is_not_used_and_its_loss_is_told(
    sandbox: Sandbox, vault: Vault
) -> None:
    def refuse(_: bytes) -> None:
        raise SecretUnavailableError("no right to add versions", action="grant it")

    with open_source(sandbox, vault, store_credentials=refuse) as source:
        error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, SecretUnavailableError)
    assert "no right to add versions" in error.message
    assert "once more" in error.action
    assert count(sandbox, "/Default/") == 0


def test_a_chain_that_has_ended_says_to_authorise_again(sandbox: Sandbox, vault: Vault) -> None:
    sandbox.tenant.clock.advance(seconds=31 * 86_400)
    with open_source(sandbox, vault) as source:
        error = outcome(lambda: source.describe(BILLS))
    assert isinstance(error, CredentialsError)
    assert "30 days" in error.message
    assert count(sandbox, TOKEN) == 1


def test_a_server_that_does_not_rotate_leaves_the_secret_alone(sandbox: Sandbox, vault: Vault) -> None:
    body = b'{"access_token": "opaque", "expires_in": 3600, "token_type": "Bearer"}'
    sandbox.faults.add(
        path=TOKEN, status=200, body=body, headers={"Content-Type": "application/json"}, times=9
    )
    with open_source(sandbox, vault) as source:
        assert isinstance(outcome(lambda: source.describe(BILLS)), CredentialsError)
    assert vault.stored == []


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_refresh_that_time_mends_is_tried_again_with_the_same_token(
    sandbox: Sandbox, vault: Vault, status: int
) -> None:
    sandbox.faults.add(path=TOKEN, status=status, times=2)
    with open_source(sandbox, vault) as source:
        assert source.read_list(a_query(top=1)).rows
    assert count(sandbox, TOKEN) == 3
