"""Retries failures that may pass by themselves, with exponential back-off and jitter, never past the deadline."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform
from typing import ParamSpec, TypeVar

import tenacity

from connector.errors import SourceThrottledError, TransientError
from connector.ports import Clock

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

THROTTLED_FIRST_WAIT = timedelta(seconds=5)
"""Shortest wait after a declined request, which was queued for long already: returning sooner lengthens the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Retries a call while it raises TransientError. Use it only for reads and idempotent writes.

    `attempts` counts all tries, the first included; a server that declines for its licensed pace is asked again for as
    long as there is time. The bound of the wait before try n + 1 doubles from `first_wait` up to `longest_wait`. The wait
    is drawn evenly below that bound (full jitter), from its upper half alone where the server declined for its pace, unless
    the server named a delay. No wait ends after `deadline`, and none is longer than `longest_wait`, whatever the server
    named, because a run that waits holds its entity and a seat: the last error is raised instead, for the caller to wait.
    Where the deadline alone kept it from another try, the error says so (`is_out_of_time`).

    Of errors that may be about the request itself (`is_request_specific`) the one number `specific_attempts` is the last,
    if that is given: asking for less is then the better try.
    """

    clock: Clock
    deadline: datetime | None = None
    attempts: int = 6
    specific_attempts: int | None = None
    first_wait: timedelta = timedelta(seconds=1)
    longest_wait: timedelta = timedelta(seconds=60)
    pause: Callable[[timedelta], None] | None = None
    """What waits in place of the clock. What it raises ends the call."""

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the function returns, or raise the last error unchanged."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            stop=self._stop,
            wait=self._wait,
            before_sleep=self._log_wait,
            sleep=self._sleep,
            reraise=True,
        )
        answer: R = retrying(self._attempt, [], lambda: function(*args, **kwargs))
        return answer

    def _attempt(self, before: list[TransientError], function: Callable[[], R]) -> R:
        """Call the function. When time runs out in a later try, raise the error of the try before: it names the cause."""
        try:
            return function()
        except TransientError as exc:
            if not exc.is_out_of_time or not before:
                before.append(exc)
                raise
            before[-1].is_out_of_time = True
            raise before[-1] from None

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TransientError) and error.retry_after is not None:
            return error.retry_after.total_seconds()
        is_throttled = _is_throttled(state)
        first = max(self.first_wait, THROTTLED_FIRST_WAIT) if is_throttled else self.first_wait
        bound = tenacity.wait_exponential(
            multiplier=first.total_seconds(), max=self.longest_wait.total_seconds()
        )(state)
        return uniform(bound / 2 if is_throttled else 0.0, bound)  # noqa: S311 - not a secret

    def _stop(self, state: tenacity.RetryCallState) -> bool:
        if state.attempt_number >= self.attempts and not (self.deadline and _is_throttled(state)):
            return True
        wait = timedelta(seconds=state.upcoming_sleep)
        if wait > self.longest_wait or self._is_specific(state):
            return True
        if self.deadline is None or self.clock.now() + wait < self.deadline:
            return False
        if state.outcome is not None and isinstance(error := state.outcome.exception(), TransientError):
            error.is_out_of_time = True
        return True

    def _is_specific(self, state: tenacity.RetryCallState) -> bool:
        before: list[TransientError] = state.args[0]
        count = sum(error.is_request_specific for error in before)
        return self.specific_attempts is not None and count >= self.specific_attempts

    def _log_wait(self, state: tenacity.RetryCallState) -> None:
        """Log the wait, so that it looks neither like a hang nor like a refused password."""
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, TransientError):
            return
        number, wait = state.attempt_number + 1, state.upcoming_sleep
        bound = (
            f"{ordinal(number)} of {self.attempts}" if number <= self.attempts else f"{ordinal(number)} try"
        )
        logger.warning(
            "%s; trying again in %s s (%s)",
            error.message.rstrip("."),
            f"{wait:.0f}" if wait >= 1 else f"{wait:.1f}",
            bound,
            extra={"event": "retry", "error_type": type(error).__name__, "wait_seconds": round(wait, 3)},
        )

    def _sleep(self, seconds: float) -> None:
        (self.pause or self.clock.sleep)(timedelta(seconds=seconds))


def _is_throttled(state: tenacity.RetryCallState) -> bool:
    return state.outcome is not None and isinstance(state.outcome.exception(), SourceThrottledError)


def ordinal(number: int) -> str:
    """Return `1st`, `2nd`, `11th`."""
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return f"{number}{suffix}"
