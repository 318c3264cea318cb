"""Our names and types in DuckDB's words, and back."""

from collections.abc import Iterator

import duckdb
from duckdb.sqltypes import DuckDBPyType

from connector.domain.tables.evolution import FOREIGN
from connector.domain.tables.schema import Column, ColumnType

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
