"""BigQuery's SQL in DuckDB's words. Apart from the names and types, because a question to the file needs no translator."""

from functools import lru_cache

import sqlglot
from sqlglot import exp

from connector.adapters.duckdb.dialect import TYPES
from connector.domain.tables.schema import ColumnType
from connector.domain.tables.sql import DATASET, IS_NEWEST

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
