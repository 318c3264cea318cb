"""Scripted faults."""

import pytest

from acumatica_sandbox import Fault, Request
from tests.unit.acumatica_sandbox.calls import a_caller


def test_a_fault_strikes_the_chosen_request_and_no_other() -> None:
    caller = a_caller()
    caller.sandbox.faults.add(method="GET", path="/Bill", ordinal=2, status=500, body=b"{}")
    assert [caller.get(name, top="1").status for name in ("Vendor", "Bill", "Bill", "Bill")] == [
        200,
        200,
        500,
        200,
    ]


def test_a_fault_strikes_as_often_as_it_is_told() -> None:
    caller = a_caller()
    fault = caller.sandbox.faults.add(Fault(path="/Bill", status=429, times=3))
    assert [caller.get("Bill", top="1").status for _ in range(5)] == [429] * 3 + [200] * 2
    assert fault.struck == 3


def test_a_fault_can_look_at_the_query() -> None:
    caller = a_caller()
    caller.sandbox.faults.add(path="skip=20", status=502)
    assert caller.get("Bill", top="5").status == 200
    assert caller.get("Bill", top="5", skip="20").status == 502


def test_html_where_json_is_expected() -> None:
    caller = a_caller()
    caller.sandbox.faults.add(path="/Bill", html="<html>Please sign in</html>")
    response = caller.get("Bill")
    assert (response.status, response.header("Content-Type")) == (200, "text/html; charset=utf-8")


def test_a_hook_runs_before_the_request_is_answered() -> None:
    caller = a_caller()
    first = caller.sandbox.tenant.records("Bill")[0].id
    seen: list[Request] = []

    def hook(request: Request) -> None:
        seen.append(request)
        caller.sandbox.tenant.delete("Bill", first)

    caller.sandbox.faults.add(path="/Bill", hook=hook)
    assert first not in [row["id"] for row in caller.list("Bill")]
    assert seen[0].method == "GET"


def test_a_delay_moves_the_simulated_clock() -> None:
    caller = a_caller()
    caller.sandbox.faults.add(path="/Bill", delay=42)
    before = caller.sandbox.tenant.clock.now()
    assert caller.get("Bill", top="1").status == 200
    assert (caller.sandbox.tenant.clock.now() - before).total_seconds() == 42


@pytest.mark.parametrize(
    ("kind", "is_processed"), [("reset_before", False), ("reset_after", True), ("cut_body", True)]
)
def test_a_broken_connection_is_before_or_after_the_work(kind: str, is_processed: bool) -> None:
    caller = a_caller()
    caller.sandbox.faults.add(path="/Bill", **{kind: True})
    response = caller.get("Bill", top="1")
    assert response.breakage == kind
    assert bool(response.body) is is_processed
    assert caller.sandbox.seats == int(is_processed)


def test_faults_that_were_cleared_do_not_happen() -> None:
    caller = a_caller()
    caller.sandbox.faults.add(path="/Bill", status=500, times=9)
    caller.sandbox.faults.clear()
    assert caller.get("Bill", top="1").status == 200
