"""How a table that exists and the columns that are wanted come together: columns are added, never changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b

from connector.domain.schema import Column, ColumnType, Table

HOLDS: dict[ColumnType, frozenset[ColumnType]] = {
    ColumnType.STRING: frozenset(
        {ColumnType.NUMERIC, ColumnType.BIGNUMERIC, ColumnType.DATE, ColumnType.TIMESTAMP}
    ),
    ColumnType.NUMERIC: frozenset({ColumnType.INT64}),
    ColumnType.BIGNUMERIC: frozenset({ColumnType.INT64, ColumnType.NUMERIC}),
    ColumnType.TIMESTAMP: frozenset({ColumnType.DATE}),
}
"""Which other types' values a column takes as they are sent, without loss: those sent as text, and smaller numbers."""

FOREIGN = ColumnType.RECORD
"""Stands for the type of an existing column that the connector never makes: without fields, it takes nobody's values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolution:
    """The columns of an existing table as they should become.

    `columns` are those that exist, in their order and with their types, then those that are new, as NULLABLE; wanted
    descriptions replace the old ones. `added` and `retyped` are dotted paths. The values of a retyped column do not fit
    the type it has, so they belong elsewhere.
    """

    columns: tuple[Column, ...]
    added: frozenset[str]
    retyped: frozenset[str]


def evolve(existing: Iterable[Column], wanted: Iterable[Column]) -> Evolution:
    """Compare a table's columns with the wanted ones, nested ones too."""
    added: set[str] = set()
    retyped: set[str] = set()
    columns = tuple(_merge(tuple(existing), tuple(wanted), "", added, retyped))
    return Evolution(columns=columns, added=frozenset(added), retyped=frozenset(retyped))


def _merge(
    existing: tuple[Column, ...], wanted: tuple[Column, ...], path: str, added: set[str], retyped: set[str]
) -> Iterator[Column]:
    by_name = {column.name: column for column in wanted}
    for column in existing:
        want = by_name.pop(column.name, None)
        yield column if want is None else _merge_column(column, want, path, added, retyped)
    for column in by_name.values():
        added.add(path + column.name)
        yield replace(column, required=False)


def _merge_column(column: Column, want: Column, path: str, added: set[str], retyped: set[str]) -> Column:
    described = replace(column, description=want.description or column.description)
    if not takes(column, want):
        retyped.add(path + column.name)
        return described
    if column.type is not ColumnType.RECORD:
        return described
    inner = _merge(column.fields, want.fields, f"{path}{column.name}.", added, retyped)
    return replace(described, fields=tuple(inner))


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
