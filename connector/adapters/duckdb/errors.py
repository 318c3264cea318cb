"""DuckDB's errors under our names."""

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
ERRORS: dict[type[duckdb.Error], tuple[type[ConnectorError], str]] = {
    duckdb.Error: (WarehouseRefusedError, LOOK),
    duckdb.TransactionException: (
        WarehouseUnavailableError,
        "Another run changed the same table; run again.",
    ),
    duckdb.InterruptException: (WarehouseUnavailableError, "The query was interrupted; run again."),
    duckdb.OutOfMemoryException: (WarehouseUnavailableError, "Free memory or disk space, then run again."),
    duckdb.ConnectionException: (WarehouseUnavailableError, "Close the program that has the file open."),
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


def translate_error(exc: duckdb.Error) -> ConnectorError:
    """Return our error for one of DuckDB's."""
    text = first_line(exc)
    if isinstance(exc, duckdb.IOException) and LOCKED in text:
        holder = HOLDER.search(text)
        return WarehouseUnavailableError(
            f"The DuckDB file is open in another program{f': {holder[1]}' if holder else ''}.",
            action="Close that program, or wait for the other run; DuckDB lets one program write at a time.",
        )
    kind, action = next(ERRORS[cls] for cls in type(exc).__mro__ if cls in ERRORS)
    return kind(f"DuckDB: {text}", action=action)


def first_line(exc: Exception) -> str:
    """Return the sentence of an error without the query it quotes, and of bounded length."""
    return (str(exc).splitlines() or [type(exc).__name__])[0][:300]
