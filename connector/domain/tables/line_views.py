"""Line views: one row per detail line of a record, with the columns of the record."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from connector.domain.entity import Entity, LineView
from connector.domain.records.columns import to_snake_case
from connector.domain.records.names import COLLECTION, NO_NAMES, Claims, ColumnNames
from connector.domain.tables.schema import Column, ColumnType, View
from connector.domain.tables.sql import DATASET, join_lines, quote, render_type
from connector.domain.tables.view_names import OF_LINE, claim_line_names

NUMBERS = (ColumnType.INT64, ColumnType.NUMERIC, ColumnType.BIGNUMERIC, ColumnType.FLOAT64)
"""Each type holds all values of the ones before it that a contract allows."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LineViewDrawing:
    """The parts of a line view. `parents` are columns of the record, `lines` those of all its collections."""

    collections: tuple[_Collection, ...]
    parents: tuple[Column, ...]
    lines: Mapping[str, Column]
    claims: Claims

    @property
    def business(self) -> Iterator[Column]:
        """The columns of the lines, without the connector's own."""
        return (column for name, column in self.lines.items() if name not in LINE_META)

    def name_parent(self, column: Column) -> str:
        """Return the name in the view of a column of the record."""
        return self.claims.claim(column.name, column.name)

    def name_line(self, column: Column) -> str:
        """Return the name in the view of a column of the lines."""
        return self.claims.claim(OF_LINE + column.name, column.name)


def draw_line_view(
    entity: Entity, view: LineView, columns: tuple[Column, ...], names: ColumnNames
) -> LineViewDrawing | None:
    """Return what the view shows and under which names; None if the record has none of its collections."""
    collections = tuple(_find_collections(view, columns, names))
    if not collections:
        return None
    lines = _unite(collections)
    parents = _choose_parents(entity, view, columns, names)
    business = (name for name in lines if name not in LINE_META)
    claims = claim_line_names(view.prefix, parents, business, names.views.get(view.name, {}))
    return LineViewDrawing(collections=collections, parents=parents, lines=lines, claims=claims)


def build_line_view(
    entity: Entity, view: LineView, columns: tuple[Column, ...], names: ColumnNames = NO_NAMES
) -> View | None:
    """Return the view, or None if the record has none of its collections."""
    drawing = draw_line_view(entity, view, columns, names)
    if drawing is None:
        return None
    several = len(view.details) > 1
    meta = {column.name: column for column in columns}
    shown = (
        *(replace(column, name=drawing.name_parent(column), required=False) for column in drawing.parents),
        *(replace(column, name=drawing.name_line(column)) for column in drawing.business),
        *((DETAIL,) if several else ()),
        PARENT_ID,
        *(column for name, column in drawing.lines.items() if name in LINE_META),
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
            _build_select(entity, collection, drawing, several=several) for collection in drawing.collections
        ),
    )


def _find_collections(
    view: LineView, columns: tuple[Column, ...], names: ColumnNames
) -> Iterator[_Collection]:
    records = {column.name: column for column in columns if column.type is ColumnType.RECORD}
    for member in view.details:
        if column := records.get(names.find(member + COLLECTION) or to_snake_case(member)):
            yield _Collection(
                member=member, column=column, lines={field.name: field for field in column.fields}
            )


def _choose_parents(
    entity: Entity, view: LineView, columns: tuple[Column, ...], names: ColumnNames
) -> tuple[Column, ...]:
    scalars = {
        column.name: column
        for column in columns
        if column.type is not ColumnType.RECORD and not column.name.startswith("_")
    }
    if view.parent == "all":
        return tuple(scalars.values())
    fields = entity.keys if view.parent == "keys" else view.parent
    wanted = (names.find(field) or to_snake_case(field) for field in fields)
    return tuple(scalars[name] for name in dict.fromkeys(wanted) if name in scalars)


def _unite(collections: tuple[_Collection, ...]) -> dict[str, Column]:
    """Return the columns of all collections; columns of one name get a type that holds the values of each."""
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


def _build_select(entity: Entity, collection: _Collection, drawing: LineViewDrawing, *, several: bool) -> str:
    meta = [name for name in drawing.lines if name in LINE_META]
    expressions = (
        *(
            f"`_record`.{quote(column.name)} AS {quote(drawing.name_parent(column))}"
            for column in drawing.parents
        ),
        *(
            f"{_convert(collection, column)} AS {quote(drawing.name_line(column))}"
            for column in drawing.business
        ),
        *((f"'{collection.member}' AS `_detail`",) if several else ()),
        "`_record`.`_id` AS `_parent_id`",
        *(f"`_line`.{quote(name)} AS {quote(name)}" for name in meta),
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
        return f"CAST(NULL AS {render_type(united)})" if united.repeated else "NULL"
    value = f"`_line`.{quote(own.name)}"
    if (own.type, own.repeated) == (united.type, united.repeated):
        return value
    return _cast(value, own, united.type)


def _cast(value: str, own: Column, wanted: ColumnType) -> str:
    """Return a cast to the wanted type that gives the same result in every engine and session time zone."""
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
