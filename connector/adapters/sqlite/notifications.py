"""Push notifications: which were seen, and the records they reported deleted."""

from collections.abc import Sequence
from datetime import timedelta

from connector.adapters.sqlite import rows
from connector.adapters.sqlite.database import SqliteDatabase
from connector.adapters.sqlite.streams import require_lease
from connector.domain.entity_state import MAX_REPORTED_DELETIONS, Lease
from connector.ports import Clock


class SqliteNotifications:
    """The part of the state store that takes hints."""

    _database: SqliteDatabase
    _clock: Clock

    def note_notification(
        self, entity: str, notification_id: str, reported_deletions: Sequence[str], ttl: timedelta
    ) -> bool:
        """Remember a notification for `ttl`, its suspects and that its entity is due; False when it was noted before."""
        now = self._clock.now()
        with self._database.writing() as connection:
            connection.execute("DELETE FROM notifications WHERE expires_at <= ?", (rows.instant_text(now),))
            added = connection.execute(
                "INSERT OR IGNORE INTO notifications (id, expires_at) VALUES (?, ?)",
                (rows.storable(notification_id), rows.instant_text(now + ttl)),
            )
            if not added.rowcount:
                return False
            connection.execute(
                "UPDATE streams SET due = COALESCE((SELECT fence FROM leases WHERE entity = ?), 0) WHERE entity = ?",
                (entity, entity),
            )
            connection.executemany(
                "INSERT OR IGNORE INTO suspects (entity, record_id)"
                " SELECT ?, ? WHERE EXISTS (SELECT 1 FROM streams WHERE entity = ?)",
                [(entity, rows.storable(record_id), entity) for record_id in reported_deletions],
            )
            connection.execute(
                "DELETE FROM suspects WHERE entity = ? AND number NOT IN"
                " (SELECT number FROM suspects WHERE entity = ? ORDER BY number DESC LIMIT ?)",
                (entity, entity, MAX_REPORTED_DELETIONS),
            )
        return True

    def remove_reported_deletions(self, lease: Lease, record_ids: Sequence[str]) -> None:
        """Forget suspects that were looked at; others, reported since, stay."""
        with self._database.writing() as connection:
            require_lease(connection, lease)
            connection.executemany(
                "DELETE FROM suspects WHERE entity = ? AND record_id = ?",
                [(lease.entity, record_id) for record_id in record_ids],
            )
