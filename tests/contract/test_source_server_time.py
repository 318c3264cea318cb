"""The time that a list is told to be of, by which the next run knows from when on to ask."""

from collections.abc import Iterator

import pytest

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.contract.source_setup import BILLS, MINUTE, a_query, open_source
from tests.stand_ins.clock import FakeClock


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as tenant:
        yield tenant


def test_the_server_time_is_acumaticas_clock_less_the_duration(sandbox: Sandbox) -> None:
    sandbox.configure(request_seconds=40)
    with open_source(sandbox) as source:
        source.describe(BILLS)
        began = sandbox.tenant.clock.now()
        answer = source.read_list(a_query(top=1))
    assert answer.server_time <= sandbox.tenant.clock.now()
    assert answer.server_time >= began - MINUTE


def test_the_server_time_is_never_after_the_request_began(sandbox: Sandbox) -> None:
    clock = FakeClock(sandbox.tenant.clock.now())
    with open_source(sandbox, clock=clock) as source:
        source.describe(BILLS)

        def take_a_minute(_: object) -> None:
            clock.advance(MINUTE)
            sandbox.tenant.clock.advance(60)

        sandbox.faults.add(path="/Bill", hook=take_a_minute)
        began = sandbox.tenant.clock.now()
        assert source.read_list(a_query(top=1)).server_time <= began


def test_only_the_successful_attempt_counts_for_the_server_time(sandbox: Sandbox) -> None:
    clock = FakeClock(sandbox.tenant.clock.now())
    sandbox.faults.add(path="/Bill", status=503, headers={"Retry-After": "50"})
    with open_source(sandbox, clock=clock) as source:
        now = sandbox.tenant.clock.now()
        assert now - source.read_list(a_query(top=1)).server_time < MINUTE / 2


def test_without_a_date_our_clock_stands_in_less_five_minutes(sandbox: Sandbox) -> None:
    sandbox.configure(date_header=False)
    clock = FakeClock()
    with open_source(sandbox, clock=clock) as source:
        assert source.read_list(a_query(top=1)).server_time == clock.now() - 5 * MINUTE
