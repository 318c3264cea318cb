"""Seats: the licensed API sessions the connector may hold, and what is known about sign-ins."""

from dataclasses import replace
from datetime import timedelta

from connector.domain.entity_state import Seat
from connector.ports import SeatStore, Source


def take_seat(seats: SeatStore, source: Source, owner: str, limit: int, ttl: timedelta) -> Seat | None:
    """Return one of `limit` seats, or None; tell the source which credentials are forbidden and which origin is required."""
    seat = seats.acquire(owner, limit, ttl)
    if seat is not None:
        source.forbid_credentials(seat.refused)
        source.require_origin(seat.origin)
    return seat


def note_origin(seats: SeatStore, source: Source, seat: Seat) -> Seat:
    """Store the origin of the first rows before they are written; from then on no run reads another tenant."""
    origin = source.origin()
    if seat.origin is not None or origin is None:
        return seat
    seats.remember_origin(origin)
    source.require_origin(origin)
    return replace(seat, origin=origin)


def give_seat_back(seats: SeatStore, source: Source, seat: Seat) -> None:
    """Store whether a sign-in was refused or succeeded again, for the next runs; then release the seat."""
    refused = source.refused_sign_in()
    if refused != seat.refused:
        seats.remember_refused_sign_in(refused)
    seats.release(seat)
