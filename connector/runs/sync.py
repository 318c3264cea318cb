"""An incremental run or a backfill, step by step in the order of events."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from connector.domain.batch import choose_write_method
from connector.domain.clocks import ClockReading, ClockVerdict
from connector.domain.cursor import Plan, compute_next_lower, plan_backfill, plan_incremental
from connector.domain.entity_state import Checkpoint, EntityState
from connector.domain.instants import find_later, move
from connector.domain.records.codec import Record
from connector.domain.records.contract import Contract
from connector.domain.run import Mode, Status
from connector.domain.versions import RecentVersions
from connector.errors import ConnectorError, TerminalError
from connector.runs.deletions import follow_deletions
from connector.runs.empty_list import Emptiness, judge_emptiness
from connector.runs.first_look import EVERYTHING, leave_list
from connector.runs.known_versions import RunVersions, open_known_versions
from connector.runs.list_pass import ListPass
from connector.runs.notices import (
    judge_clocks_of,
    report_clocks,
    report_filter_ignored,
    report_lost_stamp,
    report_set_aside,
)
from connector.runs.preparing import OpenedEntity
from connector.runs.reading import Page, StampFieldChangedError
from connector.runs.run import Run
from connector.runs.twins import Twins


class ListSync:
    """Reads an entity's list and writes it page by page."""

    def __init__(self, run: Run, entity_state: EntityState) -> None:
        self._run = run
        self._opened = OpenedEntity(run, entity_state)
        self._highest_stamp = entity_state.watermark
        self._highest_listed: datetime | None = None  # in this pass
        written_since = self._opened.entity_state.written_since
        self._is_written_since = written_since is not None
        self._raise_highest_stamp(None if written_since is None else written_since.highest_stamp)
        self._recent_versions: RecentVersions | None = None
        self._known: RunVersions | None = None
        self._pending: list[Page] = []
        self._lookback = run.lookback

    def run(self) -> Status:
        """Read, write and commit; if time runs out first, store the progress and return PARTIAL."""
        is_done = self._read_and_write(self._plan_pass())
        while is_done and (meaning := self._judge_emptiness()) is not Emptiness.BELIEVED:
            is_done = self._read_otherwise(meaning)
        report_set_aside(self._run, self._opened.interpreter.codec)
        report_clocks(self._run, self._reader)
        if not is_done:
            return Status.PARTIAL
        if self._may_have_read_twice:
            Twins(self._run, self._opened).look_through(self._reader.source_time_at_start)
        self._commit()
        return Status.SUCCEEDED

    @property
    def _may_have_read_twice(self) -> bool:
        """Whether this pass may have written two records under one id: those in one answer are told when they are read."""
        tally = self._run.outcome.tally
        return self._is_resumed or (tally.pages > 1 and tally.records_written > 0)

    @property
    def _is_incremental(self) -> bool:
        return self._run.request.mode is Mode.INCREMENTAL

    def _plan_pass(self) -> Plan:
        entity_state = self._opened.entity_state
        has_cursor_field = self._opened.contract.modified_field is not None
        if self._is_incremental:
            is_new = self._opened.status.must_be_filled
            return plan_incremental(entity_state, has_cursor_field=has_cursor_field, table_is_new=is_new)
        return plan_backfill(entity_state, since=self._run.request.since, has_cursor_field=has_cursor_field)

    def _resume(self, plan: Plan) -> None:
        """Start from this plan, and from the highest stamp in its checkpoint."""
        self._plan = plan
        self._is_resumed = plan.read_before > 0
        self._run.expect_records(
            plan.estimate_total(self._opened.entity_state.records_seen), read_before=plan.read_before
        )
        if plan.checkpoint is not None:
            self._raise_highest_stamp(plan.checkpoint.highest_stamp, is_listed=True)

    def _read_and_write(self, plan: Plan) -> bool:
        """Return True once the end of the list is reached, False if time ran out."""
        self._resume(plan)
        try:
            return self._read_pass()
        except StampFieldChangedError as exc:
            return self._read_without_stamp(exc.contract)

    def _read_pass(self) -> bool:
        list_pass = ListPass(self._run, self._opened, self._plan, judge=self._judge_clocks)
        self._reader = list_pass.reader
        with list_pass.open() as pages:
            try:
                for page in pages:
                    self._take(page)
            except (ConnectorError, StampFieldChangedError):
                self._keep()  # a failure does not cost the pages read before
                raise
            if list_pass.is_cut_short:
                self._keep()  # before waiting for the request in progress: little time may be left
                return False
        self._write(self._take_pending(), is_last=True)
        self._opened.follow_last()
        self._follow_plan()
        return True

    def _judge_clocks(self, clocks: ClockReading, plan: Plan) -> ClockVerdict:
        """Judge the clocks in incremental runs only: a backfill reads exactly what it was asked for."""
        is_judged, entity_state = self._is_incremental, self._opened.entity_state
        return judge_clocks_of(entity_state, clocks, plan) if is_judged else ClockVerdict()

    def _follow_plan(self) -> None:
        """Adopt the plan if the reader changed it after its first response."""
        if self._reader.plan != self._plan:
            self._resume(self._reader.plan)

    def _take(self, page: Page) -> None:
        """Collect the page for the next write; before a new contract, write the pages collected under the old one."""
        if page.contract is not None:
            self._keep()
            self._opened.follow(page.contract)
        self._pending.append(page)
        size = sum(len(reading.raw) for pending in self._pending for reading in pending.readings)
        is_last_of_several = page.is_short and self._run.outcome.tally.pages > 1
        if size >= self._run.limits.batch_bytes or is_last_of_several:
            self._keep()  # meanwhile the reader asks for the next page, or for proof of the end

    def _take_pending(self) -> Sequence[Page]:
        """Return the collected pages and start a new collection, so that a failed write is not tried twice."""
        pages, self._pending = self._pending, []
        return pages

    def _keep(self) -> None:
        """Write the collected pages, then store a checkpoint."""
        if pages := self._take_pending():
            self._write(pages, is_last=False)
            self._save_checkpoint(pages[-1])

    def _write(self, pages: Sequence[Page], *, is_last: bool) -> None:
        if not pages:
            return
        self._follow_plan()
        is_short = is_last and self._run.outcome.tally.pages == 1 and pages[0].is_short
        method = choose_write_method(
            self._run.limits.write_policy,
            is_whole_delta=is_short and self._is_incremental and not self._plan.is_complete,
            accepts_streaming=self._opened.status.accepts_streaming,
        )
        recent_versions = self._open_recent_versions(pages[0].source_time_at_start)
        if self._known is None:
            self._known = open_known_versions(
                self._run,
                self._opened,
                recent_versions,
                is_delta=self._is_incremental and not self._plan.is_complete,
                watermark=self._highest_stamp,
                is_clock_doubtful=self._reader.verdict.has_gone_back,
            )
        written = self._opened.writer.write(pages, self._known, method)
        self._raise_highest_stamp(self._known.highest_stamp)
        for record in written.records:
            recent_versions.remember(record)
        for page in pages:
            self._watch_stamps(page)

    def _watch_stamps(self, page: Page) -> None:
        """Raise the highest stamp by those of the page that are believable; ignore a future stamp of a rejected record."""
        stamps = [
            stamp
            for record in (reading.record for reading in page.readings)
            if (stamp := record.modified_at) is not None
            and (isinstance(record, Record) or stamp <= page.source_time_at_start)
        ]
        if stamps:
            latest = self._opened.writer.placing.find_latest(page.read_at, page.source_time)
            self._raise_highest_stamp(min(max(stamps), latest), is_listed=True)

    def _raise_highest_stamp(self, stamp: datetime | None, *, is_listed: bool = False) -> None:
        self._highest_stamp = find_later(self._highest_stamp, stamp)
        if is_listed:
            self._highest_listed = find_later(self._highest_listed, stamp)

    def _open_recent_versions(self, source_time_at_start: datetime) -> RecentVersions:
        if self._recent_versions is None:
            checkpoint, is_doubtful = self._plan.checkpoint, self._is_written_since
            self._recent_versions = RecentVersions(
                {} if self._plan.is_complete or is_doubtful else self._opened.entity_state.recent_versions,
                since=move(source_time_at_start, -self._lookback),
                collected=checkpoint.recent_versions if checkpoint and not is_doubtful else {},
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
            highest_stamp=self._highest_listed,
            recent_versions=recent_versions.build_next(),
            recent_versions_complete=recent_versions.complete,
        )
        mode = self._run.request.mode.value
        self._run.ports.state.entities.save_checkpoint(self._run.lease, mode, checkpoint)
        self._run.outcome.note_progress()

    def _judge_emptiness(self) -> Emptiness:
        """Say what it means that nothing was listed; an idle hour looks just like what is wrong."""
        entity_state = self._opened.entity_state
        if self._run.outcome.tally.records_read or self._is_resumed:
            return Emptiness.BELIEVED
        return judge_emptiness(
            self._run,
            self._opened.contract,
            self._opened.table,
            was_filtered=not self._plan.is_complete,
            was_filled=entity_state.watermark is not None or entity_state.records_seen > 0,
            one_by_one=self._reader.one_by_one,
        )

    def _read_otherwise(self, meaning: Emptiness) -> bool:
        if meaning is Emptiness.FILTER_IGNORED:
            report_filter_ignored(self._run, self._opened.contract)
            return self._read_everything()
        leave_list(self._run, self._opened, EVERYTHING)
        return self._read_and_write(self._plan)

    def _read_without_stamp(self, contract: Contract) -> bool:
        """Read the whole list, because the endpoint was edited and lost the field that the list was filtered by."""
        report_lost_stamp(self._run, self._opened.contract, contract)
        self._opened.interpreter.switch(contract)
        self._opened.follow_last()
        return self._read_everything()

    def _read_everything(self) -> bool:
        self._recent_versions, self._known = None, None
        return self._read_and_write(Plan(changed_since=None))

    def _commit(self) -> None:
        if self._is_incremental:
            self._opened.take_views()
        before, mode = self._opened.entity_state, self._run.request.mode.value
        others = {name: point for name, point in before.checkpoints.items() if name != mode}
        entity_state = replace(before, checkpoints=others)
        refused: TerminalError | None = None
        if self._is_incremental:
            entity_state, refused = follow_deletions(
                self._run,
                self._advance(entity_state),
                self._opened.writer,
                covered_until=move(self._reader.source_time_at_start, -self._lookback),
            )
        self._run.commit(entity_state, covers_reports=self._is_incremental and not self._is_resumed)
        if refused is not None:
            raise refused

    def _advance(self, entity_state: EntityState) -> EntityState:
        source_time_at_start = self._reader.source_time_at_start
        recent_versions = self._open_recent_versions(source_time_at_start)
        is_whole_count = self._plan.is_complete and not self._is_resumed
        read, seen = self._run.outcome.tally.records_read, entity_state.records_seen
        return replace(
            entity_state,
            watermark=self._highest_stamp,
            changed_since=compute_next_lower(
                previous=self._plan.changed_since,
                watermark=self._highest_stamp,
                highest_listed=self._highest_listed,
                source_time_at_start=source_time_at_start,
                lookback=self._lookback,
            ),
            recent_versions=recent_versions.build_next(),
            recent_versions_complete=recent_versions.complete,
            records_seen=read if is_whole_count else seen,
            last_success_at=self._run.ports.clock.now(),
            complete_until=move(source_time_at_start, -self._lookback),
            written_since=None,
            source_clock_ahead=self._reader.clocks and self._reader.clocks.source_ahead,
            deletions_since=self._reader.verdict.move_back(entity_state.deletions_since),
        )


def sync_entity(run: Run, entity_state: EntityState) -> Status:
    """Run an incremental sync or a backfill."""
    return ListSync(run, entity_state).run()
