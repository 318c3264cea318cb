"""The views over a log table, as SQL in BigQuery's dialect; other warehouses translate it."""

from dataclasses import replace

from connector.domain.entity import CurrentForm, Entity
from connector.domain.records.names import NO_NAMES, ColumnNames
from connector.domain.tables.line_views import build_line_view, draw_line_view
from connector.domain.tables.schema import Column, View
from connector.domain.tables.sql import DATASET, IS_NEWEST, OLDEST_FIRST, SINCE, join_lines, quote
from connector.domain.tables.view_names import HISTORY_COLUMNS, claim_history_names


def build_views(
    entity: Entity, columns: tuple[Column, ...], names: ColumnNames = NO_NAMES
) -> tuple[View, ...]:
    """Return the current view, the line views and the history view of a log table with these columns.

    They are in the order in which they can be created. A line view is left out if the tenant's contract has none of its
    collections. Columns in `names` keep their names.
    """
    current = build_current_view(entity, columns)
    lines = (build_line_view(entity, view, columns, names) for view in entity.line_views)
    history = build_history_view(entity, columns, names)
    return (current, *(view for view in lines if view is not None), history)


def name_view_columns(
    entity: Entity, columns: tuple[Column, ...], names: ColumnNames
) -> dict[str, dict[str, str]]:
    """Return what each column of each view shows: those known before, then those of this log."""
    named = {view: dict(before) for view, before in names.views.items()}
    for view in entity.line_views:
        if (drawn := draw_line_view(entity, view, columns, names)) is not None:
            named[view.name] = drawn.claims.owners
    before = names.views.get(entity.history_view, {})
    named[entity.history_view] = claim_history_names(_keep_shown(columns), before).owners
    return named


def build_current_view(entity: Entity, columns: tuple[Column, ...]) -> View:
    """Return the view of the newest version per record; a record whose newest version is a tombstone is not shown."""
    if entity.current is CurrentForm.TABLE:
        return _show_current(
            entity, columns, f"{DATASET}.{quote(entity.current_table)}\nWHERE NOT `_deleted`"
        )
    newest = f"WHERE TRUE\nQUALIFY {IS_NEWEST} AND NOT `_deleted`"
    return _show_current(entity, columns, f"{DATASET}.{quote(entity.log_table)}\n{newest}")


def build_merged_view(entity: Entity, columns: tuple[Column, ...]) -> View:
    """Return the current view over the table of current rows and what was logged since it was merged.

    It shows what the view over the log alone shows if the table holds the newest of all rows synced before `SINCE`. Of the table it
    reads, beside the columns asked for, the id, the stamp and whether the record is deleted: a row of the log ranks above one of the
    table with an equal stamp, because that was read earlier, or is the very row.
    """
    listed = join_lines([*(quote(column.name) for column in _keep_shown(columns)), "`_deleted`"])
    newest_first = (
        "`_modified_at` DESC NULLS LAST, `_read_at` DESC NULLS LAST, `_content` DESC NULLS LAST, `_deleted`"
    )
    return _show_current(
        entity,
        columns,
        f"""\
(
SELECT
  {listed},
  CAST(NULL AS TIMESTAMP) AS `_read_at`,
  CAST(NULL AS STRING) AS `_content`
FROM {DATASET}.{quote(entity.current_table)}
UNION ALL
SELECT
  {listed},
  `_synced_at`,
  `_version`
FROM {DATASET}.{quote(entity.log_table)}
WHERE `_synced_at` >= {SINCE}
)
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY {newest_first}) = 1 AND NOT `_deleted`""",  # noqa: S608 - quoted names of the catalogue and the contract
    )


def _show_current(entity: Entity, columns: tuple[Column, ...], source: str) -> View:
    shown = _keep_shown(columns)
    return View(
        name=entity.current_view,
        description=f"{entity.acumatica_entity} of Acumatica: one row per record, its newest version, deleted ones left out.",
        columns=shown,
        sql=f"SELECT\n  {join_lines(quote(column.name) for column in shown)}\nFROM {source}",
    )


def build_history_view(entity: Entity, columns: tuple[Column, ...], names: ColumnNames = NO_NAMES) -> View:
    """Return the view with one row per distinct version; consecutive equal versions are one.

    A version begins at its own stamp. If the stamp equals the previous version's, is missing, or the record was deleted,
    only reading revealed the change, so the version begins when it was read, but never after the next version. Hence the
    intervals of a record have no gaps or overlaps, except while it was deleted; a version replaced before it was read has
    length zero. Of equal rows the last is shown, so that the current rows equal those of the current view exactly.

    A record has one row that is current or, if it is deleted now, one that `is_deleted`: its last version. `deleted_at`
    stands beside each version that a deletion ended, also where the record came back later.
    """
    shown = _keep_shown(columns)
    claims = claim_history_names(shown, names.views.get(entity.history_view, {}))
    renamed = tuple(_rename(column, claims.find(column.name) or column.name) for column in shown)
    return View(
        name=entity.history_view,
        description=(
            f"{entity.acumatica_entity} of Acumatica: one row per version of a record, with the time it was valid. "
            "Deleted records are here too: is_deleted, deleted_at."
        ),
        columns=(*renamed, *HISTORY_COLUMNS),
        sql=_build_history_query(entity.log_table, shown, renamed),
    )


def _build_history_query(log_table: str, shown: tuple[Column, ...], renamed: tuple[Column, ...]) -> str:
    """Return the query that places the rows of each record, notes where versions begin and end, and times them."""
    listed = join_lines(quote(column.name) for column in shown)
    order = "PARTITION BY `_id` ORDER BY `_place`"
    return f"""\
WITH placed AS (
SELECT
  {listed},
  `_deleted`,
  ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY {OLDEST_FIRST}) AS `_place`
FROM {DATASET}.{quote(log_table)}
),
compared AS (
SELECT
  {listed},
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
  {listed},
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
  LEAD(`_since`) OVER ({order}) IS NULL AS `is_current`,
  IFNULL(LOGICAL_AND(`_deleted`) OVER ({order} ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), FALSE) AS `is_deleted`,
  IF(LEAD(`_deleted`) OVER ({order}), LEAD(`_since`) OVER ({order}), NULL) AS `deleted_at`
FROM timed
WHERE TRUE
QUALIFY `_ends` AND NOT `_deleted`"""  # noqa: S608 - quoted names of the catalogue and the contract


def _keep_shown(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(
        replace(column, required=False) if column.required else column
        for column in columns
        if column.name != "_deleted"
    )


def _rename(column: Column, name: str) -> Column:
    return column if column.name == name else replace(column, name=name)


def _differs(neighbour: str, order: str) -> str:
    """Return SQL for whether the row before (LAG) or after (LEAD) is another version or does not exist."""
    return " OR ".join(
        f"{neighbour}({column}) OVER ({order}) IS DISTINCT FROM {column}"
        for column in ("`_version`", "`_deleted`")
    )


def _alias(column: Column, new: Column) -> str:
    return quote(column.name) if column.name == new.name else f"{quote(column.name)} AS {quote(new.name)}"
