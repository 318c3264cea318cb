"""Creates a missing table and adds missing columns; takes one metadata request if nothing has to change.

What a table was last made from, and when its columns last changed, stand in the table's own labels. So a table that is as
it should be is known by reading it once, and no other memory has to be trusted.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from google.cloud import bigquery

from connector.adapters.bigquery.alter_columns import build_widening, find_widenable
from connector.adapters.bigquery.connection import Connection
from connector.adapters.bigquery.current_rows import CurrentRows
from connector.adapters.bigquery.inherited import find_collated, keep_for_good
from connector.adapters.bigquery.jobs import run_query
from connector.adapters.bigquery.metadata import Metadata, label
from connector.adapters.bigquery.schema import extend_fields, to_column, to_field
from connector.adapters.bigquery.views import make_views
from connector.domain.tables.evolution import Evolution, adopt_types, evolve, fingerprint
from connector.domain.tables.schema import Column, Table, TableStatus
from connector.errors import WarehouseUnavailableError

REVISION = 2
"""Increment it when the same table is created differently, so that existing datasets follow."""
LAYOUT_LABEL = "layout"
CHANGED_LABEL = "columns_changed"
"""Seconds since 1970, of the last time that columns were made or added."""
SETTLING = timedelta(minutes=15)
"""How long BigQuery may lose or refuse streamed rows after a change of columns."""
COLUMNS_SHOWN = 5
STEPS = 12
"""Limit of steps; four suffice unless other runs change the table meanwhile."""

log = logging.getLogger(__name__)


class Layout:
    """Brings a dataset's objects in line with a table. Two runs may do so at once, since each looks again after a step."""

    def __init__(self, connection: Connection, current_rows: CurrentRows) -> None:
        self._connection = connection
        self._current_rows = current_rows
        self._metadata = Metadata(connection)
        self._incarnations: dict[str, str] = {}
        """The creation time of each table when this run first prepared it; a table dropped and created again has another."""

    def prepare(self, table: Table) -> TableStatus:
        """Return at once if nothing has to change; otherwise change the objects step by step."""
        created = False
        for _ in range(STEPS):
            found = self._metadata.find(table.name)
            if found is None:
                created = True
                self._create(table)
                continue
            evolution = evolve(map(to_column, found.schema), table.columns)
            if evolution.added:
                self._add_columns(found, table, evolution)
            elif numeric_not_widened := find_widenable(evolution.numeric_not_widened):
                self._widen_columns(found, table, numeric_not_widened)
            elif found.labels.get(LAYOUT_LABEL) != fingerprint(table, REVISION):
                self._finish(found, table, evolution)
            else:
                keep_for_good(self._connection, found)
                self._incarnations.setdefault(table.name, str(found.created))
                accepts_streaming = self._connection.clock.now() - _read_change(found) >= SETTLING
                empty = found.num_rows == 0 and found.streaming_buffer is None
                return TableStatus(
                    created=created,
                    accepts_streaming=accepts_streaming,
                    incompatible_columns=evolution.incompatible_columns,
                    numeric_not_widened=evolution.numeric_not_widened,
                    as_text=evolution.as_text,
                    empty=empty,
                )
        raise WarehouseUnavailableError(
            f"BigQuery: other runs keep changing the table {table.name}",
            action="Run again when they are done.",
        )

    def read_columns(self, name: str) -> tuple[Column, ...]:
        """Return the existing columns of a table or view; none if it does not exist."""
        found = self._metadata.find(name)
        return () if found is None else tuple(map(to_column, found.schema))

    def incarnation(self, table: Table) -> str:
        """Return the creation time of the prepared table, which tells it from a later one of the same name; "" if none."""
        return self._incarnations.get(table.name, "")

    def is_as_prepared(self, table: Table) -> bool:
        """Whether the table still exists and is the one that this run first prepared."""
        found = self._metadata.find(table.name)
        return found is not None and self.incarnation(table) in ("", str(found.created))

    def forget(self) -> None:
        """Start a new run: forget which tables were prepared."""
        self._incarnations.clear()

    def finish(self, table: Table) -> None:
        """Create the views again, although the table's label says that was done."""
        found = self._metadata.find(table.name)
        if found is not None:
            self._finish(found, table, evolve(map(to_column, found.schema), table.columns))

    def _create(self, table: Table) -> None:
        if self._metadata.find_dataset() is None:
            self._metadata.create_dataset()
        if table.merge is not None:  # of a log that is gone: no run could find out which rows were deleted
            self._metadata.delete(table.merge.into.name)
        made = bigquery.Table(self._connection.refer(table.name), schema=[*map(to_field, table.columns)])
        made.description = table.description
        made.labels = label(table) | self._mark_change()
        if table.partition_by:
            made.time_partitioning = bigquery.TimePartitioning(field=table.partition_by)
        if table.cluster_by:
            made.clustering_fields = list(table.cluster_by)
        self._metadata.create(made)

    def _add_columns(self, found: bigquery.Table, table: Table, evolution: Evolution) -> None:
        found.schema = extend_fields(found.schema, evolution.columns)
        found.labels = found.labels | label(table) | self._mark_change()
        if self._metadata.update(found, "schema", "labels"):
            log.info("%s: columns added: %s", table.name, ", ".join(sorted(evolution.added)))

    def _widen_columns(self, found: bigquery.Table, table: Table, numeric_not_widened: Sequence[str]) -> None:
        """Make these columns BIGNUMERIC, noting first that columns change."""
        found.labels = found.labels | label(table) | self._mark_change()
        if self._metadata.update(found, "labels"):
            list(
                run_query(
                    self._connection, build_widening(self._connection, table.name, numeric_not_widened), {}
                )
            )
            log.info("%s: columns widened to BIGNUMERIC: %s", table.name, ", ".join(numeric_not_widened))

    def _finish(self, found: bigquery.Table, table: Table, evolution: Evolution) -> None:
        """Create the views, and only then record what the table was made from."""
        for kept in evolution.describe_kept():
            log.warning("%s.%s", table.name, kept)
        if collated := find_collated(found):
            log.warning(
                "%s compares text without regard to case: %s", table.name, ", ".join(collated[:COLUMNS_SHOWN])
            )
        if table.merge is not None:
            self.prepare(adopt_types(table.merge.into, evolution.columns))
            self._current_rows.merge(table.merge)  # before a view shows them
        make_views(self._connection, table)
        found.schema = extend_fields(found.schema, evolution.columns)
        found.description = table.description
        found.labels = found.labels | label(table) | {LAYOUT_LABEL: fingerprint(table, REVISION)}
        self._metadata.update(found, "schema", "description", "labels")

    def _mark_change(self) -> dict[str, str]:
        return {CHANGED_LABEL: str(int(self._connection.clock.now().timestamp()))}


def _read_change(table: bigquery.Table) -> datetime:
    """When the table's columns last changed; without our label, when it was created."""
    text: str = table.labels.get(CHANGED_LABEL, "")
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    created: datetime = table.created
    return created
