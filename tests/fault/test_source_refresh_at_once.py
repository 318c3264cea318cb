"""The rotating refresh token, of several runs at once: all get in, and the newest token is kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Lock

import msgspec
import pytest

from acumatica_sandbox import Sandbox
from acumatica_sandbox.sandbox import CredentialKind
from connector.adapters.clock import SystemClock
from connector.adapters.sqlite import SqliteStateStore
from connector.app.renewal_turn import RenewalTurn
from connector.errors import CredentialsError, TransientError
from tests.builders import a_memory_file
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
from tests.fault.test_source_refresh import TOKEN, failing_store
from tests.stand_ins.clock import FakeClock


def token_in(value: bytes) -> str:
    return msgspec.json.decode(value, type=dict[str, str])["refresh_token"]


def test_two_runs_refreshing_at_once_both_get_in(sandbox: Sandbox, vault: Vault) -> None:
    """The other run refreshes after we have read the secret, and stores its token after ours was refused."""
    other = a_source(sandbox, vault)
    reads = iter(range(99))

    def read() -> bytes:
        value = vault.read()
        if next(reads) == 0:
            other.describe(BILLS)
        return value

    with open_source(sandbox, vault, credentials=read) as source:
        assert source.read_list(a_query(top=1)).rows
        assert other.read_list(a_query(top=1)).rows
        other.close()
    assert count(sandbox, TOKEN) == 3
    assert len(vault.stored) == 2


def test_a_token_the_other_run_is_still_storing_is_waited_for(sandbox: Sandbox, vault: Vault) -> None:
    held: list[bytes] = []
    a_source(sandbox, vault, store_credentials=held.append).describe(BILLS)
    reads = iter(range(99))

    def read() -> bytes:
        if next(reads) == 3:
            vault.store(held[0])
        return vault.read()

    with open_source(sandbox, vault, credentials=read) as source:
        assert source.read_list(a_query(top=1)).rows


def test_the_token_of_a_run_is_the_newest_even_after_losing_twice(sandbox: Sandbox, vault: Vault) -> None:
    """Two other runs take the token one after the other, each right before we would have used it."""
    rivals = [a_source(sandbox, vault) for _ in range(2)]
    reads = iter(range(99))

    def read() -> bytes:
        value, number = vault.read(), next(reads)
        if number < len(rivals):
            rivals[number].describe(BILLS)
        return value

    with open_source(sandbox, vault, credentials=read) as source:
        assert source.read_list(a_query(top=1)).rows
        for rival in rivals:
            rival.close()
    assert token_in(vault.value) == token_in(vault.stored[-1])
    with open_source(sandbox, vault) as source:
        assert source.read_list(a_query(top=1)).rows


def test_several_runs_that_truly_refresh_at_the_same_time_all_get_in(sandbox: Sandbox, vault: Vault) -> None:
    start = Barrier(3)

    def run(_: int) -> int:
        source = a_source(sandbox, vault, SystemClock())
        start.wait()
        try:
            return len(source.read_list(a_query(top=2)).rows)
        finally:
            source.close()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(run, range(3))) == [2, 2, 2]
    assert token_in(vault.value) == token_in(vault.stored[-1])
    with open_source(sandbox, vault) as source:
        reads_a_page(source)


class TestTurns:
    """Runs of two entities share the secret and the state, in which they take turns."""

    @pytest.fixture
    def state(self) -> SqliteStateStore:
        return SqliteStateStore(path=a_memory_file(), clock=FakeClock())

    def test_no_run_takes_the_token_another_one_is_about_to_replace_for_the_end_of_the_chain(
        self, sandbox: Sandbox, vault: Vault, state: SqliteStateStore
    ) -> None:
        met: list[Exception | None] = []

        def wait(value: bytes) -> None:
            other = a_source(sandbox, vault, turn=RenewalTurn(state.entities, "other"))
            met.append(outcome(lambda: other.describe(BILLS)))
            other.close()
            vault.store(value)

        with open_source(
            sandbox, vault, turn=RenewalTurn(state.entities, "one"), store_credentials=wait
        ) as source:
            reads_a_page(source)
            assert isinstance(met[0], TransientError)
            assert "renewing the Acumatica refresh token" in met[0].message
            assert count(sandbox, TOKEN) == 1, "the spent token was not sent again"
            with open_source(sandbox, vault, turn=RenewalTurn(state.entities, "other")) as other:
                reads_a_page(other)

    def test_a_run_of_the_same_process_goes_on_as_soon_as_the_turn_is_given_back(
        self, state: SqliteStateStore
    ) -> None:
        gate = Lock()
        first, second = (RenewalTurn(state.entities, owner, gate) for owner in ("one", "two"))
        assert first.take()
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(second.take)
            first.give_back()
            assert waiting.result()
        second.give_back()
        assert not gate.locked()

    def test_a_turn_that_another_process_has_keeps_nobody_at_the_gate(self, state: SqliteStateStore) -> None:
        gate = Lock()
        elsewhere = RenewalTurn(state.entities, "another process")
        assert elsewhere.take()
        assert not RenewalTurn(state.entities, "one", gate).take()
        elsewhere.give_back()
        assert RenewalTurn(state.entities, "two", gate).take()

    def test_a_run_that_cannot_store_for_long_keeps_its_turn(self, sandbox: Sandbox, vault: Vault) -> None:
        clock = FakeClock()
        state = SqliteStateStore(path=a_memory_file(), clock=clock)
        fails = iter(range(6))

        def store(value: bytes) -> None:
            clock.advance(timedelta(minutes=4))
            assert not RenewalTurn(state.entities, "other").take()
            if next(fails, None) is not None:
                raise TransientError("busy", action="wait")
            vault.store(value)

        turn = RenewalTurn(state.entities, "one")
        with open_source(sandbox, vault, clock, turn=turn, store_credentials=store) as source:
            reads_a_page(source)
        assert RenewalTurn(state.entities, "other").take()

    def test_a_run_that_gives_up_storing_lets_the_others_tell_that_the_chain_is_broken(
        self, sandbox: Sandbox, vault: Vault, state: SqliteStateStore
    ) -> None:
        turn = RenewalTurn(state.entities, "one")
        with open_source(sandbox, vault, turn=turn, store_credentials=failing_store(vault, 99)) as source:
            error = outcome(lambda: source.describe(BILLS))
        assert isinstance(error, TransientError)
        assert "authorise" in error.action
        with open_source(sandbox, vault, turn=RenewalTurn(state.entities, "other")) as other:
            assert isinstance(outcome(lambda: other.describe(BILLS)), CredentialsError)

    def test_a_run_that_waited_uses_the_token_stored_meanwhile(
        self, sandbox: Sandbox, vault: Vault, state: SqliteStateStore
    ) -> None:
        other = a_source(sandbox, vault)

        class Late(RenewalTurn):
            def take(self) -> bool:
                other.describe(BILLS)
                return super().take()

        with open_source(sandbox, vault, turn=Late(state.entities, "one")) as source:
            source.describe(BILLS)
        other.close()
        assert count(sandbox, TOKEN) == 2, "no spent token was sent"

    @pytest.mark.parametrize("form", ["password", "cookie"])
    def test_a_secret_that_never_changes_needs_no_turn(
        self, sandbox: Sandbox, state: SqliteStateStore, form: CredentialKind
    ) -> None:
        assert RenewalTurn(state.entities, "other").take()
        with open_source(
            sandbox, Vault(sandbox.credentials(form)), turn=RenewalTurn(state.entities, "one")
        ) as source:
            reads_a_page(source)

    def test_a_state_that_is_away_when_the_turn_is_given_back_fails_nothing(
        self, sandbox: Sandbox, vault: Vault, state: SqliteStateStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Away(RenewalTurn):
            def give_back(self) -> None:
                raise TransientError("The state is away.", action="Wait.")

        with open_source(sandbox, vault, turn=Away(state.entities, "one")) as source:
            reads_a_page(source)
        assert "The state is away." in caplog.text
