"""Whether the server fails or one request alone is found out before anything is made smaller."""

from datetime import timedelta

import pytest

from connector.adapters.acumatica.probed_read import insist
from connector.adapters.retrying import Retry
from connector.errors import SessionsBusyError, SourceUnavailableError, TransientError
from tests.stand_ins.clock import FakeClock


def failing() -> SourceUnavailableError:
    return SourceUnavailableError("Timeout.", action="Wait.", is_request_specific=True)


class Server:
    """Fails on the request so many times, and on the probe with this error."""

    def __init__(self, times: int, probe: TransientError | None = None, takes: int = 1) -> None:
        self.clock, self.times, self.probe_error, self.takes = FakeClock(), times, probe, takes
        self.asked: list[str] = []

    def read(self) -> str:
        self.asked.append("page")
        self.clock.advance(timedelta(seconds=self.takes))
        if self.asked.count("page") <= self.times:
            raise failing()
        return "rows"

    def probe(self) -> None:
        self.asked.append("probe")
        if self.probe_error is not None:
            raise self.probe_error

    def ask(self) -> str:
        return insist(self.read, self.probe, self.clock)


def test_what_is_answered_is_asked_once() -> None:
    server = Server(0)
    assert (server.ask(), server.asked) == ("rows", ["page"])


def test_a_failure_that_passed_while_the_probe_waited_is_none() -> None:
    server = Server(1)
    assert (server.ask(), server.asked) == ("rows", ["page", "probe", "page"])


def test_a_request_that_fails_while_others_are_answered_calls_for_less() -> None:
    server = Server(9)
    with pytest.raises(SourceUnavailableError) as caught:
        server.ask()
    assert caught.value.calls_for_less


def test_what_took_long_to_fail_is_not_tried_again() -> None:
    server = Server(9, takes=90)
    with pytest.raises(SourceUnavailableError) as caught:
        server.ask()
    assert caught.value.calls_for_less
    assert server.asked == ["page", "probe"]


def test_a_server_that_fails_at_the_probe_too_is_down() -> None:
    with pytest.raises(SourceUnavailableError, match="Timeout") as caught:
        Server(9, probe=SourceUnavailableError("Down.", action="Wait.")).ask()
    assert not caught.value.calls_for_less


def test_want_of_time_or_of_a_seat_is_told_as_such() -> None:
    late = SourceUnavailableError("Late.", action="Call again.")
    late.is_out_of_time = True
    with pytest.raises(SourceUnavailableError) as caught:
        Server(9, probe=late).ask()
    assert caught.value.is_out_of_time
    with pytest.raises(SessionsBusyError):
        Server(9, probe=SessionsBusyError("No seat.", action="Wait.")).ask()


def test_a_retry_counts_failures_of_the_request_alone() -> None:
    """A full queue before them is waited for and does not count."""
    errors = iter([SourceUnavailableError("Down.", action=""), failing(), failing(), failing()])
    asked = 0

    def read() -> None:
        nonlocal asked
        asked += 1
        raise next(errors)

    with pytest.raises(SourceUnavailableError, match="Timeout"):
        Retry(clock=FakeClock(), specific_attempts=2).call(read)
    assert asked == 3
