"""Processes dead letters again: from Acumatica where the record still exists, else from what was kept.

A replay that runs out of time goes on with the next call. Each letter is tried once in all its runs: one that fails again
is kept again, and is then younger than the replay.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from connector.domain.cursor import PageOverlap
from connector.domain.entity_state import Checkpoint, DeadLetter, EntityState
from connector.domain.records.codec import Record
from connector.domain.run import Mode, Status, WriteMethod
from connector.domain.tables.log_table import build_table
from connector.errors import TransientError
from connector.runs.deletions import mark_deleted
from connector.runs.preparing import load_contract, prepare_log
from connector.runs.reading import Interpreter, Page
from connector.runs.run import Run
from connector.runs.writing import BatchWriter

logger = logging.getLogger(__name__)

LETTERS_AT_ONCE = 50
GOES_ON_WITHIN = timedelta(hours=1)
"""A partial replay that nobody called again for so long is over: what was the matter may have been mended since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """A dead letter, and its record read once more."""

    letter: DeadLetter
    page: Page
    is_gone: bool
    """Acumatica says that there is no such record any more, so it is read from what was kept."""

    @property
    def record(self) -> Record | None:
        """The record, if it can be used now."""
        found = self.page.readings[0].record
        return found if isinstance(found, Record) else None


class Replay:
    """One replay of an entity's dead letters, or of one."""

    def __init__(self, run: Run, entity_state: EntityState) -> None:
        self._run = run
        self._is_out_of_time = False
        self._deleted = 0
        contract = load_contract(run, entity_state)
        self._writer = BatchWriter(run, build_table(run.entity, contract), is_replay=True)
        table, entity_state = prepare_log(run, entity_state, self._writer.table)
        self._checkpoint = entity_state.checkpoints.get(Mode.REPLAY.value)
        self._interpreter = Interpreter(
            run.ports.source, run.entity, contract, table.retyped, table.numeric_not_widened
        )

    def work(self) -> Status:
        """Replay in batches; return PARTIAL when time ran out. What still cannot be used stays a dead letter."""
        if self._run.request.record_id is not None:
            self._replay(
                self._run.ports.state.dead_letters(self._run.entity.name, self._run.request.record_id)
            )
        else:
            self._replay_all()
        self._run.details["deleted"] = self._deleted
        return Status.PARTIAL if self._is_out_of_time else Status.SUCCEEDED

    def _replay_all(self) -> None:
        """Replay every letter that was there when the replay began, in this run or in a partial one before."""
        began_at = self._began_at()
        letters = self._run.ports.state.dead_letters(self._run.entity.name)
        self._replay(letter for letter in letters if letter.rejected_at <= began_at)
        if self._is_out_of_time:
            self._save_checkpoint(self._build_checkpoint(began_at))
        elif self._checkpoint is not None:
            self._save_checkpoint(None)

    def _replay(self, letters: Iterator[DeadLetter]) -> None:
        answered = self._read_in_time(letters)
        while batch := list(islice(answered, LETTERS_AT_ONCE)):
            self._write(batch)

    def _read_in_time(self, letters: Iterator[DeadLetter]) -> Iterator[_Answered]:
        for letter in letters:
            self._is_out_of_time = self._run.must_stop()
            if self._is_out_of_time:
                return
            try:
                answered = self._read(letter)
            except TransientError as exc:
                self._is_out_of_time = self._run.is_cut_short(exc)
                if self._is_out_of_time:
                    return
                raise
            self._run.begin_page()
            yield answered

    def _read(self, letter: DeadLetter) -> _Answered:
        """Read the record as it is now; as it was kept if Acumatica has it no more."""
        read_at, raw, is_gone = self._run.ports.clock.now(), None, False
        if _is_guid(letter.record_id):
            raw = self._run.ports.source.read_record(self._run.entity, letter.record_id)
            is_gone = raw is None
        if is_gone:
            logger.info(
                "record %s is not in Acumatica any more: its kept payload is replayed", letter.record_id
            )
        if raw is None:
            read_at, raw = letter.rejected_at, letter.payload
        readings, contract = self._interpreter.interpret([raw])
        page = Page(
            readings=readings,
            overlap=PageOverlap(),
            source_time_at_start=read_at,
            read_at=read_at,
            is_short=True,
            contract=contract,
        )
        return _Answered(letter=letter, page=page, is_gone=is_gone)

    def _write(self, batch: Sequence[_Answered]) -> None:
        pages = [answered.page for answered in batch]
        if any(page.contract for page in pages):
            self._writer.table = build_table(self._run.entity, self._interpreter.codec.contract)
            self._run.prepare(self._writer.table)
        self._mark_gone(batch)
        accepted = {
            record.row_fingerprint for record in self._writer.write(pages, _NothingKnown(), WriteMethod.LOAD)
        }
        for letter, record in ((answered.letter, answered.record) for answered in batch):
            if record is not None and record.row_fingerprint in accepted:
                self._run.ports.state.remove_dead_letter(
                    letter.entity, letter.record_id, until=letter.rejected_at
                )

    def _mark_gone(self, batch: Sequence[_Answered]) -> None:
        """Tombstone what is gone before its last version is written: so that version is never shown as a live record."""
        kept = [answered.record for answered in batch if answered.is_gone]
        gone = {record.id: record.modified_at for record in kept if record is not None}
        mark_deleted(self._run, self._writer, gone)
        self._deleted += len(gone)

    def _began_at(self) -> datetime:
        now, before = self._run.ports.clock.now(), self._checkpoint
        if before is None or before.highest_stamp is None or now - before.highest_stamp > GOES_ON_WITHIN:
            return now
        return before.source_time_at_start

    def _build_checkpoint(self, began_at: datetime) -> Checkpoint:
        """Return when the replay began, as its signpost, and when this run of it ended, as its highest stamp."""
        now = self._run.ports.clock.now()
        return Checkpoint(
            changed_since=None, source_time_at_start=began_at, offset=0, known=(), highest_stamp=now
        )

    def _save_checkpoint(self, checkpoint: Checkpoint | None) -> None:
        self._run.ports.state.save_checkpoint(self._run.lease, Mode.REPLAY.value, checkpoint)


class _NothingKnown:
    """A replayed record is written whatever is known of it: writing a version twice is harmless."""

    def is_known(self, _: Record, /) -> bool:
        return False


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def replay_dead_letters(run: Run, entity_state: EntityState) -> Status:
    """Do a replay."""
    return Replay(run, entity_state).work()
