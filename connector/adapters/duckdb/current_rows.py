"""The table of current rows in the file: updated from the log at the end of a run that appended something, however it ended.

Before rows go into the log, the comment of the table of current rows says since when it is behind. That goes when a MERGE from
there on is done. So a run that dies between the rows and the MERGE leaves its work to the next one, and a run that finds no
such word has nothing to do.
"""

import re
from collections.abc import Sequence
from datetime import datetime

import duckdb

from connector.adapters.duckdb.comments import describe
from connector.adapters.duckdb.dialect import quote, quote_text, read_columns
from connector.adapters.duckdb.tables import (
    change_columns,
    compare,
    create_table,
    drop_table,
    exists,
    transaction,
)
from connector.adapters.duckdb.translation import translate
from connector.adapters.duckdb.views import Objects
from connector.domain.batch import Row
from connector.domain.instants import FIRST, from_text, to_text
from connector.domain.tables.current_table import find_earliest_read
from connector.domain.tables.evolution import adopt_types, evolve, find_retyped
from connector.domain.tables.schema import Column, Merge, Table

BEHIND = re.compile(r" \[behind since (\S+)\]$")


def is_fit(
    connection: duckdb.DuckDBPyConnection, table: Table, columns: tuple[Column, ...], objects: Objects
) -> bool:
    """Whether the table's current rows are there with the columns of its log; True if it keeps none."""
    if table.merge is None:
        return True
    into = adopt_types(table.merge.into, columns)
    found = objects.get(into.name)
    if found is None or found.is_view:
        return False
    held = [*read_columns(connection, into.name)]
    return not (any(find_retyped(held, into.columns)) or evolve(held, into.columns).added)


def make(
    connection: duckdb.DuckDBPyConnection, merge: Merge, columns: tuple[Column, ...], objects: Objects
) -> None:
    """Make the table of current rows of a log with these columns, again if its own have other types, and fill it."""
    into = adopt_types(merge.into, columns)
    found = objects.get(into.name)
    if found is not None and found.is_view:
        connection.execute(f"DROP VIEW {quote(into.name)}")
    elif found is not None and any(find_retyped(read_columns(connection, into.name), into.columns)):
        drop_table(connection, into.name)
    if exists(connection, into.name):
        change_columns(connection, into.name, compare(connection, into), widening=False)
    else:
        create_table(connection, into)
    describe(connection, "TABLE", into.name, into.description, into.columns)
    _merge(connection, merge)


def note(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> None:
    """Before these rows are appended, record that the current rows are behind from the earliest of them on."""
    if table.merge is None or not rows:
        return
    comment = _read_comment(connection, table.merge.into.name)
    if comment is None:
        return  # they are filled from the whole log when they are made
    earliest = find_earliest_read(rows)
    behind = BEHIND.search(comment)
    if behind is None or from_text(behind[1]) > earliest:
        told = f"{BEHIND.sub('', comment)} [behind since {to_text(earliest)}]"
        _comment(connection, table.merge.into.name, told)


def refresh(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Merge the rows of the log since the current rows fell behind, if they did."""
    if table.merge is None:
        return
    comment = _read_comment(connection, table.merge.into.name)
    if comment is not None and (behind := BEHIND.search(comment)):
        with transaction(connection):
            _merge(connection, table.merge, from_text(behind[1]))
            _comment(connection, table.merge.into.name, BEHIND.sub("", comment))


def _merge(connection: duckdb.DuckDBPyConnection, merge: Merge, since: datetime = FIRST) -> None:
    connection.execute(translate(merge.sql), {"since": to_text(since)})


def _read_comment(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """Return the comment of a table; None if there is no such table."""
    found = connection.execute(
        "SELECT comment FROM duckdb_tables() WHERE schema_name = 'main' AND table_name = $name",
        {"name": name},
    ).fetchone()
    return None if found is None else found[0] or ""


def _comment(connection: duckdb.DuckDBPyConnection, name: str, comment: str) -> None:
    connection.execute(f"COMMENT ON TABLE {quote(name)} IS {quote_text(comment)}")
