"""The opening of a run, the same for every mode: the entity's contract, its log as it should be, and what reads and writes its rows."""

import logging

from msgspec.structs import replace

from connector.domain.entity_state import Checkpoint, EntityState, PageLimit
from connector.domain.records.contract import Contract
from connector.domain.run import Mode
from connector.domain.tables.log_table import build_table
from connector.domain.tables.schema import Table, TableStatus
from connector.runs.identity_proof import describe_identity, is_identity_proven
from connector.runs.interpreting import Interpreter
from connector.runs.naming import name_columns
from connector.runs.run import Run
from connector.runs.writing import BatchWriter

logger = logging.getLogger(__name__)


class OpenedEntity:
    """An entity as one run works on it.

    `interpreter` reads rows by its contract and may find that the contract has changed; `follow` is then called before
    those rows are written. `writer` writes them.
    """

    def __init__(self, run: Run, entity_state: EntityState, *, is_replay: bool = False) -> None:
        """Load the contract and make the log as it should be; raise what the source, the state and the warehouse raise."""
        self._run = run
        self._contract = load_contract(run, entity_state)
        known = entity_state.contract
        self.is_contract_new = known is None or known.request != self._contract.request
        """Whether nothing was read by these choices of the catalogue before."""
        self.writer = BatchWriter(run, build_table(run.entity, self._contract), is_replay=is_replay)
        self._status, prepared = prepare_log(run, entity_state, self.table)
        self._entity_state = replace(prepared, contract=self._contract)
        self.writer.before_first_rows = self.prove_identity
        self.interpreter = Interpreter(
            run.ports.source,
            run.entity,
            self._contract,
            self._status.retyped,
            self._status.numeric_not_widened,
            self._status.as_text,
        )

    @property
    def contract(self) -> Contract:
        """The contract that the table fits now."""
        return self._contract

    @property
    def table(self) -> Table:
        """The log table as the contract makes it."""
        return self.writer.table

    @property
    def status(self) -> TableStatus:
        """What was found when the table was last made to fit."""
        return self._status

    @property
    def entity_state(self) -> EntityState:
        """What is remembered of the entity."""
        return self._entity_state

    def follow(self, contract: Contract | None) -> None:
        """Remember the contract that rows are read by from now on, and widen the table for them. None changes nothing.

        What is not remembered is forgotten with the run: the next one would make the views by the contract of before.
        """
        if contract is None or contract == self._contract:
            return
        logger.info("the contract of %s has changed: its table follows", self._run.entity.name)
        self._run.ports.state.entities.save_contract(self._run.lease, contract)
        self._contract = contract
        self._entity_state = replace(self._entity_state, contract=contract)
        self.writer.switch_table(build_table(self._run.entity, contract))
        self._status = self._run.prepare(self.table)

    def follow_last(self) -> None:
        """Follow what the last request was read by, though it brought no row to write."""
        self.follow(self.interpreter.codec.contract)

    def prove_identity(self) -> None:
        """See once that ids last, before a log that has records gets more; raise UnstableIdsError if they do not."""
        identity = describe_identity(self._run.entity, self._contract)
        is_proven = self._entity_state.proven_identity == identity
        if self._status.must_be_filled or is_proven:
            return
        if is_identity_proven(self._run, self.table, self.interpreter.codec):
            self._entity_state = replace(self._entity_state, proven_identity=identity)

    def note_one_by_one(self) -> None:
        """Remember that this entity's list has to be read record by record."""
        if not self._entity_state.read_one_by_one:
            self._entity_state = replace(self._entity_state, read_one_by_one=True)
            self._run.ports.state.entities.save_read_one_by_one(self._run.lease)

    def note_page_limit(self, limit: PageLimit | None) -> None:
        """Tell how many rows of the list can be had at once, where they are fewer than configured, and remember it."""
        if limit is not None:
            self._run.outcome.add_details({"page_size": limit.rows})
        if limit == self._entity_state.page_limit:
            return
        name, size = self._run.entity.name, self._run.limits.page_size if limit is None else limit.rows
        why = "" if limit is None else ": Acumatica fails on larger ones"
        logger.warning("the list of %s is read in pages of %s rows from now on%s", name, size, why)
        self._entity_state = replace(self._entity_state, page_limit=limit)
        self._run.ports.state.entities.save_page_limit(self._run.lease, limit)


def load_contract(run: Run, entity_state: EntityState) -> Contract:
    """Return the remembered contract, or one read afresh when the endpoint version or the catalogue has changed.

    Its fields have the columns that they had before. What is new in it is remembered.
    """
    source, known = run.ports.source, entity_state.contract
    is_current = known is not None and source.contract_matches(run.entity, known)
    contract = known if known is not None and is_current else source.describe(run.entity)
    named = name_columns(run.entity, contract, known, run.ports.warehouse)
    if named != known:
        run.ports.state.entities.save_contract(run.lease, named)
    return named


def prepare_log(run: Run, entity_state: EntityState, table: Table) -> tuple[TableStatus, EntityState]:
    """Make the log table as it should be; return what is remembered of the entity now.

    When the table is new or empty although records were read before, that memory is worth nothing. A pass over
    everything is noted as begun before the first row is written: a run that ends early in it must not leave a table that
    looks filled and a lower bound that skips the rest. A replay's progress is none through a list, and stays.
    """
    status = run.prepare(table)
    passes = {mode: point for mode, point in entity_state.checkpoints.items() if mode != Mode.REPLAY.value}
    began = [point.source_time_at_start for point in passes.values()]
    seen_until = entity_state.watermark or min(began, default=None)
    if not status.must_be_filled or seen_until is None:
        return status, entity_state
    logger.warning("%s is not in the warehouse any more: everything is read again", table.name)
    start = Checkpoint(
        changed_since=None, source_time_at_start=seen_until, offset=0, known=(), highest_stamp=None
    )
    changed: dict[str, Checkpoint | None] = {**dict.fromkeys(passes), Mode.INCREMENTAL.value: start}
    for mode, checkpoint in changed.items():
        run.ports.state.entities.save_checkpoint(run.lease, mode, checkpoint)
    kept = {mode: point for mode, point in entity_state.checkpoints.items() if mode not in passes}
    return status, replace(
        entity_state, recent_versions={}, checkpoints={**kept, Mode.INCREMENTAL.value: start}
    )
