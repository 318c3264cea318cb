"""How a table that exists and the columns that are wanted come together: columns are added, none is changed.

The one exception is asked for by an operator: a NUMERIC column that is to hold longer numbers may become BIGNUMERIC.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from connector.domain.tables.schema import Column, ColumnType, Table

HOLDS: dict[ColumnType, frozenset[ColumnType]] = {
    ColumnType.STRING: frozenset({*ColumnType} - {ColumnType.RECORD, ColumnType.JSON}),
    ColumnType.NUMERIC: frozenset({ColumnType.INT64}),
    ColumnType.BIGNUMERIC: frozenset({ColumnType.INT64, ColumnType.NUMERIC}),
    ColumnType.TIMESTAMP: frozenset({ColumnType.DATE}),
}
"""Which other types' values a column takes without loss: text takes every scalar as it was sent, a number smaller ones."""

FOREIGN = ColumnType.RECORD
"""Stands for the type of an existing column that the connector never makes: without fields, it takes nobody's values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolution:
    """The columns of an existing table as they should become.

    `columns` are those that exist, in their order and with their types, then those that are new, as NULLABLE; wanted
    descriptions replace the old ones. `added`, `retyped`, `numeric_not_widened` and `as_text` are dotted paths. The values of
    a retyped column do not fit the type it has, so they belong elsewhere. A column `as_text` takes values of any type as text. A narrow column is NUMERIC where BIGNUMERIC is wanted: it takes all
    but the longest numbers until the warehouse widens it.
    """

    columns: tuple[Column, ...]
    added: frozenset[str]
    retyped: frozenset[str]
    numeric_not_widened: frozenset[str]
    as_text: frozenset[str] = frozenset()

    def describe_kept(self) -> Iterator[str]:
        """Yield a sentence on each column that is not of the wanted type, beginning with its path."""
        for path in sorted(self.retyped):
            yield f"{path} keeps its type: the tenant's contract changed it"
        for path in sorted(self.numeric_not_widened):
            yield f"{path} stays NUMERIC: it cannot be widened in place"


def evolve(existing: Iterable[Column], wanted: Iterable[Column]) -> Evolution:
    """Compare a table's columns with the wanted ones, nested ones too."""
    found = _Found()
    columns = tuple(_merge(tuple(existing), tuple(wanted), "", found))
    return Evolution(
        columns=columns,
        added=frozenset(found.added),
        retyped=frozenset(found.retyped),
        numeric_not_widened=frozenset(found.numeric_not_widened),
        as_text=frozenset(found.as_text),
    )


def widen(columns: Iterable[Column], numeric_not_widened: frozenset[str], path: str = "") -> Iterator[Column]:
    """Yield the columns with those of these dotted paths as BIGNUMERIC: each NUMERIC is one, to the last digit."""
    for column in columns:
        here = path + column.name
        if here in numeric_not_widened:
            yield replace(column, type=ColumnType.BIGNUMERIC)
        else:
            yield replace(column, fields=tuple(widen(column.fields, numeric_not_widened, f"{here}.")))


@dataclass(slots=True)
class _Found:
    """The paths of an Evolution, while it is made."""

    added: set[str] = field(default_factory=set)
    retyped: set[str] = field(default_factory=set)
    numeric_not_widened: set[str] = field(default_factory=set)
    as_text: set[str] = field(default_factory=set)


def _merge(
    existing: tuple[Column, ...], wanted: tuple[Column, ...], path: str, found: _Found
) -> Iterator[Column]:
    by_name = {column.name: column for column in wanted}
    for column in existing:
        want = by_name.pop(column.name, None)
        yield column if want is None else _merge_column(column, want, path, found)
    for column in by_name.values():
        found.added.add(path + column.name)
        yield replace(column, required=False)


def _merge_column(column: Column, want: Column, path: str, found: _Found) -> Column:
    described = replace(column, description=want.description or column.description)
    if (column.type, want.type) == (ColumnType.NUMERIC, ColumnType.BIGNUMERIC):
        found.numeric_not_widened.add(path + column.name)
        return described
    if not takes(column, want):
        found.retyped.add(path + column.name)
        return described
    if column.type is ColumnType.STRING and want.type is not ColumnType.STRING:
        found.as_text.add(path + column.name)
    if column.type is not ColumnType.RECORD:
        return described
    return replace(
        described, fields=tuple(_merge(column.fields, want.fields, f"{path}{column.name}.", found))
    )


def takes(column: Column, want: Column) -> bool:
    """Whether the existing column takes the wanted one's values as they are sent."""
    if column.repeated != want.repeated:
        return False
    return column.type is want.type or want.type in HOLDS.get(column.type, frozenset())


def fingerprint(table: Table, revision: int) -> str:
    """Return 32 hexadecimal digits that change with anything a warehouse makes of the table: columns, texts, views.

    `revision` is the warehouse's own: it counts up when the warehouse makes something else of the same table.
    """
    return blake2b(f"{revision} {table!r}".encode(), digest_size=16).hexdigest()


def adopt_types(table: Table, existing: Iterable[Column]) -> Table:
    """Return the table with the columns as the existing ones of the same names are: rows move between the two unchanged."""
    held = {column.name: column for column in existing}
    return replace(
        table,
        columns=tuple(replace(held.get(column.name, column), required=False) for column in table.columns),
    )
