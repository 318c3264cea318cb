"""The log table of an entity, column by column, from the tenant's contract."""

from collections.abc import Iterator

from connector.domain.entity import CurrentForm, Entity
from connector.domain.records.columns import Leaf, Level, Part, build_level, to_snake_case
from connector.domain.records.contract import Contract, Kind
from connector.domain.tables.current_table import build_merge
from connector.domain.tables.evolution import evolve
from connector.domain.tables.schema import Column, ColumnType, Table
from connector.domain.tables.views import build_views

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
    """Return the log table with its views, as they should be by this contract; what people look for, the keys, first."""
    keys = [to_snake_case(key) for key in entity.keys]
    level = build_level(contract.root)
    business = sorted(
        _build_columns(level, entity, ""),
        key=lambda column: keys.index(column.name) if column.name in keys else len(keys),
    )
    columns = (*business, *META_COLUMNS)
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
        views=build_views(entity, columns),
        merge=build_merge(entity, columns) if entity.current is CurrentForm.TABLE else None,
        stamp=_find_stamp(level, contract.modified_field),
    )


def _find_stamp(level: Level, modified_field: str | None) -> str | None:
    stamps = (leaf for field, leaf in level.walk_leaves() if field == modified_field)
    return next((leaf.column for leaf in stamps if leaf.kind is Kind.DATETIME), None)


def build_trail_table(entity: Entity) -> Table:
    """Return of the log table what it has by any contract, keys and our own columns: enough to follow one record."""
    keys = (Column(name=to_snake_case(key), type=ColumnType.STRING) for key in entity.keys)
    return Table(
        name=entity.log_table,
        entity=entity.name,
        columns=(*keys, *META_COLUMNS),
        description="",
        partition_by="_synced_at",
        cluster_by=("_id",),
    )


def find_incompatible_columns(entity: Entity, before: Contract, after: Contract) -> frozenset[str]:
    """Return the dotted paths of the columns that one contract gave and that do not take the other's values."""
    existing, wanted = (
        _build_columns(build_level(contract.root), entity, "") for contract in (before, after)
    )
    return evolve(existing, wanted).retyped


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
