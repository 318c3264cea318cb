"""Writes what was read: rows, dead letters, audit pages. Any of it may happen twice."""

import logging
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from connector.domain.batch import are_too_many_rejected, build_insert_id
from connector.domain.instants import to_text
from connector.domain.record import Record
from connector.domain.run import WriteMethod
from connector.domain.schema import Table
from connector.domain.stream import AuditEntry, DeadLetter, Outcome
from connector.errors import TooManyRejectsError
from connector.ports import Append, Row
from connector.reading import Page, Reading, Rejected
from connector.running import Run

logger = logging.getLogger(__name__)


class KnownVersions(Protocol):
    """What is written already."""

    def is_known(self, record: Record, /) -> bool:
        """Whether this very version is already written."""


class _Fate(msgspec.Struct, kw_only=True, gc=False):
    """One reading of a batch on its way: its page, and what becomes of it."""

    page: Page
    reading: Reading
    outcome: Outcome
    reason: str = ""

    def build_entry(self) -> AuditEntry:
        found = self.reading.record
        version = found.version if isinstance(found, Record) else ""
        return AuditEntry(
            record_id=found.id, key=found.key, version=version, outcome=self.outcome, reason=self.reason
        )


class BatchWriter:
    """Writes batches of one run, counts them, and keeps their audit."""

    def __init__(self, run: Run, table: Table, *, tolerates_rejects: bool = False) -> None:
        self._run = run
        self.table = table
        self._tolerates_rejects = tolerates_rejects
        self._batches = 0
        self._audits = 0

    def write(self, pages: Sequence[Page], known: KnownVersions, method: WriteMethod) -> list[Record]:
        """Write the new versions of these pages, keep the unusable ones; return the records now in the warehouse.

        Order: rows, dead letters, audit. Raises TooManyRejectsError before anything of the batch is kept that would
        move the run on.
        """
        fates = [_judge(page, reading, known) for page in pages for reading in page.readings]
        self._check_share(fates)
        fresh = [fate for fate in fates if fate.outcome is Outcome.WRITTEN]
        for index, reason in self._append(fresh, method).items():
            fresh[index].outcome, fresh[index].reason = (
                Outcome.REJECTED,
                f"the warehouse refused it: {reason}",
            )
        self._check_share(fates)
        self._keep_rejected(fates)
        for page in pages:
            self.audit([fate.build_entry() for fate in fates if fate.page is page])
        self._count(fates)
        return [
            f.reading.record
            for f in fates
            if isinstance(f.reading.record, Record) and f.outcome is not Outcome.REJECTED
        ]

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

    def _append(self, fates: Sequence[_Fate], method: WriteMethod) -> dict[int, str]:
        return self.append_rows(list(self._build_rows(fates)), method)

    def _build_rows(self, fates: Sequence[_Fate]) -> Iterator[Row]:
        synced_at = {read_at: to_text(read_at) for read_at in {fate.page.read_at for fate in fates}}
        for fate in fates:
            record = fate.reading.record
            if isinstance(record, Record):
                yield Row(
                    insert_id=build_insert_id(self._run.entity.name, record.id, record.version),
                    data=record.encode(synced_at=synced_at[fate.page.read_at], run_id=self._run.run_id),
                    extra=record.extra,
                )

    def _check_share(self, fates: Sequence[_Fate]) -> None:
        tally = self._run.tally
        rejected = [fate for fate in fates if fate.outcome is Outcome.REJECTED]
        read = tally.records_read + len(fates)
        if not self._tolerates_rejects and are_too_many_rejected(
            rejected=tally.records_rejected + len(rejected), read=read
        ):
            raise TooManyRejectsError(
                f"{tally.records_rejected + len(rejected)} of {read} records of {self._run.entity.name} cannot be used; "
                f"the first one here, {rejected[0].reading.record.key or rejected[0].reading.record.id}: {rejected[0].reason}",
                action="Nothing was moved. Correct the cause, then run again.",
            )

    def _keep_rejected(self, fates: Sequence[_Fate]) -> None:
        for fate in fates:
            if fate.outcome is not Outcome.REJECTED:
                continue
            found = fate.reading.record
            logger.warning(
                "record %s of %s is kept as a dead letter: %s", found.id, self._run.entity.name, fate.reason
            )
            self._run.ports.state.add_dead_letter(
                DeadLetter(
                    entity=self._run.entity.name,
                    record_id=found.id,
                    key=found.key,
                    reason=fate.reason,
                    payload=bytes(fate.reading.raw),
                    run_id=self._run.run_id,
                    rejected_at=self._run.ports.clock.now(),
                )
            )

    def audit(self, entries: Sequence[AuditEntry]) -> None:
        """Keep what became of the records of the next page of this run."""
        run, self._audits = self._run, self._audits + 1
        run.ports.state.record_page(
            run.run_id, run.entity.name, run.request.mode.value, self._audits, entries
        )

    def _count(self, fates: Sequence[_Fate]) -> None:
        tally = self._run.tally
        tally.records_read += len(fates)
        tally.records_written += sum(fate.outcome is Outcome.WRITTEN for fate in fates)
        tally.records_unchanged += sum(fate.outcome is Outcome.UNCHANGED for fate in fates)
        tally.records_rejected += sum(fate.outcome is Outcome.REJECTED for fate in fates)


def _judge(page: Page, reading: Reading, known: KnownVersions) -> _Fate:
    found = reading.record
    if isinstance(found, Rejected):
        return _Fate(page=page, reading=reading, outcome=Outcome.REJECTED, reason=found.reason)
    outcome = Outcome.UNCHANGED if known.is_known(found) else Outcome.WRITTEN
    return _Fate(page=page, reading=reading, outcome=outcome)
