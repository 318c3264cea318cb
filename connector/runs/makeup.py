"""What a block of the catalogue is made of: which edits a log with records follows, and which are refused with the remedy."""

from connector.domain.block_members import CLASS_PREFIX
from connector.domain.entity import Entity, Identity
from connector.domain.entity_state import EntityState
from connector.domain.records.contract import MODIFIED_FIELDS, Contract
from connector.domain.tables.learned_names import learn_acumatica_entity
from connector.errors import ConfigurationError, OtherEntityError, UnstableIdsError
from connector.ports import Warehouse


def find_refusal(
    entity: Entity, entity_state: EntityState, warehouse: Warehouse
) -> ConfigurationError | None:
    """Return why what was read by this block must not be mixed with what the block names now; None if nothing speaks against it.

    Takes one metadata request if the state does not know what the log holds, or knows that it is something else.
    """
    known = entity_state.contract
    if known is not None and _is_same(known, entity):
        return None
    log = warehouse.read_columns(entity.log_table)
    before = (known.acumatica_entity if known is not None else "") or learn_acumatica_entity(log)
    if (
        before
        and before.casefold() != entity.acumatica_entity.casefold()
        and (log or _was_read(entity_state))
    ):
        return _build_mixture(entity, before)
    identified_by = known.identified_by if known is not None else ""
    if log and identified_by and identified_by != entity.identified_by and _was_read(entity_state):
        return _build_other_ids(entity, identified_by)
    return None


def has_other_stamp(before: Contract, contract: Contract) -> bool:
    """Whether changes are found by another field than before, so that everything must be read once more.

    Acumatica's own two names are one stamp: some entities got the longer one with a newer endpoint version.
    """
    names = {before.modified_field, contract.modified_field}
    return contract.modified_field is not None and len(names) > 1 and not names <= set(MODIFIED_FIELDS)


def has_other_rows(before: Contract, contract: Contract) -> bool:
    """Whether an inquiry is filtered otherwise than before, so that rows that were never listed may be old."""
    return before.rows != contract.rows


def _is_same(known: Contract, entity: Entity) -> bool:
    return (known.acumatica_entity, known.identified_by) == (entity.acumatica_entity, entity.identified_by)


def _was_read(entity_state: EntityState) -> bool:
    return bool(
        entity_state.watermark
        or entity_state.last_success_at
        or entity_state.checkpoints
        or entity_state.records_seen
    )


def _build_mixture(entity: Entity, before: str) -> OtherEntityError:
    before, now = (name.removeprefix(CLASS_PREFIX) for name in (before, entity.acumatica_entity))
    return OtherEntityError(
        f"{entity.log_table} holds records of {before}, and {entity.name} names {now} now: both would be mixed in its views.",
        action=(
            f"Name {before} again and give {now} a block of another name; or move what was read out of the way:"
            f" python -m connector rename {entity.name} {entity.name}_before."
        ),
    )


def _build_other_ids(entity: Entity, before: str) -> UnstableIdsError:
    identified_by = "their ids" if entity.identity is Identity.ID else f"their keys {', '.join(entity.keys)}"
    return UnstableIdsError(
        f"{entity.log_table} was filled with records identified by {before}, and {entity.name} identifies them by {identified_by} now: every"
        " record would be there twice.",
        action=f"Change the block back, or rename {entity.log_table}; the next run makes it anew and reads everything into it.",
    )
