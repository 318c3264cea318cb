"""Views of details: one row per line of a document, beside the columns of the document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from connector.domain.entity import Entity, LineView
from connector.domain.records.columns import to_snake_case
from connector.domain.tables.schema import Column, ColumnType, View
from connector.domain.tables.sql import DATASET, join_lines, quote, spell_type

NUMBERS = (ColumnType.INT64, ColumnType.NUMERIC, ColumnType.BIGNUMERIC, ColumnType.FLOAT64)
"""Each holds the values of those before it, as far as the contract lets them grow."""

PARENT_ID = Column(
    name="_parent_id", type=ColumnType.STRING, description="_id of the record that the line belongs to"
)
DETAIL = Column(
    name="_detail", type=ColumnType.STRING, description="The collection in Acumatica that the line stands in"
)
LINE_META = ("_id", "_position")
PARENT_META = ("_synced_at", "_run_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Collection:
    """One detail collection of the record: its name in Acumatica, its column, and the columns of its lines."""

    member: str
    column: Column
    lines: Mapping[str, Column]


def build_line_view(entity: Entity, view: LineView, columns: tuple[Column, ...]) -> View | None:
    """Return the view, or None when the record has none of its collections."""
    collections = tuple(_find_collections(view, columns))
    if not collections:
        return None
    lines = _unite(collections)
    parents = _name_parents(view, _choose_parents(entity, view, columns), lines)
    several = len(view.details) > 1
    meta = {column.name: column for column in columns}
    shown = (
        *parents.values(),
        *(column for name, column in lines.items() if name not in LINE_META),
        *((DETAIL,) if several else ()),
        PARENT_ID,
        *(column for name, column in lines.items() if name in LINE_META),
        *(replace(meta[name], required=False) for name in PARENT_META),
    )
    return View(
        name=view.name,
        description=(
            f"Lines ({' and '.join(view.details)}) of {entity.acumatica_entity} of Acumatica: "
            f"one row per line of every record in {entity.current_view}."
        ),
        columns=shown,
        sql="\nUNION ALL\n".join(
            _build_select(entity, collection, parents, lines, several=several) for collection in collections
        ),
    )


def _find_collections(view: LineView, columns: tuple[Column, ...]) -> Iterator[_Collection]:
    records = {column.name: column for column in columns if column.type is ColumnType.RECORD}
    for member in view.details:
        if column := records.get(to_snake_case(member)):
            yield _Collection(
                member=member, column=column, lines={field.name: field for field in column.fields}
            )


def _choose_parents(entity: Entity, view: LineView, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    scalars = {
        column.name: column
        for column in columns
        if column.type is not ColumnType.RECORD and not column.name.startswith("_")
    }
    if view.parent == "all":
        return tuple(scalars.values())
    wanted = (to_snake_case(field) for field in (entity.keys if view.parent == "keys" else view.parent))
    return tuple(scalars[name] for name in dict.fromkeys(wanted) if name in scalars)


def _name_parents(
    view: LineView, parents: tuple[Column, ...], lines: Mapping[str, Column]
) -> dict[str, Column]:
    """Return the parent's columns under their names in the view, by their own: none is called like a line's."""
    named: dict[str, Column] = {}
    taken = {*lines} | {column.name for column in parents if column.name not in lines}
    for column in parents:
        name = column.name
        if name in lines:
            while name in taken:
                name = (view.prefix or "parent_") + name
            taken.add(name)
        named[column.name] = replace(column, name=name, required=False)
    return named


def _unite(collections: tuple[_Collection, ...]) -> dict[str, Column]:
    """Return the columns of all collections, each with a type that holds the values of all."""
    united: dict[str, Column] = {}
    for collection in collections:
        for name, column in collection.lines.items():
            united[name] = _widen(united[name], column) if name in united else replace(column, required=False)
    return united


def _widen(one: Column, other: Column) -> Column:
    if (one.type, one.repeated) == (other.type, other.repeated) and one.fields == other.fields:
        return one
    types = {one.type, other.type}
    if types <= {*NUMBERS}:
        return replace(one, type=max(types, key=NUMBERS.index))
    if types == {ColumnType.DATE, ColumnType.TIMESTAMP}:
        return replace(one, type=ColumnType.TIMESTAMP)
    return replace(one, type=ColumnType.STRING, repeated=False, fields=())


def _build_select(
    entity: Entity,
    collection: _Collection,
    parents: Mapping[str, Column],
    lines: Mapping[str, Column],
    *,
    several: bool,
) -> str:
    business = (column for name, column in lines.items() if name not in LINE_META)
    expressions = (
        *(f"`_record`.{quote(own)} AS {quote(column.name)}" for own, column in parents.items()),
        *(f"{_convert(collection, column)} AS {quote(column.name)}" for column in business),
        *((f"'{collection.member}' AS `_detail`",) if several else ()),
        "`_record`.`_id` AS `_parent_id`",
        *(f"`_line`.{quote(name)} AS {quote(name)}" for name in lines if name in LINE_META),
        *(f"`_record`.{quote(name)} AS {quote(name)}" for name in PARENT_META),
    )
    return f"""\
SELECT
  {join_lines(expressions)}
FROM {DATASET}.{quote(entity.current_view)} AS `_record`
CROSS JOIN UNNEST(`_record`.{quote(collection.column.name)}) AS `_line`"""  # noqa: S608 - quoted names of the catalogue and the contract


def _convert(collection: _Collection, united: Column) -> str:
    """Return the value of a united column in a line of this collection."""
    own = collection.lines.get(united.name)
    if own is None:
        return f"CAST(NULL AS {spell_type(united)})" if united.repeated else "NULL"
    value = f"`_line`.{quote(own.name)}"
    if (own.type, own.repeated) == (united.type, united.repeated):
        return value
    return _cast(value, own, united.type)


def _cast(value: str, own: Column, wanted: ColumnType) -> str:
    """Return the value as the wanted type, in words that mean the same in every engine and in any session's time zone."""
    if own.repeated or own.type in (ColumnType.RECORD, ColumnType.JSON):
        return f"TO_JSON_STRING({value})"
    if (own.type, wanted) == (ColumnType.DATE, ColumnType.TIMESTAMP):
        return f"TIMESTAMP({value}, 'UTC')"
    text = f"CAST({value} AS {wanted})"
    if wanted is not ColumnType.STRING:
        return text
    if own.type is ColumnType.TIMESTAMP:
        return f"FORMAT_DATETIME('%Y-%m-%d %H:%M:%E6S', DATETIME({value}, 'UTC'))"
    if (
        own.type in NUMBERS
    ):  # BigQuery writes no zeros behind the last digit, a DuckDB file as many as the type has
        return f"IF(STRPOS({text}, '.') > 0, RTRIM(RTRIM({text}, '0'), '.'), {text})"
    return text
