"""The log table of an entity, column by column, from the tenant's contract."""

from collections.abc import Iterator

from msgspec.structs import replace

from connector.domain.entity import CurrentForm, Entity
from connector.domain.records.columns import Layout, Leaf, Level, Part, build_layout, to_snake_case
from connector.domain.records.contract import Contract, Kind
from connector.domain.records.names import NO_NAMES, ColumnNames
from connector.domain.tables.current_table import build_merge
from connector.domain.tables.evolution import Evolution, evolve, walk_paths
from connector.domain.tables.schema import Column, ColumnType, Table
from connector.domain.tables.views import build_views, name_view_columns

COLUMN_TYPES: dict[Kind, ColumnType] = {
    Kind.STRING: ColumnType.STRING,
    Kind.GUID: ColumnType.STRING,
    Kind.DECIMAL: ColumnType.NUMERIC,
    Kind.DOUBLE: ColumnType.FLOAT64,
    Kind.INT: ColumnType.INT64,
    Kind.BOOL: ColumnType.BOOL,
    Kind.DATETIME: ColumnType.TIMESTAMP,
    Kind.DATE: ColumnType.DATE,
    Kind.SELECT: ColumnType.STRING,
    Kind.MULTISELECT: ColumnType.STRING,
}

META_COLUMNS = (
    Column(name="_id", type=ColumnType.STRING, required=True, description="Acumatica's id (NoteID): it survives a renamed key"),
    Column(name="_modified_at", type=ColumnType.TIMESTAMP, description="Acumatica's stamp of the last change, by which versions are ordered; later than the record's own where that went back or is missing, earlier where it lies in the future; NULL where the entity has none"),
    Column(name="_version", type=ColumnType.STRING, required=True, description="Hash of the business content: two rows with one version are the same"),
    Column(name="_deleted", type=ColumnType.BOOL, required=True, description="TRUE in the row that says the record is gone from Acumatica"),
    Column(name="_synced_at", type=ColumnType.TIMESTAMP, required=True, description="When this content was read from Acumatica"),
    Column(name="_run_id", type=ColumnType.STRING, required=True, description="The run that wrote the row; joins sync_runs.run_id"),
    Column(name="_extra", type=ColumnType.JSON, description="What the contract did not announce, or announced with another type, by its path"),
)  # fmt: skip

LINE_META_COLUMNS = (
    Column(name="_id", type=ColumnType.STRING, description="Acumatica's id of the line; not every detail keeps it between readings"),
    Column(name="_position", type=ColumnType.INT64, description="Place of the line in its document, from 1"),
)  # fmt: skip


def build_table(entity: Entity, contract: Contract) -> Table:
    """Return the log table that this contract defines, with its views; the key columns come first, for people."""
    layout, names = _lay_out(contract, contract.names)
    columns = _order_columns(entity, layout, names)
    views = build_views(entity, columns, names)
    is_name_free = entity.current_table not in {view.name for view in views}
    may_keep = entity.current is CurrentForm.TABLE or (entity.current is CurrentForm.AUTO and is_name_free)
    return Table(
        name=entity.log_table,
        entity=entity.name,
        columns=columns,
        description=(
            f"Every version of every {entity.acumatica_entity} read from Acumatica, append-only. "
            f"Query the view {entity.current_view} for the current rows."
        ),
        partition_by="_synced_at",
        cluster_by=("_id",),
        views=views,
        merge=build_merge(entity, columns) if may_keep else None,
        superseded=() if may_keep else (entity.current_table,),
        stamp=_find_stamp(layout.level, contract.modified_field),
    )


def remember_names(entity: Entity, contract: Contract, before: ColumnNames) -> Contract:
    """Return the contract with a name for every column (known fields keep theirs, new fields get one) and what the block is made of."""
    layout, names = _lay_out(contract, before)
    views = name_view_columns(entity, _order_columns(entity, layout, names), names)
    return replace(
        contract,
        names=ColumnNames(log=names.log, views=views),
        acumatica_entity=entity.acumatica_entity,
        identified_by=entity.identified_by,
    )


def _lay_out(contract: Contract, before: ColumnNames) -> tuple[Layout, ColumnNames]:
    layout = build_layout(contract.root, before.log)
    return layout, ColumnNames(log=layout.owners, views=before.views)


def _order_columns(entity: Entity, layout: Layout, names: ColumnNames) -> tuple[Column, ...]:
    keys = find_key_columns(entity, names)
    business = sorted(
        _build_columns(layout.level, entity, ""),
        key=lambda column: keys.index(column.name) if column.name in keys else len(keys),
    )
    return (*business, *META_COLUMNS)


def find_key_columns(entity: Entity, names: ColumnNames = NO_NAMES) -> list[str]:
    """Return the columns of the entity's keys."""
    return [names.find(key) or to_snake_case(key) for key in entity.keys]


def _find_stamp(level: Level, modified_field: str | None) -> str | None:
    stamps = (leaf for field, leaf in level.walk_leaves() if field == modified_field)
    return next((leaf.column for leaf in stamps if leaf.kind is Kind.DATETIME), None)


def build_trail_table(entity: Entity, names: ColumnNames = NO_NAMES) -> Table:
    """Return the part of the log table that every contract shares and that tells of a record: the keys and the connector's own columns."""
    keys = (Column(name=name, type=ColumnType.STRING) for name in find_key_columns(entity, names))
    return Table(
        name=entity.log_table,
        entity=entity.name,
        columns=(*keys, *(column for column in META_COLUMNS if column.name != "_extra")),
        description="",
        partition_by="_synced_at",
        cluster_by=("_id",),
    )


def find_respelled(entity: Entity, before: Contract, after: Contract) -> Iterator[tuple[str, str, str, str]]:
    """Yield each field of one contract that the other has in another case alone, and its column; then the other's the same."""
    had, has = _find_used(entity, before), _find_used(entity, after)
    gone = {owner.casefold(): owner for owner in had if owner not in has}
    for owner, column in has.items():
        old = gone.get(owner.casefold())
        if old is not None and owner not in had:
            yield old, had[old], owner, column


def _find_used(entity: Entity, contract: Contract) -> dict[str, str]:
    """Return the fields of a contract with their columns, dotted."""
    layout = build_layout(contract.root, contract.names.log)
    columns = _build_columns(layout.level, entity, "")
    used = {path for column in columns for path in walk_paths(column)}
    return {owner: column for column, owner in layout.owners.items() if column in used}


def compare_columns(entity: Entity, before: Contract, after: Contract) -> Evolution:
    """Return how well the columns of one contract hold the values of another with the same column names."""
    existing, wanted = (
        _build_columns(build_layout(contract.root, after.names.log).level, entity, "")
        for contract in (before, after)
    )
    return evolve(existing, wanted)


def _build_columns(level: Level, entity: Entity, path: str) -> Iterator[Column]:
    for field, leaf in level.walk_leaves():
        yield Column(
            name=leaf.column,
            type=_choose_type(leaf, wide=path + field in entity.bignumeric_fields),
            description=_describe(entity, path + field, leaf),
        )
    for member, column, inner in level.walk_details():
        yield Column(
            name=column,
            type=ColumnType.RECORD,
            repeated=True,
            description=f"{entity.acumatica_entity}.{path}{member}".replace("/", "."),
            fields=(*LINE_META_COLUMNS, *_build_columns(inner, entity, f"{path}{member}/")),
        )


def _choose_type(leaf: Leaf, *, wide: bool) -> ColumnType:
    if wide and leaf.kind is Kind.DECIMAL:
        return ColumnType.BIGNUMERIC
    return COLUMN_TYPES[leaf.kind]


def _describe(entity: Entity, path: str, leaf: Leaf) -> str:
    name = f"{entity.acumatica_entity}.{path}".replace("/", ".")
    return f"{name} (internal id)" if leaf.part is Part.ID else f"{name} ({leaf.kind.value})"
