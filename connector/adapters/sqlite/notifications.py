"""Push notifications: which were seen, and the records they reported deleted."""

from collections.abc import Sequence
from datetime import timedelta

from typing_extensions import override

from connector.adapters.sqlite import rows
from connector.adapters.sqlite.database import SqliteDatabase
from connector.adapters.sqlite.entity_states import add_suspects, last_fence
from connector.ports import Clock, NotificationStore


class SqliteNotificationStore(NotificationStore):
    """The part of the state store with push notifications."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @override
    def note(
        self, entity: str, notification_id: str, reported_deletions: Sequence[str], ttl: timedelta
    ) -> bool:
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
            if connection.execute("SELECT 1 FROM streams WHERE entity = ?", (entity,)).fetchone():
                add_suspects(connection, entity, reported_deletions, fence=last_fence(connection, entity))
        return True
