"""Current rows that are merged once a day: whatever is logged when, and wherever a run is killed, the view shows what it should.

The connector's own texts and plans are played on tables in memory: a run notes since when the table is behind, appends, merges,
notes up to when all is merged, and the next run makes the view from that. Each of these may be the last thing a run does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.adapters.duckdb.dialect import render_type
from connector.adapters.duckdb.translation import translate
from connector.domain.instants import to_text
from connector.domain.tables.current_table import build_merge, plan_first_merge, plan_merge, show_merged
from connector.domain.tables.schema import Table
from connector.domain.tables.sql import IS_NEWEST
from tests.contract.warehouse_rows import a_column, a_table, an_entity
from tests.property.test_views_of_any_log import START, Entry, logs, model_current
from tests.property.test_views_on_googlesql import decode
from tests.stand_ins.googlesql import ask

ENTITY = an_entity(line_views=())
BUSINESS = (a_column("reference_nbr"),)
COLUMNS = a_table(BUSINESS, entity=ENTITY).columns
LOG = a_table(
    BUSINESS,
    entity=ENTITY,
    merge=build_merge(ENTITY, COLUMNS),
    views=a_table(BUSINESS, entity=ENTITY).views[:1],
)
assert LOG.merge is not None
SHOWN = "_id, _version, _modified_at, _synced_at, reference_nbr"


@dataclass(frozen=True, slots=True)
class Step:
    """What a run does at an hour: it appends rows that were read so many hours before, and gets so far."""

    hour: int
    entries: list[Entry]
    ages: list[int]
    ends_after: str


STEPS = st.builds(
    Step,
    st.sampled_from([0, 0, 1, 7, 25]),
    st.lists(
        st.builds(
            Entry,
            st.sampled_from(["r1", "r2"]),
            st.sampled_from(["a", "b", "d"]),
            st.one_of(st.none(), st.integers(0, 3)),
            st.just(0),
            st.sampled_from([False, False, True]),
        ),
        max_size=2,
    ),
    st.lists(st.sampled_from([0, 0, 0, 1, 30, 90]), min_size=2, max_size=2),
    st.sampled_from(["note", "rows", "MERGE", "label", "label"]),
)


@dataclass(slots=True)
class Played:
    """The dataset, its labels and the view's text, with the rows that no view can show yet because they were logged too late."""

    connection: duckdb.DuckDBPyConnection
    now: datetime = START + timedelta(hours=100)
    view: Table = LOG
    view_until: datetime | None = None
    behind: datetime | None = None
    until: datetime | None = None
    logged: list[Entry] = field(default_factory=list)
    merged: int = 0
    """How many of those a MERGE has seen."""

    def play(self, step: Step) -> None:
        self.now += timedelta(hours=step.hour)
        self.view, self.view_until = show_merged(LOG, self.until), self.until
        hours = int((self.now - START) / timedelta(hours=1))
        entries = [replace(e, synced=hours - age) for e, age in zip(step.entries, step.ages, strict=False)]
        if entries:
            earliest = min(entry.synced_at for entry in entries)
            self.behind = min(earliest, self.behind or earliest)
        if step.ends_after == "note":
            return
        for entry in entries:
            self._append(entry)
        if step.ends_after != "rows":
            self._refresh(labels=step.ends_after == "label")

    def _append(self, entry: Entry) -> None:
        values = (
            entry.record,
            entry.modified_at,
            entry.version,
            entry.deleted,
            entry.synced_at,
            entry.version.upper(),
        )
        self.connection.execute(
            "INSERT INTO bills_log (_id, _modified_at, _version, _deleted, _synced_at, reference_nbr) VALUES ($1, $2, $3, $4, $5, $6)",
            [*values[:5], None if entry.deleted else values[5]],
        )
        self.logged.append(entry)

    def _refresh(self, *, labels: bool) -> None:
        plan = plan_first_merge(self.now)
        if self.until is not None:
            due = plan_merge(behind=self.behind, until=self.until, now=self.now)
            if due is None:
                return
            plan = due
        assert LOG.merge is not None
        self.connection.execute(translate(LOG.merge.sql), {"since": to_text(plan.since)})
        self.merged = len(self.logged)
        if labels:
            self.behind, self.until = None, plan.until

    def expect(self) -> set[tuple[Any, ...]]:
        """Return the rows of a plain model. A row that is logged too late for the view shows when it is merged, with its own run."""
        waiting = self.logged[self.merged :]
        shown = [e for e in waiting if self.view_until is None or e.synced_at >= self.view_until]
        return model(self.logged[: self.merged] + shown)

    def read(self) -> set[tuple[Any, ...]]:
        found = self.connection.execute(
            translate(f"SELECT {SHOWN} FROM ({self.view.views[0].sql})")
        ).fetchall()
        assert len(found) == len(set(found))
        return set(found)


def model(log: list[Entry]) -> set[tuple[Any, ...]]:
    return {(e.record, e.version, e.modified_at, e.synced_at, e.version.upper()) for e in model_current(log)}


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=8))
def test_the_view_shows_the_newest_of_all_that_was_logged_at_every_moment(steps: list[Step]) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        listed = ", ".join(f'"{column.name}" {render_type(column)}' for column in COLUMNS)
        for name in ("bills_log", "bills_current"):
            connection.execute(f"CREATE TABLE {name} ({listed})")
        played = Played(connection)
        for step in [*steps, Step(0, [], [], "label")]:
            played.play(step)
            assert played.read() == played.expect()
        assert played.read() == model(played.logged), "a run that comes to its end leaves no row behind"
        played.play(Step(0, [], [], "note"))
        assert played.read() == model(played.logged)


@settings(max_examples=3, deadline=None)
@given(st.lists(logs(), min_size=6, max_size=6), st.integers(0, 5))
def test_the_views_over_table_and_log_show_the_same_in_googlesql_with_any_older_literal(
    several: list[list[Entry]], merged_until: int
) -> None:
    """Several logs are one log of more records; the table may be newer than the literal in the view."""
    entries = [replace(e, record=f"{i}-{e.record}") for i, log in enumerate(several) for e in log]
    merged = [entry for entry in entries if entry.synced < merged_until]
    newest = ask(
        f"SELECT * FROM {{dataset}}.bills_log WHERE TRUE QUALIFY {IS_NEWEST}", {LOG: to_rows(merged)}
    )
    kept = [dict(zip(newest.columns, row, strict=True)) for row in newest.rows]
    untils = [START + timedelta(hours=hour) for hour in range(merged_until + 1)]
    views = [replace(show_merged(LOG, until).views[0], name=f"view_{i}") for i, until in enumerate(untils)]
    assert LOG.merge is not None
    tables = {
        LOG.merge.into: [spell(row) for row in kept],
        replace(LOG, views=(LOG.views[0], *views)): to_rows(entries),
    }
    listed = ", ".join(
        f"ARRAY(SELECT AS STRUCT {SHOWN} FROM {name} ORDER BY _id)"
        for name in ("bills", *(v.name for v in views))
    )
    [(plain, *others)] = ask(f"SELECT {listed}", tables).rows
    assert len(plain) == len(model_current(entries))
    assert all(other == plain for other in others)


def to_rows(entries: list[Entry]) -> list[Mapping[str, Any]]:
    return [decode(entry.to_row()) for entry in entries]


def spell(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row of an answer as rows are handed to the engine."""
    return {name: to_text(value) if isinstance(value, datetime) else value for name, value in row.items()}
