"""Views in the file: each carries its owner and a mark in its comment, by which one that somebody replaced is known."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from connector.adapters.duckdb.comments import describe
from connector.adapters.duckdb.dialect import quote
from connector.adapters.duckdb.translation import TRANSLATION, translate
from connector.domain.tables.current_table import KEPT_ROWS
from connector.domain.tables.schema import Column, Table, View
from connector.domain.tables.view_marks import describe_repairs, list_others, mark_views
from connector.errors import ConfigurationError

OWNER = re.compile(r" \[view of (\w+), [0-9a-f]{32}\]$")
SHOWN_LOG = re.compile(r'\bFROM "?(\w+)_(?:log|current)\b')
"""Tells whose log a current view shows that has no mark: releases before this one made none."""
OBJECTS = """\
SELECT view_name, TRUE, comment FROM duckdb_views()
WHERE NOT internal AND database_name = current_database() AND schema_name = current_schema()
UNION ALL
SELECT table_name, FALSE, comment FROM duckdb_tables()
WHERE NOT internal AND database_name = current_database() AND schema_name = current_schema()"""
TEXTS = """\
SELECT view_name, sql FROM duckdb_views()
WHERE NOT internal AND database_name = current_database() AND schema_name = current_schema()"""
"""Asked for where a view has no mark: to spell the texts takes DuckDB longer than to find the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A table or view of the file."""

    is_view: bool
    comment: str
    sql: str
    """What a view without a mark was made from; of all else empty."""


Objects = Mapping[str, Listed]
"""Every table and view of the file by name."""


def list_objects(connection: duckdb.DuckDBPyConnection) -> Objects:
    """Return what the file holds."""
    found = connection.execute(OBJECTS).fetchall()
    unmarked = {name for name, is_view, comment in found if is_view and not OWNER.search(comment or "")}
    texts = connection.execute(TEXTS).fetchall() if unmarked else ()
    told = {name: sql or "" for name, sql in texts if name in unmarked}
    return {
        name: Listed(is_view=is_view, comment=comment or "", sql=told.get(name, ""))
        for name, is_view, comment in found
    }


def find_repairs(table: Table, columns: Sequence[Column], objects: Objects) -> str:
    """Return what the next run will mend, to be added to a sentence; empty if that is nothing."""
    return describe_repairs(
        find_unfit(table, columns, objects),
        find_owners(table, objects),
        find_superseded(table, objects),
        objects,
    )


def find_unfit(table: Table, columns: Sequence[Column], objects: Objects) -> list[View]:
    """Return the views that are missing or were not made by this definition, over a log with these columns."""
    marks = mark_views(table, columns, TRANSLATION)
    return [
        view
        for view in table.views
        if not (
            (found := objects.get(view.name))
            and found.is_view
            and found.comment == _comment(table, view, marks)
        )
    ]


def find_owners(table: Table, objects: Objects) -> tuple[str, ...]:
    """Return the other entities whose logs the table's views show."""
    found = (objects.get(view.name) for view in table.views)
    owners = (read_owner(item) for item in found if item is not None and item.is_view)
    return list_others(owners, table, objects)


def find_superseded(table: Table, objects: Objects) -> list[str]:
    """Return the tables of the connector's own that this definition supersedes."""
    return [
        name
        for name in table.superseded
        if (found := objects.get(name)) and not found.is_view and found.comment.startswith(KEPT_ROWS)
    ]


def make_views(
    connection: duckdb.DuckDBPyConnection, table: Table, columns: Sequence[Column], objects: Objects
) -> None:
    """Drop superseded tables, and make every view that is not as it should be, in their order."""
    superseded = find_superseded(table, objects)
    marks = mark_views(table, columns, TRANSLATION)
    for name in superseded:
        connection.execute(f"DROP TABLE {quote(name)}")
    for view in find_unfit(table, columns, objects):
        found = objects.get(view.name)
        if found is not None and not found.is_view and view.name not in superseded:
            raise ConfigurationError(
                f"{view.name} in the DuckDB file is a table, where a view should be",
                action="Rename or drop it, or give the view another name in the catalogue.",
            )
        connection.execute(f"CREATE OR REPLACE VIEW {quote(view.name)} AS {translate(view.sql)}")
        describe(connection, "VIEW", view.name, _comment(table, view, marks), view.columns)


def _comment(table: Table, view: View, marks: Mapping[str, str]) -> str:
    return f"{view.description} [view of {table.entity}, {marks[view.name]}]"


def read_owner(found: Listed) -> str | None:
    """Return the entity that a view was made for; None if it is not the connector's."""
    if not found.is_view:
        return None
    owner = OWNER.search(found.comment) or SHOWN_LOG.search(found.sql)
    return owner[1] if owner else None
