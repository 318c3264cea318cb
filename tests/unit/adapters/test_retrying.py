"""When a call is tried again, and for how long."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from connector.adapters.retrying import THROTTLED_FIRST_WAIT, Retry, ordinal
from connector.errors import (
    CredentialsError,
    SessionsBusyError,
    SourceThrottledError,
    SourceUnavailableError,
    TerminalError,
    TransientError,
)
from tests.stand_ins.clock import FakeClock

SECOND = timedelta(seconds=1)


def failing(error: Exception, times: int) -> tuple[Callable[[], str], list[int]]:
    """Return a call that fails so many times, and the list of its tries."""
    tries: list[int] = []

    def call() -> str:
        tries.append(len(tries) + 1)
        if len(tries) <= times:
            raise error
        return "done"

    return call, tries


def down(retry_after: timedelta | None = None) -> TransientError:
    return SourceUnavailableError("Down.", action="Wait.", retry_after=retry_after)


def throttled() -> TransientError:
    return SourceThrottledError("Full.", action="Wait.")


def test_what_time_may_mend_is_tried_again(clock: FakeClock) -> None:
    call, tries = failing(down(), 5)
    assert Retry(clock=clock).call(call) == "done"
    assert len(tries) == 6


def test_arguments_are_passed_on(clock: FakeClock) -> None:
    assert Retry(clock=clock).call(divmod, 7, 2) == (3, 1)
    assert Retry(clock=clock).call(dict, first=1) == {"first": 1}


def test_tries_are_bounded_and_the_last_error_is_raised_as_it_is(clock: FakeClock) -> None:
    error = down()
    call, tries = failing(error, 100)
    with pytest.raises(SourceUnavailableError) as caught:
        Retry(clock=clock, attempts=4).call(call)
    assert caught.value is error
    assert (len(tries), len(clock.sleeps)) == (4, 3)


@pytest.mark.parametrize(
    "error", [CredentialsError("No.", action="-"), TerminalError("No.", action="-"), ValueError("No.")]
)
def test_what_time_does_not_mend_is_tried_once(clock: FakeClock, error: Exception) -> None:
    call, tries = failing(error, 100)
    with pytest.raises(type(error)):
        Retry(clock=clock).call(call)
    assert len(tries) == 1


def test_waits_are_drawn_below_a_bound_that_doubles(clock: FakeClock) -> None:
    for _ in range(200):
        call, _tries = failing(down(), 7)
        Retry(clock=clock, attempts=8, first_wait=SECOND, longest_wait=SECOND * 10).call(call)
    for place, bound in enumerate((1, 2, 4, 8, 10, 10, 10)):
        waits = [wait.total_seconds() for wait in clock.sleeps[place::7]]
        assert bound * 0.85 < max(waits) <= bound
        assert min(waits) < bound * 0.15


def test_a_server_that_declines_for_its_pace_is_left_alone_for_longer(clock: FakeClock) -> None:
    for _ in range(100):
        call, _ = failing(throttled(), 1)
        Retry(clock=clock, first_wait=SECOND).call(call)
    assert THROTTLED_FIRST_WAIT * 0.8 < max(clock.sleeps) <= THROTTLED_FIRST_WAIT
    assert THROTTLED_FIRST_WAIT * 0.5 <= min(clock.sleeps) < THROTTLED_FIRST_WAIT * 0.7
    clock.sleeps.clear()
    for _ in range(100):
        call, _ = failing(throttled(), 1)
        Retry(clock=clock, first_wait=SECOND * 20).call(call)
    assert max(clock.sleeps) > SECOND * 10


def test_a_delay_that_the_server_names_is_kept(clock: FakeClock) -> None:
    call, _ = failing(down(timedelta(seconds=37)), 2)
    Retry(clock=clock).call(call)
    assert clock.sleeps == [timedelta(seconds=37)] * 2


def test_waits_for_a_server_that_declines_are_drawn_from_the_upper_half_of_a_bound_that_doubles(
    clock: FakeClock,
) -> None:
    for _ in range(200):
        call, _tries = failing(throttled(), 5)
        Retry(clock=clock, attempts=6, first_wait=SECOND, longest_wait=SECOND * 30).call(call)
    for place, bound in enumerate((5, 10, 20, 30, 30)):
        waits = [wait.total_seconds() for wait in clock.sleeps[place::5]]
        assert bound * 0.9 < max(waits) <= bound
        assert bound * 0.5 <= min(waits) < bound * 0.6


@pytest.mark.parametrize("error", [SourceUnavailableError, SourceThrottledError])
def test_a_delay_too_long_for_a_run_is_left_to_the_caller(
    clock: FakeClock, error: type[TransientError]
) -> None:
    call, tries = failing(error("Down.", action="Wait.", retry_after=timedelta(hours=1)), 100)
    with pytest.raises(error) as caught:
        Retry(clock=clock, deadline=clock.now() + timedelta(days=1)).call(call)
    assert caught.value.retry_after == timedelta(hours=1)
    assert (len(tries), clock.sleeps) == (1, [])


def test_the_longest_wait_itself_is_not_too_long(clock: FakeClock) -> None:
    call, _ = failing(down(SECOND * 10), 1)
    assert Retry(clock=clock, longest_wait=SECOND * 10).call(call) == "done"
    call, _ = failing(throttled(), 9)
    long = Retry(clock=clock, deadline=clock.now() + timedelta(days=1), longest_wait=SECOND)
    assert long.call(call) == "done"


def test_no_wait_ends_after_the_deadline(clock: FakeClock) -> None:
    call, tries = failing(down(timedelta(seconds=10)), 100)
    retry = Retry(clock=clock, deadline=clock.now() + timedelta(seconds=31))
    with pytest.raises(SourceUnavailableError):
        retry.call(call)
    assert (len(tries), len(clock.sleeps)) == (4, 3)


def test_a_wait_that_ends_right_at_the_deadline_is_too_long(clock: FakeClock) -> None:
    call, tries = failing(down(timedelta(seconds=10)), 100)
    with pytest.raises(SourceUnavailableError):
        Retry(clock=clock, deadline=clock.now() + timedelta(seconds=20)).call(call)
    assert len(tries) == 2


def test_a_server_that_declines_is_asked_for_as_long_as_there_is_time(clock: FakeClock) -> None:
    call, tries = failing(throttled(), 30)
    assert Retry(clock=clock, deadline=clock.now() + timedelta(hours=5)).call(call) == "done"
    assert len(tries) == 31


def test_without_a_deadline_a_server_that_declines_is_not_asked_for_ever(clock: FakeClock) -> None:
    call, tries = failing(throttled(), 100)
    with pytest.raises(SourceThrottledError):
        Retry(clock=clock).call(call)
    assert len(tries) == 6


@pytest.mark.parametrize(("seconds_left", "is_out_of_time"), [(3, True), (3600, False)])
def test_an_error_tells_whether_only_the_deadline_kept_it_from_another_try(
    clock: FakeClock, seconds_left: int, is_out_of_time: bool
) -> None:
    call, _ = failing(down(retry_after=SECOND), 100)
    with pytest.raises(SourceUnavailableError) as caught:
        Retry(clock=clock, deadline=clock.now() + seconds_left * SECOND).call(call)
    assert caught.value.is_out_of_time is is_out_of_time


def test_a_try_without_time_left_does_not_hide_why_the_one_before_failed(clock: FakeClock) -> None:
    """The wait ended just before the deadline, the next request would have begun after it."""
    out_of_time = SourceUnavailableError("no time left", action="call again")
    out_of_time.is_out_of_time = True
    errors = iter([SessionsBusyError("no seat", action="wait"), out_of_time])

    def ask() -> None:
        raise next(errors)

    def ask_late() -> None:
        try:
            ask()
        finally:
            clock.advance(timedelta(seconds=30))

    with pytest.raises(SessionsBusyError, match="no seat") as caught:
        Retry(clock=clock, deadline=clock.now() + timedelta(seconds=59)).call(ask_late)
    assert caught.value.is_out_of_time


def test_each_wait_is_told_with_its_cause_and_which_try_comes(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    call, _ = failing(down(timedelta(seconds=5)), 2)
    Retry(clock=clock, attempts=5).call(call)
    assert caplog.record_tuples == [
        ("connector.adapters.retrying", logging.WARNING, f"Down; trying again in 5 s ({nth} of 5)")
        for nth in ("2nd", "3rd")
    ]
    assert {vars(record)["error_type"] for record in caplog.records} == {"SourceUnavailableError"}


def test_a_wait_that_does_not_come_is_not_told(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    call, _ = failing(down(), 9)
    with pytest.raises(SourceUnavailableError):
        Retry(clock=clock, attempts=1).call(call)
    assert caplog.records == []


def test_a_server_that_declines_for_its_pace_is_asked_beyond_the_number_of_tries(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    call, _ = failing(throttled(), 2)
    Retry(clock=clock, attempts=2, deadline=clock.now() + timedelta(hours=1)).call(call)
    assert [record.getMessage().partition("(")[2] for record in caplog.records] == ["2nd of 2)", "3rd try)"]


@pytest.mark.parametrize(("number", "said"), [(1, "1st"), (11, "11th"), (22, "22nd"), (112, "112th")])
def test_tries_are_counted_as_people_do(number: int, said: str) -> None:
    assert ordinal(number) == said
