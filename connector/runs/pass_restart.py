"""Lets the next pass read everything, because the log was lost or changes are found by another field."""

from datetime import datetime

from msgspec.structs import replace

from connector.domain.entity_state import Checkpoint, EntityState
from connector.domain.records.contract import Contract
from connector.domain.run import Mode
from connector.domain.tables.schema import TableStatus
from connector.runs.makeup import has_other_rows, has_other_stamp
from connector.runs.notices import report_lost_log, report_other_stamp, report_respelled
from connector.runs.run import Run


def store_contract(run: Run, entity_state: EntityState, contract: Contract) -> EntityState:
    """Store the contract; return the state with it, and with a pass over everything if changes are found by another field now.

    That pass is stored first: a contract of which a killed run left nothing else would hide that the field is another one.
    """
    before = entity_state.contract
    if before is not None:
        report_respelled(run, before, contract)
        entity_state = _restart_if_other(run, entity_state, before, contract)
    run.ports.state.entities.save_contract(run.lease, contract)
    return replace(entity_state, contract=contract)


def _restart_if_other(
    run: Run, entity_state: EntityState, before: Contract, contract: Contract
) -> EntityState:
    """Return the state with a pass over everything if the bound of the next one says nothing of this list."""
    is_other_stamp = has_other_stamp(before, contract)
    if entity_state.changed_since is None or not (is_other_stamp or has_other_rows(before, contract)):
        return entity_state
    if is_other_stamp:
        report_other_stamp(run, before, contract)
    return _restart(run, entity_state, entity_state.watermark or run.ports.clock.now())


def reset_if_lost(run: Run, entity_state: EntityState, status: TableStatus) -> EntityState:
    """Return the entity's state, reset if the log table was lost.

    If the table is new or empty although records were read before, everything must be read again. A checkpoint for that
    pass is stored before the first row is written: a run that ends early must not leave a table that looks filled
    together with a `changed_since` that skips the rest.
    """
    if status.created:
        run.outcome.note_progress()
    began = [point.source_time_at_start for point in _find_passes(entity_state).values()]
    seen_until = entity_state.watermark or min(began, default=None)
    if not status.must_be_filled or seen_until is None:
        return entity_state
    report_lost_log(run, status)
    entity_state = _restart(run, entity_state, seen_until)
    return run.save_bounds(entity_state, complete_until=None, deletions_checked_at=None)


def _restart(run: Run, entity_state: EntityState, seen_until: datetime) -> EntityState:
    """Store that the next pass reads everything and that no other one resumes; return the state so."""
    passes = _find_passes(entity_state)
    start = Checkpoint(
        changed_since=None, source_time_at_start=seen_until, offset=0, known=(), highest_stamp=None
    )
    changed: dict[str, Checkpoint | None] = {**dict.fromkeys(passes), Mode.INCREMENTAL.value: start}
    for mode, checkpoint in changed.items():
        run.ports.state.entities.save_checkpoint(run.lease, mode, checkpoint)
    kept = {mode: point for mode, point in entity_state.checkpoints.items() if mode not in passes}
    return replace(entity_state, recent_versions={}, checkpoints={**kept, Mode.INCREMENTAL.value: start})


def _find_passes(entity_state: EntityState) -> dict[str, Checkpoint]:
    """Return the progress of passes over the list; that of a replay is not about the list."""
    return {mode: point for mode, point in entity_state.checkpoints.items() if mode != Mode.REPLAY.value}
