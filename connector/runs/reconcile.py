"""Compares Acumatica with the warehouse and repairs the warehouse: writes missing or stale records, marks deleted ones.

A filter by change time never shows deletions, and not every change moves the stamp. So a reconcile lists all ids and
stamps (`keys`), or reads every record again and compares its content (`content`).
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice

from connector.domain.batch import split_by_bytes
from connector.domain.cursor import Plan
from connector.domain.entity import Depth
from connector.domain.entity_state import EntityState
from connector.domain.instants import to_text
from connector.domain.records.codec import Record
from connector.domain.records.rejected import Rejected
from connector.domain.run import Status, Tally, WriteMethod
from connector.errors import TooManyDeletionsError
from connector.runs.deletion_marks import DeletionMarks
from connector.runs.empty_list import lists_keys
from connector.runs.first_look import EVERYTHING, leave_list
from connector.runs.interpreting import ReadingBatch
from connector.runs.known_versions import IndexedVersions
from connector.runs.list_pass import ListPass
from connector.runs.notices import count_unstamped, leave_unidentified
from connector.runs.preparing import OpenedEntity
from connector.runs.reading import ListReader, Page
from connector.runs.reconcile_progress import Progress
from connector.runs.run import Run
from connector.runs.time_budget import TimeBudget, Unreadable
from connector.runs.twins import Twins

ROWS_AT_ONCE = 500
KEYS_BYTES = 300
"""How large a record of a list of keys is about, in bytes."""
MAX_UNSTAMPED_READ = 500
"""How many records without a stamp a reconcile of keys reads, with one request each; one of contents reads all."""

Found = tuple[str, bytes | Unreadable | None]
"""An id, and its record as it is now: None if it no longer exists."""


class Reconcile:
    """One comparison of an entity's list with its current view."""

    def __init__(self, run: Run, entity_state: EntityState) -> None:
        self._run = run
        self._opened = OpenedEntity(run, entity_state)
        self._is_deep = run.request.depth is Depth.CONTENT or self._opened.status.must_be_filled
        self._budget = TimeBudget(run)
        self._progress = Progress(run, self._opened, is_deep=self._is_deep)
        self._index = self._progress.index
        run.expect_records(
            self._progress.read_before + self._index.count_unseen(), read_before=self._progress.read_before
        )
        self._known = IndexedVersions(self._index)
        self._opened.writer.audits_unchanged = run.request.depth is not Depth.CONTENT
        self._marks = DeletionMarks(run, self._opened.writer, known=len(self._index))
        self._twins = Twins(run, self._opened)
        self._matched = self._repaired = self._stale = self._deleted = self._unstamped = 0

    def run(self) -> Status:
        """Compare, repair, then mark deletions; return PARTIAL if time ran out (repairs already made stay)."""
        is_done = self._compare_content() if self._is_deep else self._compare_keys()
        is_whole = self._progress.is_whole or self._reader.plan.checkpoint is None
        if is_done and is_whole:
            is_done = self._mark_deleted()
        if is_done:
            self._opened.follow_last()
            self._tell_end(is_whole=is_whole)
        self._run.outcome.add_details(self._build_figures())
        return Status.SUCCEEDED if is_done else Status.PARTIAL

    def _tell_end(self, *, is_whole: bool) -> None:
        """Drop the progress, and tell up to when contents and deletions are checked: when the pass began, maybe runs ago."""
        began_at = self._progress.find_start(self._reader.source_time_at_start)
        self._progress.drop()
        if self._is_deep:
            self._run.outcome.add_details({"contents_checked_at": to_text(began_at)})
        if is_whole:
            entity_state = self._opened.entity_state
            self._run.save_bounds(
                entity_state, complete_until=entity_state.complete_until, deletions_checked_at=began_at
            )

    def _build_figures(self) -> dict[str, object]:
        return {
            "depth": Depth.CONTENT.value if self._is_deep else Depth.KEYS.value,
            "matched": self._matched,
            "repaired": self._repaired,
            "deleted": self._deleted,
            "stale": self._stale,
        }

    def _compare_keys(self) -> bool:
        """List only ids and stamps; read the records that differ. Return False, with progress stored, if time ran out."""
        self._reader = ListReader(
            source=self._run.ports.source,
            clock=self._run.ports.clock,
            interpreter=self._opened.interpreter,
            plan=Plan(changed_since=None, checkpoint=self._progress.checkpoint),
            page_size=self._run.limits.page_size,
            page_bytes=self._run.limits.page_bytes,
            record_bytes=KEYS_BYTES,
            keys_only=True,
        )
        with closing(
            self._reader.read()
        ) as pages:  # no request may be left that signs in behind the sign-out
            for page in self._budget.read_pages(pages):
                count_unstamped(self._run, self._opened.contract, page.readings)
                self._compare_page(page)
                if not self._budget.is_used_up:
                    self._progress.note_page(page)
        if self._budget.is_used_up:
            self._progress.save()
        return not self._budget.is_used_up

    def _compare_page(self, page: Page) -> None:
        self._opened.follow(page.contract)
        readings = leave_unidentified(self._run, page.readings)
        differing = {found.id: reading.raw for reading in readings if self._differs(found := reading.record)}
        self._prove_identity([found for reading in readings if isinstance(found := reading.record, Record)])
        same = len(readings) - len(differing)
        self._matched += same
        self._run.outcome.count(Tally(records_read=same, records_unchanged=same))
        self._repair(differing)

    def _prove_identity(self, records: Sequence[Record]) -> None:
        """Raise UnstableIdsError if records are not found in the warehouse only because they have other ids now."""
        if self._index.has_seen:
            self._opened.note_identity_proven()
        else:
            self._opened.prove_identity(records)

    def _differs(self, found: Record | Rejected) -> bool:
        """Mark the record as seen; return whether the warehouse lacks it or has it with another stamp."""
        at = self._index.find(found.id)
        if at is None:
            return True
        self._mark_listed(at, found)
        if isinstance(found, Record) and self._has_stamp(at, found.modified_at):
            return self._may_have_changed(found)
        self._stale += 1
        return True

    def _may_have_changed(self, found: Record) -> bool:
        """Whether a record with an unchanged stamp must be read all the same, because it never has one."""
        if found.modified_at is not None or self._opened.contract.modified_field is None:
            return False
        self._unstamped += 1
        return self._unstamped <= MAX_UNSTAMPED_READ

    def _has_stamp(self, at: int, stamp: datetime | None) -> bool:
        """Whether the warehouse has the record with this stamp; without a stamp field, having the record is enough."""
        return self._opened.contract.modified_field is None or self._index.has_stamp(at, stamp)

    def _repair(self, listed: Mapping[str, bytes]) -> dict[str, bool]:
        """Read these records one by one, as far as time allows, and write them; return which of those still exist.

        `listed` maps ids to listed rows with the keys, which are kept of an unreadable record. With an empty row, an
        unreadable record is left as it is.
        """
        exist: dict[str, bool] = {}
        read_at = self._run.ports.clock.now()
        found = self._budget.read_records(listed)
        batch_bytes = self._run.limits.batch_bytes
        for some in split_by_bytes(found, _measure, most_items=ROWS_AT_ONCE, most_bytes=batch_bytes):
            self._write(self._interpret(some, listed, read_at))
            exist |= {record_id: raw is not None for record_id, raw in some}
            read_at = self._run.ports.clock.now()
        return exist

    def _interpret(
        self, found: Sequence[Found], listed: Mapping[str, bytes], read_at: datetime
    ) -> ReadingBatch:
        rows, unreadable, unread = list[bytes](), dict[int, str](), dict[str, str]()
        for record_id, raw in found:
            if isinstance(raw, bytes):
                rows.append(raw)
            elif isinstance(raw, Unreadable) and listed[record_id]:
                unreadable[len(rows)] = raw.why
                rows.append(listed[record_id])
            elif isinstance(raw, Unreadable):
                unread[record_id] = raw.why
        self._opened.writer.audit_unread(unread)
        return self._opened.interpreter.interpret(rows, read_at=read_at, unreadable=unreadable)

    def _write(self, batch: ReadingBatch) -> None:
        """Write the versions that the warehouse does not have, and count them."""
        if not batch.readings:
            return
        self._opened.follow(batch.contract)
        written = self._opened.writer.write([batch], self._known, WriteMethod.LOAD)
        self._repaired += written.tally.records_written
        if written.tally.records_written:
            self._run.outcome.note_progress()
        self._matched += written.tally.records_unchanged

    def _compare_content(self) -> bool:
        """Read every record and write those whose content differs. Return False, with progress stored, if time ran out."""
        checkpoint = self._progress.checkpoint
        is_done = self._read_content(Plan(changed_since=None, checkpoint=checkpoint))
        if is_done and checkpoint is None and self._is_list_empty():
            leave_list(self._run, self._opened, EVERYTHING)
            is_done = self._read_content(Plan(changed_since=None))
        return is_done

    def _read_content(self, plan: Plan) -> bool:
        list_pass = ListPass(self._run, self._opened, plan)
        self._reader = list_pass.reader
        with list_pass.open() as pages:
            for page in pages:
                for reading in page.readings:
                    self._note_content(reading.record)
                if self._index.has_seen:
                    self._opened.note_identity_proven()
                self._write(page)
                self._progress.note_page(page)
            if list_pass.is_cut_short:
                self._progress.save()
        return not list_pass.is_cut_short

    def _is_list_empty(self) -> bool:
        """Whether the list gives no record although there are some."""
        if self._run.outcome.tally.pages:
            return False
        return not self._reader.one_by_one and lists_keys(self._run)

    def _note_content(self, found: Record | Rejected) -> None:
        at = self._index.find(found.id)
        if at is not None:
            self._mark_listed(at, found)
            if isinstance(found, Record) and not self._index.has_version(at, found):
                self._stale += 1

    def _mark_listed(self, at: int, found: Record | Rejected) -> None:
        if isinstance(found, Record) and self._index.is_seen(at):
            self._twins.look_at(found, self._reader.source_time_at_start)
        self._index.mark_seen(at)

    def _mark_deleted(self) -> bool:
        """Tombstone records that are neither listed nor found by their id. Return False, with progress stored, if time ran out.

        If too many are missing, the listing is forgotten: with the rights that it lacked the next run lists them again.
        """
        try:
            is_done = self._mark_unseen()
        except TooManyDeletionsError:
            self._progress.drop()
            raise
        if (refusal := self._marks.find_refusal()) is not None:
            raise refusal
        if not is_done:
            self._progress.save()
        return is_done

    def _mark_unseen(self) -> bool:
        count = self._index.count_unseen()
        if count:
            self._prove_identity(())
        self._marks.check(count)
        unseen = self._index.walk_unseen()
        while batch := list(islice(unseen, ROWS_AT_ONCE)):
            exist = self._repair(dict.fromkeys(batch, b""))
            gone = {
                record_id: place
                for record_id, does_exist in exist.items()
                if not does_exist and (place := self._index.find_place(record_id)) is not None
            }
            refused = self._marks.mark(gone)
            self._deleted += len(gone) - len(refused)
            for record_id, does_exist in exist.items():
                if does_exist and (at := self._index.find(record_id)) is not None:
                    self._index.mark_seen(at)
            if gone:
                self._run.outcome.note_progress()
            if self._budget.is_used_up or self._run.must_stop():
                return False
        return True


def _measure(found: Found) -> int:
    raw = found[1]
    return len(raw) if isinstance(raw, bytes) else 0


def reconcile_entity(run: Run, entity_state: EntityState) -> Status:
    """Run a reconcile."""
    return Reconcile(run, entity_state).run()
