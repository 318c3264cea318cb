"""What GoogleSQL answers to the views' texts over a few rows, and to queries over whole tables.

It knows no storage. Few rows are a common table expression of typed literals, so what is asked is a view's text as
BigQuery gets it, over rows of the test. Whole tables are handed to its evaluator as they are.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import msgspec
from zetasql.types import TypeKind
from zetasql.wasi._pb2.zetasql.local_service.local_service_pb2 import TableContent
from zetasql.wasi._pb2.zetasql.public.simple_table_pb2 import SimpleColumnProto, SimpleTableProto
from zetasql.wasi._pb2.zetasql.public.value_pb2 import ValueProto

from connector.domain.tables.schema import Column, ColumnType, Table
from connector.domain.tables.sql import DATASET, quote, render_type
from tests.stand_ins import googlesql_engine as engine

Rows = Sequence[Mapping[str, Any]]

SCALES = {TypeKind.TYPE_NUMERIC: 9, TypeKind.TYPE_BIGNUMERIC: 38}
WIDE = Context(prec=80)
EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """The columns of a query, each with its type as GoogleSQL names it, and its rows in order."""

    columns: Mapping[str, str]
    rows: list[tuple[Any, ...]]


def ask(
    sql: str, tables: Mapping[Table, Rows] | None = None, parameters: Mapping[str, str] | None = None
) -> Answer:
    """Return the answer to a query over these tables and their views; `parameters` are put in as text literals.

    Raises GoogleSqlError. Names of the dataset are written `{dataset}.name`.
    """
    return _run(_render(sql, tables, parameters))


def describe(
    sql: str, tables: Iterable[Table], parameters: Mapping[str, str] | None = None
) -> Mapping[str, str]:
    """Return the columns of the answer that `ask` gives over these tables, each with its type as GoogleSQL names it."""
    columns = engine.describe(_render(sql, dict.fromkeys(tables, ()), parameters))
    return {column.name: _name_type(column.type) for column in columns}


def _render(sql: str, tables: Mapping[Table, Rows] | None, parameters: Mapping[str, str] | None) -> str:
    for name, value in (parameters or {}).items():
        sql = sql.replace(f"@{name}", spell(value, ColumnType.STRING))
    parts = [part for table, rows in (tables or {}).items() for part in _render_parts(table, rows)]
    head = f"WITH {','.join(parts)}\n" if parts else ""
    return f"{head}SELECT * FROM (\n{sql}\n)".replace(f"{DATASET}.", "")


def analyse_statement(sql: str, tables: Sequence[Table]) -> None:
    """Raise GoogleSqlError unless this statement of any kind, a MERGE too, is right for these tables' columns."""
    catalog = engine.register([_build_table(table.name, table.columns) for table in tables])
    try:
        engine.analyse(sql.replace(f"{DATASET}.", ""), catalog)
    finally:
        engine.unregister(catalog)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Tables with their rows, held by the evaluator."""

    catalog: int

    def ask(self, sql: str) -> Answer:
        """Return the answer to a query that names the tables alone; raise GoogleSqlError."""
        return _run(sql, self.catalog)


@contextmanager
def loaded(tables: Mapping[str, tuple[Sequence[Column], Sequence[Sequence[Any]]]]) -> Iterator[Loaded]:
    """Hand over tables by name: their columns, none of them repeated, and their rows as Python has the values."""
    known = [_build_table(name, columns) for name, (columns, _) in tables.items()]
    content = {name: _build_content(columns, rows) for name, (columns, rows) in tables.items()}
    catalog = engine.register(known, content)
    try:
        yield Loaded(catalog)
    finally:
        engine.unregister(catalog)


def _build_table(name: str, columns: Sequence[Column]) -> Any:
    """Return the table as the catalog knows it; the engine itself turns our spelling of a type into one of its own."""
    read = engine.describe(_render_rows(columns, ()))
    typed = (
        SimpleColumnProto(name=column.name, type=found.type)
        for column, found in zip(columns, read, strict=True)
    )
    return SimpleTableProto(name=name, column=typed)


def _build_content(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> Any:
    content = TableContent()
    for row in rows:
        held = content.table_data.row.add()
        held.cell.extend(_build_value(value, column) for value, column in zip(row, columns, strict=True))
    return content


def _build_value(value: Any, column: Column) -> Any:
    if value is None:
        return ValueProto()
    if column.type is ColumnType.NUMERIC:
        whole = int(Decimal(value).scaleb(SCALES[TypeKind.TYPE_NUMERIC], WIDE))
        return ValueProto(numeric_value=whole.to_bytes(16, "little", signed=True))
    if column.type is ColumnType.TIMESTAMP:
        held = ValueProto()
        held.timestamp_value.FromDatetime(value)
        return held
    if column.type is ColumnType.DATE:
        return ValueProto(date_value=(value - EPOCH).days)
    names = {ColumnType.INT64: "int64", ColumnType.FLOAT64: "double", ColumnType.BOOL: "bool"}
    names |= {ColumnType.STRING: "string", ColumnType.JSON: "json"}
    return ValueProto(**{f"{names[column.type]}_value": value})


def spell(value: Any, kind: ColumnType) -> str:
    """Return a value as a literal of this scalar type; it comes as rows carry it, decimals and times as text."""
    if value is None:
        return f"CAST(NULL AS {kind})"
    if kind is ColumnType.JSON:
        return f"JSON {_quote_text(value if isinstance(value, str) else msgspec.json.encode(value).decode())}"
    if kind in (ColumnType.INT64, ColumnType.FLOAT64, ColumnType.BOOL, ColumnType.STRING):
        text = _quote_text(value) if isinstance(value, str) else str(value).upper()
        return f"CAST({text} AS {kind})"
    return f"{kind} {_quote_text(str(value))}"


def _quote_text(text: str) -> str:
    """A JSON string is a GoogleSQL literal too, but for the escapes of surrogate pairs, which msgspec does not write."""
    return msgspec.json.encode(text).decode()


def _render_parts(table: Table, rows: Rows) -> Iterator[str]:
    yield f"{quote(table.name)} AS (\n{_render_rows(table.columns, rows)}\n)"
    for view in table.views:
        yield f"{quote(view.name)} AS (\n{view.sql}\n)"


def _render_rows(columns: Sequence[Column], rows: Rows) -> str:
    empty = ", ".join(f"CAST(NULL AS {render_type(column)}) AS {quote(column.name)}" for column in columns)
    selects = [
        "SELECT " + ", ".join(_render_column(row.get(column.name), column) for column in columns)
        for row in rows
    ]
    return "\nUNION ALL ".join([f"(SELECT {empty} LIMIT 0)", *selects])


def _render_column(value: Any, column: Column) -> str:
    if not column.repeated:
        return spell(value, column.type)
    return f"CAST([{', '.join(_render_line(line, column) for line in value or ())}] AS {render_type(column)})"


def _render_line(line: Mapping[str, Any], column: Column) -> str:
    fields = (
        f"{_render_column(line.get(field.name), field)} AS {quote(field.name)}" for field in column.fields
    )
    return f"STRUCT({', '.join(fields)})"


def _run(sql: str, catalog: int | None = None) -> Answer:
    columns, found = engine.run(sql, catalog)
    kinds = [column.type for column in columns]
    names = [column.name for column in columns]
    rows = [tuple(_read(cell, kind) for cell, kind in zip(row.cell, kinds, strict=True)) for row in found]
    return Answer(columns=dict(zip(names, map(_name_type, kinds), strict=True)), rows=rows)


def _name_type(kind: Any) -> str:
    if kind.type_kind == TypeKind.TYPE_ARRAY:
        return f"ARRAY<{_name_type(kind.array_type.element_type)}>"
    if kind.type_kind == TypeKind.TYPE_STRUCT:
        fields = (
            f"{quote(field.field_name)} {_name_type(field.field_type)}" for field in kind.struct_type.field
        )
        return f"STRUCT<{', '.join(fields)}>"
    name: str = TypeKind(kind.type_kind).name.removeprefix("TYPE_")
    return "FLOAT64" if name == "DOUBLE" else name


def _read(value: Any, kind: Any) -> Any:
    """Return a value as Python has it: decimals exact, instants aware."""
    which = value.WhichOneof("value")
    if which is None:
        return None
    held = getattr(value, which)
    if kind.type_kind in SCALES:
        return Decimal(int.from_bytes(held, "little", signed=True)).scaleb(-SCALES[kind.type_kind], WIDE)
    if kind.type_kind == TypeKind.TYPE_DATE:
        return EPOCH + dt.timedelta(days=held)
    if kind.type_kind == TypeKind.TYPE_TIMESTAMP:
        return held.ToDatetime(tzinfo=dt.UTC)
    if kind.type_kind == TypeKind.TYPE_ARRAY:
        return [_read(element, kind.array_type.element_type) for element in held.element]
    if kind.type_kind == TypeKind.TYPE_STRUCT:
        fields = kind.struct_type.field
        return {
            field.field_name: _read(inner, field.field_type)
            for field, inner in zip(fields, held.field, strict=True)
        }
    return held
