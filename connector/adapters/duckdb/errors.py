"""DuckDB's errors under our names."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from connector.errors import (
    ConfigurationError,
    ConnectorError,
    WarehouseRefusedError,
    WarehouseUnavailableError,
)

LOOK = "Look at the file with the duckdb command line; if it is damaged, move it away and run a backfill."
BROKEN = (
    "Name another file in WAREHOUSE=duckdb:PATH, or restore this one from a copy; moved away, it is made anew, and the next"
    " runs read everything."
)
ERRORS: dict[type[duckdb.Error], tuple[type[ConnectorError], str]] = {
    duckdb.Error: (WarehouseRefusedError, LOOK),
    duckdb.TransactionException: (
        WarehouseUnavailableError,
        "Another run changed the same table; run again.",
    ),
    duckdb.InterruptException: (WarehouseUnavailableError, "The query was interrupted; run again."),
    duckdb.OutOfMemoryException: (WarehouseUnavailableError, "Free memory or disk space, then run again."),
    duckdb.ConnectionException: (WarehouseUnavailableError, "Close the program that has the file open."),
    duckdb.ResourceInUseException: (
        WarehouseUnavailableError,
        "A run of this program has the file open; try again.",
    ),
    duckdb.PermissionException: (ConfigurationError, "Allow this user to write the file."),
    duckdb.IOException: (ConfigurationError, "Check the path, its rights and the free disk space."),
}
"""Our error and the remedy per class; the nearest class an error belongs to counts."""

DATA_ERRORS = (
    duckdb.DataError,
    duckdb.IntegrityError,
    duckdb.InvalidInputException,
    duckdb.InvalidTypeException,
)
"""What a row that does not fit its table raises."""

FULL = (
    WarehouseUnavailableError,
    "Free space on that disk, then run again; what is stored stays, and the run goes on from there.",
)
TEXTS: dict[str, tuple[type[ConnectorError], str]] = {
    "No space left on device": FULL,
    "Disk quota exceeded": FULL,
    "File too large": FULL,
    "storage version": (
        ConfigurationError,
        "Use the release of the connector that wrote the file, or name another file in WAREHOUSE=duckdb:PATH.",
    ),
    "not a valid DuckDB database file": (ConfigurationError, BROKEN),
    "Could not read enough bytes": (ConfigurationError, BROKEN),
    "Corrupt database file": (ConfigurationError, BROKEN),
}
"""What DuckDB says in words alone, whatever the class."""

NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
PLACE = "Name a file in an existing folder that this user may write to."

LOCKED = "lock on file"
HOLDER = re.compile(r"held in (.+? \(PID \d+\))")
"""Where DuckDB names the program that has the file open."""


@contextmanager
def translated() -> Iterator[None]:
    """Let no DuckDB error leave this adapter under its own name."""
    try:
        yield
    except duckdb.Error as exc:
        raise translate_error(exc) from exc
    except OSError as exc:  # of a file that is made for DuckDB
        kind, action = FULL if exc.errno in NO_SPACE else (ConfigurationError, PLACE)
        place = f" {exc.filename}" if exc.filename else ""
        raise kind(f"DuckDB's file{place} cannot be used: {exc.strerror or exc}.", action=action) from exc


def translate_error(exc: duckdb.Error) -> ConnectorError:
    """Return our error for one of DuckDB's."""
    text = first_line(exc)
    if isinstance(exc, duckdb.IOException) and LOCKED in text:
        holder = HOLDER.search(text)
        return WarehouseUnavailableError(
            f"The DuckDB file is open in another program{f': {holder[1]}' if holder else ''}.",
            action="Close that program, or wait for the other run; DuckDB lets one program write at a time.",
        )
    for words, (kind, action) in TEXTS.items():
        if words in str(exc):
            return kind(f"DuckDB: {text}", action=action)
    kind, action = next(ERRORS[cls] for cls in type(exc).__mro__ if cls in ERRORS)
    return kind(f"DuckDB: {text}", action=action)


def first_line(exc: Exception) -> str:
    """Return the sentence of an error without the query it quotes, and of bounded length."""
    return (str(exc).splitlines() or [type(exc).__name__])[0][:300]
