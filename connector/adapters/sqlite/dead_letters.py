"""Dead letters: records that could not be used, whole, until they can be used."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from connector.adapters.sqlite import rows
from connector.adapters.sqlite.database import SqliteDatabase
from connector.domain.entity_state import DeadLetter
from connector.domain.records.rejected import build_digest


class SqliteDeadLetters:
    """The part of the state store that keeps rejected records."""

    _database: SqliteDatabase

    def add_dead_letter(self, letter: DeadLetter) -> None:
        """Keep a dead letter whole; one with the same record replaces it, counting attempts on.

        The same run may add the same record twice, because any step may happen twice: that is one attempt.
        """
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO dead_letters"
                " (entity, record_id, key, reason, payload, run_id, rejected_at, attempts)"
                " VALUES (:entity, :record_id, :key, :reason, :payload, :run_id, :rejected_at, :attempts)"
                " ON CONFLICT (entity, record_id) DO UPDATE SET"
                " attempts = attempts + iif(run_id = excluded.run_id, 0, excluded.attempts),"
                " key = excluded.key, reason = excluded.reason, payload = excluded.payload,"
                " run_id = excluded.run_id, rejected_at = excluded.rejected_at",
                rows.to_columns(letter),
            )

    def dead_letters(self, entity: str, record_id: str | None = None) -> Iterator[DeadLetter]:
        """Yield an entity's dead letters, or that of one record; they may be removed meanwhile.

        One is read at a time, because each may be large.
        """
        for found in self._record_ids(entity) if record_id is None else [rows.storable(record_id)]:
            with self._database.reading() as connection:
                row = connection.execute(
                    "SELECT * FROM dead_letters WHERE entity = ? AND record_id = ?", (entity, found)
                ).fetchone()
                letter = row and rows.from_columns(
                    dict(row), DeadLetter, f"dead_letters of {entity}, {found}"
                )
            if letter is not None:
                yield letter

    def dead_letter_digests(self, entity: str) -> Mapping[str, str]:
        """Return the ids of an entity's dead letters, each with the digest of its payload."""
        return {letter.record_id: build_digest(letter.payload) for letter in self.dead_letters(entity)}

    def remove_dead_letter(self, entity: str, record_id: str, until: datetime) -> None:
        """Forget the dead letter of a record that can be used after all, unless it was rejected (again) after `until`."""
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
