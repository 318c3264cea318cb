"""The state file: shared with other processes, refused with reasons, kept small."""

import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from connector.adapters.sqlite import SqliteStateStore
from connector.adapters.sqlite.database import APPLICATION_ID, SCHEMA, SCHEMA_VERSION
from connector.adapters.sqlite.errors import ERRORS, translated
from connector.domain.entity_state import EntityState, Origin
from connector.errors import (
    ConfigurationError,
    ConnectorError,
    StateStoreUnavailableError,
    TerminalError,
)
from tests.contract.state_builders import (
    TTL,
    a_checkpoint,
    an_audit_entry,
    an_entity_state,
    taken,
)
from tests.stand_ins.clock import FakeClock

READ_ELSEWHERE = """
import json, sys
from pathlib import Path
from connector.adapters.clock import SystemClock
from connector.adapters.sqlite import SqliteStateStore
from connector.adapters.sqlite.database import APPLICATION_ID, SCHEMA
store = SqliteStateStore(path=Path(sys.argv[1]), clock=SystemClock())
stream = store.entities.read("vendors")
print(json.dumps([stream.records_seen, sorted(stream.checkpoints), [m for m in sys.modules if m.startswith(("google.api", "google.cloud.", "grpc"))]]))
"""


def read_elsewhere(path: Path) -> list[object]:
    command = [sys.executable, "-c", READ_ELSEWHERE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: list[object] = json.loads(done.stdout)
    return answer


def test_another_process_reads_during_and_after_a_run_without_google_libraries(
    store: SqliteStateStore, path: Path
) -> None:
    lease = taken(store)
    store.entities.save_checkpoint(lease, "backfill", a_checkpoint())
    assert read_elsewhere(path) == [0, ["backfill"], []]
    store.entities.commit(lease, an_entity_state())
    assert read_elsewhere(path) == [812, ["backfill"], []]


def test_a_reader_does_not_wait_for_an_open_transaction(store: SqliteStateStore, path: Path) -> None:
    store.entities.commit(taken(store), an_entity_state())
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM streams")
        assert store.entities.read("vendors") == an_entity_state()
        writer.execute("ROLLBACK")


def test_a_run_does_not_wait_for_a_reader(store: SqliteStateStore, path: Path) -> None:
    store.entities.commit(taken(store), an_entity_state())
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT records_seen FROM streams").fetchall() == [(812,)]
        store.entities.commit(taken(store, owner="run-2"), an_entity_state(recent_versions={}))
        assert reader.execute("SELECT edge_complete FROM streams").fetchall() == [(0,)]
        reader.execute("COMMIT")
    assert store.entities.read("vendors") == an_entity_state(recent_versions={})


def test_a_file_another_process_holds_for_long_is_worth_another_try(
    store: SqliteStateStore, path: Path
) -> None:
    store.check()
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StateStoreUnavailableError, match="locked"):
            store.entities.acquire_lease("vendors", "run-1", TTL)
        line = store.check()
    assert not line.ok
    assert "Another process" in line.remedy
    taken(store)


def test_runs_in_parallel_wait_for_each_other_instead_of_failing(path: Path, clock: FakeClock) -> None:
    def work(number: int) -> int:
        store = SqliteStateStore(path=path, clock=clock)
        for _ in range(30):
            lease = taken(store, f"entity-{number}")
            store.entities.save_checkpoint(lease, "backfill", a_checkpoint())
            store.entities.release_lease(lease)
        store.close()
        return lease.fence

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(work, range(4))) == [30] * 4


def test_a_missing_folder_is_named_with_what_to_do(tmp_path: Path, clock: FakeClock) -> None:
    store = SqliteStateStore(path=tmp_path / "nowhere" / "state.db", clock=clock)
    with pytest.raises(ConfigurationError, match=r"nowhere/state\.db") as caught:
        store.entities.read("vendors")
    assert "existing folder" in caught.value.action
    assert not store.check().ok


def test_a_file_that_is_no_database_is_left_alone(path: Path, store: SqliteStateStore) -> None:
    path.write_bytes(b"a letter to my aunt, of more than a hundred bytes. " * 10)
    with pytest.raises(ConfigurationError, match="not a database"):
        store.entities.read("vendors")
    assert path.read_bytes().startswith(b"a letter")


def test_the_database_of_another_application_is_left_alone(path: Path, store: SqliteStateStore) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE streams (mine)")
    with pytest.raises(ConfigurationError, match="another application"):
        store.entities.read("vendors")
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("streams",)]


def test_a_file_of_another_layout_is_left_alone(path: Path, store: SqliteStateStore) -> None:
    store.check()
    store.close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(ConfigurationError, match=f"layout {SCHEMA_VERSION + 1}"):
        store.entities.read("vendors")


@pytest.mark.parametrize(
    "code", sorted({getattr(sqlite3, n) for n in dir(sqlite3) if n.startswith("SQLITE_IOERR")})
)
def test_extended_result_codes_mean_what_their_kind_means(code: int) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    with pytest.raises(ERRORS[sqlite3.SQLITE_IOERR][0]), translated(Path("state.db")):
        raise error


@pytest.mark.parametrize(
    "error", [sqlite3.Error("?"), sqlite3.IntegrityError("?"), sqlite3.ProgrammingError("?")]
)
def test_no_error_of_sqlite_leaves_under_its_own_name(error: sqlite3.Error) -> None:
    with pytest.raises(ConnectorError) as caught, translated(Path("state.db")):
        raise error
    assert isinstance(caught.value, TerminalError)


def test_a_failed_transaction_leaves_everything_as_it_was(store: SqliteStateStore) -> None:
    store.entities.commit(taken(store), an_entity_state())
    lease = taken(store, owner="run-2")
    broken = an_entity_state(recent_versions={"id": object()})  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        store.entities.commit(lease, broken)
    assert store.entities.read("vendors") == an_entity_state()
    store.entities.commit(lease, an_entity_state(recent_versions={}))
    assert store.entities.read("vendors") == an_entity_state(recent_versions={})


def test_audit_entries_are_dropped_when_their_time_has_come(path: Path, clock: FakeClock) -> None:
    store = SqliteStateStore(path=path, clock=clock, audit_ttl=timedelta(days=30))
    store.audit.close_run("run-1", {"entity": "vendors"})
    store.audit.record_page("run-1", "vendors", "backfill", 1, [an_audit_entry()])
    clock.advance(timedelta(days=29))
    store.audit.open_run("run-2", {"entity": "vendors"})
    assert len(list(store.audit.read_trail("vendors", "id-1"))) == 1
    clock.advance(timedelta(days=1))
    store.audit.open_run("run-3", {"entity": "vendors"})
    assert list(store.audit.read_trail("vendors", "id-1")) == []
    assert store.statuses(["vendors"])[0].last_run is None
    store.close()


@pytest.mark.parametrize("is_written", [False, True], ids=["alone", "while another process writes"])
def test_the_room_of_expired_entries_is_given_back_as_soon_as_nobody_writes(
    path: Path, clock: FakeClock, is_written: bool
) -> None:
    store = SqliteStateStore(path=path, clock=clock, audit_ttl=timedelta(days=1))
    store.entities.commit(taken(store), an_entity_state())
    reason = "x" * 4_000
    for number in range(15):
        entries = [an_audit_entry(record_id=f"id-{row}", reason=reason) for row in range(100)]
        store.audit.record_page("run-1", "vendors", "backfill", number, entries)
    store.close()
    large = path.stat().st_size
    assert large > 15 * 100 * len(reason)
    clock.advance(timedelta(days=2))
    store.audit.open_run("run-2", {"entity": "vendors"})
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        if is_written:
            other.execute("BEGIN IMMEDIATE")
        assert store.audit.read_run("run-2") == {"entity": "vendors"}
        store.close()
    assert (path.stat().st_size < large / 10) is not is_written
    assert store.audit.read_run("run-2") == {"entity": "vendors"}
    store.close()
    assert path.stat().st_size < large / 10
    assert store.entities.read("vendors") == an_entity_state()


def test_a_file_of_the_first_layout_is_taken_over(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as first:
        first.executescript(SCHEMA)
        first.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        first.execute("PRAGMA user_version = 1")
        first.execute("INSERT INTO streams (entity, records_seen) VALUES ('vendors', 7)")
        first.commit()
    store = SqliteStateStore(path=path, clock=clock)
    assert store.entities.read("vendors") == EntityState(entity="vendors", records_seen=7)
    assert store.notifications.note("vendors", "n-1", ["a"], timedelta(days=1))
    store.seats.remember_origin(Origin(instance="https://erp.example.com", tenant="ACME"))
    store.close()
    again = SqliteStateStore(path=path, clock=clock)
    assert again.entities.read("vendors").reported_deletions == ("a",)
    assert again.entities.read("vendors").reported_at_fence is not None
    again.close()
