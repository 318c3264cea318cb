"""Retries dead letters: from Acumatica if the record still exists, otherwise from the stored payload.

A replay that runs out of time continues with the next call. It tries each dead letter once, over all its runs: one that
fails again is stored again and is then newer than the replay.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, islice

from connector.domain.batch import split_by_bytes
from connector.domain.entity_state import CLOCKS_DIFFER, Checkpoint, DeadLetter, EntityState
from connector.domain.records.codec import Record
from connector.domain.records.exclusion import NOT_KEPT
from connector.domain.records.rejected import Rejected, describe_unreadable, is_asked_for, unwrap_keys
from connector.domain.run import Mode, Status, WriteMethod
from connector.domain.versions import CurrentVersion, Place
from connector.ports import MAX_LOOKED_UP
from connector.runs.deletion_marks import DeletionMarks
from connector.runs.interpreting import Reading, ReadingBatch
from connector.runs.preparing import OpenedEntity
from connector.runs.run import Run
from connector.runs.time_budget import TimeBudget, Unreadable

logger = logging.getLogger(__name__)

MAX_DEAD_LETTERS_AT_ONCE = 50
GOES_ON_WITHIN = timedelta(hours=1)
"""A partial replay not continued within this time is over: the cause may have been repaired since, so all are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """A dead letter, and its record read again."""

    dead_letter: DeadLetter
    batch: ReadingBatch
    is_gone: bool
    """Whether Acumatica says that the record no longer exists, so that it is read from the stored payload."""

    @property
    def size(self) -> int:
        """How many bytes of JSON it holds."""
        readings = self.batch.readings
        return len(self.dead_letter.payload) + sum(len(reading.raw) for reading in readings)

    @property
    def is_lost(self) -> bool:
        """Whether nothing but its keys was ever read, and never will be."""
        return self.is_gone and unwrap_keys(self.dead_letter.payload) is not None

    @property
    def must_be_marked(self) -> bool:
        """Whether it is to be replayed as a deleted record."""
        return self.is_gone and self.record is not None

    @property
    def record(self) -> Record | None:
        """The record, if it can be used now."""
        found = self.batch.readings[0].record
        return found if isinstance(found, Record) else None


class Replay:
    """One replay of an entity's dead letters, or of one."""

    def __init__(self, run: Run, entity_state: EntityState) -> None:
        self._run = run
        self._opened = OpenedEntity(run, entity_state, is_replay=True)
        self._budget = TimeBudget(run)
        self._marks = DeletionMarks(run, self._opened.writer)
        self._gone: dict[str, None] = {}
        """Records that Acumatica no longer has: they are marked last, all or none."""
        self._deleted = 0
        self._checkpoint = self._opened.entity_state.checkpoints.get(Mode.REPLAY.value)

    def run(self) -> Status:
        """Replay in batches; return PARTIAL if time ran out. Records that still cannot be used stay dead letters."""
        if self._run.request.record_id is not None:
            self._replay(
                self._run.ports.state.dead_letters.read(self._run.entity.name, self._run.request.record_id)
            )
        else:
            self._replay_all()
        self._run.outcome.add_details({"deleted": self._deleted})
        return Status.PARTIAL if self._budget.is_used_up else Status.SUCCEEDED

    def _replay_all(self) -> None:
        """Replay every dead letter that existed when the replay began, in this run or in an earlier partial one."""
        began_at = self._began_at()
        failed_before, self._marks.earlier = self._count_before(began_at)
        self._run.expect_records(self._opened.writer.letters.count() - failed_before)
        dead_letters = self._run.ports.state.dead_letters.read(self._run.entity.name)
        self._replay(dead_letter for dead_letter in dead_letters if self._is_due(dead_letter, began_at))
        if self._budget.is_used_up:
            failed = failed_before + self._run.outcome.tally.records_rejected
            self._save_checkpoint(self._build_checkpoint(began_at, failed))
        elif self._checkpoint is not None:
            self._save_checkpoint(None)

    def _is_due(self, dead_letter: DeadLetter, began_at: datetime) -> bool:
        """Whether it was rejected before the replay began. What is of the future was: our clock was set back since."""
        latest = self._run.ports.clock.now() + CLOCKS_DIFFER
        return not began_at < dead_letter.rejected_at <= latest

    def _replay(self, dead_letters: Iterator[DeadLetter]) -> None:
        answered = self._budget.read_each(dead_letters, self._read)
        for batch in split_by_bytes(
            answered,
            lambda answer: answer.size,
            most_items=MAX_DEAD_LETTERS_AT_ONCE,
            most_bytes=self._run.limits.batch_bytes,
        ):
            for answer in batch:
                self._opened.follow(answer.batch.contract)
            self._gone |= {answer.dead_letter.record_id: None for answer in batch if answer.must_be_marked}
            self._write([answer for answer in batch if not answer.must_be_marked])
        self._replay_gone()

    def _replay_gone(self) -> None:
        """Mark the records that are gone and write their last versions, unless they are too many to believe it."""
        if not self._gone:
            return
        self._marks.check(sum(self._count_live(some) for some in _split(self._gone, MAX_LOOKED_UP)))
        for some in _split(self._gone, MAX_DEAD_LETTERS_AT_ONCE):
            letters = (self._run.ports.state.dead_letters.read(self._run.entity.name, one) for one in some)
            self._write([self._take_kept(letter, is_gone=True) for letter in chain.from_iterable(letters)])

    def _count_live(self, record_ids: Sequence[str]) -> int:
        versions = self._run.ports.warehouse.current_versions(self._opened.table, record_ids)
        return sum(not current.is_deleted for current in versions)

    def _read(self, dead_letter: DeadLetter) -> _Answered:
        """Read the record from Acumatica, or from the stored payload if it no longer exists there."""
        read_at, is_gone = self._run.ports.clock.now(), False
        found: bytes | Unreadable | None = None
        if is_asked_for(dead_letter.record_id, self._run.entity):
            found = self._budget.read_record(dead_letter.record_id)
            is_gone = found is None
        if isinstance(found, Unreadable):
            again = _reject_again(dead_letter, describe_unreadable(found.why))
            batch = ReadingBatch(readings=(again,), read_at=read_at)
        elif found is not None:
            batch = self._opened.interpreter.interpret([found], read_at=read_at)
        else:
            batch = self._take_kept(dead_letter, is_gone=is_gone).batch
        self._run.count_page(1)
        self._run.remember_origin()
        return _Answered(dead_letter=dead_letter, batch=batch, is_gone=is_gone)

    def _take_kept(self, dead_letter: DeadLetter, *, is_gone: bool) -> _Answered:
        if dead_letter.payload == NOT_KEPT:
            again = _reject_again(dead_letter, dead_letter.reason)
            batch = ReadingBatch(readings=(again,), read_at=dead_letter.rejected_at)
            return _Answered(dead_letter=dead_letter, batch=batch, is_gone=is_gone)
        kept = unwrap_keys(dead_letter.payload) or dead_letter.payload
        batch = self._opened.interpreter.interpret([kept], read_at=dead_letter.rejected_at)
        return _Answered(dead_letter=dead_letter, batch=replace(batch, is_kept=True), is_gone=is_gone)

    def _write(self, answers: Sequence[_Answered]) -> None:
        if not answers:
            return
        shown = self._find_shown(answers)
        refused = self._mark_gone(answers, shown)
        answers = [a for a in answers if a.record is None or a.record.id not in refused]
        batches = [answered.batch for answered in answers if not answered.is_lost]
        written = self._opened.writer.write(batches, _ReadAgain(shown), WriteMethod.LOAD)
        self._run.outcome.note_progress()  # no letter is tried twice
        accepted = {record.row_fingerprint for record in written.records}
        for answered in answers:
            record, dead_letter = answered.record, answered.dead_letter
            if record is not None and (answered.is_lost or record.row_fingerprint in accepted):
                self._run.ports.state.dead_letters.remove(
                    dead_letter.entity, dead_letter.record_id, until=dead_letter.rejected_at
                )

    def _find_shown(self, answers: Sequence[_Answered]) -> dict[str, CurrentVersion]:
        """Return the newest rows of these records; what is read now must rank above them."""
        record_ids = {answered.record.id for answered in answers if answered.record is not None}
        if not record_ids:
            return {}
        versions = self._run.ports.warehouse.current_versions(self._opened.table, record_ids)
        return {current.record_id: current for current in versions}

    def _mark_gone(self, answers: Sequence[_Answered], shown: Mapping[str, CurrentVersion]) -> frozenset[str]:
        """Tombstone deleted records before writing their last version, so that it is never shown as a live record.

        Return those whose tombstone the warehouse refused.
        """
        gone: dict[str, Place] = {}
        for answered in answers:
            record = answered.record
            if not answered.is_gone or record is None:
                continue
            logger.info("record %s is no longer in Acumatica: its stored payload is replayed", record.id)
            place = self._opened.writer.placing.place_kept(record.modified_at, answered.batch.read_at)
            gone[record.id] = place.cover(shown[record.id].place if record.id in shown else None)
        live = sum(record_id in shown and not shown[record_id].is_deleted for record_id in gone)
        refused = self._marks.mark(gone, shown=live)
        self._deleted += len(gone) - len(refused)
        return refused

    def _began_at(self) -> datetime:
        now, before = self._run.ports.clock.now(), self._checkpoint
        if before is None or before.highest_stamp is None:
            return now
        goes_on = -CLOCKS_DIFFER <= now - before.highest_stamp <= GOES_ON_WITHIN
        return before.source_time_at_start if goes_on else now

    def _count_before(self, began_at: datetime) -> tuple[int, int]:
        """Return how many letters earlier runs of this replay tried in vain, and how many records they marked as deleted.

        Releases before did not count them.
        """
        before = self._checkpoint
        if before is None or before.source_time_at_start != began_at:
            return 0, 0
        return before.offset, before.marked

    def _build_checkpoint(self, began_at: datetime, failed: int) -> Checkpoint:
        """Return when the replay began (`source_time_at_start`), how many letters it tried in vain (`offset`), and when this run of it ended (`highest_stamp`)."""
        return Checkpoint(
            changed_since=None,
            source_time_at_start=began_at,
            offset=failed,
            known=(),
            highest_stamp=self._run.ports.clock.now(),
            marked=self._marks.marked,
        )

    def _save_checkpoint(self, checkpoint: Checkpoint | None) -> None:
        self._run.ports.state.entities.save_checkpoint(self._run.lease, Mode.REPLAY.value, checkpoint)


class _ReadAgain:
    """Known versions of a replay: always write the record, because writing a version twice is harmless."""

    def __init__(self, shown: Mapping[str, CurrentVersion]) -> None:
        self._shown = shown

    def look_up(self, _: Sequence[Record], /) -> None:
        return

    def is_known(self, _: Record, /) -> bool:
        return False

    def find_place(self, record_id: str, /) -> Place | None:
        current = self._shown.get(record_id)
        return None if current is None else current.place

    def note_written(self, _: Record, _place: Place, /) -> None:
        return


def _split(record_ids: Iterable[str], size: int) -> Iterator[Sequence[str]]:
    left = iter(record_ids)
    while some := list(islice(left, size)):
        yield some


def _reject_again(dead_letter: DeadLetter, reason: str) -> Reading:
    rejected = Rejected(
        id=dead_letter.record_id, key=dead_letter.key, reason=reason, payload=dead_letter.payload
    )
    return Reading(record=rejected, raw=dead_letter.payload)


def replay_dead_letters(run: Run, entity_state: EntityState) -> Status:
    """Run a replay."""
    return Replay(run, entity_state).run()
