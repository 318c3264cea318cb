"""Tables and views in the file: made, extended, and known again by a mark in the table's comment."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from connector.adapters.duckdb.comments import describe, read_described
from connector.adapters.duckdb.dialect import quote, read_columns, render_type, translate
from connector.adapters.duckdb.views import (
    Objects,
    find_owners,
    find_repairs,
    find_superseded,
    find_unfit,
    list_objects,
    make_views,
    read_owner,
)
from connector.domain.entity import name_current, name_log
from connector.domain.instants import FIRST, to_text
from connector.domain.tables.current_table import KEPT_ROWS
from connector.domain.tables.evolution import (
    Evolution,
    adopt_types,
    evolve,
    find_retyped,
    fingerprint,
    walk_paths,
    widen,
)
from connector.domain.tables.schema import Column, Table
from connector.domain.tables.view_marks import build_two_logs
from connector.errors import ConfigurationError

__all__ = [
    "compare",
    "create",
    "describe_repairs",
    "drop_derived",
    "exists",
    "extend",
    "is_empty",
    "is_fit",
    "merge",
    "read_columns",
    "rename_log",
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


def is_fit(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    evolution: Evolution,
    objects: Objects,
    *,
    is_filled: bool,
) -> bool:
    """Whether the table and what is made from it are as this definition and the table's columns say."""
    if objects[table.name].comment != _comment(table) or evolution.added:
        return False
    if not _are_current_rows_fit(connection, table, evolution.columns, objects):
        return False
    if _find_holders(table, objects, is_filled=is_filled):
        return True
    return not (find_unfit(table, evolution.columns, objects) or find_superseded(table, objects))


def describe_repairs(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    """Return what the next run will mend of an existing table, to be added to a sentence; empty if that is nothing."""
    if not exists(connection, table.name):
        return ""
    return find_repairs(table, compare(connection, table).columns, list_objects(connection))


def compare(connection: duckdb.DuckDBPyConnection, table: Table) -> Evolution:
    """Return what the existing table lacks."""
    return evolve(read_described(connection, table.name), table.columns)


def create(connection: duckdb.DuckDBPyConnection, table: Table, *, is_filled: bool = True) -> None:
    """Create the table and its views, all or nothing.

    Current rows of a log that is gone go too: no run could find out any more which of them were deleted.
    """
    with _transaction(connection):
        if table.merge is not None:
            _drop_table(connection, table.merge.into.name)
        _create_table(connection, table)
        _make_dependents(connection, table, table.columns, is_filled=is_filled)


def extend(connection: duckdb.DuckDBPyConnection, table: Table, *, is_filled: bool = True) -> None:
    """Add the missing columns, widen the narrow ones and mend what is made from the table, all or nothing.

    A column with numbers too long for DuckDB's BIGNUMERIC stays as it is.
    """
    try:
        _extend(connection, table, widening=True, is_filled=is_filled)
    except duckdb.ConversionException:
        _extend(connection, table, widening=False, is_filled=is_filled)


def _extend(connection: duckdb.DuckDBPyConnection, table: Table, *, widening: bool, is_filled: bool) -> None:
    with _transaction(connection):
        if table.merge is not None and _holds_any(
            connection, table.merge.into.name, compare(connection, table).added
        ):
            _drop_table(connection, table.merge.into.name)  # its columns were dropped from the log
        _change_columns(connection, table, widening=widening)
        _make_dependents(connection, table, compare(connection, table).columns, is_filled=is_filled)


def rename_log(connection: duckdb.DuckDBPyConnection, before: str, after: str) -> bool:
    """Rename the log table of an entity; return False if there is none, raise ConfigurationError if there are both."""
    old, new = name_log(before), name_log(after)
    if not exists(connection, old):
        return False
    if exists(connection, new):
        raise build_two_logs(before, after)
    connection.execute(f"ALTER TABLE {quote(old)} RENAME TO {quote(new)}")
    return True


def drop_derived(connection: duckdb.DuckDBPyConnection, entity: str) -> list[str]:
    """Drop the views and current rows that were made for an entity; return their names."""
    objects = list_objects(connection)
    with _transaction(connection):
        views = [name for name, found in objects.items() if read_owner(found) == entity]
        for name in views:
            connection.execute(f"DROP VIEW {quote(name)}")
        kept = name_current(entity)
        tables = [kept] if kept in objects and objects[kept].comment.startswith(KEPT_ROWS) else []
        for name in tables:
            connection.execute(f"DROP TABLE {quote(name)}")
    return sorted(views + tables)


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
    connection: duckdb.DuckDBPyConnection, table: Table, columns: tuple[Column, ...], *, is_filled: bool
) -> None:
    """Make what is made from the log: the table of current rows, filled, and the views unless another entity holds them."""
    objects = list_objects(connection)
    if table.merge is not None:
        _keep_current_rows(connection, adopt_types(table.merge.into, columns), objects)
        merge(connection, table)
    if not _find_holders(table, objects, is_filled=is_filled):
        make_views(connection, table, columns, objects)
    describe(connection, "TABLE", table.name, _comment(table), columns)


def _find_holders(table: Table, objects: Objects, *, is_filled: bool) -> tuple[str, ...]:
    return () if is_filled else find_owners(table, objects)


def _keep_current_rows(connection: duckdb.DuckDBPyConnection, into: Table, objects: Objects) -> None:
    """Make the table of current rows, again if it has columns of other types than its log."""
    found = objects.get(into.name)
    if found is not None and found.is_view:
        connection.execute(f"DROP VIEW {quote(into.name)}")
    elif found is not None and any(find_retyped(read_columns(connection, into.name), into.columns)):
        _drop_table(connection, into.name)
    if exists(connection, into.name):
        _change_columns(connection, into, widening=False)
    else:
        _create_table(connection, into)
    describe(connection, "TABLE", into.name, into.description, into.columns)


def _are_current_rows_fit(
    connection: duckdb.DuckDBPyConnection, table: Table, columns: tuple[Column, ...], objects: Objects
) -> bool:
    if table.merge is None:
        return True
    into = adopt_types(table.merge.into, columns)
    found = objects.get(into.name)
    if found is None or found.is_view:
        return False
    held = [*read_columns(connection, into.name)]
    return not (any(find_retyped(held, into.columns)) or evolve(held, into.columns).added)


def _holds_any(connection: duckdb.DuckDBPyConnection, name: str, paths: frozenset[str]) -> bool:
    held = read_described(connection, name)
    return any(path in paths for column in held for path in walk_paths(column))


def _drop_table(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    if exists(connection, name):
        connection.execute(f"DROP TABLE {quote(name)}")


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
