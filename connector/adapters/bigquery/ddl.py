"""Brings a table and what is made from it to their definition; takes two metadata requests if nothing has to change.

What a table was last made from, and when its columns last changed, stand in the table's own labels, and each view carries
the mark of its own text. So what is as it should be is known by reading the table and listing the dataset, and no other
memory has to be trusted.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from google.cloud import bigquery

from connector.adapters.bigquery.alter_columns import build_widening, find_widenable
from connector.adapters.bigquery.connection import Connection
from connector.adapters.bigquery.current_rows import CurrentRows
from connector.adapters.bigquery.inherited import find_collated, keep_for_good
from connector.adapters.bigquery.jobs import run_query
from connector.adapters.bigquery.kept_table import leave_as_view
from connector.adapters.bigquery.metadata import Metadata, label
from connector.adapters.bigquery.schema import extend_fields, to_column, to_field
from connector.adapters.bigquery.views import Objects, Views, find_owners, find_superseded, find_unfit
from connector.domain.tables.evolution import Evolution, adopt_types, evolve, fingerprint
from connector.domain.tables.schema import Column, DailyMerge, Table, TableStatus
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
        self._views = Views(connection)
        self._incarnations: dict[str, str] = {}
        """The creation time of each table when this run first prepared it; a table dropped and created again has another."""

    def prepare(self, table: Table, *, is_filled: bool = True) -> TableStatus:
        """Return at once if nothing has to change; otherwise change the objects step by step."""
        created = is_mended = False
        taken_from: tuple[str, ...] = ()
        for _ in range(STEPS):
            found = self._metadata.find(table.name)
            if found is None:
                created = True
                self._create(table)
                continue
            table = leave_as_view(table, found)
            evolution = evolve(map(to_column, found.schema), table.columns)
            if evolution.other_fields:
                return TableStatus(
                    created=False, accepts_streaming=False, other_fields=evolution.other_fields
                )
            if self._change_columns(found, table, evolution):
                continue
            objects = self._views.list_objects(table)
            owners = find_owners(table, objects)
            held_by = () if is_filled else owners
            is_labelled = found.labels.get(LAYOUT_LABEL) == fingerprint(table, REVISION)
            if is_labelled and (is_mended or self._is_fit(table, evolution, objects, held_by)):
                self._views.keep(table, objects)
                self._current_rows.remember(table, objects, found.num_bytes or 0)
                status = self._conclude(found, table, evolution)
                return replace(status, created=created, held_by=held_by, taken_from=taken_from)
            self._finish(found, table, evolution, objects, held_by)
            taken_from = () if held_by else owners or taken_from
            is_mended = True
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
        self._current_rows.forget()

    def restore_current_rows(self, table: Table) -> None:
        """Make the table of current rows, again perhaps, from the log, if there is a log and it is worth it."""
        found = self._metadata.find(table.name)
        table = table if found is None else leave_as_view(table, found)
        if found is not None and table.merge is not None:
            with self._current_rows.put_off(table.merge):
                if self._current_rows.may_make(table, found.num_bytes or 0):
                    self._make_current_rows(table, evolve(map(to_column, found.schema), table.columns))

    def _is_fit(self, table: Table, evolution: Evolution, objects: Objects, held_by: tuple[str, ...]) -> bool:
        """Whether nothing that is made from the log has to be mended."""
        if not self._current_rows.is_fit(table, evolution.columns):
            return False
        is_mended_later = bool(held_by)
        return is_mended_later or not (
            find_unfit(self._current_rows.show(table, evolution.columns, objects), evolution.columns, objects)
            or find_superseded(table, objects)
        )

    def _change_columns(self, found: bigquery.Table, table: Table, evolution: Evolution) -> bool:
        """Add or widen columns; return whether anything had to be changed, so that the table must be looked at again."""
        if evolution.added:
            self._add_columns(found, table, evolution)
            return True
        if numeric_not_widened := find_widenable(evolution.numeric_not_widened):
            self._widen_columns(found, table, numeric_not_widened)
            return True
        return False

    def _conclude(self, found: bigquery.Table, table: Table, evolution: Evolution) -> TableStatus:
        """Return what a run must know of a table that is as it should be."""
        keep_for_good(self._connection, found)
        self._incarnations.setdefault(table.name, str(found.created))
        return TableStatus(
            created=False,
            accepts_streaming=self._connection.clock.now() - _read_change(found) >= SETTLING,
            incompatible_columns=evolution.incompatible_columns,
            numeric_not_widened=evolution.numeric_not_widened,
            as_text=evolution.as_text,
            empty=found.num_rows == 0 and found.streaming_buffer is None,
        )

    def _create(self, table: Table) -> None:
        if self._metadata.find_dataset() is None:
            self._metadata.create_dataset()
        self._current_rows.drop(table)  # of a log that is gone: no run could find out which rows were deleted
        made = bigquery.Table(self._connection.refer(table.name), schema=[*map(to_field, table.columns)])
        made.description = table.description
        made.labels = label(table) | self._mark_change()
        if table.partition_by:
            made.time_partitioning = bigquery.TimePartitioning(field=table.partition_by)
        if table.cluster_by:
            made.clustering_fields = list(table.cluster_by)
        self._metadata.create(made)

    def _add_columns(self, found: bigquery.Table, table: Table, evolution: Evolution) -> None:
        if self._current_rows.holds_any(table, evolution.added):
            # The columns were dropped from the log, and their values with them.
            self._current_rows.drop(table)
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

    def _finish(
        self,
        found: bigquery.Table,
        table: Table,
        evolution: Evolution,
        objects: Objects,
        held_by: tuple[str, ...],
    ) -> None:
        """Create what is made from the table, and only then record what the table was made from."""
        for kept in evolution.describe_kept():
            log.warning("%s.%s", table.name, kept)
        if collated := find_collated(found):
            log.warning(
                "%s compares text without regard to case: %s", table.name, ", ".join(collated[:COLUMNS_SHOWN])
            )
        self._keep_current_rows(table, evolution)  # before a view shows them
        if not held_by:
            shown = self._current_rows.show(table, evolution.columns, objects)
            self._views.make(shown, evolution.columns, objects)
        found.schema = extend_fields(found.schema, evolution.columns)
        found.description = table.description
        found.labels = found.labels | label(table) | {LAYOUT_LABEL: fingerprint(table, REVISION)}
        self._metadata.update(found, "schema", "description", "labels")

    def _keep_current_rows(self, table: Table, evolution: Evolution) -> None:
        """Bring the table of current rows up to date; one that is merged once a day only gets the columns it lacks."""
        if not isinstance(table.merge, DailyMerge):
            self._make_current_rows(table, evolution)
        elif (wanted := self._current_rows.follow(table, evolution.columns)) is not None:
            self.prepare(wanted)

    def _make_current_rows(self, table: Table, evolution: Evolution) -> None:
        """Make the table of current rows, or what it lacks, and fill it."""
        if table.merge is not None:
            self._current_rows.drop_useless(table, evolution.columns)
            self.prepare(adopt_types(table.merge.into, evolution.columns))
            self._current_rows.fill(table.merge)

    def _mark_change(self) -> dict[str, str]:
        return {CHANGED_LABEL: str(int(self._connection.clock.now().timestamp()))}


def _read_change(table: bigquery.Table) -> datetime:
    """When the table's columns last changed; without our label, when it was created."""
    text: str = table.labels.get(CHANGED_LABEL, "")
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    created: datetime = table.created
    return created
