"""What a run needs before it reads: the entity's contract, and its log as it should be."""

import logging
from dataclasses import replace

from connector.domain.entity_state import Checkpoint, EntityState
from connector.domain.records.contract import Contract
from connector.domain.run import Mode
from connector.domain.tables.schema import Table, TableStatus
from connector.runs.run import Run

logger = logging.getLogger(__name__)


def load_contract(run: Run, entity_state: EntityState) -> Contract:
    """Return the remembered contract, or read it afresh when the endpoint version or the catalogue has changed."""
    if entity_state.contract is not None and run.ports.source.contract_matches(
        run.entity, entity_state.contract
    ):
        return entity_state.contract
    contract = run.ports.source.describe(run.entity)
    run.ports.state.save_contract(run.lease, contract)
    return contract


def prepare_log(run: Run, entity_state: EntityState, table: Table) -> tuple[TableStatus, EntityState]:
    """Make the log table as it should be; return what is remembered of the entity now.

    When the table is new or empty although records were read before, that memory is worth nothing. A pass over
    everything is noted as begun before the first row is written: a run that ends early in it must not leave a table that
    looks filled and a lower bound that skips the rest.
    """
    status = run.prepare(table)
    signposts = [point.source_time_at_start for point in entity_state.checkpoints.values()]
    seen_until = entity_state.watermark or min(signposts, default=None)
    if not status.must_be_filled or seen_until is None:
        return status, entity_state
    logger.warning("%s is not in the warehouse any more: everything is read again", table.name)
    start = Checkpoint(
        changed_since=None, source_time_at_start=seen_until, offset=0, known=(), highest_stamp=None
    )
    checkpoints: dict[str, Checkpoint | None] = dict.fromkeys(entity_state.checkpoints)
    checkpoints[Mode.INCREMENTAL.value] = start
    for mode, checkpoint in checkpoints.items():
        run.ports.state.save_checkpoint(run.lease, mode, checkpoint)
    return status, replace(entity_state, recent_versions={}, checkpoints={Mode.INCREMENTAL.value: start})
