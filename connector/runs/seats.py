"""Seats: the licensed API sessions the connector may hold, and what is known of the sign-ins in them."""

from dataclasses import replace
from datetime import timedelta

from connector.domain.entity_state import SessionSlot
from connector.ports import Source, StateStore


def take_seat(
    state: StateStore, source: Source, owner: str, limit: int, ttl: timedelta
) -> SessionSlot | None:
    """Return one of `limit` seats, or None; the source then knows which sign-in it must not try again, and where to read."""
    slot = state.acquire_session(owner, limit, ttl)
    if slot is not None:
        source.avoid(slot.refused)
        source.expect(slot.origin)
    return slot


def note_origin(state: StateStore, source: Source, slot: SessionSlot) -> SessionSlot:
    """Remember where the first rows come from, before they are written: from then on no run reads anything else."""
    origin = source.origin()
    if slot.origin is not None or origin is None:
        return slot
    state.remember_origin(origin)
    source.expect(origin)
    return replace(slot, origin=origin)


def give_seat_back(state: StateStore, source: Source, slot: SessionSlot) -> None:
    """Free the seat, after the next runs were told of a sign-in refused in it, or of one that succeeded again."""
    refused = source.refused_sign_in()
    if refused != slot.refused:
        state.remember_refused_sign_in(refused)
    state.release_session(slot)
