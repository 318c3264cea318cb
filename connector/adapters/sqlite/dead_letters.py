"""Dead letters: records that could not be used, whole, until they can be used."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from typing_extensions import override

from connector.adapters.sqlite import rows
from connector.adapters.sqlite.database import SqliteDatabase
from connector.domain.entity_state import DeadLetter
from connector.domain.records.rejected import build_digest
from connector.ports import DeadLetterStore


class SqliteDeadLetterStore(DeadLetterStore):
    """The part of the state store that keeps rejected records."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    @override
    def add(self, dead_letter: DeadLetter) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO dead_letters"
                " (entity, record_id, key, reason, payload, run_id, rejected_at, attempts)"
                " VALUES (:entity, :record_id, :key, :reason, :payload, :run_id, :rejected_at, :attempts)"
                " ON CONFLICT (entity, record_id) DO UPDATE SET"
                " attempts = attempts + iif(run_id = excluded.run_id, 0, excluded.attempts),"
                " key = excluded.key, reason = excluded.reason, payload = excluded.payload,"
                " run_id = excluded.run_id, rejected_at = excluded.rejected_at",
                rows.to_columns(dead_letter),
            )

    @override
    def read(self, entity: str, record_id: str | None = None) -> Iterator[DeadLetter]:
        for found in self._record_ids(entity) if record_id is None else [rows.storable(record_id)]:
            with self._database.reading() as connection:
                row = connection.execute(
                    "SELECT * FROM dead_letters WHERE entity = ? AND record_id = ?", (entity, found)
                ).fetchone()
                dead_letter = row and rows.from_columns(
                    dict(row), DeadLetter, f"dead_letters of {entity}, {found}"
                )
            if dead_letter is not None:
                yield dead_letter

    @override
    def read_digests(self, entity: str) -> Mapping[str, str]:
        return {dead_letter.record_id: build_digest(dead_letter.payload) for dead_letter in self.read(entity)}

    @override
    def remove(self, entity: str, record_id: str, until: datetime) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM dead_letters WHERE entity = ? AND record_id = ? AND rejected_at <= ?",
                (entity, rows.storable(record_id), rows.instant_text(until)),
            )

    def _record_ids(self, entity: str) -> list[str]:
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT record_id FROM dead_letters WHERE entity = ? ORDER BY record_id", (entity,)
            )
            return [row["record_id"] for row in found]
