"""Reads ahead: requests and reads the next page of a list while the previous one is processed."""

import contextvars
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from connector.domain.cursor import RowWindow
from connector.domain.list_query import ListAnswer

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedAnswer:
    """A response, and our clock when it was requested."""

    answer: ListAnswer
    read_at: datetime


class Prefetcher:
    """Requests the next rows while the previous ones are interpreted; one request at a time."""

    def __init__(self, ask: Callable[[RowWindow], TimedAnswer]) -> None:
        self._ask = ask
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="asker")
        self._ahead: tuple[RowWindow, Future[TimedAnswer]] | None = None

    def begin(self, window: RowWindow) -> None:
        """Request this window in the background."""
        context = contextvars.copy_context()
        self._ahead = window, self._thread.submit(context.run, self._ask, window)

    def take(self, window: RowWindow) -> TimedAnswer:
        """Return the response for this window, requesting it now unless that was done before."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == window:
            return ahead[1].result()
        if ahead is not None:
            wait([ahead[1]])  # the list has shifted: what came is of no use
        return self._ask(window)

    def forget(self) -> None:
        """Wait for the background request and discard its response."""
        if self._ahead is not None:
            wait([self._ahead[1]])
            self._ahead = None

    def close(self) -> None:
        """Wait for the request under way."""
        self._thread.shutdown()


@contextmanager
def read_ahead(pages: Generator[T, None, None]) -> Iterator[Iterator[T]]:
    """Yield the same pages, reading at most one ahead while the previous one is processed.

    Leaving the block, for whatever reason, waits for the request in progress, so that nothing signs in again after the
    sign-out.
    """
    context = contextvars.copy_context()

    def advance() -> T | None:
        return context.run(lambda: next(pages, None))

    with closing(pages), ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader") as reader:

        def walk() -> Iterator[T]:
            ahead = reader.submit(advance)
            while (page := ahead.result()) is not None:
                ahead = reader.submit(advance)
                yield page

        yield walk()
