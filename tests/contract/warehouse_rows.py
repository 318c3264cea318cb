"""A small document with lines, as a catalogue block, a table and rows of it."""

import json
from dataclasses import replace
from typing import Any

from msgspec import structs

from connector.domain.batch import Append, Row
from connector.domain.entity import Entity, LineView
from connector.domain.run import WriteMethod
from connector.domain.tables.log_table import LINE_META_COLUMNS, META_COLUMNS
from connector.domain.tables.schema import Column, ColumnType, Table
from connector.domain.tables.views import build_views

ALLOCATION = (
    Column(name="lot", type=ColumnType.STRING),
    Column(name="quantity", type=ColumnType.NUMERIC),
)
LINE = (
    *LINE_META_COLUMNS,
    Column(name="account", type=ColumnType.STRING, description="Bill.Details.Account (string)"),
    Column(name="amount", type=ColumnType.NUMERIC),
    Column(name="allocations", type=ColumnType.RECORD, repeated=True, fields=ALLOCATION),
)
TAX = (
    *LINE_META_COLUMNS,
    Column(name="tax_id", type=ColumnType.STRING),
    Column(name="amount", type=ColumnType.NUMERIC),
)
BUSINESS = (
    Column(name="type", type=ColumnType.STRING, description="Bill.Type (string)"),
    Column(name="reference_nbr", type=ColumnType.STRING, description="Bill.ReferenceNbr (string)"),
    Column(name="amount", type=ColumnType.NUMERIC),
    Column(name="rate", type=ColumnType.FLOAT64),
    Column(name="lines", type=ColumnType.INT64),
    Column(name="hold", type=ColumnType.BOOL),
    Column(name="due_date", type=ColumnType.DATE),
    Column(name="created_at", type=ColumnType.TIMESTAMP),
    Column(name="details", type=ColumnType.RECORD, repeated=True, description="Bill.Details", fields=LINE),
    Column(name="tax_details", type=ColumnType.RECORD, repeated=True, fields=TAX),
)


LINES = LineView(name="bill_lines", details=("Details",), prefix="bill_")
PARTS = LineView(name="bill_parts", details=("Details", "TaxDetails"), prefix="bill_", parent="all")


def a_column(name: str, column_type: ColumnType = ColumnType.STRING, **more: Any) -> Column:
    return Column(name=name, type=column_type, **more)


def an_entity(**changes: Any) -> Entity:
    entity = Entity(
        name="bills",
        acumatica_entity="Bill",
        keys=("Type", "ReferenceNbr"),
        current_view="bills",
        schedule="0 * * * *",
        line_views=(LINES,),
    )
    return structs.replace(entity, **changes)


def a_table(business: tuple[Column, ...] = BUSINESS, entity: Entity | None = None, **changes: Any) -> Table:
    entity = entity or an_entity()
    columns = business + META_COLUMNS
    table = Table(
        name=entity.log_table,
        entity=entity.name,
        columns=columns,
        description="Bills, one row per version. It's the log.",
        partition_by="_synced_at",
        cluster_by=("_id",),
        views=build_views(entity, columns),
    )
    return replace(table, **changes)


def a_log() -> Table:
    """The table alone, for what no view is needed for: making views takes a warehouse longest."""
    return a_table(views=())


def a_row(record: str = "r1", version: str = "v1", extra: bytes = b"", **columns: Any) -> Row:
    """A row by its columns; `modified_at` and `synced_at` are hours of 2026-01-01."""
    modified, synced = columns.pop("modified_at", 1), columns.pop("synced_at", 2)
    data = {
        "_id": record,
        "_modified_at": None if modified is None else an_hour(modified),
        "_version": version,
        "_deleted": columns.pop("deleted", False),
        "_synced_at": an_hour(synced),
        "_run_id": f"run-{synced}",
        **columns,
    }
    text = json.dumps({name: value for name, value in data.items() if value is not None})
    return Row(insert_id=f"{record}-{version}", head=text.encode(), extra=extra)


def an_hour(hour: int) -> str:
    return f"2026-01-01T{hour:02}:00:00Z"


def an_append(
    *rows: Row,
    table: Table | None = None,
    method: WriteMethod = WriteMethod.LOAD,
    batch_id: str = "run-1-page-1",
) -> Append:
    return Append(table=table or a_log(), rows=rows, method=method, batch_id=batch_id)
