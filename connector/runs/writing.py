"""Writes what was read: rows, dead letters, audit pages. Each step may happen twice."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import msgspec

from connector.domain.batch import Append, Row, are_too_many_rejected, build_insert_id
from connector.domain.entity_state import AuditEntry, Outcome
from connector.domain.instants import to_text
from connector.domain.records.codec import Record
from connector.domain.records.rejected import Rejected
from connector.domain.run import Tally, WriteMethod
from connector.domain.tables.schema import Table
from connector.domain.versions import Place
from connector.errors import TooManyRejectsError
from connector.runs.dead_letters import DeadLetters
from connector.runs.interpreting import Reading, ReadingBatch
from connector.runs.placement import Placing
from connector.runs.run import Run


class KnownVersions(Protocol):
    """The versions that are already in the warehouse."""

    def look_up(self, records: Sequence[Record], /) -> None:
        """Query the warehouse for these records, as far as needed, before they are written."""

    def is_known(self, record: Record, /) -> bool:
        """Whether this version is already written."""

    def find_place(self, record_id: str, /) -> Place | None:
        """Return the place of the record's newest row, tombstones included; None if a new row ranks above it anyway."""

    def note_written(self, record: Record, place: Place, /) -> None:
        """Note that this version is stored, at this place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The result of a write: the records now in the warehouse, new or not, and the counts."""

    records: Sequence[Record]
    tally: Tally


class _RecordOutcome(msgspec.Struct, kw_only=True, gc=False):
    """One reading, the batch it belongs to, and its outcome."""

    batch: ReadingBatch
    reading: Reading
    outcome: Outcome
    reason: str = ""
    is_usable: bool = True

    def reject(self, reason: str, *, is_repeated: bool) -> None:
        """Reject the record; count it as unchanged if the same content is already a dead letter."""
        self.is_usable = False
        self.outcome = Outcome.UNCHANGED if is_repeated else Outcome.REJECTED
        self.reason = f"{reason} It is a dead letter already." if is_repeated else reason

    def build_entry(self) -> AuditEntry:
        found = self.reading.record
        version = found.version if isinstance(found, Record) else ""
        return AuditEntry(
            record_id=found.id, key=found.key, version=version, outcome=self.outcome, reason=self.reason
        )


class BatchWriter:
    """Writes the batches of one run, counts them and audits them."""

    def __init__(self, run: Run, table: Table, *, is_replay: bool = False) -> None:
        self._run = run
        self._table = table
        self._is_replay = is_replay
        self._batches = 0
        self._audits = 0
        self.letters = DeadLetters(run)
        self.audits_unchanged = True
        """Whether unchanged records are audited one by one; those with a reason always are."""
        self.before_adding: Callable[[Sequence[Record]], None] = lambda _: None
        """Called with records about to be added to the log; may raise to prevent that."""
        self.before_ranking: Callable[[Sequence[Place]], None] = lambda _: None
        """Called with the places of rows about to be added to the log."""
        self.placing = Placing(run.lookback)

    @property
    def table(self) -> Table:
        """The log table that is written to."""
        return self._table

    def switch_table(self, table: Table) -> None:
        """Use this table, prepared for another contract, from now on."""
        self._table = table

    def write(self, batches: Sequence[ReadingBatch], known: KnownVersions, method: WriteMethod) -> Written:
        """Write the new versions among these records, store the unusable ones as dead letters, and count all of them.

        The order is rows, dead letters, audit. Raises TooManyRejectsError if so many are unusable that the cause must lie
        elsewhere; the findings are then audited, but nothing is stored that would count as progress.
        """
        found = (reading.record for batch in batches for reading in batch.readings)
        known.look_up([record for record in found if isinstance(record, Record)])
        outcomes = [self._judge(batch, reading, known) for batch in batches for reading in batch.readings]
        self._check_share(outcomes, found=[judged for judged in outcomes if not judged.is_usable])
        fresh = [judged for judged in outcomes if judged.outcome is Outcome.WRITTEN]
        for index, reason in self._append(fresh, known, method).items():
            self._reject(fresh[index], f"The warehouse refused it: {reason}")
        self._check_share(outcomes, found=outcomes)
        self._settle_letters(outcomes)
        tally = self._audit_and_count(outcomes)
        usable = (judged.reading.record for judged in outcomes if judged.is_usable)
        return Written(records=[found for found in usable if isinstance(found, Record)], tally=tally)

    def append_rows(
        self, rows: Sequence[Row], method: WriteMethod, places: Sequence[Place]
    ) -> dict[int, str]:
        """Append rows, which have these places, under the next batch id of this run; return the refused ones."""
        if not rows:
            return {}
        self.before_ranking(places)
        self._batches += 1
        self._run.outcome.add_details(self.placing.describe())
        self._run.outcome.note_write_method(method)
        append = Append(
            table=self._table, rows=rows, method=method, batch_id=f"{self._run.run_id}_{self._batches}"
        )
        return dict(self._run.ports.warehouse.append(append))

    def _append(
        self, outcomes: Sequence[_RecordOutcome], known: KnownVersions, method: WriteMethod
    ) -> dict[int, str]:
        placed = list(self._place(outcomes, known))
        if placed:
            self.before_adding([record for record, _ in placed])
        refused = self.append_rows(list(self._build_rows(placed)), method, [place for _, place in placed])
        for index, (record, place) in enumerate(placed):
            if index not in refused:
                known.note_written(record, place)
        return refused

    def _place(
        self, outcomes: Sequence[_RecordOutcome], known: KnownVersions
    ) -> Iterator[tuple[Record, Place]]:
        """Yield the records with their places; of two versions of one record, the one read later ranks higher."""
        placed: dict[str, Place] = {}
        for judged in outcomes:
            record, batch = judged.reading.record, judged.batch
            if not isinstance(record, Record):
                continue
            if batch.is_kept:
                yield record, self.placing.place_kept(record.modified_at, batch.read_at)
                continue
            place = placed[record.id] = self.placing.place(
                record.modified_at,
                read_at=batch.read_at,
                source_time=batch.source_time,
                shown=placed.get(record.id) or known.find_place(record.id),
            )
            yield record, place

    def _build_rows(self, placed: Iterable[tuple[Record, Place]]) -> Iterator[Row]:
        render = lru_cache(maxsize=1)(to_text)  # rows of a page were read together
        for record, place in placed:
            head = record.encode_head(
                modified_at=place.modified_at, synced_at=render(place.synced_at), run_id=self._run.run_id
            )
            insert_id = build_insert_id(self._run.entity.name, record.id, record.version)
            yield Row(insert_id=insert_id, head=head, body=record.body, extra=record.extra)

    def _judge(self, batch: ReadingBatch, reading: Reading, known: KnownVersions) -> _RecordOutcome:
        found = reading.record
        judged = _RecordOutcome(batch=batch, reading=reading, outcome=Outcome.WRITTEN)
        if isinstance(found, Rejected):
            self._reject(judged, found.reason)
        elif known.is_known(found):
            judged.outcome = Outcome.UNCHANGED
        return judged

    def _reject(self, judged: _RecordOutcome, reason: str) -> None:
        """Reject the record. In a replay, the same content counts as rejected again."""
        raw = judged.reading.raw
        is_repeated = not self._is_replay and self.letters.has(judged.reading.record.id, bytes(raw))
        judged.reject(reason, is_repeated=is_repeated)

    def _check_share(self, outcomes: Sequence[_RecordOutcome], found: Sequence[_RecordOutcome]) -> None:
        """Raise TooManyRejectsError if too many are rejected, after auditing `found`, the outcomes known so far."""
        tally = self._run.outcome.tally
        rejected = [judged for judged in outcomes if judged.outcome is Outcome.REJECTED]
        count, read = tally.records_rejected + len(rejected), tally.records_read + len(outcomes)
        if self._is_replay or not are_too_many_rejected(rejected=count, read=read):
            return
        self._audit_and_count(found)
        first = rejected[0].reading.record
        raise TooManyRejectsError(
            f"{count} of {read} records of {self._run.entity.name} cannot be used; "
            f"the first one here, {first.key or first.id}: {rejected[0].reason}",
            action="The watermark was not moved. Correct the cause, then run again.",
        )

    def _settle_letters(self, outcomes: Sequence[_RecordOutcome]) -> None:
        """Store dead letters of unusable records and delete those of usable ones; the later of two contents decides."""
        for judged in {judged.reading.record.id: judged for judged in outcomes}.values():
            if judged.is_usable:
                self.letters.forget(judged.reading.record.id, judged.batch.read_at)
            elif judged.outcome is Outcome.REJECTED:
                self.letters.keep(judged.reading.record, bytes(judged.reading.raw), judged.reason)

    def _audit_and_count(self, outcomes: Sequence[_RecordOutcome]) -> Tally:
        for batch in dict.fromkeys(id(judged.batch) for judged in outcomes):
            self.audit([judged.build_entry() for judged in outcomes if id(judged.batch) == batch])
        kinds = [judged.outcome for judged in outcomes]
        tally = Tally(
            records_read=len(outcomes),
            records_written=kinds.count(Outcome.WRITTEN),
            records_unchanged=kinds.count(Outcome.UNCHANGED),
            records_rejected=kinds.count(Outcome.REJECTED),
        )
        self._run.outcome.count(tally)
        return tally

    def audit(self, entries: Sequence[AuditEntry]) -> None:
        """Store these outcomes as the next page of this run's audit, if there are any."""
        if not self.audits_unchanged:
            entries = [entry for entry in entries if entry.reason or entry.outcome is not Outcome.UNCHANGED]
        if not entries:
            return
        run, self._audits = self._run, self._audits + 1
        run.ports.state.audit.record_page(
            run.run_id, run.entity.name, run.request.mode.value, self._audits, entries
        )

    def audit_unread(self, why: Mapping[str, str]) -> None:
        """Audit records, by id, that stay as they are because Acumatica failed to deliver them."""
        self.audit(
            [
                AuditEntry(
                    record_id=record_id,
                    key="",
                    version="",
                    outcome=Outcome.UNCHANGED,
                    reason=f"It could not be compared: {reason}",
                )
                for record_id, reason in why.items()
            ]
        )
