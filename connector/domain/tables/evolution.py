"""How an existing table takes on the wanted columns: columns are added, none is changed.

The one exception is requested by an operator: a NUMERIC column for longer numbers may become BIGNUMERIC.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from connector.domain.tables.learned_names import find_other_fields
from connector.domain.tables.schema import Column, ColumnType, Table

HOLDS: dict[ColumnType, frozenset[ColumnType]] = {
    ColumnType.STRING: frozenset({*ColumnType} - {ColumnType.RECORD, ColumnType.JSON}),
    ColumnType.NUMERIC: frozenset({ColumnType.INT64}),
    ColumnType.BIGNUMERIC: frozenset({ColumnType.INT64, ColumnType.NUMERIC}),
    ColumnType.TIMESTAMP: frozenset({ColumnType.DATE}),
}
"""The other types whose values a column holds without loss: text holds every scalar, a number holds smaller numbers."""

FOREIGN = ColumnType.RECORD
"""Replaces the type of an existing column that the connector never creates: a RECORD without fields holds no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolution:
    """How the columns of an existing table evolve.

    `columns` holds the existing columns in their order and with their types, then the new ones as NULLABLE; wanted
    descriptions replace old ones. The sets hold dotted paths. `incompatible_columns`: the existing type cannot hold the wanted values,
    which go elsewhere. `as_text`: the column holds values of any type as text. `numeric_not_widened`: the column is NUMERIC
    where BIGNUMERIC is wanted, so it holds all but the longest numbers until the warehouse widens it.
    """

    columns: tuple[Column, ...]
    added: frozenset[str]
    incompatible_columns: frozenset[str]
    numeric_not_widened: frozenset[str]
    as_text: frozenset[str] = frozenset()
    other_fields: frozenset[str] = frozenset()
    """Columns that are described as made for other fields: the names do not belong to this table."""

    def describe_kept(self) -> Iterator[str]:
        """Yield a sentence about each column that does not have the wanted type, starting with its path."""
        for path in sorted(self.incompatible_columns):
            yield f"{path} keeps its type: the tenant's contract changed it"
        for path in sorted(self.numeric_not_widened):
            yield f"{path} stays NUMERIC: it cannot be widened in place"


def evolve(existing: Iterable[Column], wanted: Iterable[Column]) -> Evolution:
    """Compare the columns of a table with the wanted ones, including nested columns."""
    existing, wanted, found = tuple(existing), tuple(wanted), _Found()
    columns = tuple(_merge(existing, wanted, "", found))
    return Evolution(
        columns=columns,
        added=frozenset(found.added),
        incompatible_columns=frozenset(found.incompatible_columns),
        numeric_not_widened=frozenset(found.numeric_not_widened),
        as_text=frozenset(found.as_text),
        other_fields=frozenset(find_other_fields(existing, wanted)),
    )


def widen(columns: Iterable[Column], numeric_not_widened: frozenset[str], path: str = "") -> Iterator[Column]:
    """Yield the columns, those at these dotted paths as BIGNUMERIC, which holds every NUMERIC exactly."""
    for column in columns:
        here = path + column.name
        if here in numeric_not_widened:
            yield replace(column, type=ColumnType.BIGNUMERIC)
        else:
            yield replace(column, fields=tuple(widen(column.fields, numeric_not_widened, f"{here}.")))


@dataclass(slots=True)
class _Found:
    """Collects the paths of an Evolution."""

    added: set[str] = field(default_factory=set)
    incompatible_columns: set[str] = field(default_factory=set)
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
        found.incompatible_columns.add(path + column.name)
        return described
    if column.type is ColumnType.STRING and want.type is not ColumnType.STRING:
        found.as_text.add(path + column.name)
    if column.type is not ColumnType.RECORD:
        return described
    return replace(
        described, fields=tuple(_merge(column.fields, want.fields, f"{path}{column.name}.", found))
    )


def walk_paths(column: Column, path: str = "") -> Iterator[str]:
    """Yield the dotted path of a column and of those inside."""
    yield path + column.name
    for inner in column.fields:
        yield from walk_paths(inner, f"{path}{column.name}.")


def find_retyped(
    existing: Iterable[Column], wanted: Iterable[Column], path: str = ""
) -> Iterator[tuple[str, Column]]:
    """Yield the dotted path and the existing column of each that is wanted with another type."""
    by_name = {column.name: column for column in wanted}
    for column in existing:
        want, here = by_name.get(column.name), path + column.name
        if want is None:
            continue
        if (column.type, column.repeated) != (want.type, want.repeated):
            yield here, column
        yield from find_retyped(column.fields, want.fields, f"{here}.")


def is_nested_otherwise(existing: Iterable[Column], wanted: Iterable[Column]) -> bool:
    """Whether the fields of a record stand in another order than they are wanted in: SQL takes them for each other by their place."""
    by_name = {column.name: column for column in wanted}
    for column in existing:
        fields = by_name[column.name].fields if column.name in by_name else ()
        held, asked = ([field.name for field in each] for each in (column.fields, fields))
        if [name for name in held if name in asked] != [name for name in asked if name in held]:
            return True
        if is_nested_otherwise(column.fields, fields):
            return True
    return False


def takes(column: Column, want: Column) -> bool:
    """Whether the existing column can hold the wanted column's values unchanged."""
    if column.repeated != want.repeated:
        return False
    return column.type is want.type or want.type in HOLDS.get(column.type, frozenset())


def fingerprint(table: Table, revision: int) -> str:
    """Return 32 hexadecimal digits that change with the table's columns, descriptions or views.

    `revision` belongs to the warehouse adapter, which increments it when it creates something different from the same table.
    """
    return blake2b(f"{revision} {table!r}".encode(), digest_size=16).hexdigest()


def adopt_types(table: Table, existing: Iterable[Column]) -> Table:
    """Return the table with the types of the existing columns of the same names, so that rows can be copied unchanged."""
    held = {column.name: column for column in existing}
    return replace(
        table,
        columns=tuple(replace(held.get(column.name, column), required=False) for column in table.columns),
    )
