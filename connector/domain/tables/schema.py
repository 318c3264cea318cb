"""Tables and columns, with BigQuery's type names."""

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """BigQuery's type names; other warehouses translate them."""

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
    """One column. Only RECORD columns have `fields` or are repeated."""

    name: str
    type: ColumnType
    description: str = ""
    repeated: bool = False
    required: bool = False
    fields: tuple["Column", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view and its SQL in BigQuery's dialect, in which objects of the dataset are written `{dataset}.name`."""

    name: str
    sql: str
    description: str = ""
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The wanted definition of an append-only table and its views.

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
    """The entity it belongs to, for labels; empty for the connector's own tables."""
    merge: "Merge | None" = None
    """Set if the current rows are kept in a table of their own."""
    superseded: tuple[str, ...] = ()
    """Names of tables that earlier definitions made and nothing keeps up to date any more; they are dropped."""
    stamp: str | None = None
    """The column with Acumatica's stamp; `_modified_at` is later where a version had to be ranked above one with a later stamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A current-rows table, and the statement in BigQuery's dialect that updates it from the log.

    The statement reads the log's rows synced at or after `@since` (RFC 3339). It may run at any time and repeatedly,
    because it never replaces a row by an older version.
    """

    into: Table
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyMerge(Merge):
    """One that need not run more than once a day, because the current view adds what was logged since.

    `view` is the current view once the statement has run; its text has a placeholder for the time from which it reads the log. Before,
    the one among the table's views holds.
    """

    view: View


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStatus:
    """What `prepare` found. `created`: the table did not exist. `empty`: it has no rows according to its metadata.

    `accepts_streaming`: it was neither created nor changed within the last 15 minutes, so streaming into it is safe.
    The sets hold dotted column paths. `incompatible_columns`: the existing type cannot hold the wanted type's values, which therefore go
    to `_extra`. `as_text`: text columns where another type is wanted; they hold its values as text.
    `numeric_not_widened`: columns that stay NUMERIC where BIGNUMERIC is wanted; longer numbers do not fit.
    `other_fields`: columns whose descriptions name other fields than they are wanted for; nothing was changed then.
    `held_by`: entities whose logs the table's views still show. `taken_from`: those whose logs they showed until now.
    """

    created: bool
    accepts_streaming: bool
    incompatible_columns: frozenset[str] = frozenset()
    numeric_not_widened: frozenset[str] = frozenset()
    as_text: frozenset[str] = frozenset()
    other_fields: frozenset[str] = frozenset()
    empty: bool = False
    held_by: tuple[str, ...] = ()
    taken_from: tuple[str, ...] = ()

    @property
    def must_be_filled(self) -> bool:
        """Whether the table has no data, so that a run must read everything."""
        return self.created or self.empty
