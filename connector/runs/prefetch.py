"""Asks ahead: the next page of a list is asked for, and read, while the one before is being worked on."""

import contextvars
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from connector.domain.cursor import RowWindow
from connector.domain.listing import ListAnswer

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedAnswer:
    """An answer, and our clock when it was asked for."""

    answer: ListAnswer
    read_at: datetime


class Prefetcher:
    """Asks for the next rows while the last ones are interpreted; one request at a time."""

    def __init__(self, ask: Callable[[RowWindow], TimedAnswer]) -> None:
        self._ask = ask
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="asker")
        self._ahead: tuple[RowWindow, Future[TimedAnswer]] | None = None

    def begin(self, window: RowWindow) -> None:
        """Ask for this window in the background."""
        context = contextvars.copy_context()
        self._ahead = window, self._thread.submit(context.run, self._ask, window)

    def take(self, window: RowWindow) -> TimedAnswer:
        """Return the answer for this window, asked for now unless it was before."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == window:
            return ahead[1].result()
        if ahead is not None:
            wait([ahead[1]])  # the list has shifted: what came is of no use
        return self._ask(window)

    def forget(self) -> None:
        """Throw away what was asked for, once it is there."""
        if self._ahead is not None:
            wait([self._ahead[1]])
            self._ahead = None

    def close(self) -> None:
        """Wait for the request under way."""
        self._thread.shutdown()


@contextmanager
def read_ahead(pages: Generator[T, None, None]) -> Iterator[Iterator[T]]:
    """Give the same pages, each read while the one before is being worked on; at most one is read ahead.

    Leaving, for whatever reason, waits for the request under way: nothing is read after that, so that nobody signs in
    again behind a sign-out.
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
