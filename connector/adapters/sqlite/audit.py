"""The audit trail: one entry a run, and per page what became of its records."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connector.adapters.sqlite import rows
from connector.adapters.sqlite.database import SqliteDatabase
from connector.domain.entity_state import AuditedPage, AuditEntry
from connector.ports import Clock

FOUND_RECORDS = 10
"""Most ids that a search by key returns: enough for a renamed or re-created record, little for a screen."""


class SqliteAudit:
    """The part of the state store that answers what happened to a record.

    A page is one row of JSON, so that writing it costs the run little; a search reads the text of an entity's pages.
    """

    _database: SqliteDatabase
    _clock: Clock
    _audit_ttl: timedelta

    def open_run(self, run_id: str, entry: Mapping[str, Any]) -> None:
        """Store the audit entry of a run, and drop what has been kept long enough."""
        now = self._clock.now()
        with self._database.writing() as connection:
            connection.execute("DELETE FROM runs WHERE expires_at <= ?", (rows.instant_text(now),))
            connection.execute("DELETE FROM pages WHERE expires_at <= ?", (rows.instant_text(now),))
            self._store_run(connection, run_id, dict(entry), closed_number=None)

    def close_run(self, run_id: str, entry: Mapping[str, Any]) -> None:
        """Merge the outcome into the run's entry; it becomes its entity's last run."""
        with self._database.writing() as connection:
            row = connection.execute("SELECT entry FROM runs WHERE run_id = ?", (run_id,)).fetchone()
            opened = {} if row is None else rows.load_entry(row["entry"])
            (last,) = connection.execute("SELECT coalesce(max(closed_number), 0) FROM runs").fetchone()
            self._store_run(connection, run_id, {**opened, **entry}, closed_number=last + 1)

    def record_page(
        self, run_id: str, entity: str, mode: str, number: int, entries: Sequence[AuditEntry]
    ) -> None:
        """Store what became of the records of one page. Storing the same number again replaces it."""
        now = self._clock.now()
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO pages (run_id, number, entity, mode, recorded_at, entries, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    run_id,
                    number,
                    entity,
                    mode,
                    rows.instant_text(now),
                    json.dumps([rows.dump_page(entry) for entry in entries]),
                    rows.instant_text(now + self._audit_ttl),
                ),
            )

    def audit_trail(self, entity: str, record_id: str) -> Iterator[AuditedPage]:
        """Yield every audit entry of one record, oldest first."""
        for row in self._pages_with(entity, record_id):
            for values in json.loads(row["entries"]):
                entry = rows.load_page(values)
                if entry.record_id == record_id:
                    yield AuditedPage(
                        run_id=row["run_id"],
                        mode=row["mode"],
                        recorded_at=datetime.fromisoformat(row["recorded_at"]),
                        entry=entry,
                    )

    def find_records(self, entity: str, key: str) -> Sequence[str]:
        """Return the ids of the records that page audits know under this key (most recent first, at most 10)."""
        found: dict[str, None] = {}
        for row in reversed(self._pages_with(entity, key)):
            for values in reversed(json.loads(row["entries"])):
                entry = rows.load_page(values)
                if entry.key == key:
                    found[entry.record_id] = None
                if len(found) == FOUND_RECORDS:
                    return list(found)
        return list(found)

    def _pages_with(self, entity: str, text: str) -> list[sqlite3.Row]:
        with self._database.reading() as connection:
            return connection.execute(
                "SELECT * FROM pages WHERE entity = ? AND instr(entries, ?) > 0 ORDER BY recorded_at, rowid",
                (entity, json.dumps(text)),
            ).fetchall()

    def _store_run(
        self, connection: sqlite3.Connection, run_id: str, entry: dict[str, Any], closed_number: int | None
    ) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO runs (run_id, entity, entry, closed_number, expires_at) VALUES (?, ?, ?, ?, ?)",
            (
                run_id,
                entry.get("entity"),
                rows.dump_entry(entry),
                closed_number,
                rows.instant_text(self._clock.now() + self._audit_ttl),
            ),
        )
