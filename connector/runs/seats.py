"""Seats: the licensed API sessions the connector may hold, and what is known of the sign-ins in them."""

from dataclasses import replace
from datetime import timedelta

from connector.domain.entity_state import Seat
from connector.ports import SeatStore, Source


def take_seat(seats: SeatStore, source: Source, owner: str, limit: int, ttl: timedelta) -> Seat | None:
    """Return one of `limit` seats, or None; the source then knows which sign-in it must not try again, and where to read."""
    seat = seats.acquire(owner, limit, ttl)
    if seat is not None:
        source.forbid_credentials(seat.refused)
        source.require_origin(seat.origin)
    return seat


def note_origin(seats: SeatStore, source: Source, seat: Seat) -> Seat:
    """Remember where the first rows come from, before they are written: from then on no run reads anything else."""
    origin = source.origin()
    if seat.origin is not None or origin is None:
        return seat
    seats.remember_origin(origin)
    source.require_origin(origin)
    return replace(seat, origin=origin)


def give_seat_back(seats: SeatStore, source: Source, seat: Seat) -> None:
    """Free the seat, after the next runs were told of a sign-in refused in it, or of one that succeeded again."""
    refused = source.refused_sign_in()
    if refused != seat.refused:
        seats.remember_refused_sign_in(refused)
    seats.release(seat)
