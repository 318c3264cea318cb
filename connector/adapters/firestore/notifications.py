"""Push notifications, `{prefix}_notifications/{id}`: which were seen. Their suspects stand in the entity's stream.

A notification expires by the database's own policy on `expires_at`; one that is still there after that counts as gone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from google.cloud import firestore
from typing_extensions import override

from connector.adapters.firestore import documents
from connector.adapters.firestore.database import ONCE, FirestoreDatabase
from connector.adapters.firestore.documents import STREAMS
from connector.adapters.firestore.names import storable
from connector.ports import Clock, NotificationStore

NOTIFICATIONS = "notifications"
MAX_ID_LENGTH = 100
"""Characters of a suspect's id; Acumatica's have 36."""


class FirestoreNotificationStore(NotificationStore):
    """The part of the state store with push notifications."""

    def __init__(self, database: FirestoreDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @override
    def note(
        self, entity: str, notification_id: str, reported_deletions: Sequence[str], ttl: timedelta
    ) -> bool:
        note = {"taken": uuid4().hex, "expires_at": self._clock.now() + ttl}
        new = [storable(record_id)[:MAX_ID_LENGTH] for record_id in dict.fromkeys(reported_deletions)]

        def take(entity_state: Any, batch: firestore.WriteBatch) -> bool:
            noted = self._database.document(NOTIFICATIONS, notification_id).get(**ONCE)
            if _is_valid(noted.to_dict(), self._clock.now()):
                return bool(noted.get("taken") == note["taken"])  # our own, whose answer got lost
            self._database.guarded(batch, noted, note)
            if entity_state.exists and (values := _report(entity_state.to_dict(), new)):
                self._database.guarded(batch, entity_state, values)
            return True

        return self._database.change(
            STREAMS, entity, take, fields=["suspects", "suspects_at", "due", "lease"]
        )


def _report(fields: dict[str, Any], reported_deletions: Sequence[str]) -> dict[str, Any]:
    """Return what has to change in a stream that was reported changed."""
    values: dict[str, Any] = {}
    if reported_deletions:
        values |= documents.suspect_fields(fields, new=reported_deletions, fence=documents.last_fence(fields))
    if fields.get("due") != (fence := documents.last_fence(fields)):
        values["due"] = fence
    return values


def _is_valid(noted: dict[str, Any] | None, now: datetime) -> bool:
    return noted is not None and noted["expires_at"] > now
