"""Seats: which runs hold the API sessions the connector may use at once."""

import sqlite3
from datetime import datetime, timedelta

from msgspec import Struct
from typing_extensions import override

from connector.adapters.sqlite import rows
from connector.adapters.sqlite.database import SqliteDatabase
from connector.domain.entity_state import Origin, RefusedSignIn, Seat, is_held
from connector.ports import Clock, SeatStore


class SqliteSeatStore(SeatStore):
    """The part of the state store that counts seats across all runs."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @override
    def acquire(self, owner: str, limit: int, ttl: timedelta) -> Seat | None:
        now = self._clock.now()
        with self._database.writing() as connection:
            held = _select_held(connection, now)
            numbers = range(1, limit + 1)
            own = [number for number in numbers if held.get(number) == owner]
            free = [number for number in numbers if number not in held]
            if not own and not free:
                return None
            seat = Seat(
                number=(own + free)[0],
                owner=owner,
                expires_at=now + ttl,
                refused=_select_refused(connection),
                origin=_select_origin(connection),
            )
            connection.execute(
                "INSERT OR REPLACE INTO sessions (number, owner, expires_at, acquired_at) VALUES (?, ?, ?, ?)",
                (seat.number, owner, rows.instant_text(seat.expires_at), rows.instant_text(now)),
            )
            return seat

    @override
    def release(self, seat: Seat) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM sessions WHERE number = ? AND owner = ?", (seat.number, seat.owner)
            )

    @override
    def remember_refused_sign_in(self, refused: RefusedSignIn | None) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM refused_sign_in")
            if refused is not None:
                connection.execute(
                    "INSERT INTO refused_sign_in (only, mark, refused_at) VALUES (1, :mark, :refused_at)",
                    rows.to_columns(refused),
                )

    @override
    def read_origin(self) -> Origin | None:
        with self._database.reading() as connection:
            return _select_origin(connection)

    @override
    def remember_origin(self, origin: Origin) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO origin (only, instance, tenant) VALUES (1, :instance, :tenant)",
                rows.to_columns(origin),
            )


class _Holding(Struct):
    """A row of `sessions`."""

    number: int
    owner: str
    expires_at: datetime
    acquired_at: datetime | None


def _select_held(connection: sqlite3.Connection, now: datetime) -> dict[int, str]:
    """Return who holds which seat at this instant."""
    found = [
        rows.from_columns(dict(row), _Holding, "sessions")
        for row in connection.execute("SELECT * FROM sessions")
    ]
    return {seat.number: seat.owner for seat in found if is_held(seat.expires_at, seat.acquired_at, now)}


def _select_origin(connection: sqlite3.Connection) -> Origin | None:
    found = connection.execute("SELECT instance, tenant FROM origin").fetchone()
    return None if found is None else rows.from_columns(dict(found), Origin, "origin")


def _select_refused(connection: sqlite3.Connection) -> RefusedSignIn | None:
    found = connection.execute("SELECT mark, refused_at FROM refused_sign_in").fetchone()
    return None if found is None else rows.from_columns(dict(found), RefusedSignIn, "refused_sign_in")
