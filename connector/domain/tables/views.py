"""The views over a log table, as SQL in BigQuery's dialect: every warehouse runs this text, translated if need be."""

from dataclasses import replace

from connector.domain.entity import CurrentForm, Entity
from connector.domain.tables.line_views import build_line_view
from connector.domain.tables.schema import Column, ColumnType, View
from connector.domain.tables.sql import DATASET, NEWEST_FIRST, OLDEST_FIRST, join_lines, quote

HISTORY_COLUMNS = (
    Column(
        name="valid_from",
        type=ColumnType.TIMESTAMP,
        description="Since when the record had this content: Acumatica's stamp, or when it was first read if the stamp did not move",
    ),
    Column(
        name="valid_to",
        type=ColumnType.TIMESTAMP,
        description="When the next version or the deletion took its place; NULL for the current version",
    ),
    Column(
        name="is_current",
        type=ColumnType.BOOL,
        description="TRUE in the rows that the current view shows",
    ),
)


def build_views(entity: Entity, columns: tuple[Column, ...]) -> tuple[View, ...]:
    """Return the current view, the line views and the history view of a log table with these columns.

    They come in the order in which they can be created. A line view none of whose collections the tenant's contract has
    is left out.
    """
    current = build_current_view(entity, columns)
    lines = (build_line_view(entity, view, columns) for view in entity.line_views)
    return (current, *(view for view in lines if view is not None), build_history_view(entity, columns))


def build_current_view(entity: Entity, columns: tuple[Column, ...]) -> View:
    """Return the view of the newest version per record. A deleted one takes the record away, older versions with it."""
    shown = _keep_shown(columns)
    if entity.current is CurrentForm.TABLE:
        source = f"{quote(entity.current_table)}\nWHERE NOT `_deleted`"
    else:
        newest = f"ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY {NEWEST_FIRST}) = 1"
        source = f"{quote(entity.log_table)}\nWHERE TRUE\nQUALIFY {newest} AND NOT `_deleted`"
    return View(
        name=entity.current_view,
        description=f"{entity.acumatica_entity} of Acumatica: one row per record, its newest version, deleted ones left out.",
        columns=shown,
        sql=f"""\
SELECT
  {join_lines(quote(column.name) for column in shown)}
FROM {DATASET}.{source}""",  # noqa: S608 - quoted names of the catalogue and the contract
    )


def build_history_view(entity: Entity, columns: tuple[Column, ...]) -> View:
    """Return the view with one row per distinct version; equal ones that follow each other are one.

    A version begins at its own stamp. Where the stamp did not move from the version before, or there is none, or the
    record was deleted, only the reading shows the change, so it begins when it was read, but never later than a version
    after it. Hence the intervals of a record follow each other without gap or overlap, except where it was deleted; one
    that was replaced before it was read has no length. Of equal rows the last is shown, so that the current rows are those
    of the current view to the letter.
    """
    shown = _keep_shown(columns)
    names = join_lines(quote(column.name) for column in shown)
    renamed = tuple(_rename_clash(column) for column in shown)
    order = "PARTITION BY `_id` ORDER BY `_place`"
    return View(
        name=entity.history_view,
        description=(
            f"{entity.acumatica_entity} of Acumatica: one row per version of a record, with the time it was valid. "
            "Deleted records are here too, with a valid_to."
        ),
        columns=(*renamed, *HISTORY_COLUMNS),
        sql=f"""\
WITH placed AS (
SELECT
  {names},
  `_deleted`,
  ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY {OLDEST_FIRST}) AS `_place`
FROM {DATASET}.{quote(entity.log_table)}
),
compared AS (
SELECT
  {names},
  `_deleted`,
  `_place`,
  CASE
    WHEN `_deleted` OR `_modified_at` IS NULL THEN `_synced_at`
    WHEN `_modified_at` = LAG(`_modified_at`) OVER ({order}) THEN `_synced_at`
    ELSE `_modified_at`
  END AS `_noticed_at`,
  {_differs("LAG", order)} AS `_begins`,
  {_differs("LEAD", order)} AS `_ends`
FROM placed
),
timed AS (
SELECT
  {names},
  `_deleted`,
  `_place`,
  `_begins`,
  `_ends`,
  MIN(`_noticed_at`) OVER ({order} ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS `_since`
FROM compared
)
SELECT
  {join_lines(_alias(column, new) for column, new in zip(shown, renamed, strict=True))},
  MAX(IF(`_begins`, `_since`, NULL)) OVER ({order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `valid_from`,
  LEAD(`_since`) OVER ({order}) AS `valid_to`,
  LEAD(`_since`) OVER ({order}) IS NULL AS `is_current`
FROM timed
WHERE TRUE
QUALIFY `_ends` AND NOT `_deleted`""",  # noqa: S608 - quoted names of the catalogue and the contract
    )


def _keep_shown(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(replace(column, required=False) for column in columns if column.name != "_deleted")


def _differs(neighbour: str, order: str) -> str:
    """Whether the row before (LAG) or after (LEAD) is another version, or none."""
    return " OR ".join(
        f"{neighbour}({column}) OVER ({order}) IS DISTINCT FROM {column}"
        for column in ("`_version`", "`_deleted`")
    )


def _rename_clash(column: Column) -> Column:
    """A field that is called like a column of the history gives way to it."""
    if column.name in {own.name for own in HISTORY_COLUMNS}:
        return replace(column, name=f"field_{column.name}")
    return column


def _alias(column: Column, new: Column) -> str:
    return quote(column.name) if column.name == new.name else f"{quote(column.name)} AS {quote(new.name)}"
