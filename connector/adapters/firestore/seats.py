"""Seats, `{prefix}_sessions/{n}`: which runs hold the API sessions the connector may use at once.

The document of seat 1 also holds the last refused sign-in and the tenant read so far, because every run that takes a seat
reads it anyway.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from google.cloud import firestore
from typing_extensions import override

from connector.adapters.firestore.database import ONCE, FirestoreDatabase
from connector.adapters.firestore.errors import readable
from connector.adapters.firestore.packed_values import plain_value
from connector.domain.entity_state import Origin, RefusedSignIn, Seat, is_held
from connector.ports import Clock, SeatStore

SESSIONS = "sessions"
FIRST = 1


class FirestoreSeatStore(SeatStore):
    """The part of the state store that counts seats across all runs."""

    def __init__(self, database: FirestoreDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @override
    def acquire(self, owner: str, limit: int, ttl: timedelta) -> Seat | None:
        if limit <= FIRST:
            return self._take(owner, FIRST, ttl) if limit == FIRST else None
        seats = self._read_seats(limit)
        for number in self._by_preference(owner, seats):
            seat = self._take(owner, number, ttl)
            if seat is not None:
                return seat if number == FIRST else replace(seat, **_load_memory(seats[FIRST]))
        return None

    @override
    def release(self, seat: Seat) -> None:
        def release(snapshot: Any, batch: firestore.WriteBatch) -> None:
            held = snapshot.to_dict() or {}
            if held.get("owner") != seat.owner:
                return
            if not any(_load_memory(held).values()):
                self._database.guarded_delete(batch, snapshot)
            else:
                self._database.guarded(batch, snapshot, {"owner": None, "expires_at": self._clock.now()})

        self._database.change(SESSIONS, str(seat.number), release)

    @override
    def remember_refused_sign_in(self, refused: RefusedSignIn | None) -> None:
        self._remember({"refused": msgspec.to_builtins(refused, builtin_types=(datetime,))})

    @override
    def read_origin(self) -> Origin | None:
        first = self._database.document(SESSIONS, str(FIRST))
        held = self._database.call(lambda: first.get(["origin"], **ONCE).to_dict())
        origin: Origin | None = _load_memory(held or {})["origin"]
        return origin

    @override
    def remember_origin(self, origin: Origin) -> None:
        self._remember({"origin": msgspec.to_builtins(origin)})

    def _remember(self, values: dict[str, Any]) -> None:
        def remember(snapshot: Any, batch: firestore.WriteBatch) -> None:
            nobodys = {"number": FIRST, "owner": None, "expires_at": self._clock.now()}
            self._database.guarded(batch, snapshot, values if snapshot.exists else nobodys | values)

        self._database.change(SESSIONS, str(FIRST), remember)

    def _take(self, owner: str, number: int, ttl: timedelta) -> Seat | None:
        def take(snapshot: Any, batch: firestore.WriteBatch) -> Seat | None:
            now = self._clock.now()
            held = snapshot.to_dict() or {}
            if _owner(held, now) not in (None, owner):
                return None
            seat = Seat(number=number, owner=owner, expires_at=now + ttl, **_load_memory(held))
            values = {"number": number, "owner": owner, "expires_at": seat.expires_at, "acquired_at": now}
            self._database.guarded(batch, snapshot, values)
            return seat

        return self._database.change(SESSIONS, str(number), take)

    def _read_seats(self, limit: int) -> dict[int, Any]:
        def read() -> dict[int, Any]:
            references = [self._database.document(SESSIONS, str(n)) for n in range(FIRST, limit + 1)]
            snapshots = self._database.client.get_all(references, **ONCE)
            return {int(snapshot.id): snapshot.to_dict() or {} for snapshot in snapshots}

        return dict(sorted(self._database.call(read).items()))

    def _by_preference(self, owner: str, seats: dict[int, Any]) -> list[int]:
        """Return the seats worth trying: the owner's own first, then those that look free."""
        now = self._clock.now()
        held = {number: _owner(seat, now) for number, seat in seats.items()}
        own = [number for number, holder in held.items() if holder == owner]
        return own + [number for number in seats if held.get(number) is None]


def _owner(seat: dict[str, Any], now: datetime) -> str | None:
    """Return who holds the seat at this instant."""
    if not seat or not is_held(seat["expires_at"], seat.get("acquired_at"), now):
        return None
    owner: str | None = seat["owner"]
    return owner


def _load_memory(seat: dict[str, Any]) -> dict[str, Any]:
    """Return what the document remembers besides who holds it, as members of Seat."""
    with readable(f"{SESSIONS}/{FIRST}"):
        return {
            "refused": msgspec.convert(plain_value(seat.get("refused")), RefusedSignIn | None),
            "origin": msgspec.convert(plain_value(seat.get("origin")), Origin | None),
        }
