"""How far a reconcile got: kept when time runs out, so that the next run goes on and can still tell what was deleted."""

from datetime import datetime

from msgspec.structs import replace

from connector.domain.entity_state import Checkpoint
from connector.domain.run import Mode, RunKind
from connector.domain.seen_records import SeenRecords
from connector.domain.versions import VersionIndex
from connector.runs.preparing import OpenedEntity
from connector.runs.reading import Page
from connector.runs.run import Run


class Progress:
    """The progress of one depth. `index` holds what the warehouse knows, with what earlier runs of the pass have seen."""

    def __init__(self, run: Run, opened: OpenedEntity, *, is_deep: bool) -> None:
        self._run = run
        self._place = Mode.RECONCILE.value if is_deep else RunKind.RECONCILE_KEYS.value
        """Where it is stored; earlier releases kept it of contents alone."""
        self._checkpoint = self._stored = opened.entity_state.checkpoints.get(self._place)
        kept = self._checkpoint.seen if self._checkpoint is not None else None
        self.index = VersionIndex(
            run.ports.warehouse.current_versions(opened.table),
            known_until=kept.known_until if kept is not None else run.ports.clock.now(),
        )
        self.is_whole = self._checkpoint is None
        """Whether everything that was seen since the pass began is known, so that what is missing is deleted."""
        if kept is not None:
            self.is_whole = self.index.resume_seen(kept)

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Where the pass is resumed; None if it begins."""
        return self._stored

    @property
    def read_before(self) -> int:
        """How many records earlier runs of the pass have read, and know to be there."""
        return self._stored.offset if self._stored is not None and self.is_whole else 0

    def find_start(self, source_time_at_start: datetime) -> datetime:
        """Return when the pass began by Acumatica's clock, given when its last reading did."""
        before = self._stored
        return (
            source_time_at_start if before is None else min(before.source_time_at_start, source_time_at_start)
        )

    def note_page(self, page: Page) -> None:
        """Note that this page is compared, and what differed is written."""
        self._checkpoint = Checkpoint(
            changed_since=None,
            source_time_at_start=self.find_start(page.source_time_at_start),
            offset=page.overlap.offset,
            known=page.overlap.known,
            highest_stamp=None,
        )

    def save(self) -> None:
        """Store the progress, so that the next run goes on from here."""
        if self._checkpoint is None:
            return
        before, point = self._stored, replace(self._checkpoint, seen=self._keep_seen())
        self._store(point)
        if before is None or (before.offset, before.seen) != (point.offset, point.seen):
            self._run.outcome.note_progress()

    def _keep_seen(self) -> SeenRecords | None:
        return self.index.keep_seen() if self.is_whole else None

    def drop(self) -> None:
        """Forget the progress: the pass is complete, or not worth going on with."""
        if self._stored is not None:
            self._store(None)

    def _store(self, checkpoint: Checkpoint | None) -> None:
        self._run.ports.state.entities.save_checkpoint(self._run.lease, self._place, checkpoint)
