"""A table of current rows, for an entity so large that a view over its log costs too much.

One MERGE at the end of each run updates the table from the log, if anything was appended since the last one. It keeps deleted
records, marked as such, so that an older version arriving late cannot bring one back; the current view leaves them out.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from connector.domain.batch import Row
from connector.domain.entity import Entity
from connector.domain.instants import FIRST
from connector.domain.tables.schema import Column, Merge, Table
from connector.domain.tables.sql import DATASET, IS_NEWEST, join_lines, quote

KEPT_ROWS = "The newest version of every"
"""Begins the description of each current-rows table, by which it is known where tables bear no labels."""
NO_STAMP = "TIMESTAMP '0001-01-01 00:00:00+00'"
"""Replaces a missing stamp: earlier than any (`instants.FIRST`)."""
STAMPS = tuple(f"COALESCE(`{side}`.`_modified_at`, {NO_STAMP})" for side in ("_newest", "_kept"))
IS_NEWER = f"""\
({STAMPS[0]} > {STAMPS[1]} OR ({STAMPS[0]} = {STAMPS[1]} AND (
    `_newest`.`_synced_at` > `_kept`.`_synced_at` OR (`_newest`.`_synced_at` = `_kept`.`_synced_at` AND (
      `_newest`.`_version` > `_kept`.`_version` OR (`_newest`.`_version` = `_kept`.`_version`
        AND `_kept`.`_deleted` AND NOT `_newest`.`_deleted`))))))"""
"""The order used by the views, for two rows: only a strictly newer row replaces another, so a repeat changes nothing."""


class _Synced(msgspec.Struct):
    synced_at: datetime = msgspec.field(name="_synced_at", default=FIRST)


DECODER = msgspec.json.Decoder(_Synced)


def find_earliest_read(rows: Sequence[Row]) -> datetime:
    """Return when the earliest of these rows of a log was read: what a MERGE must begin with to take them all."""
    return min(DECODER.decode(row.head).synced_at for row in rows)


def build_merge(entity: Entity, columns: tuple[Column, ...]) -> Merge:
    """Return the current-rows table of a log table with these columns, and the statement that updates it."""
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
WHEN MATCHED AND {IS_NEWER} THEN UPDATE SET
  {join_lines(f"{name} = `_newest`.{name}" for name in names)}
WHEN NOT MATCHED THEN INSERT ({", ".join(names)})
VALUES ({", ".join(f"`_newest`.{name}" for name in names)})""",  # noqa: S608 - quoted names of the catalogue and the contract
    )
