"""The DuckDB file: there whole, or not there."""

import atexit
import gc
import tempfile
from pathlib import Path
from threading import Lock

import duckdb

from connector.adapters.duckdb import dataset
from connector.adapters.duckdb.errors import translated
from connector.errors import ConfigurationError

STORAGE_VERSION = "v1.5.0"
"""The format of a new file: tools with DuckDB 1.5 cannot open what DuckDB 2.0 writes by default. A file keeps its format."""

SQLITE = b"SQLite format 3\0"
"""How a SQLite file begins."""

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
    connection = duckdb.connect(str(path))
    if dataset.is_ambiguous(connection):
        connection.close()
        dataset.withdraw(path)
        connection = duckdb.connect(str(path))
    connection.execute("SET TimeZone = 'UTC'")
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
