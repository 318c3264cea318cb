"""The DuckDB file: there whole, or not there."""

import atexit
import gc
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Lock

import duckdb

from connector.adapters.duckdb import dataset
from connector.adapters.duckdb.dialect import quote, quote_text
from connector.adapters.duckdb.errors import translated
from connector.errors import ConfigurationError

STORAGE_VERSION = "v1.5.0"
"""The format of a new file: tools with DuckDB 1.5 cannot open what DuckDB 2.0 writes by default. A file keeps its format."""

SQLITE = b"SQLite format 3\0"
"""How a SQLite file begins."""

ROW_GROUP = 8_192
"""How many rows DuckDB stores together. It merges small groups into whole ones as a run goes on, and holds all columns of those
unpacked meanwhile: 300 MB with its own 122,880 rows, for bills with four lines.
"""

CACHE_BYTES = 16 * 1024 * 1024
"""How much DuckDB may keep of what it wrote. Left alone it keeps all, up to four fifths of the machine's memory."""

IN_MEMORY = "memory"
"""What DuckDB calls the database it opens a file beside."""

OPENING = Lock()
"""Held while a file is opened or closed. A file that is opened while its last connection is closed is refused."""

CATALOG = Lock()
"""Held while tables and views are changed. DuckDB refuses two transactions at once that make the same object, as the runs of a
process would: each makes the schema `acumatica` and `sync_runs` if they are missing.
"""

atexit.register(gc.unfreeze)
"""At the end of a process DuckDB tells people of each of its objects that is left, and what is exempt from collection is left."""


def require_duckdb(path: Path) -> None:
    """Raise ConfigurationError for a SQLite file, into which DuckDB would write by an extension that it downloads.

    Raises it for a file that cannot be read, too.
    """
    if path.is_file():
        with translated(), path.open("rb") as file:
            is_sqlite = file.read(len(SQLITE)) == SQLITE
        if is_sqlite:
            raise ConfigurationError(
                f"{path} is a SQLite file, as the state is, and no DuckDB file.",
                action="Name another file in WAREHOUSE=duckdb:PATH.",
            )


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the file, made first if it is missing; its times are shown in UTC.

    Raises duckdb.Error, OSError where its folder takes no file, and ConfigurationError where it is a SQLite file.
    """
    require_duckdb(path)
    if not path.exists() and path.parent.is_dir():
        _create(path)
    with OPENING:
        connection = _attach(path)
        if dataset.is_ambiguous(connection):
            connection.close()
            dataset.withdraw(path)
            connection = _attach(path)
        connection.execute("SET TimeZone = 'UTC'")
        return connection


def close(connection: duckdb.DuckDBPyConnection) -> None:
    """Close the file, which other programs can open when this was the last connection of this one."""
    with OPENING:
        connection.close()


def open_cursor(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Return another connection to the same file, with times in UTC."""
    [(name,)] = connection.execute("SELECT current_database()").fetchall()
    cursor = connection.cursor()
    cursor.execute(f"USE {quote(name)}; SET TimeZone = 'UTC'")
    return cursor


def shrink_cache(connection: duckdb.DuckDBPyConnection) -> None:
    """Have DuckDB free what it keeps beyond CACHE_BYTES of what is written.

    Only a limit of memory does that. It would slow queries or end them, so it holds for this moment alone, and is not set
    while other connections of this program use the file.
    """
    with OPENING:
        [(used,)] = connection.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()
        [(connections,)] = connection.execute("FROM duckdb_connection_count()").fetchall()
        if used <= CACHE_BYTES or connections > 1:
            return
        try:
            with suppress(duckdb.OutOfMemoryException):  # so much is in use
                connection.execute(f"SET memory_limit = '{CACHE_BYTES}B'")
        finally:
            connection.execute("RESET memory_limit")


def _attach(path: Path) -> duckdb.DuckDBPyConnection:
    """Open an existing file, which all connections of this process share."""
    if path.name.split(".")[0].lower() == IN_MEMORY:
        return duckdb.connect(str(path))  # beside a database in memory its name would be taken
    connection = duckdb.connect(f":memory:{path}", config={"temp_directory": f"{path}.tmp"})
    try:
        connection.execute(f"ATTACH IF NOT EXISTS {quote_text(str(path))} (ROW_GROUP_SIZE {ROW_GROUP})")
        [(name,)] = connection.execute(
            "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND database_name <> $memory",
            {"memory": IN_MEMORY},
        ).fetchall()
        connection.execute(f"USE {quote(name)}")
    except BaseException:
        connection.close()
        raise
    return connection


def _create(path: Path) -> None:
    """Make an empty file under another name, then give it its own.

    A process that is killed on the way would else leave half a file, which DuckDB opens never again.
    """
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        made = Path(folder) / path.name
        duckdb.connect(str(made), config={"storage_compatibility_version": STORAGE_VERSION}).close()
        try:
            # Unlike a rename it never takes the place of a file that another process made meanwhile.
            path.hardlink_to(made)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            made.replace(path)
