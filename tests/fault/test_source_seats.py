"""Whatever happens, the seat is given back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from acumatica_sandbox import Sandbox
from acumatica_sandbox.sandbox import CredentialKind
from connector.errors import (
    AccessDeniedError,
    ConnectorError,
    CredentialsError,
    EndpointVersionError,
    NotOptimizableError,
    SessionsBusyError,
    SourceSetupError,
    SourceUnavailableError,
    TransientError,
)
from tests.contract.source_faults import PASSING
from tests.contract.source_setup import (
    BILLS,
    FORMS,
    Vault,
    a_query,
    a_source,
    count,
    open_source,
    outcome,
    reads_a_page,
)
from tests.stand_ins.clock import FakeClock

LASTING: dict[str, tuple[dict[str, Any], type[ConnectorError]]] = {
    "no rights": ({"forbidden": ("Bill",)}, AccessDeniedError),
    "not set up": ({"not_set_up": {"Bill": "Accounts Payable Preferences"}}, SourceSetupError),
    "not optimisable": ({"not_optimizable": {"Bill": {"Details": "V"}}}, NotOptimizableError),
    "version gone": ({"endpoint_versions": ("25.200.001",)}, EndpointVersionError),
}


@pytest.mark.parametrize(("options", "kind"), LASTING.values(), ids=LASTING.keys())
@pytest.mark.parametrize("form", FORMS)
def test_a_lasting_refusal_is_told_at_once_and_the_seat_given_back(
    sandbox: Sandbox, form: CredentialKind, options: dict[str, Any], kind: type[ConnectorError]
) -> None:
    clock = FakeClock()
    vault = Vault(sandbox.credentials(form))
    with open_source(sandbox, vault, clock) as source:
        source.describe(BILLS)
        sandbox.configure(**options)
        sandbox.site.sessions.sweep(sandbox.options)
        source.close()  # rights count from the next sign-in
        error = outcome(lambda: reads_a_page(source))
        assert sandbox.seats == 1
    assert type(error) is kind
    assert sum(clock.sleeps, timedelta(0)) == timedelta(0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_no_failure_of_the_contract_leaves_a_seat_taken(
    sandbox: Sandbox, form: CredentialKind, fault: dict[str, Any]
) -> None:
    sandbox.faults.add(path="/swagger.json", times=99, **fault)
    with open_source(sandbox, Vault(sandbox.credentials(form)), attempts=2) as source:
        assert isinstance(outcome(lambda: source.describe(BILLS)), TransientError)


NO_SUCCESS = {name: fault for name, fault in PASSING.items() if name not in ("204", "empty 200", "body cut")}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fault", NO_SUCCESS.values(), ids=NO_SUCCESS.keys())
def test_a_sign_out_that_fails_is_repeated_and_never_raises(
    sandbox: Sandbox, form: CredentialKind, fault: dict[str, Any]
) -> None:
    sandbox.faults.add(path="/auth/logout", times=2, **fault)
    with open_source(sandbox, Vault(sandbox.credentials(form))) as source:
        reads_a_page(source)
    assert count(sandbox, "/auth/logout") == 3


def test_a_sign_out_is_not_repeated_for_ever(sandbox: Sandbox) -> None:
    sandbox.faults.add(path="/auth/logout", times=99, status=503)
    source = a_source(sandbox)
    reads_a_page(source)
    source.close()
    assert count(sandbox, "/auth/logout") == 3
    source.close()
    assert count(sandbox, "/auth/logout") == 3


def test_the_seat_is_given_back_after_the_deadline_too(sandbox: Sandbox) -> None:
    clock = FakeClock()
    deadline = clock.now() + timedelta(minutes=5)
    with open_source(sandbox, clock=clock, deadline=deadline) as source:
        reads_a_page(source)
        clock.set(deadline)
        with pytest.raises(SourceUnavailableError, match="time budget"):
            reads_a_page(source)
        assert sandbox.seats == 1


def test_a_password_changed_during_a_run_is_told_and_not_tried_again(sandbox: Sandbox) -> None:
    with open_source(sandbox) as source:
        reads_a_page(source)
        sandbox.configure(password="changed by the administrator")
        sandbox.tenant.clock.advance(seconds=3601)
        for _ in range(3):
            assert isinstance(outcome(lambda: reads_a_page(source)), CredentialsError)
    assert count(sandbox, "/connect/token") == 2


def test_a_seat_lost_to_another_integration_is_waited_for(sandbox: Sandbox) -> None:
    sandbox.configure(seat_limit=1)
    other = a_source(sandbox)
    reads_a_page(other)
    clock = FakeClock()
    source = a_source(sandbox, clock=clock)
    assert isinstance(outcome(lambda: reads_a_page(source)), SessionsBusyError)
    other.close()
    reads_a_page(source)
    source.close()
    assert sandbox.seats == 0


def test_calls_from_several_threads_share_one_session(sandbox: Sandbox) -> None:
    """A page may be read ahead while a record is read."""
    with open_source(sandbox) as source, ThreadPoolExecutor(4) as pool:
        sizes = list(pool.map(lambda _: len(source.read_list(a_query(top=2)).rows), range(20)))
        assert sandbox.seats == 1
    assert sizes == [2] * 20
    assert count(sandbox, "/connect/token") == 1
