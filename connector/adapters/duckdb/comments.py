"""Descriptions of columns in the file. DuckDB has comments for columns alone, so one tells of the fields inside too."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import duckdb

from connector.adapters.duckdb.dialect import quote, quote_text, read_columns
from connector.domain.tables.schema import Column

INSIDE = "\n{"
"""Begins what a comment tells of the fields inside: a JSON object, dotted path to description."""


def render_comment(column: Column) -> str:
    """Return the comment that describes a column and the fields inside of it; empty when there is nothing to tell."""
    inside = dict(_walk(column, ""))
    return f"{column.description}\n{json.dumps(inside, ensure_ascii=False)}" if inside else column.description


def describe(
    connection: duckdb.DuckDBPyConnection, kind: str, name: str, comment: str, columns: Iterable[Column]
) -> None:
    """Comment on a TABLE or VIEW and on its columns."""
    statements = [f"COMMENT ON {kind} {quote(name)} IS {quote_text(comment)}"]
    for column in columns:
        if told := render_comment(column):
            place = f"{quote(name)}.{quote(column.name)}"
            statements.append(f"COMMENT ON COLUMN {place} IS {quote_text(told)}")
    connection.execute(";\n".join(statements))


def read_described(connection: duckdb.DuckDBPyConnection, name: str) -> tuple[Column, ...]:
    """Return the columns of a table or view with their descriptions; none when it is not there."""
    found = connection.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = $name",
        {"name": name},
    ).fetchall()
    if not found:
        return ()
    comments = {column: comment or "" for column, comment in found}
    return tuple(_describe(column, comments[column.name]) for column in read_columns(connection, name))


def _walk(column: Column, path: str) -> Iterator[tuple[str, str]]:
    for inner in column.fields:
        if inner.description:
            yield path + inner.name, inner.description
        yield from _walk(inner, f"{path}{inner.name}.")


def _describe(column: Column, comment: str) -> Column:
    if not comment:
        return column
    description, marker, inside = comment.rpartition(INSIDE)
    if not column.fields or not marker:
        return replace(column, description=comment)
    try:
        described: dict[str, Any] = json.loads("{" + inside)
    except (ValueError, RecursionError):  # a comment that somebody else wrote
        return replace(column, description=comment)
    return replace(column, description=description, fields=tuple(_describe_inside(column, described, "")))


def _describe_inside(column: Column, described: Mapping[str, Any], path: str) -> Iterator[Column]:
    for inner in column.fields:
        here = path + inner.name
        yield replace(
            inner,
            description=str(described.get(here, "")),
            fields=tuple(_describe_inside(inner, described, f"{here}.")),
        )
