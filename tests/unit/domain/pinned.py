"""What the connector makes of a small document, as text: every view, statement and column."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from connector.domain.entity import CurrentForm
from connector.domain.tables.log_queries import (
    build_days_query,
    build_ids_query,
    build_shared_ids_query,
    build_trail_query,
    build_trial_query,
    build_versions_query,
)
from connector.domain.tables.log_table import (
    LINE_META_COLUMNS,
    META_COLUMNS,
    build_table,
    build_trail_table,
)
from connector.domain.tables.schema import Column, ColumnType, Table
from connector.domain.tables.views import build_merged_view, build_views
from tests.builders import an_entity as a_vendor
from tests.contract.warehouse_current_contract import a_kept_table
from tests.contract.warehouse_rows import BUSINESS, LINES, PARTS, a_column, a_table, an_entity
from tests.unit.domain.records.test_pinned_records import CONTRACT

MIXED = {
    "x": (ColumnType.BOOL, ColumnType.NUMERIC),
    "y": (ColumnType.DATE, ColumnType.TIMESTAMP),
    "z": (ColumnType.JSON, ColumnType.STRING),
}
FOLDER = Path(__file__).with_name("pinned")
ENTITY = an_entity(line_views=(LINES, PARTS))
WIDE_VENDOR = a_vendor(
    bignumeric_fields=frozenset({"Wide", "Details/Amount", "AInt"}), current=CurrentForm.TABLE
)
CLASHING = (*BUSINESS, a_column("valid_to"), a_column("is_current"))


def build_texts() -> dict[str, str]:
    """Return every text by the name of the file that keeps it."""
    kept = a_kept_table()
    assert kept.merge is not None
    table = a_table(entity=ENTITY)
    mixed = build_views(an_entity(line_views=(PARTS,)), (*_mix(), *META_COLUMNS))[1]
    clashing = build_views(ENTITY, CLASHING + META_COLUMNS)[-1]
    return {
        **{f"{view.name}.sql": view.sql for view in table.views},
        "bills_history_of_clashing_names.sql": clashing.sql,
        "bill_parts_of_mixed_types.sql": mixed.sql,
        "bills_merged_daily.sql": build_merged_view(an_entity(), table.columns).sql,
        "bills_of_a_table.sql": build_views(an_entity(current=CurrentForm.TABLE), table.columns)[0].sql,
        "bills_current_merge.sql": kept.merge.sql,
        "query_versions.sql": build_versions_query(table),
        "query_versions_by_id.sql": build_versions_query(replace(table, stamp="last_modified"), 2),
        "query_shared_ids.sql": build_shared_ids_query(table, ["type", "reference_nbr"], 20),
        "query_ids.sql": build_ids_query(table, ["reference_nbr", "amount"]),
        "query_days.sql": build_days_query(table),
        "query_trail.sql": build_trail_query(build_trail_table(ENTITY)),
        "query_trail_of_days.sql": build_trail_query(table, [date(2026, 2, 28), date(2026, 1, 1)]),
        "query_trial.sql": build_trial_query(table),
        "query_trial_of_a_table.sql": build_trial_query(kept),
        "columns_of_a_contract.txt": "\n".join(_describe(build_table(WIDE_VENDOR, CONTRACT))),
        "columns.txt": "\n".join(_describe(table, kept, kept.merge.into, build_trail_table(ENTITY))),
    }


def _mix() -> Iterator[Column]:
    """Two collections whose lines have columns of one name and two types, lists of lines among them."""
    lots = a_column("lots", ColumnType.RECORD, repeated=True, fields=(a_column("nbr"),))
    for i, (member, lot) in enumerate({"details": lots, "tax_details": a_column("lots")}.items()):
        lines = (*LINE_META_COLUMNS, *(a_column(name, types[i]) for name, types in MIXED.items()), lot)
        yield a_column(member, ColumnType.RECORD, repeated=True, fields=lines)


def _describe(*tables: Table) -> Iterator[str]:
    for table in tables:
        yield f"{table.name} of {table.entity}, by {table.partition_by} and {table.cluster_by}: {table.description}"
        yield from _list(table.name, table.columns)
        for view in table.views:
            yield f"{view.name}: {view.description}"
            yield from _list(view.name, view.columns)


def _list(path: str, columns: tuple[Column, ...]) -> Iterator[str]:
    for column in columns:
        signs = ("repeated ",) * column.repeated + ("required ",) * column.required
        yield f"{path}.{column.name} {''.join(signs)}{column.type.value} {column.description}".rstrip()
        yield from _list(f"{path}.{column.name}", column.fields)
