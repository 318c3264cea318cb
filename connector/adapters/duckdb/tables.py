"""Physical tables of the file: whether they are there, what they lack, and how that is added."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from connector.adapters.duckdb.comments import read_described
from connector.adapters.duckdb.dialect import quote, render_type
from connector.domain.tables.evolution import Evolution, evolve, walk_paths, widen
from connector.domain.tables.schema import Column, Table


def exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the file has the table."""
    found = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = $name", {"name": table})
    return found.fetchone() is not None


def compare(connection: duckdb.DuckDBPyConnection, table: Table) -> Evolution:
    """Return what the existing table lacks."""
    return evolve(read_described(connection, table.name), table.columns)


def create_table(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create an empty table of this name with these columns."""
    columns = ", ".join(
        f"{quote(column.name)} {render_type(column)}{' NOT NULL' if column.required else ''}"
        for column in table.columns
    )
    connection.execute(f"CREATE TABLE {quote(table.name)} ({columns})")


def change_columns(
    connection: duckdb.DuckDBPyConnection, name: str, evolution: Evolution, *, widening: bool
) -> bool:
    """Add what the table lacks; return whether there was anything to change.

    A narrow column inside of details is widened with the whole column of the details.
    """
    changes = [
        f"ADD COLUMN {path} {render_type(column)}"
        for path, column in _find_added(evolution.columns, evolution.added)
    ]
    if widening and evolution.numeric_not_widened:
        widened = widen(evolution.columns, evolution.numeric_not_widened)
        changes += [
            f"ALTER {quote(column.name)} TYPE {render_type(column)}"
            for held, column in zip(evolution.columns, widened, strict=True)
            if column != held
        ]
    for change in changes:
        connection.execute(f"ALTER TABLE {quote(name)} {change}")
    return bool(changes)


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


def holds_any(connection: duckdb.DuckDBPyConnection, name: str, paths: frozenset[str]) -> bool:
    """Whether the table has a column at one of these dotted paths."""
    held = read_described(connection, name)
    return any(path in paths for column in held for path in walk_paths(column))


def drop_table(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Drop the table if it is there."""
    if exists(connection, name):
        connection.execute(f"DROP TABLE {quote(name)}")


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let what is executed meanwhile happen whole or not at all."""
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
