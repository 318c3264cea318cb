"""Processes dead letters again: from Acumatica where the record still exists, else from what was kept."""

import logging
from uuid import UUID

from connector.domain.cursor import Seam
from connector.domain.record import Record
from connector.domain.run import Status, WriteMethod
from connector.domain.stream import DeadLetter, Stream
from connector.domain.tables import build_table
from connector.reading import Interpreter, Page
from connector.running import Run
from connector.sync import load_contract, prepare_log
from connector.writing import BatchWriter

logger = logging.getLogger(__name__)

LETTERS_AT_ONCE = 50


class Replay:
    """One replay of an entity's dead letters, or of one."""

    def __init__(self, run: Run, stream: Stream) -> None:
        self._run = run
        contract = load_contract(run, stream)
        self._writer = BatchWriter(run, build_table(run.entity, contract), tolerates_rejects=True)
        table, _ = prepare_log(run, stream, self._writer.table)
        self._interpreter = Interpreter(run.ports.source, run.entity, contract, table.retyped, table.narrow)

    def work(self) -> Status:
        """Replay in batches; return PARTIAL when time ran out. What still cannot be used stays a dead letter."""
        letters = self._run.ports.state.dead_letters(self._run.entity.name, self._run.request.record_id)
        waiting = list(letters)
        while waiting:
            if self._run.must_stop():
                return Status.PARTIAL
            now, waiting = waiting[:LETTERS_AT_ONCE], waiting[LETTERS_AT_ONCE:]
            self._replay(now)
        return Status.SUCCEEDED

    def _replay(self, letters: list[DeadLetter]) -> None:
        pages = [self._read(letter) for letter in letters]
        if any(page.contract for page in pages):
            self._writer.table = build_table(self._run.entity, self._interpreter.codec.contract)
            self._run.prepare(self._writer.table)
        accepted = {record.mark for record in self._writer.write(pages, _NothingKnown(), WriteMethod.LOAD)}
        for letter, page in zip(letters, pages, strict=True):
            if page.readings[0].record.mark in accepted:
                self._run.ports.state.remove_dead_letter(
                    letter.entity, letter.record_id, until=letter.rejected_at
                )

    def _read(self, letter: DeadLetter) -> Page:
        """Return the record as it is now; as it was kept if Acumatica has it no more."""
        read_at, raw = self._run.ports.clock.now(), None
        if _is_guid(letter.record_id):
            raw = self._run.ports.source.read_record(self._run.entity, letter.record_id)
        if raw is None:
            logger.info(
                "record %s is not in Acumatica any more: its kept payload is replayed", letter.record_id
            )
            read_at, raw = letter.rejected_at, letter.payload
        readings, contract = self._interpreter.interpret([raw])
        return Page(
            readings=readings,
            seam=Seam(),
            signpost=read_at,
            read_at=read_at,
            is_short=True,
            contract=contract,
        )


class _NothingKnown:
    """A replayed record is written whatever is known of it: writing a version twice is harmless."""

    def is_known(self, _: Record, /) -> bool:
        return False


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def replay_dead_letters(run: Run, stream: Stream) -> Status:
    """Do a replay."""
    return Replay(run, stream).work()
