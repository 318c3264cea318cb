"""GoogleSQL, the engine whose dialect BigQuery speaks: its analyser and its reference evaluator, run as WebAssembly.

It knows no storage. A table is a common table expression of typed literals, so what is asked is a view's text as
BigQuery gets it, over rows of the test. Compiling the engine takes half a minute of a core, so it is kept compiled in
`.stand-ins/`.
"""

import datetime as dt
import fcntl
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from wasmtime import Engine, Module
from zetasql.api import Analyzer, CatalogBuilder, PreparedQuery, TableBuilder
from zetasql.core import ZetaSqlLocalService, wasm_client
from zetasql.core.exceptions import ServerError
from zetasql.types import (
    AnalyzerOptions,
    EvaluateQueryRequest,
    LanguageOptions,
    SimpleCatalog,
    SimpleTable,
    TypeKind,
    ZetaSQLBuiltinFunctionOptions,
)
from zetasql.wasi._pb2.zetasql.local_service.local_service_pb2 import EvaluateQueryResponse

from connector.domain.tables.schema import Column, ColumnType, Table
from connector.domain.tables.sql import DATASET, quote, render_type
from tests.stand_ins.install import ROOT

Rows = Sequence[Mapping[str, Any]]

SCALES = {TypeKind.TYPE_NUMERIC: 9, TypeKind.TYPE_BIGNUMERIC: 38}
WIDE = Context(prec=80)
EPOCH = dt.date(1970, 1, 1)


class GoogleSqlError(Exception):
    """What GoogleSQL says of a text that it refuses, or of values it cannot work with."""


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
    for name, value in (parameters or {}).items():
        sql = sql.replace(f"@{name}", spell(value, ColumnType.STRING))
    parts = [part for table, rows in (tables or {}).items() for part in _render_parts(table, rows)]
    head = f"WITH {','.join(parts)}\n" if parts else ""
    return _run(f"{head}SELECT * FROM (\n{sql}\n)".replace(f"{DATASET}.", ""))


def analyse_statement(sql: str, tables: Sequence[Table]) -> None:
    """Raise GoogleSqlError unless this statement of any kind, a MERGE too, is right for these tables' columns."""
    options, catalog = _prepare_engine()
    known = replace(catalog, table=[_build_table(table) for table in tables])
    options = replace(
        options, language_options=replace(options.language_options, supported_statement_kinds=[])
    )
    try:
        Analyzer(options, known).analyze_statement(sql.replace(f"{DATASET}.", ""))
    except ServerError as error:
        raise GoogleSqlError(str(error)) from error


def _build_table(table: Table) -> SimpleTable:
    """Return the table as the catalog knows it; the engine itself turns our spelling of a type into one of its own."""
    builder = TableBuilder(table.name)
    for name, kind in zip((column.name for column in table.columns), _read_types(table), strict=True):
        builder.add_column(name, kind)
    return builder.build()


def _read_types(table: Table) -> list[Any]:
    options, catalog = _prepare_engine()
    builder = PreparedQuery.builder().set_sql(_render_rows(table.columns, ()))
    with builder.set_analyzer_options(options).set_catalog(catalog).prepare() as query:
        return [column.type for column in query.columns]


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


def _run(sql: str) -> Answer:
    options, catalog = _prepare_engine()
    builder = PreparedQuery.builder().set_sql(sql).set_analyzer_options(options).set_catalog(catalog)
    try:
        with builder.prepare() as query:
            found = _evaluate(query.prepared_query_id)
            kinds = [column.type for column in query.columns]
            names = [column.name for column in query.columns]
    except ServerError as error:
        raise GoogleSqlError(str(error)) from error
    rows = [tuple(_read(cell, kind) for cell, kind in zip(row.cell, kinds, strict=True)) for row in found]
    return Answer(columns=dict(zip(names, map(_name_type, kinds), strict=True)), rows=rows)


def _evaluate(prepared_query: int) -> Sequence[Any]:
    """Return the rows as messages of the engine: its Python models lose the content of timestamps."""
    response = ZetaSqlLocalService.get_instance().wasm_client.call_grpc_func(
        "ZetaSqlLocalService_EvaluateQuery",
        EvaluateQueryRequest(prepared_query_id=prepared_query).to_proto(),
        EvaluateQueryResponse,
    )
    rows: Sequence[Any] = response.content.table_data.row
    return rows


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


@cache
def _prepare_engine() -> tuple[AnalyzerOptions, SimpleCatalog]:
    """Return the options BigQuery works with; QUALIFY is a reserved word there."""
    _keep_compiled()
    language = LanguageOptions.maximum_features()
    functions = ZetaSQLBuiltinFunctionOptions(language_options=language)
    catalog = CatalogBuilder("connector").with_builtin_functions(functions).build()
    ZetaSqlLocalService.get_instance()
    return AnalyzerOptions(language_options=language, default_timezone="UTC"), catalog


def _keep_compiled() -> None:
    """Have the engine's module compiled once for all test processes, in place of once for each."""

    def load(engine: Engine, path: str) -> Module:
        source = Path(path)
        digest = blake2b(
            f"{sys.version} {source.stat().st_size} {_version()}".encode(), digest_size=8
        ).hexdigest()
        compiled = ROOT / f"googlesql-{digest}.bin"
        ROOT.mkdir(exist_ok=True)
        with (ROOT / "googlesql.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not compiled.exists():
                partial = compiled.with_suffix(".part")
                partial.write_bytes(bytes(Module(engine, source.read_bytes()).serialize()))
                partial.rename(compiled)
        return Module.deserialize_file(engine, str(compiled))

    wasm_client.Module = type("Module", (), {"from_file": staticmethod(load)})


def _version() -> str:
    from importlib.metadata import version

    return f"{version('zetasql')} {version('wasmtime')}"
