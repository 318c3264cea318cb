"""Whatever the order and the repetitions of the log's rows, the views show what a plain model says."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.adapters.duckdb.file import connect
from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.domain.batch import Row
from tests.contract.warehouse_current_contract import a_kept_table
from tests.contract.warehouse_rows import a_row, a_table, an_append

START = datetime(2026, 1, 1, tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)
LINES: dict[str, list[tuple[str, str]] | None] = {
    "a": [],
    "b": [("4000", "1.10")],
    "c": [("4000", "1.10"), ("5000", "-0.000000001"), ("4000", "1.10")],
    "d": None,
}
"""What the versions hold: no lines, one, several, and a column that is left out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log: its content is its version."""

    record: str
    version: str
    modified: int | None
    synced: int
    deleted: bool

    @property
    def order(self) -> tuple[Any, ...]:
        stamped = self.modified is not None
        return stamped, self.modified or 0, self.synced, self.version, not self.deleted

    @property
    def modified_at(self) -> datetime | None:
        return None if self.modified is None else START + timedelta(hours=self.modified)

    @property
    def synced_at(self) -> datetime:
        return START + timedelta(hours=self.synced)

    def to_row(self) -> Row:
        lines = None if self.deleted else LINES[self.version]
        details = None
        if lines is not None:
            details = [
                {"_position": i, "account": account, "amount": amount}
                for i, (account, amount) in enumerate(lines, 1)
            ]
        return a_row(
            self.record,
            self.version,
            modified_at=self.modified,
            synced_at=self.synced,
            deleted=self.deleted,
            reference_nbr=None if self.deleted else self.version.upper(),
            details=details,
        )


ENTRIES = st.builds(
    Entry,
    st.sampled_from(["r1", "r2"]),
    st.sampled_from(sorted(LINES)),
    st.one_of(st.none(), st.integers(0, 3)),
    st.integers(0, 5),
    st.sampled_from([False, False, False, True]),
)


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """Any rows, some of them several times, in any order."""
    entries = draw(st.lists(ENTRIES, max_size=9))
    repeats = draw(st.lists(st.sampled_from(entries), max_size=4)) if entries else []
    return draw(st.permutations(entries + repeats))


def model_histories(log: list[Entry]) -> Iterator[list[Entry]]:
    """The rows of each record, oldest first."""
    for record in sorted({entry.record for entry in log}):
        yield sorted((entry for entry in log if entry.record == record), key=lambda entry: entry.order)


def model_current(log: list[Entry]) -> set[Entry]:
    newest = [history[-1] for history in model_histories(log)]
    return {entry for entry in newest if not entry.deleted}


def model_lines(log: list[Entry]) -> list[tuple[Any, ...]]:
    return sorted(
        (entry.record, entry.version.upper(), position, account, Decimal(amount))
        for entry in model_current(log)
        for position, (account, amount) in enumerate(LINES[entry.version] or [], 1)
    )


def model_history(log: list[Entry]) -> list[tuple[Any, ...]]:
    """Every version with the time it was valid, told apart from deletions, equal neighbours as one."""
    rows = []
    for history in model_histories(log):
        noticed: list[datetime] = []
        for before, entry in zip([None, *history], history, strict=False):
            moved = before is None or entry.modified != before.modified
            by_stamp = entry.modified_at is not None and moved and not entry.deleted
            noticed.append(entry.modified_at if by_stamp and entry.modified_at else entry.synced_at)
        since = list(reversed(list(itertools.accumulate(reversed(noticed), min))))
        runs = itertools.groupby(range(len(history)), key=lambda i: (history[i].version, history[i].deleted))
        for _, places in runs:
            first, *_rest = held = list(places)
            last, entry = held[-1], history[held[-1]]
            end = since[last + 1] if last + 1 < len(history) else None
            if not entry.deleted:
                is_deleted = last + 1 < len(history) and all(each.deleted for each in history[last + 1 :])
                ends_deleted = last + 1 < len(history) and history[last + 1].deleted
                deleted_at = end if ends_deleted and end else NEVER
                row = (entry.record, since[first], end or NEVER, entry.version, entry.synced_at)
                rows.append((*row, is_deleted, deleted_at))
    return sorted(rows)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("views") / "log.duckdb"


@pytest.fixture(scope="module")
def warehouse(path: Path) -> Iterator[DuckDbWarehouse]:
    warehouse = DuckDbWarehouse(path)
    warehouse.prepare(a_table())
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def reader(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(path) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logs())
def test_any_order_and_repetition_of_rows_gives_the_models_views(
    warehouse: DuckDbWarehouse, reader: duckdb.DuckDBPyConnection, log: list[Entry]
) -> None:
    reader.execute("DELETE FROM bills_log")
    assert warehouse.append(an_append(*(entry.to_row() for entry in log))) == {}

    current = reader.execute("SELECT _id, _version, _modified_at, _synced_at FROM bills").fetchall()
    assert sorted(current, key=str) == sorted(
        ((e.record, e.version, e.modified_at, e.synced_at) for e in model_current(log)), key=str
    )
    versions = [
        (v.record_id, v.version, v.modified_at, v.synced_at, v.is_deleted)
        for v in warehouse.current_versions(a_table())
    ]
    newest = [history[-1] for history in model_histories(log)]
    assert versions == [(e.record, e.version, e.modified_at, e.synced_at, e.deleted) for e in newest]

    lines = "SELECT _parent_id, reference_nbr, _position, account, amount FROM bill_lines ORDER BY ALL"
    assert reader.execute(lines).fetchall() == model_lines(log)

    history = reader.execute(
        "SELECT _id, valid_from, coalesce(valid_to, $1), _version, _synced_at, is_deleted, coalesce(deleted_at, $1) "
        "FROM bills_history",
        [NEVER],
    )
    assert sorted(history.fetchall()) == model_history(log)

    shown = ", ".join(column.name for column in a_table().views[0].columns)
    still = reader.execute(f"SELECT {shown} FROM bills_history WHERE is_current ORDER BY _id").fetchall()
    assert still == reader.execute(f"SELECT {shown} FROM bills ORDER BY _id").fetchall()

    last = reader.execute("SELECT _id FROM bills_history WHERE is_current OR is_deleted ORDER BY _id")
    seen = sorted({(entry.record,) for entry in log if not entry.deleted})
    assert last.fetchall() == seen, "every record that was ever there has one last version"


KEPT = a_kept_table()


@pytest.fixture(scope="module")
def kept_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "log.duckdb"


@pytest.fixture(scope="module")
def keeper(kept_path: Path) -> Iterator[DuckDbWarehouse]:
    keeper = DuckDbWarehouse(kept_path)
    keeper.prepare(KEPT)
    yield keeper
    keeper.close()


@settings(max_examples=60, deadline=None)
@given(logs(), st.lists(st.booleans(), min_size=13, max_size=13))
def test_current_rows_kept_in_a_table_are_the_models_whenever_they_are_refreshed(
    keeper: DuckDbWarehouse, kept_path: Path, log: list[Entry], refreshes: list[bool]
) -> None:
    with connect(kept_path) as reader:
        reader.execute("DELETE FROM bills_log; DELETE FROM bills_current")
        for entry, refresh in zip(log, refreshes, strict=False):
            keeper.append(an_append(entry.to_row(), table=KEPT))
            if refresh:
                keeper.refresh(KEPT)
        keeper.refresh(KEPT)
        current = reader.execute("SELECT _id, _version, _synced_at FROM bills").fetchall()
    assert sorted(current) == sorted((e.record, e.version, e.synced_at) for e in model_current(log))
