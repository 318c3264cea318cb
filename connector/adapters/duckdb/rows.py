"""Rows into a table: as newline-delimited JSON through DuckDB's own reader, with the types of the table."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from tempfile import NamedTemporaryFile
from typing import Annotated, Any

import duckdb
import msgspec

from connector.adapters.duckdb.dialect import quote, quote_text
from connector.adapters.duckdb.errors import DATA_ERRORS, first_line
from connector.domain.batch import Row
from connector.domain.tables.schema import Column, ColumnType
from connector.errors import WarehouseUnavailableError

SMALLEST_BUFFER = 16 * 1024 * 1024
GUARDS: dict[ColumnType, Any] = {
    ColumnType.STRING: str,
    ColumnType.NUMERIC: int | str,
    ColumnType.BIGNUMERIC: int | Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]{1,20}(\.[0-9]{1,18})?$")],
    ColumnType.FLOAT64: float,
    ColumnType.INT64: int | str,
    ColumnType.BOOL: bool,
    ColumnType.DATE: str,
    ColumnType.TIMESTAMP: str,
    ColumnType.JSON: msgspec.Raw,
}
"""What a member must be. DuckDB's reader rounds long numbers and drops members it does not know; neither may happen."""


@lru_cache(maxsize=64)
def build_guard(columns: tuple[Column, ...]) -> "msgspec.json.Decoder[Any]":
    """Return what refuses a row with an unknown member or with a value DuckDB would silently change."""
    return msgspec.json.Decoder(_define_guard(columns))


def _define_guard(columns: tuple[Column, ...]) -> type[msgspec.Struct]:
    fields = []
    for i, column in enumerate(columns):
        inner = _define_guard(column.fields) if column.type is ColumnType.RECORD else GUARDS[column.type]
        kind = list[inner] if column.repeated else inner  # type: ignore[valid-type]
        fields.append((f"c{i}", kind if kind is msgspec.Raw else kind | None, None))
    names = {f"c{i}": column.name for i, column in enumerate(columns)}
    return msgspec.defstruct("Row", fields, rename=names, forbid_unknown_fields=True)


class TableWriter:
    """Writes rows into one table. `types` are the table's own, so that nothing is cast twice."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: str,
        columns: tuple[Column, ...],
        types: Mapping[str, str],
    ) -> None:
        self._connection = connection
        self._guard = build_guard(columns)
        self._insert = _build_insert(name, {column.name: types[column.name] for column in columns})

    def write(self, rows: Sequence[Row]) -> dict[int, str]:
        """Insert the rows; return the index and reason of those that cannot be."""
        refused: dict[int, str] = {}
        fitting = []
        for i, row in enumerate(rows):
            try:
                self._guard.decode(row.data)
            except (msgspec.DecodeError, UnicodeDecodeError) as exc:
                refused[i] = first_line(exc)
            else:
                fitting.append(i)
        self._write_fitting(rows, fitting, refused)
        return refused

    def _write_fitting(self, rows: Sequence[Row], indexes: Sequence[int], refused: dict[int, str]) -> None:
        """Insert these rows in one statement; when it fails, the halves, down to the rows at fault."""
        if not indexes:
            return
        try:
            self._insert_file(rows[i] for i in indexes)
        except DATA_ERRORS as exc:
            if len(indexes) == 1:
                refused[indexes[0]] = _describe_reason(exc)
                return
            middle = len(indexes) // 2
            self._write_fitting(rows, indexes[:middle], refused)
            self._write_fitting(rows, indexes[middle:], refused)

    def _insert_file(self, rows: Iterable[Row]) -> None:
        with _spooled(map(_render_row, rows)) as (path, longest):
            buffer = max(SMALLEST_BUFFER, 2 * longest)
            self._connection.execute(self._insert, {"path": path, "buffer": buffer})


@contextmanager
def _spooled(lines: Iterable[bytes]) -> Iterator[tuple[str, int]]:
    """Yield the path of a temporary file of these lines, and how many bytes the longest has."""
    try:
        with NamedTemporaryFile(suffix=".ndjson") as file:
            longest = max(map(file.write, lines))
            file.flush()
            yield file.name, longest
    except OSError as exc:
        raise WarehouseUnavailableError(
            f"The temporary folder{f' {tempfile.tempdir}' if tempfile.tempdir else ''} cannot take the rows of a batch: {exc.strerror or exc}.",
            action="Free space there, or name another folder in TMPDIR; then run again.",
        ) from exc


def _render_row(row: Row) -> bytes:
    """Return the row as a line. `_extra` travels as text: DuckDB's reader would round the numbers in it."""
    extra = msgspec.json.encode(row.extra.decode()) if row.extra else b""
    return b"".join((*row.list_parts(extra), b"\n"))


def _build_insert(name: str, types: Mapping[str, str]) -> str:
    read = ", ".join(
        f"{quote_text(column)}: {quote_text('VARCHAR' if column == '_extra' else held)}"
        for column, held in types.items()
    )
    names = ", ".join(quote(column) for column in types)
    return (
        f"INSERT INTO {quote(name)} ({names}) SELECT {names} FROM read_json($path, "  # noqa: S608 - quoted
        f"format='newline_delimited', columns={{{read}}}, maximum_object_size=$buffer)"
    )


def _describe_reason(exc: Exception) -> str:
    """Return what DuckDB finds wrong, without its temporary file's name."""
    text = first_line(exc)
    return text.split("in line 1: ", 1)[-1]
