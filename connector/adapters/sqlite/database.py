"""One SQLite file: opened at the first use, changed in short transactions, readable by others all the while."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import RLock

from connector.adapters.sqlite.errors import OTHER_FILE, translated
from connector.errors import ConfigurationError

APPLICATION_ID = 0x41637542
"""Marks a file as the connector's state, so that no other application's database is written to."""

MIN_FREE_PAGES = 1_000
"""How many pages (of 4 KiB) have to be free before the file is made smaller."""

SCHEMA_VERSION = 13

SCHEMA = """
CREATE TABLE leases (
    entity TEXT PRIMARY KEY, owner TEXT, fence INTEGER NOT NULL, expires_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE streams (
    entity TEXT PRIMARY KEY, watermark TEXT, lower TEXT, edge TEXT NOT NULL DEFAULT '{}',
    edge_complete INTEGER NOT NULL DEFAULT 1, contract TEXT, read_one_by_one INTEGER NOT NULL DEFAULT 0,
    records_seen INTEGER NOT NULL DEFAULT 0, last_success_at TEXT
);
CREATE TABLE checkpoints (
    entity TEXT NOT NULL, mode TEXT NOT NULL, progress TEXT NOT NULL, PRIMARY KEY (entity, mode)
);
CREATE TABLE sessions (number INTEGER PRIMARY KEY, owner TEXT NOT NULL, expires_at TEXT NOT NULL);
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY, entity TEXT, entry TEXT NOT NULL, closed_number INTEGER, expires_at TEXT NOT NULL
);
CREATE INDEX runs_by_entity ON runs (entity, closed_number);
CREATE INDEX runs_by_expiry ON runs (expires_at);
CREATE TABLE pages (
    run_id TEXT NOT NULL, number INTEGER NOT NULL, entity TEXT NOT NULL, mode TEXT NOT NULL,
    recorded_at TEXT NOT NULL, entries TEXT NOT NULL, expires_at TEXT NOT NULL, PRIMARY KEY (run_id, number)
);
CREATE INDEX pages_by_entity ON pages (entity, recorded_at);
CREATE INDEX pages_by_expiry ON pages (expires_at);
CREATE TABLE dead_letters (
    entity TEXT NOT NULL, record_id TEXT NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL, payload BLOB NOT NULL,
    run_id TEXT NOT NULL, rejected_at TEXT NOT NULL, attempts INTEGER NOT NULL, PRIMARY KEY (entity, record_id)
);
"""

UPGRADES = {
    1: """
ALTER TABLE streams ADD COLUMN deletions_since TEXT;
CREATE TABLE notifications (id TEXT PRIMARY KEY, expires_at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE suspects (
    number INTEGER PRIMARY KEY, entity TEXT NOT NULL, record_id TEXT NOT NULL, UNIQUE (entity, record_id)
);
""",
    2: """
CREATE TABLE refused_sign_in (only INTEGER PRIMARY KEY CHECK (only = 1), mark TEXT NOT NULL, refused_at TEXT NOT NULL);
""",
    3: """
CREATE TABLE origin (only INTEGER PRIMARY KEY CHECK (only = 1), instance TEXT NOT NULL, tenant TEXT NOT NULL);
""",
    4: """
ALTER TABLE streams ADD COLUMN due INTEGER;
""",
    5: """
ALTER TABLE streams ADD COLUMN source_clock_ahead TEXT;
ALTER TABLE streams ADD COLUMN proven_identity TEXT;
""",
    6: """
ALTER TABLE leases ADD COLUMN acquired_at TEXT;
ALTER TABLE sessions ADD COLUMN acquired_at TEXT;
""",
    7: """
ALTER TABLE streams ADD COLUMN page_limit TEXT;
""",
    8: """
ALTER TABLE streams ADD COLUMN complete_until TEXT;
ALTER TABLE streams ADD COLUMN deletions_checked_at TEXT;
""",
    9: """
ALTER TABLE streams ADD COLUMN list_trial TEXT;
ALTER TABLE streams ADD COLUMN compared_for TEXT;
""",
    10: """
ALTER TABLE suspects ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
""",
    11: """
ALTER TABLE streams ADD COLUMN written_since TEXT;
""",
    12: """
ALTER TABLE streams ADD COLUMN record_bytes INTEGER;
ALTER TABLE leases ADD COLUMN took_over INTEGER NOT NULL DEFAULT 0;
""",
}
"""What makes of each layout the next one; a new file begins as layout 1."""


class SqliteDatabase:
    """The connection to one file. `busy_timeout` is how long a call waits while another process writes."""

    def __init__(self, path: Path, *, busy_timeout: timedelta) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction that sees and changes the newest state; undone if the block fails."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Run the block on one consistent snapshot, without waiting for a writer."""
        with self._transaction("BEGIN") as connection:
            yield connection

    def close(self) -> None:
        """Release the file; the next transaction opens it again."""
        with self._lock, translated(self.path):
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self.path):
            connection = self._opened()
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=self._busy_timeout.total_seconds(),
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._check_or_create(connection)
            # Readers go on while a run writes. A power cut may undo the last transactions, but only in order, and
            # a run may repeat any step.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            self._give_back(connection)
        except BaseException:
            connection.close()
            raise
        connection.row_factory = sqlite3.Row
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        """Make the file smaller if most of it is free, as after audit entries expired; leave it while others write."""
        free = _number(connection, "PRAGMA freelist_count")
        if free < MIN_FREE_PAGES or 2 * free < _number(connection, "PRAGMA page_count"):
            return
        connection.execute("PRAGMA busy_timeout=0")
        with suppress(sqlite3.OperationalError):  # busy, or no room for the copy: it stays as it is
            connection.execute("VACUUM")
        connection.execute(f"PRAGMA busy_timeout={int(self._busy_timeout.total_seconds() * 1000)}")

    def _check_or_create(self, connection: sqlite3.Connection) -> None:
        if _number(connection, "PRAGMA application_id") != APPLICATION_ID:
            connection.execute("BEGIN IMMEDIATE")  # of two processes that find an empty file, one creates
            if _number(connection, "PRAGMA application_id") != APPLICATION_ID:
                self._create(connection)
            connection.execute("COMMIT")
        if _number(connection, "PRAGMA user_version") in UPGRADES:
            connection.execute("BEGIN IMMEDIATE")
            self._upgrade(connection)
            connection.execute("COMMIT")
        version = _number(connection, "PRAGMA user_version")
        if version != SCHEMA_VERSION:
            raise ConfigurationError(
                f"The state file {self.path} has layout {version}; this connector knows layout {SCHEMA_VERSION}.",
                action="Use the version of the connector that wrote the file, or name another file.",
            )

    def _create(self, connection: sqlite3.Connection) -> None:
        if _number(connection, "SELECT count(*) FROM sqlite_master"):
            raise ConfigurationError(
                f"The state file {self.path} is the database of another application.", action=OTHER_FILE
            )
        for statement in SCHEMA.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA user_version=1")
        self._upgrade(connection)

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        """Bring the file to the newest layout; another process may have done it meanwhile."""
        while (version := _number(connection, "PRAGMA user_version")) in UPGRADES:
            for statement in UPGRADES[version].split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={version + 1}")


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
