"""How the sandbox's time passes."""

from datetime import UTC, datetime, timedelta

from acumatica_sandbox import Sandbox, SandboxOptions
from tests.unit.acumatica_sandbox.calls import a_caller, a_sandbox


def test_time_stands_still_unless_it_is_moved() -> None:
    caller = a_caller()
    before = caller.sandbox.tenant.clock.now()
    caller.get("Bill")
    assert caller.sandbox.tenant.clock.now() == before == datetime(2026, 3, 16, 14, 30, tzinfo=UTC)


def test_every_request_can_take_simulated_time() -> None:
    caller = a_caller(request_seconds=0.5)
    before = caller.sandbox.tenant.clock.now()
    caller.get("Bill", top="1")
    caller.get("Bill", top="1")
    assert caller.sandbox.tenant.clock.now() - before == timedelta(seconds=1)


def test_the_company_lives_up_to_the_day_the_clock_starts() -> None:
    sandbox = a_sandbox(start=datetime(2024, 2, 29, 12, tzinfo=UTC))
    stamps = [record.stamp for record in sandbox.tenant.records("Bill")]
    assert timedelta(0) < datetime(2024, 2, 29, 12, tzinfo=UTC) - max(stamps) < timedelta(days=30)


def test_in_real_time_the_newest_bill_is_of_these_days() -> None:
    sandbox = Sandbox(SandboxOptions(size="tiny", real_time=True))
    newest = max(record.stamp for record in sandbox.tenant.records("Bill"))
    assert timedelta(0) < datetime.now(UTC) - newest < timedelta(days=30)
    made = sandbox.tenant.insert("Ledger", {"LedgerID": "NOW"})
    assert abs(datetime.now(UTC) - sandbox.tenant.record("Ledger", made).stamp) < timedelta(seconds=5)


def test_tokens_live_as_long_as_they_are_told() -> None:
    caller = a_caller(token_seconds=60)
    caller.sandbox.tenant.clock.advance(59)
    assert caller.get("Bill", top="1").status == 200
    caller.sandbox.tenant.clock.advance(1)
    assert caller.get("Bill", top="1").status == 401
