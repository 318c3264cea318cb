"""Limits of the licence: seats, requests a minute, the queue, turns of a session, time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from acumatica_sandbox import Request
from acumatica_sandbox.api import handle
from tests.unit.acumatica_sandbox.calls import Caller, a_caller, a_sandbox, the_error


def test_no_seat_left_is_a_500_that_names_the_limit() -> None:
    caller = a_caller(seat_limit=1)
    caller.get("Bill", top="1")
    second = Caller(caller.sandbox)
    second.sign_in()
    assert "API Login Limit" in the_error(second.get("Bill", top="1"))
    assert "API Login Limit" in the_error(second.log_in())
    caller.log_out()
    assert second.get("Bill", top="1").status == 200


def test_no_seat_left_can_be_a_429_in_plain_text() -> None:
    response = a_caller(seat_limit=0, seat_dialect="text").get("Bill")
    assert response.status == 429
    assert response.header("Content-Type").startswith("text/plain")
    assert response.header("Retry-After") == ""
    assert b"number of concurrent API logins" in response.body


def test_no_seat_left_can_be_a_redirect_to_a_page() -> None:
    caller = a_caller(seat_limit=0, seat_dialect="redirect")
    response = caller.get("Bill")
    assert response.status == 302
    location = response.header("Location")
    assert location.startswith("/AcmeERP/Frames/Error.aspx?")
    assert "message=The%20number%20of%20concurrent%20API%20logins" in location
    page = caller.send("GET", location.split("?")[0])
    assert (page.status, page.header("Content-Type")) == (200, "text/html; charset=utf-8")
    assert b"API Login Limit" in page.body


def test_a_session_that_timed_out_makes_room() -> None:
    sandbox = a_sandbox(seat_limit=1)
    Caller(sandbox).log_in()
    second = Caller(sandbox)
    assert second.log_in().status == 500
    sandbox.tenant.clock.advance(600)
    assert second.log_in().status == 204


def test_requests_are_held_back_from_half_of_the_quota_on() -> None:
    caller = a_caller(requests_per_minute=50)
    clock = caller.sandbox.tenant.clock
    start = clock.now()
    for _ in range(25):
        caller.get("Ledger")
    assert clock.now() == start
    clock.advance(40)
    before = clock.now()
    caller.get("Ledger")
    assert (clock.now() - before).total_seconds() == pytest.approx(20 / 25)


def test_delays_grow_as_the_quota_is_used_up_and_end_with_the_minute() -> None:
    caller = a_caller(requests_per_minute=10)
    clock = caller.sandbox.tenant.clock
    delays = []
    for _ in range(10):
        before = clock.now()
        caller.get("Ledger")
        delays.append((clock.now() - before).total_seconds())
    assert delays[:5] == [0.0] * 5
    assert all(delay > 0 for delay in delays[5:])
    clock.advance(60)
    before = clock.now()
    caller.get("Ledger")
    assert clock.now() == before


def test_real_delays_are_told_to_the_server_and_leave_the_clock_alone() -> None:
    caller = a_caller(latency_seconds=0.5, real_delays=True)
    before = caller.sandbox.tenant.clock.now()
    response = caller.get("Ledger")
    assert response.delay_seconds == 0.5
    assert caller.sandbox.tenant.clock.now() == before


def test_signing_in_and_out_neither_counts_nor_waits() -> None:
    caller = a_caller(requests_per_minute=1, latency_seconds=5.0)
    before = caller.sandbox.tenant.clock.now()
    caller.log_out()
    caller.sign_in()
    assert caller.sandbox.tenant.clock.now() == before


def test_a_cold_site_is_slow_once() -> None:
    sandbox = a_sandbox(first_call_seconds=30.0)
    caller = Caller(sandbox)
    before = sandbox.tenant.clock.now()
    caller.send("GET", "/AcmeERP/entity")
    caller.send("GET", "/AcmeERP/entity")
    assert (sandbox.tenant.clock.now() - before).total_seconds() == 30


def test_a_queue_that_is_too_long_declines_with_a_429_that_names_no_delay() -> None:
    caller = a_caller(queued_elsewhere=21)
    response = caller.get("Bill")
    assert response.status == 429
    assert response.body == b"The custom error module does not recognize this error."
    assert response.header("Retry-After") == ""
    assert caller.sandbox.requests[-1].status == 429
    caller.sandbox.configure(queued_elsewhere=20)
    assert caller.get("Bill", top="1").status == 200


def blocked(caller: Caller) -> tuple[threading.Event, threading.Event]:
    """Make the next request of a list of checks wait inside the server until it is let go."""
    arrived, let_go = threading.Event(), threading.Event()

    def hold(_: float) -> None:
        arrived.set()
        assert let_go.wait(10)

    caller.sandbox.configure(real_delays=True)
    caller.sandbox.faults.add(path="/Check", delay_seconds=1)
    request = Request(method="GET", path=f"{caller.endpoint}/Check", headers=caller.headers)
    threading.Thread(target=handle, args=(request, caller.sandbox.site, hold), daemon=True).start()
    assert arrived.wait(10)
    return arrived, let_go


def test_a_request_waits_while_all_places_are_taken() -> None:
    caller = a_caller(concurrent_requests=1)
    other = Caller(caller.sandbox)
    other.sign_in()
    _, let_go = blocked(caller)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(other.get, "Ledger")
        assert not waiting.done()
        let_go.set()
        assert waiting.result(10).status == 200


def test_a_request_that_waits_too_long_is_declined() -> None:
    caller = a_caller(concurrent_requests=1, queue_seconds=0.01)
    _, let_go = blocked(caller)
    other = Caller(caller.sandbox)
    other.sign_in()
    assert other.get("Ledger").status == 429
    let_go.set()


def test_a_session_answers_one_request_at_a_time_but_signs_out_at_once() -> None:
    caller = a_caller()
    caller.get("Ledger")
    _, let_go = blocked(caller)
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(caller.get, "Ledger")
        assert caller.log_out().status == 204
        assert not second.done()
        let_go.set()
        assert second.result(10).status == 200
