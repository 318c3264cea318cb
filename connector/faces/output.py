"""The output of a command: where it can no longer be written, the command decides what follows."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from typing_extensions import override

from connector.domain.run import RunFailure
from connector.faces.terminal import write_note

UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What the operating system says when a file takes no more."""


class Output(Console):
    """A console that raises BrokenPipeError when its reader has left, in place of ending the process."""

    @override
    def on_broken_pipe(self) -> None:
        del self._buffer[:]
        raise


def describe_unwritable(exc: BaseException) -> RunFailure | None:
    """Return the failure of output that cannot be written; None for any other error."""
    if not isinstance(exc, OSError) or exc.errno not in UNWRITABLE:
        return None
    return RunFailure(
        type="OutputError",
        message=f"{exc.filename or 'The output'} could not be written: {os.strerror(exc.errno or 0)}.",
        action="Make room there, or send it elsewhere, and call the command again.",
        http_status=500,
    )


def close_output() -> None:
    """Throw away whatever is still printed, so that nothing fails when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def outlived() -> Iterator[None]:
    """Go on with the work when its output can no longer be written, and say so once."""
    try:
        yield
        sys.stdout.flush()
    except OSError as exc:
        unwritable = describe_unwritable(exc)
        if unwritable is None and not isinstance(exc, BrokenPipeError):
            raise
        close_output()
        why = unwritable.message if unwritable else "Nobody reads the output any more."
        write_note(f"{why} The runs go on; status shows how they end.")
