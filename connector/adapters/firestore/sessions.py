"""Session slots, `{prefix}_sessions/{n}`: who holds one of the API sessions the connector may use at once."""

from datetime import timedelta
from typing import Any

from google.cloud import firestore

from connector.adapters.firestore.database import ONCE, FirestoreDatabase
from connector.domain.stream import SessionSlot
from connector.ports import Clock

SESSIONS = "sessions"


class FirestoreSessions:
    """The part of the state store that counts seats across all runs."""

    _database: FirestoreDatabase
    _clock: Clock

    def acquire_session(self, owner: str, limit: int, ttl: timedelta) -> SessionSlot | None:
        """Return one of `limit` session slots, or None while unexpired ones of others fill them all.

        An owner that asks again gets the slot it has, with a later end.
        """
        if limit < 1:
            return None
        numbers = range(1, limit + 1) if limit == 1 else self._by_preference(owner, limit)
        for number in numbers:
            slot = self._take(owner, number, ttl)
            if slot is not None:
                return slot
        return None

    def release_session(self, slot: SessionSlot) -> None:
        """Give the slot back; nothing happens when it is no longer ours."""

        def release(snapshot: Any, batch: firestore.WriteBatch) -> None:
            if snapshot.exists and snapshot.get("owner") == slot.owner:
                self._database.guarded_delete(batch, snapshot)

        self._database.change(SESSIONS, str(slot.number), release)

    def _take(self, owner: str, number: int, ttl: timedelta) -> SessionSlot | None:
        def take(snapshot: Any, batch: firestore.WriteBatch) -> SessionSlot | None:
            now = self._clock.now()
            held = snapshot.to_dict()
            if held and held["owner"] != owner and held["expires_at"] > now:
                return None
            slot = SessionSlot(number=number, owner=owner, expires_at=now + ttl)
            values = {"number": number, "owner": owner, "expires_at": slot.expires_at}
            self._database.guarded(batch, snapshot, values)
            return slot

        return self._database.change(SESSIONS, str(number), take)

    def _by_preference(self, owner: str, limit: int) -> list[int]:
        """Return the slots worth trying: the owner's own first, then those that look free."""
        now = self._clock.now()

        def read() -> dict[int, Any]:
            references = [self._database.document(SESSIONS, str(n)) for n in range(1, limit + 1)]
            snapshots = self._database.client.get_all(references, **ONCE)
            return {int(snapshot.id): snapshot.to_dict() for snapshot in snapshots}

        slots = sorted(self._database.call(read).items())
        free = [number for number, slot in slots if not slot or slot["expires_at"] <= now]
        own = [number for number, slot in slots if number not in free and slot["owner"] == owner]
        return own + free
