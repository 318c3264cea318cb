"""Tables and columns, in the warehouse's own type names."""

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """BigQuery's names; every other warehouse translates them."""

    STRING = "STRING"
    NUMERIC = "NUMERIC"
    BIGNUMERIC = "BIGNUMERIC"
    FLOAT64 = "FLOAT64"
    INT64 = "INT64"
    BOOL = "BOOL"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMP"
    JSON = "JSON"
    RECORD = "RECORD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `fields` is filled for RECORD alone; only RECORD columns are repeated."""

    name: str
    type: ColumnType
    description: str = ""
    repeated: bool = False
    required: bool = False
    fields: tuple["Column", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view and its text, in BigQuery's dialect; objects of the dataset are written `{dataset}.name`."""

    name: str
    sql: str
    description: str = ""
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An append-only table with the views over it, as it should be.

    `partition_by` is a TIMESTAMP column, partitioned by day; `cluster_by` are its clustering columns. The views are
    listed in the order in which they can be created.
    """

    name: str
    columns: tuple[Column, ...]
    description: str = ""
    partition_by: str | None = None
    cluster_by: tuple[str, ...] = ()
    views: tuple[View, ...] = ()
    entity: str = ""
    """The entity it belongs to, for labels; empty for tables of the connector itself."""
    merge: "Merge | None" = None
    """Set where the current rows are kept in a table of their own."""
    stamp: str | None = None
    """The column with the record's own stamp; `_modified_at` is later where a restored version is shown in place of a newer one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A table of current rows, and the statement that brings it up to the log, in BigQuery's dialect.

    The statement takes the log's rows synced at or after `@since` (RFC 3339). It may run at any time and any number of
    times: no row gives way to an older one.
    """

    into: Table
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStatus:
    """What `prepare` found. `created`: the table did not exist. `empty`: it holds no row, as far as its metadata tell.

    `accepts_streaming`: it was neither created nor changed within the last 15 minutes, so streamed rows are safe. `retyped` are the
    dotted paths of columns whose existing type does not take the wanted one's values: those values belong in `_extra`.
    `as_text` are those of text columns where another type is wanted: they take those values as text.
    `numeric_not_widened` are those of columns that stay NUMERIC where BIGNUMERIC is wanted: a number too long for them has no place.
    """

    created: bool
    accepts_streaming: bool
    retyped: frozenset[str] = frozenset()
    numeric_not_widened: frozenset[str] = frozenset()
    as_text: frozenset[str] = frozenset()
    empty: bool = False

    @property
    def must_be_filled(self) -> bool:
        """Whether nothing of the table can be in the warehouse."""
        return self.created or self.empty
