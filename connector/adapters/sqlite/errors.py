"""SQLite's errors as ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.errors import ConfigurationError, ConnectorError, StateStoreUnavailableError, TerminalError


class UnreadableValueError(Exception):
    """A column holds what no release has written; the text names it."""


BUSY = "Another process holds it for long; end that process, or try again."
PLACE = "Name a file in an existing folder that this user may write to."
OTHER_FILE = "Name another file in STATE=sqlite:PATH; this one is not the connector's state."

ERRORS: dict[int, tuple[type[ConnectorError], str]] = {
    sqlite3.SQLITE_BUSY: (StateStoreUnavailableError, BUSY),
    sqlite3.SQLITE_LOCKED: (StateStoreUnavailableError, BUSY),
    sqlite3.SQLITE_PROTOCOL: (StateStoreUnavailableError, BUSY),
    sqlite3.SQLITE_INTERRUPT: (StateStoreUnavailableError, "Try again."),
    sqlite3.SQLITE_IOERR: (
        StateStoreUnavailableError,
        "Free space on that disk if it is full, else check it; then try again.",
    ),
    sqlite3.SQLITE_NOMEM: (StateStoreUnavailableError, "Give the process more memory, then try again."),
    sqlite3.SQLITE_FULL: (StateStoreUnavailableError, "Free space on that disk, then try again."),
    sqlite3.SQLITE_CANTOPEN: (ConfigurationError, PLACE),
    sqlite3.SQLITE_READONLY: (ConfigurationError, PLACE),
    sqlite3.SQLITE_PERM: (ConfigurationError, PLACE),
    sqlite3.SQLITE_NOTADB: (ConfigurationError, OTHER_FILE),
    sqlite3.SQLITE_CORRUPT: (TerminalError, "Restore the file from a copy, or move it away to start anew."),
    sqlite3.SQLITE_TOOBIG: (TerminalError, "Report this: a value is larger than SQLite takes."),
}
"""What each of SQLite's primary result codes means for the operator; every other code is a fault of ours."""

UNREADABLE = (
    "Restore the file from a copy, or delete that row with the sqlite3 command line: what it remembered of the entity"
    " is then read anew."
)

UNEXPECTED = (TerminalError, "Report this with the text of the error.")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Let no SQLite error leave this adapter under its own name."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary code; the rest only says where inside SQLite it arose.
        primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        kind, action = ERRORS.get(primary, UNEXPECTED)
        raise kind(f"The state file {path} cannot be used: {error}.", action=action) from error
    except UnreadableValueError as error:
        raise TerminalError(
            f"The state file {path} holds a value that cannot be read: {error}.", action=UNREADABLE
        ) from error
