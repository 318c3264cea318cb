"""Seats: the licensed API sessions the connector may hold, and what is known of sign-ins that were refused."""

from datetime import timedelta

from connector.domain.stream import SessionSlot
from connector.ports import Source, StateStore


def take_seat(
    state: StateStore, source: Source, owner: str, limit: int, ttl: timedelta
) -> SessionSlot | None:
    """Return one of `limit` seats, or None; the source then knows which sign-in it must not try again."""
    slot = state.acquire_session(owner, limit, ttl)
    if slot is not None:
        source.avoid(slot.refused)
    return slot


def give_seat_back(state: StateStore, source: Source, slot: SessionSlot) -> None:
    """Free the seat, after the next runs were told of a sign-in refused in it, or of one that succeeded again."""
    refused = source.refused_sign_in()
    if refused != slot.refused:
        state.remember_refused_sign_in(refused)
    state.release_session(slot)
