"""Which columns of which tables a query in BigQuery's dialect reads, through the views, and whether of the last partitions alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp, parse_one
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from connector.domain.tables.schema import Table
from connector.domain.tables.sql import DATASET

BIGQUERY = "bigquery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One look at a table: the columns that are needed of it; `is_recent`: of its last partitions alone, by a literal."""

    table: str
    columns: frozenset[str]
    is_recent: bool


def find_reads(sql: str, tables: Sequence[Table]) -> list[Read]:
    """Return each look that a query on the tables and their views takes at a table, once for each time it is named.

    Columns that nothing needs are dropped through all levels. A repeated column counts as a whole.
    """
    schema: dict[str, object] = {table.name: _describe(table) for table in _list_tables(tables)}
    views = {view.name: view.sql for table in tables for view in table.views}
    tree = parse_one(_strip(sql), dialect=BIGQUERY)
    while shown := [found for found in tree.find_all(exp.Table) if found.name in views]:
        for found in shown:
            text = parse_one(_strip(views[found.name]), dialect=BIGQUERY)
            alias = exp.TableAlias(this=exp.to_identifier(found.alias_or_name))
            found.replace(exp.Subquery(this=text, alias=alias))
    pruned = pushdown_projections(qualify(tree, schema=schema, dialect=BIGQUERY))
    return [read for scope in traverse_scope(pruned) for read in _find_in_scope(scope)]


def _list_tables(tables: Sequence[Table]) -> Iterator[Table]:
    for table in tables:
        yield table
        if table.merge is not None:
            yield table.merge.into


def _strip(sql: str) -> str:
    return sql.replace(f"{DATASET}.", "").replace("acumatica.", "")


def _describe(table: Table) -> Mapping[str, str]:
    """Return the types of the columns, as far as names are found by them."""
    return {
        column.name: "ARRAY<STRUCT<x INT64>>" if column.repeated else column.type.value
        for column in table.columns
    }


def _find_in_scope(scope: Scope) -> Iterator[Read]:
    for alias, source in scope.sources.items():
        if isinstance(source, exp.Table):
            columns = frozenset(column.name for column in scope.columns if column.table == alias)
            yield Read(table=source.name, columns=columns, is_recent=_is_pruned(scope))


def _is_pruned(scope: Scope) -> bool:
    """Whether the rows are chosen by a literal for the column that the table is partitioned by."""
    where = scope.expression.args.get("where")
    bounds = where.find_all(exp.GTE) if where is not None else ()
    return any(
        isinstance(bound.this, exp.Column)
        and bound.this.name == "_synced_at"
        and not bound.expression.find(exp.Column)
        for bound in bounds
    )
