"""Shows on a terminal how far runs are, all of them in one display."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from connector.domain.run import RunProgress
from connector.faces.wording import describe_progress

Follow = Callable[[str], AbstractContextManager[Callable[[RunProgress], None]]]
"""Shows a run of this name until the end of the block; yields the function that updates it. Any thread may call it."""


@contextmanager
def show_progress(console: Console, *, shown: bool) -> Iterator[Follow]:
    """Yield the function that shows a run while it is at work."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not (shown and console.is_terminal)
    ) as progress:

        @contextmanager
        def follow(name: str) -> Iterator[Callable[[RunProgress], None]]:
            task = progress.add_task(f"{name}: signing in")
            began_at = time.monotonic()
            try:
                yield lambda told: progress.update(
                    task, description=f"{name}: {describe_progress(told, time.monotonic() - began_at)}"
                )
            finally:
                progress.remove_task(task)

        yield follow
