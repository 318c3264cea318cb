"""Our types and BigQuery's SQL in DuckDB's words, and back."""

from collections.abc import Iterator
from functools import lru_cache

import duckdb
import sqlglot
from duckdb.sqltypes import DuckDBPyType
from sqlglot import exp

from connector.domain.tables.evolution import FOREIGN
from connector.domain.tables.schema import Column, ColumnType
from connector.domain.tables.sql import DATASET, IS_NEWEST

TYPES = {
    ColumnType.STRING: "VARCHAR",
    ColumnType.NUMERIC: "DECIMAL(38,9)",
    ColumnType.BIGNUMERIC: "DECIMAL(38,18)",
    ColumnType.FLOAT64: "DOUBLE",
    ColumnType.INT64: "BIGINT",
    ColumnType.BOOL: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    ColumnType.JSON: "JSON",
}
"""DuckDB's widest decimal has 38 digits: a BIGNUMERIC here holds 20 before the point and 18 after it."""

COLUMN_TYPES = {name: column_type for column_type, name in TYPES.items()}
DECIMALS = {
    exp.DataType.Type.DECIMAL: TYPES[ColumnType.NUMERIC],
    exp.DataType.Type.BIGDECIMAL: TYPES[ColumnType.BIGNUMERIC],
}

TRANSLATION = 1
"""Counts up when a text is translated otherwise, so that existing views follow."""
NEWEST = sqlglot.parse_one(IS_NEWEST, read="bigquery")
RANK = """\
{'stamp': COALESCE("_modified_at", TIMESTAMPTZ '-infinity'), 'read_at': "_synced_at", 'version': "_version", \
'is_live': NOT "_deleted", 'place': rowid}"""
"""What orders the versions of a record as `IS_NEWEST` does, with the place of the row at its end."""


def quote(name: str) -> str:
    """Return the name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Return the text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def render_type(column: Column) -> str:
    """Return the column's type as DuckDB names it."""
    if column.type is not ColumnType.RECORD:
        spelled = TYPES[column.type]
    else:
        fields = ", ".join(f"{quote(field.name)} {render_type(field)}" for field in column.fields)
        spelled = f"STRUCT({fields})"
    return f"{spelled}[]" if column.repeated else spelled


def read_column(name: str, held: DuckDBPyType) -> Column:
    """Return the column of an existing table; one whose type the connector never makes is FOREIGN."""
    repeated = held.id == "list"
    inner = _read_children(held)["child"] if repeated else held
    if inner.id == "struct":
        fields = tuple(read_column(field, kind) for field, kind in _read_children(inner).items())
        return Column(name=name, type=ColumnType.RECORD, repeated=repeated, fields=fields)
    return Column(name=name, type=COLUMN_TYPES.get(str(inner), FOREIGN), repeated=repeated)


def _read_children(held: DuckDBPyType) -> dict[str, DuckDBPyType]:
    return {name: kind for name, kind in held.children if isinstance(kind, DuckDBPyType)}


def read_columns(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[Column]:
    """Yield the columns of an existing table."""
    relation = connection.table(quote(table))
    return (read_column(name, held) for name, held in zip(relation.columns, relation.types, strict=True))


@lru_cache(maxsize=256)
def translate(sql: str) -> str:
    """Return BigQuery's SQL as DuckDB's. Bare decimals get their widths: DuckDB's own default has 18 digits."""
    tree = sqlglot.parse_one(sql.replace(f"{DATASET}.", ""), read="bigquery")
    for select in list(tree.find_all(exp.Select)):
        _find_newest_first(select)
    for held in list(tree.find_all(exp.DataType)):
        if held.this in DECIMALS and not held.expressions:
            held.replace(exp.DataType.build(DECIMALS[held.this], dialect="duckdb"))
    return tree.sql(dialect="duckdb")


def _find_newest_first(select: exp.Select) -> None:
    """Let a query of newest rows find them by a few narrow columns, and read the others of those rows alone.

    DuckDB would carry every column of every version through the window. It joins by id, too, so that a filter on ids reaches
    the search. A query with another window, which has to see all rows, or with a column `rowid` of its own stays as it is.
    """
    qualify, source = select.args.get("qualify"), select.find(exp.From)
    shown = select.expressions
    if qualify is None or source is None or any(column.find(exp.Window) for column in shown):
        return
    conditions = [*qualify.this.flatten()] if isinstance(qualify.this, exp.And) else [qualify.this]
    if NEWEST not in conditions or any(column.alias_or_name.lower() == "rowid" for column in shown):
        return
    search = exp.select('"_id" AS _top_id', f"MAX({RANK}) AS _top", dialect="duckdb")
    search = search.from_(source.this.copy()).group_by('"_id"', dialect="duckdb")
    search.set("where", select.args.get("where"))
    select.set("where", None)
    select.set("qualify", None)
    select.join(
        search.subquery("_search"), on='"_id" = _top_id AND rowid = _top.place', dialect="duckdb", copy=False
    )
    if len(conditions) > 1:
        select.where("_top.is_live", dialect="duckdb", copy=False)
