"""Decides by a minimal request whether the server fails, or only this particular request."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from connector.errors import SourceAnswerError, SourceUnavailableError, TransientError
from connector.ports import Clock

T = TypeVar("T")

SPECIFIC_ATTEMPTS = 2
"""How often a request is tried whose failures may be its own fault."""
QUICK = timedelta(minutes=1)
"""Failures up to this duration are retried; slower ones, above all timeouts, would hardly be faster the next time."""


def insist(read: Callable[[], T], probe: Callable[[], object], clock: Clock) -> T:
    """Return what `read` returns; an error of it is `is_request_specific` only if Acumatica answers `probe` meanwhile.

    `read` gives up after few tries, `probe` asks for next to nothing and with all the patience there is, so a server that
    fails for a short while is waited for there. Then `read` is tried again, unless it took long to fail.
    """
    began = clock.now()
    try:
        return read()
    except TransientError as exc:
        if not exc.calls_for_less:
            raise
        _expect_answer(probe, exc)
        if clock.now() - began > QUICK:
            raise
    return read()


def _expect_answer(probe: Callable[[], object], found: TransientError) -> None:
    """If the probe fails too, raise the first error as a failure of the server."""
    try:
        probe()
    except (SourceUnavailableError, SourceAnswerError) as exc:
        found.is_request_specific, found.is_out_of_time = False, exc.is_out_of_time
        found.retry_after = exc.retry_after
        raise found from None
