"""Clocks jump, Acumatica's and ours, and some stamps are missing or lie in the future: what was read last is shown all the same.

One history: runs while records change and are deleted, between which both clocks may jump, each by its own. Sometimes a run is an
incremental one, sometimes a reconcile. After each the copy shows what a run of its kind has to find, and the history views
of the log have one current version per record and no gap or overlap.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.adapters.duckdb.file import connect
from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.domain.entity import Depth
from connector.domain.records.contract import Kind
from connector.domain.run import Mode, Status
from tests.builders import a_contract, an_id
from tests.unit.runs.small_rig import PROVEN, SmallRig, remember, vendors

CONTRACT = a_contract(fields={"Number": Kind.INT})
MINUTE = timedelta(minutes=1)
JUMPS = st.sampled_from([0, 0, 0, 0, 20, 600, 100_000, -20, -600, -100_000])
"""Minutes."""
NEVER = datetime.min.replace(tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, 997_000, tzinfo=UTC)

STEPS = st.fixed_dictionaries(
    {
        "passed": st.integers(1, 300),
        "source_jump": JUMPS,
        "our_jump": JUMPS,
        "changed": st.sets(st.integers(1, 4), max_size=4),
        "stamp": st.sampled_from(["now", "now", "now", "none", "last"]),
        "deleted": st.one_of(st.none(), st.integers(1, 4)),
        "work": st.sampled_from(["incremental", "incremental", "keys", "content"]),
    }
)


class JumpingTenant:
    """Four records, and the true time since the start, which no clock of the two need show."""

    def __init__(self, rig: SmallRig) -> None:
        self.rig = rig
        self.number = 0
        self.truth: dict[str, int] = {}
        self.stamps: dict[int, datetime | None] = {}
        self.unlisted: set[str] = set()
        """Changed, but without a stamp: no filter by stamp lists them."""
        self.silent: set[str] = set()
        """Changed, but under the stamp they had: comparing stamps shows nothing."""

    @property
    def source_now(self) -> datetime:
        return self.rig.clock.now() + self.rig.source.clock_ahead

    def pass_time(self, step: dict[str, Any]) -> None:
        """The jumps come first: what changes does so under the clock as it is then."""
        ours, theirs = step["our_jump"] * MINUTE, step["source_jump"] * MINUTE
        self.rig.clock.advance(ours)
        self.rig.source.clock_ahead += theirs - ours
        self.rig.clock.advance(step["passed"] * MINUTE)

    def change(self, numbers: set[int], stamp: str) -> None:
        stamps = {"now": self.source_now, "none": None, "last": LAST}
        for record in sorted(numbers):
            self.number += 1
            self.rig.source.put(*vendors(record, modified_at=stamps[stamp], Number=self.number))
            self.truth[an_id(record)] = self.number
            (self.unlisted.add if stamp == "none" else self.unlisted.discard)(an_id(record))
            if self.stamps.get(record, NEVER) == stamps[stamp]:
                self.silent.add(an_id(record))
            self.stamps[record] = stamps[stamp]

    def find_seen(self, work: str) -> dict[str, int]:
        """Return what a run of this kind has to have found."""
        left_out = {"incremental": self.unlisted, "keys": self.silent, "content": set[str]()}[work]
        if work == "content":
            self.silent.clear()
        elif work == "incremental":
            self.silent &= self.unlisted
        if work != "incremental":
            self.unlisted &= left_out
        return {record: number for record, number in self.truth.items() if record not in left_out}

    def delete(self, record: int) -> None:
        if len(self.truth) > 2:
            self.rig.source.rows.pop(an_id(record), None)
            self.truth.pop(an_id(record), None)


def live(rig: SmallRig, steps: list[dict[str, Any]]) -> None:
    tenant = JumpingTenant(rig)
    tenant.change({1, 2, 3, 4}, "now")
    assert rig.run().status is Status.SUCCEEDED
    remember(rig, proven_identity=PROVEN)
    for step in steps:
        tenant.pass_time(step)
        tenant.change(step["changed"], step["stamp"])
        if step["deleted"] is not None:
            tenant.delete(step["deleted"])
        is_whole = step["work"] != "incremental"
        mode, depth = (Mode.RECONCILE, Depth(step["work"])) if is_whole else (Mode.INCREMENTAL, Depth.KEYS)
        result = rig.run(mode, depth=depth, force=True)
        assert result.status is Status.SUCCEEDED, result
        shown, seen = rig.shown("number"), tenant.find_seen(step["work"])
        assert {record: shown.get(record) for record in seen} == seen
        if is_whole:
            assert set(shown) == set(tenant.truth)
        assert rig.run(mode, depth=depth, force=True).records_written == 0, (
            "a second look finds nothing to write"
        )
        assert (
            rig.run().status is Status.SUCCEEDED
        )  # what a reconcile writes is below a watermark from here on


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=6))
def test_what_was_read_last_is_shown_whatever_the_clocks_say(steps: list[dict[str, Any]]) -> None:
    live(SmallRig(contract=CONTRACT), steps)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jumps") / "erp.duckdb"


@settings(max_examples=20, deadline=None)
@given(steps=st.lists(STEPS, min_size=1, max_size=5))
def test_the_views_of_a_file_agree_and_the_history_has_no_gap(
    path: Path, steps: list[dict[str, Any]]
) -> None:
    rig = SmallRig(contract=CONTRACT)
    live(rig, steps)
    rows = [row for append in rig.appends for row in append.rows]
    table = rig.appends[-1].table
    warehouse = DuckDbWarehouse(path)
    warehouse.prepare(table)
    with connect(path) as connection:
        connection.execute("DELETE FROM vendors_log")
    for append in rig.appends:
        assert warehouse.append(append) == {}
    found = {v.record_id: (v.version, v.place) for v in warehouse.current_versions(table)}
    expected = {v.record_id: (v.version, v.place) for v in rig.warehouse.current_versions(table)}
    warehouse.close()
    assert found == expected
    with duckdb.connect(str(path), read_only=True) as reader:
        shown = dict(reader.execute("SELECT _id, number FROM vendors").fetchall())
        history = reader.execute(
            "SELECT _id, valid_from, valid_to, is_current FROM vendors_history ORDER BY _id, valid_from, valid_to NULLS LAST"
        ).fetchall()
        deleted = {row[0] for row in reader.execute("SELECT _id FROM vendors_log WHERE _deleted").fetchall()}
    assert shown == rig.shown("number")
    assert len(rows) > 0
    assert sorted(row[0] for row in history if row[3]) == sorted(shown)
    for before, after in pairwise(history):
        if before[0] == after[0]:
            assert before[2] is not None
            assert before[2] == after[1] or before[0] in deleted
            assert before[2] <= after[1]
