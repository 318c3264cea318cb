"""Tables and views in the file: made, extended, and known again by a mark in the table's comment."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from connector.adapters.duckdb.comments import read_described, render_comment
from connector.adapters.duckdb.dialect import quote, quote_text, read_columns, render_type, translate
from connector.domain.instants import FIRST, to_text
from connector.domain.tables.evolution import Evolution, adopt_types, evolve, fingerprint, widen
from connector.domain.tables.schema import Column, Table, View
from connector.errors import ConfigurationError

__all__ = [
    "compare",
    "create",
    "exists",
    "extend",
    "is_current",
    "is_empty",
    "merge",
    "read_columns",
    "require_folder",
]

REVISION = 2
"""Counts up when something else is made of the same table, so that existing files follow."""


def exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the file has the table."""
    found = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = $name", {"name": table})
    return found.fetchone() is not None


def is_empty(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the table holds no row."""
    return connection.execute(f"SELECT 1 FROM {quote(table)} LIMIT 1").fetchone() is None  # noqa: S608 - quoted


def is_current(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether the table and its views were made from just this definition."""
    found = connection.execute(
        "SELECT comment FROM duckdb_tables() WHERE table_name = $name", {"name": table.name}
    )
    row = found.fetchone()
    return row is not None and row[0] == _comment(table)


def compare(connection: duckdb.DuckDBPyConnection, table: Table) -> Evolution:
    """Return what the existing table lacks."""
    return evolve(read_described(connection, table.name), table.columns)


def create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create the table and its views, all or nothing.

    Current rows of a log that is gone go too: no run could find out any more which of them were deleted.
    """
    with _transaction(connection):
        if table.merge is not None:
            connection.execute(f"DROP TABLE IF EXISTS {quote(table.merge.into.name)}")
        _create_table(connection, table)
        _make_dependents(connection, table, table.columns)


def extend(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Add the missing columns, widen the narrow ones and make the views again, all or nothing.

    A column with numbers too long for DuckDB's BIGNUMERIC stays as it is.
    """
    try:
        _extend(connection, table, widening=True)
    except duckdb.ConversionException:
        _extend(connection, table, widening=False)


def _extend(connection: duckdb.DuckDBPyConnection, table: Table, *, widening: bool) -> None:
    with _transaction(connection):
        _change_columns(connection, table, widening=widening)
        _make_dependents(connection, table, compare(connection, table).columns)


def merge(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Bring the table of current rows up to the whole log: in a file that is quicker than remembering how far it is."""
    if table.merge is not None:
        connection.execute(translate(table.merge.sql), {"since": to_text(FIRST)})


def require_folder(path: Path) -> None:
    """Raise ConfigurationError when a file cannot be made at the path."""
    if not path.parent.is_dir():
        raise ConfigurationError(
            f"The folder of {path} does not exist", action="Create it, or correct WAREHOUSE."
        )


def _find_added(
    columns: tuple[Column, ...], added: frozenset[str], path: str = "", place: str = ""
) -> Iterator[tuple[str, Column]]:
    """Yield the new columns with their place in an ALTER TABLE: `"details"."element"."promised"`."""
    for column in columns:
        here = place + quote(column.name)
        if path + column.name in added:
            yield here, column
        else:
            inner = f'{here}."element".' if column.repeated else f"{here}."
            yield from _find_added(column.fields, added, f"{path}{column.name}.", inner)


def _create_table(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    columns = ", ".join(
        f"{quote(column.name)} {render_type(column)}{' NOT NULL' if column.required else ''}"
        for column in table.columns
    )
    connection.execute(f"CREATE TABLE {quote(table.name)} ({columns})")


def _change_columns(connection: duckdb.DuckDBPyConnection, table: Table, *, widening: bool) -> None:
    """Add what is missing. A narrow column inside of details is widened with the whole column of the details."""
    evolution = compare(connection, table)
    for path, column in _find_added(evolution.columns, evolution.added):
        connection.execute(f"ALTER TABLE {quote(table.name)} ADD COLUMN {path} {render_type(column)}")
    for held, column in zip(
        evolution.columns, widen(evolution.columns, evolution.numeric_not_widened), strict=True
    ):
        if widening and column != held:
            connection.execute(
                f"ALTER TABLE {quote(table.name)} ALTER {quote(column.name)} TYPE {render_type(column)}"
            )


def _make_dependents(
    connection: duckdb.DuckDBPyConnection, table: Table, columns: tuple[Column, ...]
) -> None:
    """Make what is made from the log: the table of current rows, filled, and the views."""
    if table.merge is not None:
        into = adopt_types(table.merge.into, columns)
        if exists(connection, into.name):
            _change_columns(connection, into, widening=True)
        else:
            _create_table(connection, into)
        merge(connection, table)
        _describe(
            connection,
            "TABLE",
            View(name=into.name, sql="", description=into.description, columns=into.columns),
        )
    _replace_views(connection, table, columns)


def _replace_views(connection: duckdb.DuckDBPyConnection, table: Table, columns: tuple[Column, ...]) -> None:
    for view in table.views:
        connection.execute(f"CREATE OR REPLACE VIEW {quote(view.name)} AS {translate(view.sql)}")
        _describe(connection, "VIEW", view)
    _describe(
        connection, "TABLE", View(name=table.name, sql="", description=_comment(table), columns=columns)
    )


def _describe(connection: duckdb.DuckDBPyConnection, kind: str, described: View) -> None:
    connection.execute(f"COMMENT ON {kind} {quote(described.name)} IS {quote_text(described.description)}")
    for column in described.columns:
        if comment := render_comment(column):
            place = f"{quote(described.name)}.{quote(column.name)}"
            connection.execute(f"COMMENT ON COLUMN {place} IS {quote_text(comment)}")


def _comment(table: Table) -> str:
    return f"{table.description} [layout {fingerprint(table, REVISION)}]"


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
