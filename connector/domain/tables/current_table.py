"""A table of current rows, for an entity so large that a view over its log costs too much.

A MERGE updates the table from the log, if anything was appended since the last one: at the end of each run, or once a day where
the current view adds what was logged since. It keeps deleted records, marked as such, so that an older version arriving late
cannot bring one back; the current view leaves them out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from connector.domain.batch import Row
from connector.domain.entity import CurrentForm, Entity
from connector.domain.instants import FIRST
from connector.domain.tables.schema import Column, DailyMerge, Merge, Table
from connector.domain.tables.sql import DATASET, IS_NEWEST, SINCE, join_lines, quote
from connector.domain.tables.views import build_merged_view

KEPT_ROWS = "The newest version of every"
"""Begins the description of each current-rows table, by which it is known where tables bear no labels."""
NO_STAMP = "TIMESTAMP '0001-01-01 00:00:00+00'"
"""Replaces a missing stamp: earlier than any (`instants.FIRST`)."""
STAMPS = tuple(f"COALESCE(`{side}`.`_modified_at`, {NO_STAMP})" for side in ("_newest", "_kept"))
IS_NOT_OLDER = f"""\
({STAMPS[0]} > {STAMPS[1]} OR ({STAMPS[0]} = {STAMPS[1]} AND (
    `_newest`.`_synced_at` > `_kept`.`_synced_at` OR (`_newest`.`_synced_at` = `_kept`.`_synced_at` AND (
      `_newest`.`_version` > `_kept`.`_version` OR (`_newest`.`_version` = `_kept`.`_version`
        AND (`_kept`.`_deleted` OR NOT `_newest`.`_deleted`)))))))"""
"""The order used by the views, for two rows: no row gives way to an older one.

The same row replaces itself, because the table may have got a column since of which the log has the values.
"""

MARGIN = timedelta(hours=6)
"""How long before a daily MERGE a row may have been read that the MERGE did not see: several times as long as a run may last."""


class _Synced(msgspec.Struct):
    synced_at: datetime = msgspec.field(name="_synced_at", default=FIRST)


DECODER = msgspec.json.Decoder(_Synced)


def find_earliest_read(rows: Sequence[Row]) -> datetime:
    """Return when the earliest of these rows of a log was read: what a MERGE must begin with to take them all."""
    return min(DECODER.decode(row.head).synced_at for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePlan:
    """A MERGE of the rows synced at or after `since`; afterwards the table holds all that were synced before `until`."""

    since: datetime
    until: datetime


def plan_first_merge(now: datetime) -> MergePlan:
    """Return the plan for a table that is empty, or of which nothing is known."""
    return MergePlan(since=FIRST, until=_find_settled_day(now))


def plan_merge(*, behind: datetime | None, until: datetime, now: datetime) -> MergePlan | None:
    """Return what a table that holds all rows synced before `until` needs at the end of a run; None if nothing.

    `behind` is when the earliest row logged since the last MERGE was read. If it was read before `until`, the view does not show it
    (a run that stalled wrote it, or a replay of what was read long ago), so the MERGE cannot wait for the next day.
    """
    settled = _find_settled_day(now)
    if behind is None or (until <= behind and settled <= until):
        return None
    return MergePlan(since=min(behind, until), until=max(settled, until))


def _find_settled_day(now: datetime) -> datetime:
    """Return the start of the day up to which all rows are logged by now. A partition is a day, so a later hour would save nothing."""
    return (now - MARGIN).replace(hour=0, minute=0, second=0, microsecond=0)


def show_merged(table: Table, until: datetime | None) -> Table:
    """Return the table with its current view as it is while the current rows hold all that was synced before `until`; None: none."""
    if until is None or not isinstance(table.merge, DailyMerge):
        return table
    view = table.merge.view
    shown = replace(view, sql=view.sql.replace(SINCE, f"TIMESTAMP '{until:%Y-%m-%d %H:%M:%S}+00'"))
    return replace(table, views=tuple(shown if each.name == view.name else each for each in table.views))


def keep_as_view(table: Table) -> Table:
    """Return the table for a warehouse that has no use for a daily MERGE: its current rows are the view over the log."""
    if not isinstance(table.merge, DailyMerge):
        return table
    return replace(table, merge=None, superseded=(table.merge.into.name,))


def build_merge(entity: Entity, columns: tuple[Column, ...]) -> Merge:
    """Return the current-rows table of a log table with these columns, and the statement that updates it."""
    merge = _build_merge(entity, columns)
    if entity.current is not CurrentForm.AUTO:
        return merge
    return DailyMerge(into=merge.into, sql=merge.sql, view=build_merged_view(entity, columns))


def _build_merge(entity: Entity, columns: tuple[Column, ...]) -> Merge:
    kept = tuple(replace(column, required=False) for column in columns)
    names = [quote(column.name) for column in kept]
    return Merge(
        into=Table(
            name=entity.current_table,
            entity=entity.name,
            columns=kept,
            description=(
                f"{KEPT_ROWS} {entity.acumatica_entity}, deleted ones marked, kept from "
                f"{entity.log_table}. Query the view {entity.current_view}."
            ),
            cluster_by=("_id",),
        ),
        sql=f"""\
MERGE {DATASET}.{quote(entity.current_table)} AS `_kept`
USING (
SELECT
  {join_lines(names)}
FROM {DATASET}.{quote(entity.log_table)}
WHERE `_synced_at` >= CAST(@since AS TIMESTAMP)
QUALIFY {IS_NEWEST}
) AS `_newest`
ON `_kept`.`_id` = `_newest`.`_id`
WHEN MATCHED AND {IS_NOT_OLDER} THEN UPDATE SET
  {join_lines(f"{name} = `_newest`.{name}" for name in names)}
WHEN NOT MATCHED THEN INSERT ({", ".join(names)})
VALUES ({", ".join(f"`_newest`.{name}" for name in names)})""",  # noqa: S608 - quoted names of the catalogue and the contract
    )
