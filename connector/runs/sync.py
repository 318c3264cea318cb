"""One incremental run or backfill, step by step, in the order in which things happen."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from connector.domain.batch import choose_write_method
from connector.domain.cursor import Plan, compute_next_lower, plan_backfill, plan_incremental
from connector.domain.entity_state import Checkpoint, EntityState
from connector.domain.records.codec import Record
from connector.domain.records.contract import Contract
from connector.domain.records.rejected import Rejected
from connector.domain.run import Mode, Status
from connector.domain.tables.log_table import build_table
from connector.domain.tables.schema import TableStatus
from connector.domain.versions import RecentVersions, VersionIndex
from connector.errors import ConnectorError
from connector.runs.deletions import follow_deletions
from connector.runs.empty_list import is_filter_ignored
from connector.runs.preparing import load_contract, prepare_log
from connector.runs.reading import Interpreter, ListReader, Page, read_ahead
from connector.runs.run import Run
from connector.runs.writing import BatchWriter

logger = logging.getLogger(__name__)

NAMES_SHOWN = 20


class ListSync:
    """One reading of an entity's list, written as it is read."""

    def __init__(self, run: Run, entity_state: EntityState) -> None:
        self._run = run
        self._entity_state = entity_state
        self._highest_stamp = entity_state.watermark
        self._recent_versions: RecentVersions | None = None
        self._index: VersionIndex | None = None
        self._lookback = run.limits.lookback if run.entity.lookback is None else run.entity.lookback

    def work(self) -> Status:
        """Read, write and commit; return PARTIAL when time ran out first, with the progress stored."""
        self._contract = load_contract(self._run, self._entity_state)
        self._writer = BatchWriter(self._run, build_table(self._run.entity, self._contract))
        self._table, self._entity_state = prepare_log(self._run, self._entity_state, self._writer.table)
        self._plan = self._plan_pass(self._table)
        self._resume(self._plan.checkpoint)
        is_done = self._read_and_write()
        if is_done and self._is_filter_ignored():
            is_done = self._read_unfiltered()
        self._report_set_aside()
        if not is_done:
            return Status.PARTIAL
        self._commit()
        return Status.SUCCEEDED

    def _plan_pass(self, table: TableStatus) -> Plan:
        has_cursor_field = self._contract.modified_field is not None
        if self._run.request.mode is Mode.BACKFILL:
            return plan_backfill(
                self._entity_state, since=self._run.request.since, has_cursor_field=has_cursor_field
            )
        return plan_incremental(
            self._entity_state, has_cursor_field=has_cursor_field, table_is_new=table.must_be_filled
        )

    def _resume(self, checkpoint: Checkpoint | None) -> None:
        """Take up the stamps seen so far, and what the warehouse has where the edge alone cannot tell."""
        self._is_resumed = checkpoint is not None and checkpoint.offset > 0
        if checkpoint and checkpoint.highest_stamp:
            self._highest_stamp = max(
                checkpoint.highest_stamp, self._highest_stamp or checkpoint.highest_stamp
            )
        is_incremental = self._run.request.mode is Mode.INCREMENTAL
        are_recent_versions_enough = (
            is_incremental and not self._plan.is_complete and self._entity_state.recent_versions_complete
        )
        if not are_recent_versions_enough and not self._table.must_be_filled:
            self._index = VersionIndex(self._run.ports.warehouse.current_versions(self._writer.table))

    def _read_and_write(self) -> bool:
        """Return True when the end of the list was reached, False when time ran out."""
        self._interpreter = Interpreter(
            self._run.ports.source,
            self._run.entity,
            self._contract,
            self._table.retyped,
            self._table.numeric_not_widened,
        )
        self._reader = ListReader(
            source=self._run.ports.source,
            clock=self._run.ports.clock,
            interpreter=self._interpreter,
            plan=self._plan,
            page_size=self._run.limits.page_size,
            one_by_one=self._entity_state.read_one_by_one,
        )
        pending: list[Page] = []
        with read_ahead(self._reader.read()) as pages:
            while True:
                try:
                    page = self._read_next(pages)
                except ConnectorError as exc:
                    self._keep(pending)  # a failure does not cost the pages read before
                    if self._run.is_cut_short(exc):
                        return False
                    raise
                if page is None:
                    break
                self._run.begin_page()
                if page.contract is not None:
                    self._keep(pending)  # they fit the table of the contract they were read by
                    pending = []
                    self._follow_contract(page.contract)
                pending.append(page)
                must_stop = self._run.must_stop()
                if must_stop or self._is_batch(pending):
                    self._keep(pending)
                    pending = []
                if must_stop:
                    return False
        self._write(pending, is_last=True)
        return True

    def _read_next(self, pages: Iterator[Page]) -> Page | None:
        """Return the next page, None at the end; note at once that the list is read one by one, even if reading fails."""
        try:
            return next(pages, None)
        finally:
            if self._reader.one_by_one and not self._entity_state.read_one_by_one:
                self._entity_state = replace(self._entity_state, read_one_by_one=True)
                self._run.ports.state.save_read_one_by_one(self._run.lease)

    def _keep(self, pages: Sequence[Page]) -> None:
        """Write these pages, then store that they are written."""
        if pages:
            self._write(pages, is_last=False)
            self._save_checkpoint(pages[-1])

    def _is_batch(self, pending: Sequence[Page]) -> bool:
        size = sum(len(reading.raw) for page in pending for reading in page.readings)
        return size >= self._run.limits.batch_bytes

    def _follow_contract(self, contract: Contract) -> None:
        """Widen the table before the rows that need it are written."""
        logger.info("the contract of %s has changed: its table follows", self._run.entity.name)
        self._contract = contract
        self._run.ports.state.save_contract(self._run.lease, contract)
        self._writer.table = build_table(self._run.entity, contract)
        self._table = self._run.prepare(self._writer.table)

    def _write(self, pages: Sequence[Page], *, is_last: bool) -> None:
        if not pages:
            return
        is_short = is_last and self._run.tally.pages == 1 and pages[0].is_short
        method = choose_write_method(
            self._run.limits.write_policy,
            is_whole_delta=is_short
            and not self._plan.is_complete
            and self._run.request.mode is Mode.INCREMENTAL,
            accepts_streaming=self._table.accepts_streaming,
        )
        recent_versions = self._open_recent_versions(pages[0].source_time_at_start)
        for record in self._writer.write(pages, _Known(recent_versions, self._index), method):
            recent_versions.remember(record)
        for page in pages:
            for reading in page.readings:
                self._watch_stamp(reading.record, page.source_time_at_start)

    def _watch_stamp(self, record: Record | Rejected, source_time_at_start: datetime) -> None:
        """A record that is kept as a dead letter is dealt with too; but a stamp of it that cannot be right is no guide."""
        stamp = record.modified_at
        if stamp is None or (isinstance(record, Rejected) and stamp > source_time_at_start):
            return
        if self._highest_stamp is None or stamp > self._highest_stamp:
            self._highest_stamp = stamp

    def _open_recent_versions(self, source_time_at_start: datetime) -> RecentVersions:
        if self._recent_versions is None:
            checkpoint = self._plan.checkpoint
            self._recent_versions = RecentVersions(
                {} if self._plan.is_complete else self._entity_state.recent_versions,
                since=source_time_at_start - self._lookback,
                collected=checkpoint.recent_versions if checkpoint else {},
                complete=checkpoint.recent_versions_complete if checkpoint else True,
            )
        return self._recent_versions

    def _save_checkpoint(self, page: Page) -> None:
        recent_versions = self._open_recent_versions(page.source_time_at_start)
        checkpoint = Checkpoint(
            changed_since=self._plan.changed_since,
            source_time_at_start=page.source_time_at_start,
            offset=page.overlap.offset,
            known=page.overlap.known,
            highest_stamp=self._highest_stamp,
            recent_versions=recent_versions.to_plain(),
            recent_versions_complete=recent_versions.complete,
        )
        mode = self._run.request.mode.value
        self._run.ports.state.save_checkpoint(self._run.lease, mode, checkpoint)

    def _report_set_aside(self) -> None:
        """Say which members went to `_extra`: the tenant has something the contract does not tell."""
        codec = self._interpreter.codec
        for name, paths in (("unannounced", codec.unannounced), ("retyped", codec.retyped)):
            if paths:
                self._run.details[name] = sorted(paths)[:NAMES_SHOWN]
                logger.warning(
                    "%s members of %s went to _extra: %s",
                    name,
                    self._run.entity.name,
                    sorted(paths)[:NAMES_SHOWN],
                )

    def _is_filter_ignored(self) -> bool:
        """Whether nothing was listed only because Acumatica ignores the filter; an idle hour looks just the same."""
        was_filled = self._entity_state.watermark is not None or self._entity_state.records_seen > 0
        if self._run.tally.records_read or self._is_resumed or not was_filled:
            return False
        was_filtered = not self._plan.is_complete
        return is_filter_ignored(self._run, self._contract, self._writer.table, was_filtered=was_filtered)

    def _read_unfiltered(self) -> bool:
        """Read the whole list in place of a filtered one that cannot be believed."""
        field = self._contract.modified_field
        logger.warning(
            "%s has records, but a filter on %s finds none of them: every run reads all of them. Name another"
            " modified_field of this entity in the catalogue.",
            self._run.entity.acumatica_entity,
            field,
        )
        self._run.details["filter_ignored"] = field
        self._plan = Plan(changed_since=None)
        self._resume(None)
        return self._read_and_write()

    def _commit(self) -> None:
        mode = self._run.request.mode
        checkpoints = {
            name: point for name, point in self._entity_state.checkpoints.items() if name != mode.value
        }
        entity_state = replace(
            self._entity_state, checkpoints=checkpoints, contract=self._interpreter.codec.contract
        )
        if mode is Mode.INCREMENTAL:
            covered_until = self._reader.source_time_at_start - self._lookback
            entity_state = follow_deletions(
                self._run, self._advance(entity_state), self._writer, covered_until=covered_until
            )
        self._run.commit(entity_state, covers_reports=mode is Mode.INCREMENTAL and not self._is_resumed)
        self._run.watermark_after = entity_state.watermark

    def _advance(self, entity_state: EntityState) -> EntityState:
        source_time_at_start = self._reader.source_time_at_start
        recent_versions = self._open_recent_versions(source_time_at_start)
        seen = self._run.tally.records_read
        return replace(
            entity_state,
            watermark=self._highest_stamp,
            changed_since=compute_next_lower(
                previous=self._plan.changed_since,
                highest_stamp=self._highest_stamp,
                source_time_at_start=source_time_at_start,
                lookback=self._lookback,
            ),
            recent_versions=recent_versions.to_plain(),
            recent_versions_complete=recent_versions.complete,
            records_seen=seen
            if self._plan.is_complete and not self._is_resumed
            else entity_state.records_seen,
            last_success_at=self._run.ports.clock.now(),
        )


class _Known:
    """Versions written lately, and those the warehouse already had when the pass began."""

    def __init__(self, recent_versions: RecentVersions, index: VersionIndex | None) -> None:
        self._recent_versions = recent_versions
        self._index = index

    def is_known(self, record: Record) -> bool:
        return self._recent_versions.is_known(record) or (
            self._index is not None and self._index.is_known(record)
        )


def sync_entity(run: Run, entity_state: EntityState) -> Status:
    """Do an incremental run or a backfill."""
    return ListSync(run, entity_state).work()
