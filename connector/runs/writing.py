"""Writes what was read: rows, dead letters, audit pages. Any of it may happen twice."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from connector.domain.batch import Append, Row, are_too_many_rejected, build_insert_id
from connector.domain.entity_state import AuditEntry, Outcome
from connector.domain.instants import to_text
from connector.domain.records.codec import Record
from connector.domain.records.rejected import Rejected
from connector.domain.run import WriteMethod
from connector.domain.tables.schema import Table
from connector.errors import TooManyRejectsError
from connector.runs.dead_letters import DeadLetters
from connector.runs.reading import Page, Reading
from connector.runs.run import Run


class KnownVersions(Protocol):
    """What is written already."""

    def is_known(self, record: Record, /) -> bool:
        """Whether this very version is already written."""


class _RecordOutcome(msgspec.Struct, kw_only=True, gc=False):
    """One reading of a batch on its way: its page, and what becomes of it."""

    page: Page
    reading: Reading
    outcome: Outcome
    reason: str = ""
    is_usable: bool = True

    def reject(self, reason: str, *, is_repeated: bool) -> None:
        """It cannot be used; when this very content is a dead letter already, nothing is new about that."""
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
    """Writes batches of one run, counts them, and keeps their audit."""

    def __init__(self, run: Run, table: Table, *, is_replay: bool = False) -> None:
        self._run = run
        self.table = table
        self._is_replay = is_replay
        self._batches = 0
        self._audits = 0
        self._letters = DeadLetters(run)

    def write(self, pages: Sequence[Page], known: KnownVersions, method: WriteMethod) -> list[Record]:
        """Write the new versions of these pages, keep the unusable ones; return the records now in the warehouse.

        Order: rows, dead letters, audit. Raises TooManyRejectsError when a cause beyond single records is likelier; what
        was found is in the audit then, but nothing is kept that would move the run on.
        """
        fates = [self._judge(page, reading, known) for page in pages for reading in page.readings]
        self._check_share(fates, found=[judged for judged in fates if not judged.is_usable])
        fresh = [judged for judged in fates if judged.outcome is Outcome.WRITTEN]
        for index, reason in self._append(fresh, method).items():
            self._reject(fresh[index], f"The warehouse refused it: {reason}")
        self._check_share(fates, found=fates)
        self._settle_letters(fates)
        self._audit_and_count(fates)
        return [f.reading.record for f in fates if f.is_usable and isinstance(f.reading.record, Record)]

    def append_rows(self, rows: Sequence[Row], method: WriteMethod) -> dict[int, str]:
        """Append rows under the next batch id of this run; return the refused ones."""
        if not rows:
            return {}
        self._batches += 1
        self._run.write_method = method
        append = Append(
            table=self.table, rows=rows, method=method, batch_id=f"{self._run.run_id}_{self._batches}"
        )
        return dict(self._run.ports.warehouse.append(append))

    def _append(self, fates: Sequence[_RecordOutcome], method: WriteMethod) -> dict[int, str]:
        return self.append_rows(list(self._build_rows(fates)), method)

    def _build_rows(self, fates: Sequence[_RecordOutcome]) -> Iterator[Row]:
        synced_at = {read_at: to_text(read_at) for read_at in {judged.page.read_at for judged in fates}}
        for judged in fates:
            record = judged.reading.record
            if isinstance(record, Record):
                yield Row(
                    insert_id=build_insert_id(self._run.entity.name, record.id, record.version),
                    data=record.encode(synced_at=synced_at[judged.page.read_at], run_id=self._run.run_id),
                    extra=record.extra,
                )

    def _judge(self, page: Page, reading: Reading, known: KnownVersions) -> _RecordOutcome:
        found = reading.record
        judged = _RecordOutcome(page=page, reading=reading, outcome=Outcome.WRITTEN)
        if isinstance(found, Rejected):
            self._reject(judged, found.reason)
        elif known.is_known(found):
            judged.outcome = Outcome.UNCHANGED
        return judged

    def _reject(self, judged: _RecordOutcome, reason: str) -> None:
        """In a replay every try counts anew."""
        raw = judged.reading.raw
        is_repeated = not self._is_replay and self._letters.has(judged.reading.record.id, bytes(raw))
        judged.reject(reason, is_repeated=is_repeated)

    def _check_share(self, fates: Sequence[_RecordOutcome], found: Sequence[_RecordOutcome]) -> None:
        """Raise if too many are rejected, with `found` in the audit: what is known of this batch by now."""
        tally = self._run.tally
        rejected = [judged for judged in fates if judged.outcome is Outcome.REJECTED]
        count, read = tally.records_rejected + len(rejected), tally.records_read + len(fates)
        if self._is_replay or not are_too_many_rejected(rejected=count, read=read):
            return
        self._audit_and_count(found)
        first = rejected[0].reading.record
        raise TooManyRejectsError(
            f"{count} of {read} records of {self._run.entity.name} cannot be used; "
            f"the first one here, {first.key or first.id}: {rejected[0].reason}",
            action="Nothing was moved. Correct the cause, then run again.",
        )

    def _settle_letters(self, fates: Sequence[_RecordOutcome]) -> None:
        """In the order of reading, so that of two contents of a record the later one decides."""
        for judged in fates:
            if judged.is_usable:
                self._letters.forget(judged.reading.record.id, judged.page.read_at)
            elif judged.outcome is Outcome.REJECTED:
                self._letters.keep(judged.reading.record, bytes(judged.reading.raw), judged.reason)

    def _audit_and_count(self, fates: Sequence[_RecordOutcome]) -> None:
        for page in dict.fromkeys(id(judged.page) for judged in fates):
            self.audit([judged.build_entry() for judged in fates if id(judged.page) == page])
        tally = self._run.tally
        tally.records_read += len(fates)
        tally.records_written += sum(judged.outcome is Outcome.WRITTEN for judged in fates)
        tally.records_unchanged += sum(judged.outcome is Outcome.UNCHANGED for judged in fates)
        tally.records_rejected += sum(judged.outcome is Outcome.REJECTED for judged in fates)

    def audit(self, entries: Sequence[AuditEntry]) -> None:
        """Keep what became of the records of the next page of this run."""
        run, self._audits = self._run, self._audits + 1
        run.ports.state.record_page(
            run.run_id, run.entity.name, run.request.mode.value, self._audits, entries
        )
