"""Shows on a terminal how far runs are."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from connector.domain.run import RunProgress
from connector.faces.wording import describe_progress


@contextmanager
def show_progress(name: str, console: Console, *, shown: bool) -> Iterator[Callable[[RunProgress], None]]:
    """Show on a terminal how far a run is; yield the function that updates it."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not (shown and console.is_terminal)
    ) as progress:
        task = progress.add_task(f"{name}: signing in")
        began_at = time.monotonic()
        yield lambda told: progress.update(
            task, description=f"{name}: {describe_progress(told, time.monotonic() - began_at)}"
        )
