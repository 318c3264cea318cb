"""Finds dead letters, and drops one that will never be replayed, which the audit trail of its record keeps."""

from connector.app.service import Connector, build_run_id
from connector.domain.entity import Entity
from connector.domain.entity_state import AuditEntry, DeadLetter, Outcome
from connector.errors import BadRequestError
from connector.ports import StateStore

MODE = "letters drop"
"""What the audit trail names in place of a run's mode."""
IDS_SHOWN = 10


def list_letters(connector: Connector, entity_name: str | None = None) -> list[DeadLetter]:
    """Return the dead letters of one entity, or of every entity of the catalogue."""
    catalogue = connector.catalogue
    names = [catalogue.find(entity_name).name] if entity_name else list(catalogue.entities)
    with connector.open_state() as state:
        return [letter for name in names for letter in state.dead_letters.read(name)]


def find_letter(connector: Connector, entity_name: str, key: str) -> DeadLetter:
    """Return the dead letter with this key (`Bill/000123`) or id; raise BadRequestError if there is none, or several."""
    entity = connector.catalogue.find(entity_name)
    with connector.open_state() as state:
        return _find(state, entity, key)


def drop_letter(connector: Connector, entity_name: str, key: str, *, reason: str = "") -> DeadLetter:
    """Drop the dead letter with this key or id, audited with the reason; return it. Raises what `drop_from` raises."""
    entity = connector.catalogue.find(entity_name)
    with connector.open_state() as state:
        return drop_from(state, entity, key, run_id=build_run_id(connector.clock.now()), reason=reason)


def drop_from(state: StateStore, entity: Entity, key: str, *, run_id: str, reason: str) -> DeadLetter:
    """Drop the dead letter with this key (`Bill/000123`) or id, and return it; `reason` says why, for the audit.

    The audit comes first, so that a letter is never gone without a trace. A letter that a run replaces meanwhile stays.
    Raises BadRequestError if there is none, or several with this key.
    """
    letter = _find(state, entity, key)
    entry = AuditEntry(
        record_id=letter.record_id,
        key=letter.key,
        version="",
        outcome=Outcome.DROPPED,
        reason=f"{reason or 'no reason given'}; it was kept because: {letter.reason}",
    )
    state.audit.record_page(run_id, entity.name, MODE, 1, [entry])
    state.dead_letters.remove(entity.name, letter.record_id, until=letter.rejected_at)
    return letter


def _find(state: StateStore, entity: Entity, key: str) -> DeadLetter:
    found = list(state.dead_letters.read(entity.name, key))
    if not found:
        found = [letter for letter in state.dead_letters.read(entity.name) if letter.key == key]
    if not found:
        raise BadRequestError(
            f"{entity.name} has no dead letter {key[:100]!r}.",
            action=f"Name it by its key ({'/'.join(entity.keys)}) or by its id, as the log and the audit trail show them.",
        )
    if len(found) > 1:
        ids = ", ".join(letter.record_id for letter in found[:IDS_SHOWN])
        raise BadRequestError(
            f"{len(found)} dead letters of {entity.name} have the key {key[:100]!r}.",
            action=f"Name one by its id: {ids}.",
        )
    return found[0]
