"""The DuckDB file: there whole, or not there."""

import tempfile
from pathlib import Path

import duckdb


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the file, made first if it is missing. Raises duckdb.Error, and OSError where its folder takes no file."""
    if not path.exists() and path.parent.is_dir():
        _create(path)
    return duckdb.connect(str(path))


def _create(path: Path) -> None:
    """Make an empty file under another name, then give it its own.

    A process that is killed on the way would else leave half a file, which DuckDB opens never again.
    """
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        made = Path(folder) / path.name
        duckdb.connect(str(made)).close()
        try:
            # Unlike a rename it never takes the place of a file that another process made meanwhile.
            path.hardlink_to(made)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            made.replace(path)
