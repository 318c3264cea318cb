"""Tables and views in the file: made, extended, and known again by a mark in the table's comment."""

from pathlib import Path

import duckdb

from connector.adapters.duckdb import current_rows
from connector.adapters.duckdb.comments import describe
from connector.adapters.duckdb.dialect import quote
from connector.adapters.duckdb.tables import (
    change_columns,
    compare,
    create_table,
    drop_table,
    exists,
    holds_any,
    transaction,
)
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
from connector.domain.tables.current_table import KEPT_ROWS
from connector.domain.tables.evolution import Evolution, fingerprint
from connector.domain.tables.schema import Column, Table
from connector.domain.tables.view_marks import build_two_logs
from connector.errors import ConfigurationError

REVISION = 3
"""Counts up when something else is made of the same table, so that existing files follow."""


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
    if not current_rows.is_fit(connection, table, evolution.columns, objects):
        return False
    if _find_holders(table, objects, is_filled=is_filled):
        return True
    return not (find_unfit(table, evolution.columns, objects) or find_superseded(table, objects))


def describe_repairs(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    """Return what the next run will mend of an existing table, to be added to a sentence; empty if that is nothing."""
    if not exists(connection, table.name):
        return ""
    return find_repairs(table, compare(connection, table).columns, list_objects(connection))


def create(connection: duckdb.DuckDBPyConnection, table: Table, *, is_filled: bool = True) -> None:
    """Create the table and its views, all or nothing.

    Current rows of a log that is gone go too: no run could find out any more which of them were deleted.
    """
    with transaction(connection):
        if table.merge is not None:
            drop_table(connection, table.merge.into.name)
        create_table(connection, table)
        _make_dependents(connection, table, table.columns, is_filled=is_filled)


def extend(
    connection: duckdb.DuckDBPyConnection, table: Table, evolution: Evolution, *, is_filled: bool = True
) -> Evolution:
    """Add the missing columns, widen the narrow ones and mend what is made from the table, all or nothing.

    `evolution` is what the table lacks; what it lacks afterwards is returned. A column with numbers too long for DuckDB's
    BIGNUMERIC stays as it is.
    """
    try:
        return _extend(connection, table, evolution, widening=True, is_filled=is_filled)
    except duckdb.ConversionException:
        return _extend(connection, table, evolution, widening=False, is_filled=is_filled)


def _extend(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    evolution: Evolution,
    *,
    widening: bool,
    is_filled: bool,
) -> Evolution:
    with transaction(connection):
        if table.merge is not None and holds_any(connection, table.merge.into.name, evolution.added):
            drop_table(connection, table.merge.into.name)  # its columns were dropped from the log
        if change_columns(connection, table.name, evolution, widening=widening):
            evolution = compare(connection, table)
        _make_dependents(connection, table, evolution.columns, is_filled=is_filled)
        return evolution


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
    with transaction(connection):
        views = [name for name, found in objects.items() if read_owner(found) == entity]
        for name in views:
            connection.execute(f"DROP VIEW {quote(name)}")
        kept = name_current(entity)
        tables = [kept] if kept in objects and objects[kept].comment.startswith(KEPT_ROWS) else []
        for name in tables:
            connection.execute(f"DROP TABLE {quote(name)}")
    return sorted(views + tables)


def require_folder(path: Path) -> None:
    """Raise ConfigurationError when a file cannot be made at the path."""
    if not path.parent.is_dir():
        raise ConfigurationError(
            f"The folder of {path} does not exist", action="Create it, or correct WAREHOUSE."
        )


def _make_dependents(
    connection: duckdb.DuckDBPyConnection, table: Table, columns: tuple[Column, ...], *, is_filled: bool
) -> None:
    """Make what is made from the log: the table of current rows, filled, and the views unless another entity holds them."""
    objects = list_objects(connection)
    if table.merge is not None:
        current_rows.make(connection, table.merge, columns, objects)
    if not _find_holders(table, objects, is_filled=is_filled):
        make_views(connection, table, columns, objects)
    describe(connection, "TABLE", table.name, _comment(table), columns)


def _find_holders(table: Table, objects: Objects, *, is_filled: bool) -> tuple[str, ...]:
    return () if is_filled else find_owners(table, objects)


def _comment(table: Table) -> str:
    return f"{table.description} [layout {fingerprint(table, REVISION)}]"
