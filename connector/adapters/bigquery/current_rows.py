"""The current-rows table: updated from the log once per run, however earlier runs ended.

Before rows go into the log, a label on the table of current rows says since when it is behind. The label goes when a MERGE
from there on is done. So a run that dies between the rows and the MERGE leaves its work to the next one, and a run that
finds no label has nothing to do.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from google.cloud import bigquery

from connector.adapters.bigquery.connection import Connection
from connector.adapters.bigquery.jobs import run_query
from connector.adapters.bigquery.metadata import Metadata, is_ours
from connector.adapters.bigquery.schema import to_column
from connector.domain.batch import Row
from connector.domain.instants import FIRST, to_text
from connector.domain.tables.current_table import find_earliest_read
from connector.domain.tables.evolution import adopt_types, evolve, find_retyped, walk_paths
from connector.domain.tables.schema import Column, Merge, Table
from connector.errors import WarehouseUnavailableError

BEHIND_LABEL = "behind_since"
"""Seconds since 1970; empty if the table is up to date with the log."""
MAX_ROUNDS = 5


class CurrentRows:
    """Updates the current-rows tables of the entities that have one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._metadata = Metadata(connection)

    def is_fit(self, table: Table, columns: Sequence[Column]) -> bool:
        """Whether the table's current rows are there with the columns of its log; True if it keeps none."""
        if table.merge is None:
            return True
        into = adopt_types(table.merge.into, columns)
        found = self._metadata.find(into.name)
        return (
            found is not None
            and not _is_useless(found, into)
            and not evolve(map(to_column, found.schema), into.columns).added
        )

    def drop(self, table: Table) -> None:
        """Drop the current rows of this definition and of earlier ones, if the connector made them."""
        for name in table.superseded if table.merge is None else (table.merge.into.name,):
            found = self._metadata.find(name)
            if found is not None and found.table_type == "TABLE" and is_ours(found):
                self._metadata.delete(name)

    def drop_useless(self, table: Table, columns: Sequence[Column]) -> None:
        """Drop what has the name of the current rows and cannot hold them: a view, or columns of other types than the log's."""
        if table.merge is not None:
            into = adopt_types(table.merge.into, columns)
            found = self._metadata.find(into.name)
            if found is not None and _is_useless(found, into) and is_ours(found):
                self._metadata.delete(into.name)

    def holds_any(self, table: Table, paths: frozenset[str]) -> bool:
        """Whether the current rows have a column at one of these dotted paths."""
        found = None if table.merge is None else self._metadata.find(table.merge.into.name)
        held = map(to_column, found.schema) if found is not None else ()
        return any(path in paths for column in held for path in walk_paths(column))

    def note(self, table: Table, rows: Sequence[Row]) -> None:
        """Before these rows are stored, record durably that the table is behind from the earliest of them on."""
        if table.merge is None or not rows:
            return
        earliest = find_earliest_read(rows)
        for _ in range(MAX_ROUNDS):
            found = self._metadata.find(table.merge.into.name)
            if found is None:
                return  # it is filled from the whole log when it is made
            behind = _read_behind(found.labels.get(BEHIND_LABEL, ""))
            if behind is not None and behind <= earliest:
                return
            found.labels = found.labels | {BEHIND_LABEL: str(max(0, int(earliest.timestamp())))}
            if self._metadata.update(found, "labels"):
                return
        raise WarehouseUnavailableError(
            f"BigQuery: other runs keep changing the table {table.merge.into.name}",
            action="Run again when they are done.",
        )

    def refresh(self, table: Table) -> bool:
        """Merge the log's rows since the table fell behind, if it did. Return False if there is no table."""
        if table.merge is None:
            return True
        found = self._metadata.find(table.merge.into.name)
        if found is None:
            return False
        label = found.labels.get(BEHIND_LABEL, "")
        if (behind := _read_behind(label)) is not None:
            self.merge(table.merge, behind)
            self._clear(table.merge.into.name, label)
        return True

    def _clear(self, name: str, label: str) -> None:
        """Remove the label if it still has the value just merged. Only a run that holds the entity's lease does this."""
        found = self._metadata.find(name)
        if found is not None and found.labels.get(BEHIND_LABEL, "") == label:
            found.labels = found.labels | {BEHIND_LABEL: ""}
            self._metadata.update(found, "labels")

    def merge(self, merge: Merge, since: datetime = FIRST) -> None:
        """Run the statement for the rows synced since then."""
        list(run_query(self._connection, self._connection.render(merge.sql), {"since": to_text(since)}))


def _is_useless(found: bigquery.Table, into: Table) -> bool:
    return found.table_type == "VIEW" or any(find_retyped(map(to_column, found.schema), into.columns))


def _read_behind(label: str) -> datetime | None:
    return datetime.fromtimestamp(int(label), UTC) if label.isdigit() else None
