"""The audit trail: one entry a run, and per page what became of its records."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from typing_extensions import override

from connector.adapters.sqlite import rows
from connector.adapters.sqlite.database import SqliteDatabase
from connector.adapters.sqlite.runs import select_run, select_successes
from connector.domain.entity_state import AuditedPage, AuditEntry, RunPage
from connector.domain.run import RunKind
from connector.ports import AuditStore, Clock

FOUND_RECORDS = 10
"""Most ids that a search by key returns: enough for a renamed or re-created record, little for a screen."""


class SqliteAuditStore(AuditStore):
    """The part of the state store that answers what happened to a record.

    A page is one row of JSON, so that writing it costs the run little; a search reads the text of an entity's pages.
    """

    def __init__(self, database: SqliteDatabase, clock: Clock, audit_ttl: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._audit_ttl = audit_ttl

    @override
    def open_run(self, run_id: str, entry: Mapping[str, Any]) -> None:
        now = self._clock.now()
        with self._database.writing() as connection:
            connection.execute("DELETE FROM runs WHERE expires_at <= ?", (rows.instant_text(now),))
            connection.execute("DELETE FROM pages WHERE expires_at <= ?", (rows.instant_text(now),))
            self._store_run(connection, run_id, dict(entry), closed_number=None)

    @override
    def close_run(self, run_id: str, entry: Mapping[str, Any]) -> None:
        with self._database.writing() as connection:
            opened = select_run(connection, run_id) or {}
            (last,) = connection.execute("SELECT coalesce(max(closed_number), 0) FROM runs").fetchone()
            self._store_run(connection, run_id, {**opened, **entry}, closed_number=last + 1)

    @override
    def record_page(
        self, run_id: str, entity: str, mode: str, number: int, entries: Sequence[AuditEntry]
    ) -> None:
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
                    rows.dump(entries),
                    rows.instant_text(now + self._audit_ttl),
                ),
            )

    @override
    def read_trail(self, entity: str, record_id: str) -> Iterator[AuditedPage]:
        wanted = rows.storable(record_id)
        yield from self._find(entity, record_id, lambda entry: rows.storable(entry.record_id) == wanted)

    @override
    def read_run(self, run_id: str) -> Mapping[str, Any] | None:
        with self._database.reading() as connection:
            return select_run(connection, run_id)

    @override
    def read_run_page(self, run_id: str, after: int = -1) -> RunPage | None:
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT number, entries FROM pages WHERE run_id = ? AND number > ? ORDER BY number LIMIT 2",
                (run_id, after),
            ).fetchall()
        if not found:
            return None
        number = found[0]["number"]
        entries = rows.load(found[0]["entries"], list[AuditEntry], f"pages of run {run_id}, {number}")
        return RunPage(number=number, entries=entries, has_next=len(found) > 1)

    @override
    def read_successes(self, entity: str, kind: RunKind) -> Iterator[Mapping[str, Any]]:
        with self._database.reading() as connection:
            found = select_successes(connection, entity, kind)
        yield from found

    @override
    def find_records(self, entity: str, key: str) -> Sequence[str]:
        wanted = rows.storable(key)
        newest_first = reversed(self._find(entity, key, lambda entry: rows.storable(entry.key) == wanted))
        return list(dict.fromkeys(page.entry.record_id for page in newest_first))[:FOUND_RECORDS]

    def _find(self, entity: str, text: str, is_wanted: Callable[[AuditEntry], bool]) -> list[AuditedPage]:
        """Return the audited records that are wanted, oldest first; they have this text among their members."""
        # It stands in a page as msgspec writes it, or as Python's own encoder did in releases before.
        spellings = rows.dump(text), json.dumps(text)
        found: list[AuditedPage] = []
        with self._database.reading() as connection:
            for row in connection.execute(
                "SELECT * FROM pages WHERE entity = ? AND (instr(entries, ?) > 0 OR instr(entries, ?) > 0)"
                " ORDER BY recorded_at, rowid",
                (entity, *spellings),
            ):
                place = f"pages of run {row['run_id']}, {row['number']}"
                entries = rows.load(row["entries"], list[AuditEntry], place)
                found += [
                    rows.from_columns({**row, "entry": entry}, AuditedPage, place)
                    for entry in entries
                    if is_wanted(entry)
                ]
        return found

    def _store_run(
        self, connection: sqlite3.Connection, run_id: str, entry: dict[str, Any], closed_number: int | None
    ) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO runs (run_id, entity, entry, closed_number, expires_at) VALUES (?, ?, ?, ?, ?)",
            (
                run_id,
                entry.get("entity"),
                rows.dump(entry),
                closed_number,
                rows.instant_text(self._clock.now() + self._audit_ttl),
            ),
        )
