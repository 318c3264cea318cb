"""The current-rows table: updated from the log at the end of a run or once a day, however earlier runs ended.

Before rows go into the log, a label on the table of current rows says since when it is behind. The label goes when a MERGE
from there on is done. So a run that dies between the rows and the MERGE leaves its work to the next one, and a run that
finds no label has nothing to do.

Of a table that is merged once a day another label says up to when everything that was logged is in it. From there on the current
view reads the log. It is made by `prepare` from that label, so a view that is older than the label reads more than it must, and
shows the same.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

from google.cloud import bigquery

from connector.adapters.bigquery.connection import Connection
from connector.adapters.bigquery.jobs import run_query
from connector.adapters.bigquery.kept_table import (
    BEHIND_LABEL,
    MERGED_LABEL,
    is_alike,
    is_complete,
    is_kept,
    is_merged,
    is_useless,
    read_instant,
    read_merged,
    to_label,
)
from connector.adapters.bigquery.metadata import Listed, Metadata, is_ours
from connector.adapters.bigquery.schema import to_column
from connector.domain.batch import Row
from connector.domain.instants import to_text
from connector.domain.tables.current_table import (
    MergePlan,
    find_earliest_read,
    plan_first_merge,
    plan_merge,
    show_merged,
)
from connector.domain.tables.evolution import adopt_types, walk_paths
from connector.domain.tables.schema import Column, DailyMerge, Merge, Table
from connector.errors import ConnectorError, WarehouseUnavailableError

MAX_ROUNDS = 5
TABLE_FROM_BYTES = 256 * 1024 * 1024
"""How large a log is before its current rows get a table that is merged once a day.

A query on a smaller one reads so few bytes that the least BigQuery charges for two tables, 20 MB, and the MERGE are no gain.
"""

log = logging.getLogger(__name__)


class CurrentRows:
    """Updates the current-rows tables of the entities that have one."""

    def __init__(self, connection: Connection, table_from_bytes: int = TABLE_FROM_BYTES) -> None:
        self._connection = connection
        self._metadata = Metadata(connection)
        self._table_from_bytes = table_from_bytes
        self._without: set[str] = set()
        """Logs whose current rows do without a table in this run."""

    def remember(self, table: Table, objects: Mapping[str, Listed], log_bytes: int) -> None:
        """Note whether current rows that may be merged once a day have no table and need none yet: then a run asks no more for it."""
        if isinstance(table.merge, DailyMerge):
            is_needed = log_bytes >= self._table_from_bytes or table.merge.into.name in objects
            (self._without.discard if is_needed else self._without.add)(table.name)

    def forget(self) -> None:
        """Start a new run."""
        self._without.clear()

    def show(self, table: Table, columns: Sequence[Column], objects: Mapping[str, Listed]) -> Table:
        """Return the table with the current view that fits what is merged; `columns` are those of its log.

        Takes no request unless there is a table of current rows that is merged once a day.
        """
        merge = table.merge
        if not isinstance(merge, DailyMerge) or not is_merged(objects.get(merge.into.name), table):
            return table
        found = self._metadata.find(merge.into.name)
        if found is None or not is_alike(found, adopt_types(merge.into, columns)):
            return table
        return show_merged(table, read_merged(found, self._connection.clock.now()))

    def is_fit(self, table: Table, columns: Sequence[Column]) -> bool:
        """Whether the table's current rows are there with the columns of its log; True if the view does without them."""
        if table.merge is None or isinstance(table.merge, DailyMerge):
            return True
        into = adopt_types(table.merge.into, columns)
        found = self._metadata.find(into.name)
        return found is not None and is_complete(found, into)

    def may_make(self, table: Table, log_bytes: int) -> bool:
        """Whether the table may be made now of a log of this size, or made anew, if it is one that is merged once a day."""
        if not isinstance(table.merge, DailyMerge):
            return True
        found = self._metadata.find(table.merge.into.name)
        return log_bytes >= self._table_from_bytes if found is None else is_kept(found, table)

    def follow(self, table: Table, columns: Sequence[Column]) -> Table | None:
        """Return the definition that a table which is merged once a day must be brought to, if there is one.

        One that has not just the columns it should have is read no more, and made anew at the end of the run: what it lacks may
        have values in the log, and what is not merged into it grows old.
        """
        if not isinstance(table.merge, DailyMerge):
            return None
        into = adopt_types(table.merge.into, columns)
        found = self._metadata.find(into.name)
        if found is None or not is_kept(found, table):
            return None
        if is_alike(found, into):
            return into
        if read_instant(found, MERGED_LABEL) is not None:
            self._relabel(found, {MERGED_LABEL: ""})
        return None

    def drop(self, table: Table) -> None:
        """Drop the current rows of this definition and of earlier ones, if the connector made them."""
        for name in table.superseded if table.merge is None else (table.merge.into.name,):
            found = self._metadata.find(name)
            if found is not None and found.table_type == "TABLE" and is_ours(found):
                self._metadata.delete(name)

    def drop_useless(self, table: Table, columns: Sequence[Column]) -> None:
        """Drop what has the name of the current rows and cannot hold them: a view, or columns of other types than the log's.

        Of a table that is merged once a day, which no view reads now, other columns are enough.
        """
        if table.merge is not None:
            into = adopt_types(table.merge.into, columns)
            found = self._metadata.find(into.name)
            if found is None or not is_ours(found):
                return
            is_daily = isinstance(table.merge, DailyMerge)
            if is_useless(found, into) or (is_daily and not is_alike(found, into)):
                self._metadata.delete(into.name)

    def holds_any(self, table: Table, paths: frozenset[str]) -> bool:
        """Whether the current rows have a column at one of these dotted paths."""
        found = None if table.merge is None else self._metadata.find(table.merge.into.name)
        held = map(to_column, found.schema) if found is not None else ()
        return any(path in paths for column in held for path in walk_paths(column))

    def note(self, table: Table, rows: Sequence[Row]) -> None:
        """Before these rows are stored, record durably that the table is behind from the earliest of them on."""
        if table.merge is None or not rows or table.name in self._without:
            return
        earliest = find_earliest_read(rows)
        for _ in range(MAX_ROUNDS):
            found = self._find(table)
            if found is None:
                return  # it is filled from the whole log when it is made
            behind = read_instant(found, BEHIND_LABEL)
            if behind is not None and behind <= earliest:
                return
            if self._relabel(found, {BEHIND_LABEL: to_label(earliest)}):
                return
        raise WarehouseUnavailableError(
            f"BigQuery: other runs keep changing the table {table.merge.into.name}",
            action="Run again when they are done.",
        )

    def refresh(self, table: Table) -> bool:
        """Merge the log's rows since the table fell behind, if it did and it is time. Return False if it must be made first."""
        if table.merge is None or table.name in self._without:
            return True
        found = self._find(table)
        if found is None:
            return False
        behind, plan, may_wait = read_instant(found, BEHIND_LABEL), None, False
        if isinstance(table.merge, DailyMerge):
            until = read_merged(found, self._connection.clock.now())
            if until is None:
                return False
            plan = plan_merge(behind=behind, until=until, now=self._connection.clock.now())
            may_wait = behind is not None and behind >= until
        elif behind is not None:
            plan = MergePlan(since=behind, until=behind)
        if plan is not None:
            with self.put_off(table.merge) if may_wait else nullcontext():
                self._merge(table.merge, plan, found.labels.get(BEHIND_LABEL, ""))
        return True

    @contextmanager
    def put_off(self, merge: Merge) -> Iterator[None]:
        """Let no failure of a MERGE end a run whose rows the view shows without it; the next run tries again."""
        try:
            yield
        except ConnectorError as exc:
            if not isinstance(merge, DailyMerge):
                raise
            name = merge.into.name
            log.warning(
                "%s is not merged: until a run can, queries read more of the log. %s", name, exc.message
            )

    def fill(self, merge: Merge) -> None:
        """Merge the whole log into a table that was just made, or of which nothing is known."""
        found = self._metadata.find(merge.into.name)
        behind = "" if found is None else found.labels.get(BEHIND_LABEL, "")
        self._merge(merge, plan_first_merge(self._connection.clock.now()), behind)

    def _merge(self, merge: Merge, plan: MergePlan, behind: str) -> None:
        """Run the statement. Then remove the label if it still has the value just merged, and note up to when all is merged.

        Only a run that holds the entity's lease does this. If somebody else changes the table's labels meanwhile, the next run does it.
        """
        sql = self._connection.render(merge.sql)
        list(run_query(self._connection, sql, {"since": to_text(plan.since)}))
        found = self._metadata.find(merge.into.name)
        if found is None:
            return
        changes = {BEHIND_LABEL: ""} if behind and found.labels.get(BEHIND_LABEL, "") == behind else {}
        if isinstance(merge, DailyMerge):
            changes[MERGED_LABEL] = to_label(plan.until)
        if changes:
            self._relabel(found, changes)

    def _find(self, table: Table) -> bigquery.Table | None:
        """Return the table of current rows as it is; None if there is none, or another object has its name."""
        if table.merge is None:
            return None
        found = self._metadata.find(table.merge.into.name)
        if isinstance(table.merge, DailyMerge) and found is not None and not is_kept(found, table):
            return None
        return found

    def _relabel(self, found: bigquery.Table, changes: Mapping[str, str]) -> bool:
        found.labels = found.labels | changes
        return self._metadata.update(found, "labels")
