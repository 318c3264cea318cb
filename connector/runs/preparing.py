"""Opens a run, in the same way for every mode: loads the contract, prepares the log table, builds interpreter and writer."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace

from connector.domain.entity_state import EntityState, ListTrial, PageLimit, WrittenSince
from connector.domain.instants import is_over
from connector.domain.records.codec import Record
from connector.domain.records.contract import Contract
from connector.domain.run import Mode
from connector.domain.tables.log_table import build_table
from connector.domain.tables.schema import Table, TableStatus
from connector.domain.versions import Place
from connector.errors import WarehouseRefusedError
from connector.runs.column_names import learn_columns_anew, name_columns
from connector.runs.identity_proof import describe_identity, is_identity_proven
from connector.runs.interpreting import Interpreter
from connector.runs.makeup import find_refusal
from connector.runs.notices import NAMES_SHOWN, report_other_fields, report_views
from connector.runs.page_size import limit_after_kill
from connector.runs.pass_restart import reset_if_lost, store_contract
from connector.runs.run import Run
from connector.runs.writing import BatchWriter

logger = logging.getLogger(__name__)

NEWS = 2
"""How many times as large, or as small, records have to be than before for that to be stored."""
LIST_AGAIN_AFTER = timedelta(days=7)
"""How long a list that could not be used is left alone."""


class OpenedEntity:
    """An entity opened by one run.

    `interpreter` decodes rows by the contract and may find that the contract has changed; then call `follow` before writing
    those rows with `writer`.
    """

    def __init__(self, run: Run, entity_state: EntityState, *, is_replay: bool = False) -> None:
        """Load the contract and prepare the log table. Raises the errors of the source, the state and the warehouse."""
        self._run = run
        self._is_filled = entity_state.watermark is not None or entity_state.last_success_at is not None
        known, entity_state = load_contract(run, entity_state)
        self._contract, table, self._status = prepare_log(run, known, is_filled=self._is_filled)
        self.writer = BatchWriter(run, table, is_replay=is_replay)
        prepared = reset_if_lost(run, entity_state, self._status)
        self._entity_state = replace(prepared, contract=self._contract)
        if run.lease.took_over:
            self._shrink_after_kill()
        self.interpreter = Interpreter(
            run.ports.source,
            run.entity,
            self._contract,
            self._status.incompatible_columns,
            self._status.numeric_not_widened,
            self._status.as_text,
        )
        self._report_columns_set_aside()
        self._is_identity_due = not self._status.must_be_filled and not self._has_proof
        self.writer.before_adding = self.prove_identity
        self.writer.before_ranking = self._note_ranking

    @property
    def contract(self) -> Contract:
        """The contract that the table is prepared for."""
        return self._contract

    @property
    def table(self) -> Table:
        """The log table that the contract defines."""
        return self.writer.table

    @property
    def status(self) -> TableStatus:
        """The status of the table when it was last prepared."""
        return self._status

    @property
    def entity_state(self) -> EntityState:
        """The entity's state."""
        return self._entity_state

    def follow(self, contract: Contract | None) -> None:
        """Store the contract that rows are now read by, and prepare the table for it. None changes nothing.

        If the contract were not stored, the next run would rebuild the views from the old one.
        """
        if contract is None or contract == self._contract:
            return
        logger.info("the contract of %s has changed: its table follows", self._run.entity.name)
        self._entity_state = store_contract(self._run, self._entity_state, contract)
        self._contract = contract
        self.writer.switch_table(build_table(self._run.entity, contract))
        self._prepare()

    def take_views(self) -> None:
        """Let the views show this log, now that its first pass is complete, if they show another entity's."""
        if self._status.held_by:
            self._is_filled = True
            self._prepare()

    def _prepare(self) -> None:
        self._status = prepare_table(self._run, self.table, is_filled=self._is_filled)
        require_own_columns(self.table, self._status)
        self._report_columns_set_aside()

    def _report_columns_set_aside(self) -> None:
        """Report the columns whose type cannot hold the contract's values, which go to `_extra` instead."""
        if set_aside := sorted(self._status.incompatible_columns):
            self._run.outcome.add_details({"columns_set_aside": set_aside[:NAMES_SHOWN]})

    def follow_last(self) -> None:
        """Follow the contract of the last request, even if it returned no row to write."""
        self.follow(self.interpreter.codec.contract)

    @property
    def _has_proof(self) -> bool:
        return self._entity_state.proven_identity == describe_identity(self._run.entity, self._contract)

    def note_identity_proven(self) -> None:
        """Store that ids last: a record was found under the id that an earlier run wrote."""
        self._is_identity_due = False
        if not self._has_proof:
            self._save_findings(proven_identity=describe_identity(self._run.entity, self._contract))

    def prove_identity(self, records: Sequence[Record]) -> None:
        """Check once that ids last, before these records are added to a log that has some, or some of it is marked deleted.

        Raises UnstableIdsError if they do not.
        """
        if not self._is_identity_due:
            return
        is_proven = is_identity_proven(self._run, self.table, self.interpreter.codec, records)
        self._is_identity_due = False
        if is_proven:
            self.note_identity_proven()

    def _note_ranking(self, places: Sequence[Place]) -> None:
        """Store up to where rows will rank, before they are written, if the watermark of this pass may not tell."""
        is_pass = self._run.request.mode is Mode.INCREMENTAL
        if is_pass and not self.writer.placing.has_cut:
            return
        before = self._entity_state.written_since or WrittenSince()
        stamps = (before.highest_stamp, *(place.modified_at for place in places))
        highest = max((stamp for stamp in stamps if stamp is not None), default=None)
        self._save_findings(written_since=WrittenSince(highest_stamp=highest))

    def _save_findings(self, **found: object) -> None:
        """Store how this entity has to be read."""
        before, self._entity_state = self._entity_state, replace(self._entity_state, **found)
        if self._entity_state != before:
            self._run.ports.state.entities.save_findings(self._run.lease, self._entity_state)

    @property
    def reads_one_by_one(self) -> bool:
        """Whether the list cannot be used, and it is not yet time to try it again."""
        return self._entity_state.read_one_by_one and not self.is_list_on_trial

    @property
    def is_list_on_trial(self) -> bool:
        """Whether this run tries a list again that could not be used."""
        state, now = self._entity_state, self._run.ports.clock.now()
        is_due = state.list_trial is None or is_over(state.list_trial.again_at, now, longest=LIST_AGAIN_AFTER)
        return state.read_one_by_one and (is_due or not self._is_list_compared)

    @property
    def is_look_due(self) -> bool:
        """Whether the list must be compared with single records before it is believed."""
        return self.is_list_on_trial or not self._is_list_compared

    @property
    def _is_list_compared(self) -> bool:
        return self._entity_state.compared_for == self._contract.request

    @property
    def left_out_before(self) -> Sequence[str]:
        """The paths for which the list could not be used, if that was why."""
        trial = self._entity_state.list_trial
        return trial.left_out if trial is not None and self._entity_state.read_one_by_one else ()

    def note_one_by_one(self, left_out: Sequence[str] = ()) -> None:
        """Store that the list cannot be used for some days, because it leaves these paths out if any."""
        if self.reads_one_by_one:
            return
        again_at = self._run.ports.clock.now() + LIST_AGAIN_AFTER
        trial = ListTrial(again_at=again_at, left_out=tuple(left_out or self.left_out_before))
        self._save_findings(read_one_by_one=True, list_trial=trial, compared_for=self._contract.request)
        self._run.outcome.note_progress()

    def note_list_usable(self) -> None:
        """Store that the list gives what single records have; report it if it could not be used before."""
        if self._entity_state.read_one_by_one:
            logger.warning("the list of %s can be read again as a list", self._run.entity.name)
            self._run.outcome.add_details({"read_one_by_one": False})
        self._save_findings(read_one_by_one=False, list_trial=None, compared_for=self._contract.request)
        self._run.outcome.note_progress()

    def _shrink_after_kill(self) -> None:
        """Store smaller pages, because the run before was killed, perhaps for the memory they took."""
        limits, before = self._run.limits, self._entity_state
        limit = limit_after_kill(
            limits.page_size,
            before.page_limit,
            limits.page_bytes,
            before.record_bytes,
            self._run.ports.clock.now(),
        )
        logger.warning(
            "the run of %s before this one was killed, perhaps for its memory: its list is read in pages of %s rows at most",
            self._run.entity.name,
            limit.rows,
        )
        self._save_findings(page_limit=limit)

    def note_record_bytes(self, size: int | None) -> None:
        """Store about how large a record is, if that is news, so that the next run, even after a kill, begins with pages that fit."""
        known = self._entity_state.record_bytes
        if size is not None and (known is None or not known / NEWS < size < known * NEWS):
            self._save_findings(record_bytes=size)

    def note_page_limit(self, limit: PageLimit | None) -> None:
        """Store the largest page that Acumatica can serve, and report it if it is smaller than configured."""
        if limit is not None:
            self._run.outcome.add_details({"page_size": limit.rows})
        if limit == self._entity_state.page_limit:
            return
        name, size = self._run.entity.name, self._run.limits.page_size if limit is None else limit.rows
        why = "" if limit is None else ", because Acumatica fails on larger ones"
        logger.warning("the list of %s is read in pages of %s rows from now on%s", name, size, why)
        before = self._entity_state.page_limit
        self._save_findings(page_limit=limit)
        if limit is not None and (before is None or limit.rows < before.rows):
            self._run.outcome.note_progress()


def load_contract(run: Run, entity_state: EntityState) -> tuple[Contract, EntityState]:
    """Return the stored contract, or a fresh one if the endpoint version or the catalogue has changed, and the state with it.

    Known fields keep their columns. A changed contract is stored. Raises OtherEntityError and UnstableIdsError if the
    catalogue names something that must not be mixed with what was read.
    """
    if refusal := find_refusal(run.entity, entity_state, run.ports.warehouse):
        raise refusal
    source, known = run.ports.source, entity_state.contract
    is_current = known is not None and source.contract_matches(run.entity, known)
    contract = known if known is not None and is_current else source.describe(run.entity)
    named = name_columns(run.entity, contract, known, run.ports.warehouse)
    if named != known:
        entity_state = store_contract(run, entity_state, named)
        if known is not None:
            run.outcome.note_progress()
    return named, entity_state


def prepare_table(run: Run, table: Table, *, is_filled: bool) -> TableStatus:
    """Create or update the log table and what is made from it, and tell when its views change hands."""
    status = run.prepare(table, is_filled=is_filled)
    report_views(run, status)
    return status


def prepare_log(run: Run, contract: Contract, *, is_filled: bool) -> tuple[Contract, Table, TableStatus]:
    """Create or update the log table; return the contract with names that fit it, the table and its status.

    The stored names belong to another log after a state was restored, or is used with another dataset. Under them, fields
    would go to columns of other fields; so the names are learned anew from the log's own descriptions.
    """
    table = build_table(run.entity, contract)
    status = prepare_table(run, table, is_filled=is_filled)
    if not status.other_fields:
        return contract, table, status
    report_other_fields(run, table.name, status.other_fields)
    contract = learn_columns_anew(run.entity, contract, run.ports.warehouse)
    run.ports.state.entities.save_contract(run.lease, contract)
    table = build_table(run.entity, contract)
    status = prepare_table(run, table, is_filled=is_filled)
    require_own_columns(table, status)
    return contract, table, status


def require_own_columns(table: Table, status: TableStatus) -> None:
    """Raise WarehouseRefusedError if columns of the table were made for other fields than they would be filled with."""
    if status.other_fields:
        raise WarehouseRefusedError(
            f"Columns of {table.name} are described as made for other fields: {', '.join(sorted(status.other_fields))}.",
            action=f"Correct their descriptions, or rename {table.name}; the next run makes it anew and reads everything into it.",
        )
