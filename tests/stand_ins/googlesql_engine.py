"""GoogleSQL, the engine whose dialect BigQuery speaks, run as WebAssembly: its analyser and its reference evaluator.

Compiling it takes half a minute of a core, so it is kept compiled in `.stand-ins/`. Requests and answers are its own
messages: the Python models made of them lose timestamps, and making them takes longer than most queries.
"""

import ctypes
import fcntl
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from wasmtime import Engine, Module
from zetasql.api import CatalogBuilder
from zetasql.core import ZetaSqlLocalService, wasm_client
from zetasql.core.exceptions import ServerError
from zetasql.types import AnalyzerOptions, LanguageFeature, LanguageOptions, ZetaSQLBuiltinFunctionOptions
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as messages
from zetasql.wasi._pb2.zetasql.public.simple_table_pb2 import SimpleColumnProto

from tests.stand_ins.install import ROOT

OF_STATEMENTS = (
    LanguageFeature.FEATURE_ALTER_COLUMN_SET_DATA_TYPE,
    LanguageFeature.FEATURE_CREATE_VIEWS_WITH_COLUMN_OPTIONS,
    LanguageFeature.FEATURE_COLLATION_SUPPORT,
)
"""What BigQuery takes in statements, though it is not among the features of queries."""

Answer = TypeVar("Answer", bound=Message)


class GoogleSqlError(Exception):
    """What GoogleSQL says of a text that it refuses, or of values it cannot work with."""


def install() -> str:
    """Have the engine compiled and load it; return its release."""
    _keep_compiled()
    ZetaSqlLocalService.get_instance()
    return version("zetasql")


def register(tables: Sequence[Any] = (), content: Mapping[str, Any] | None = None) -> int:
    """Return the number of a catalog with these `SimpleTableProto`; `content` maps their names to a `TableContent`."""
    functions = ZetaSQLBuiltinFunctionOptions(language_options=_language())
    builder = CatalogBuilder("connector").with_builtin_functions(functions)
    catalog = builder.build().to_proto()
    catalog.table.extend(tables)
    request = messages.RegisterCatalogRequest(simple_catalog=catalog, table_content=dict(content or {}))
    return int(_call("RegisterCatalog", request, messages.RegisterResponse).registered_id)


def unregister(catalog: int) -> None:
    """Forget a catalog."""
    _call("UnregisterCatalog", messages.UnregisterRequest(registered_id=catalog), Empty)


def run(sql: str, catalog: int | None = None) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return the columns and the rows of a query as messages; raise GoogleSqlError."""
    request = messages.PrepareQueryRequest(
        sql=sql,
        options=_options(),
        registered_catalog_id=_without_tables() if catalog is None else catalog,
    )
    prepared = _call("PrepareQuery", request, messages.PrepareQueryResponse).prepared
    number = prepared.prepared_query_id
    try:
        asked = messages.EvaluateQueryRequest(prepared_query_id=number)
        found = _call("EvaluateQuery", asked, messages.EvaluateQueryResponse)
        return prepared.columns, found.content.table_data.row
    finally:
        _call("UnprepareQuery", messages.UnprepareQueryRequest(prepared_query_id=number), Empty)


def describe(sql: str) -> Sequence[Any]:
    """Return the columns of a query as messages, without running it, in two thirds of the time; raise GoogleSqlError."""
    request = messages.AnalyzeRequest(
        options=_options(), sql_statement=sql, registered_catalog_id=_without_tables()
    )
    found = _call("Analyze", request, messages.AnalyzeResponse).resolved_statement
    return [
        SimpleColumnProto(name=column.name, type=column.column.type)
        for column in found.resolved_query_stmt_node.output_column_list
    ]


def analyse(sql: str, catalog: int) -> None:
    """Raise GoogleSqlError unless the statement, of any kind, is right."""
    options = _options()
    options.language_options.ClearField("supported_statement_kinds")
    options.language_options.enabled_language_features.extend(OF_STATEMENTS)
    request = messages.AnalyzeRequest(options=options, sql_statement=sql, registered_catalog_id=catalog)
    _call("Analyze", request, messages.AnalyzeResponse)


def _call(method: str, request: Message, answer: type[Answer]) -> Answer:
    _keep_compiled()
    client = ZetaSqlLocalService.get_instance().wasm_client
    try:
        found: Answer = client.call_grpc_func(f"ZetaSqlLocalService_{method}", request, answer)
    except ServerError as error:
        raise GoogleSqlError(str(error)) from error
    return found


@cache
def _language() -> LanguageOptions:
    _keep_compiled()
    return LanguageOptions.maximum_features()


def _options() -> Any:
    """Return the options BigQuery works with."""
    return AnalyzerOptions(language_options=_language(), default_timezone="UTC").to_proto()


@cache
def _without_tables() -> int:
    return register()


def _find(client: Any, address: int) -> int:
    return (ctypes.cast(client.memory.data_ptr(), ctypes.c_void_p).value or 0) + address


@cache
def _keep_compiled() -> None:
    """Have the engine's module compiled once for all test processes, and memory copied whole, not byte by byte."""

    def load(engine: Engine, path: str) -> Module:
        source = Path(path)
        made_of = f"{sys.version} {source.stat().st_size} {version('zetasql')} {version('wasmtime')}"
        compiled = ROOT / f"googlesql-{blake2b(made_of.encode(), digest_size=8).hexdigest()}.bin"
        ROOT.mkdir(exist_ok=True)
        with (ROOT / "googlesql.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not compiled.exists():
                partial = compiled.with_suffix(".part")
                partial.write_bytes(bytes(Module(engine, source.read_bytes()).serialize()))
                partial.rename(compiled)
        return Module.deserialize_file(engine, str(compiled))

    def write(client: Any, address: int, data: bytes) -> None:
        ctypes.memmove(_find(client, address), data, len(data))

    def read(client: Any, address: int, size: int) -> bytes:
        return ctypes.string_at(_find(client, address), size)

    wasm_client.Module = type("Module", (), {"from_file": staticmethod(load)})
    wasm_client.WasmClient.write_bytes = write
    wasm_client.WasmClient.read_bytes = read
