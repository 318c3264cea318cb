"""Which versions of the records read by a run are already in the warehouse, with as few queries as possible."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from connector.domain.instants import move
from connector.domain.records.codec import Record
from connector.domain.versions import Place, RecentVersions, VersionIndex
from connector.ports import MAX_LOOKED_UP
from connector.runs.preparing import OpenedEntity
from connector.runs.run import Run
from connector.runs.writing import KnownVersions


class RunVersions(KnownVersions, Protocol):
    """Known versions of a whole run."""

    @property
    def highest_stamp(self) -> datetime | None:
        """The latest stamp found in the warehouse, beside the watermark of earlier passes; None if unknown."""


class IndexedVersions:
    """Known versions from an index of all records, plus recent versions for records that are new since."""

    def __init__(self, index: VersionIndex, recent_versions: RecentVersions | None = None) -> None:
        self._index = index
        self._recent_versions = recent_versions
        self._highest_stamp = index.find_highest_stamp()

    @property
    def highest_stamp(self) -> datetime | None:
        """The latest stamp of any record when the index was built."""
        return self._highest_stamp

    def look_up(self, _: Sequence[Record], /) -> None:
        """Do nothing: the index holds all records."""

    def is_known(self, record: Record, /) -> bool:
        """Whether the newest version in the warehouse equals this one."""
        recent_versions = self._recent_versions
        was_written = recent_versions is not None and recent_versions.is_known(record)
        return was_written or self._index.is_known(record)

    def find_place(self, record_id: str, /) -> Place | None:
        """Return where the newest row of the record stands."""
        return self._index.find_place(record_id)

    def note_written(self, record: Record, place: Place, /) -> None:
        """Note that this version is the newest now."""
        self._index.note_written(record, place)


class DeltaVersions:
    """Known versions for an incremental run: recent versions, and a query for the few records that are in doubt.

    Everything the warehouse shows is stamped at or before `watermark`, the highest stamp that any run wrote, so a record
    with a later stamp ranks above it without a query. In doubt are only the others: records committed late, stamped in the
    future, without a stamp, stamped by a clock that went back (`is_clock_doubtful`), or written earlier in this pass.
    """

    def __init__(
        self,
        run: Run,
        opened: OpenedEntity,
        recent_versions: RecentVersions,
        *,
        watermark: datetime | None,
        is_clock_doubtful: bool,
    ) -> None:
        self._run = run
        self._opened = opened
        self._recent_versions = recent_versions
        self._watermark = watermark
        self._is_clock_doubtful = is_clock_doubtful
        self._found = VersionIndex([])

    @property
    def highest_stamp(self) -> datetime | None:
        """The latest stamp found, or the watermark."""
        return self._watermark

    def look_up(self, records: Sequence[Record], /) -> None:
        """Query the doubtful records, or all records if there are too many to name."""
        latest = move(self._run.ports.clock.now(), self._run.lookback)
        doubtful = {record.id for record in records if self._is_doubtful(record, latest)}
        self._found = _look_up(self._run, self._opened, doubtful)
        stamps = (self._watermark, self._found.find_highest_stamp())
        self._watermark = max((stamp for stamp in stamps if stamp is not None), default=None)

    def _is_doubtful(self, record: Record, latest: datetime) -> bool:
        if self._recent_versions.is_known(record):
            return False
        stamp, watermark = record.modified_at, self._watermark
        is_late = stamp is None or watermark is None or stamp <= watermark or stamp > latest
        return is_late or self._is_clock_doubtful or self._recent_versions.has_collected(record.id)

    def is_known(self, record: Record, /) -> bool:
        """Whether this version is a recent one, or the newest in the warehouse."""
        return self._recent_versions.is_known(record) or self._found.is_known(record)

    def find_place(self, record_id: str, /) -> Place | None:
        """Return the place of the record's newest row if the record was in doubt."""
        return self._found.find_place(record_id)

    def note_written(self, record: Record, place: Place, /) -> None:
        """Do nothing: the next query returns it."""


class FirstVersions:
    """Known versions for a log that was empty when the pass began: in doubt is only what this pass wrote itself."""

    def __init__(self, run: Run, opened: OpenedEntity, recent_versions: RecentVersions) -> None:
        self._run = run
        self._opened = opened
        self._recent_versions = recent_versions
        self._found = VersionIndex([])

    @property
    def highest_stamp(self) -> datetime | None:
        """None: there is none."""
        return None

    def look_up(self, records: Sequence[Record], /) -> None:
        """Query the records that changed since this pass wrote them."""
        again = [record for record in records if self._recent_versions.has_collected(record.id)]
        known = {record.id for record in again if self._recent_versions.is_known(record)}
        self._found = _look_up(self._run, self._opened, {record.id for record in again} - known)

    def is_known(self, record: Record, /) -> bool:
        """Whether this is a recent version written in this pass."""
        return self._recent_versions.is_known(record)

    def find_place(self, record_id: str, /) -> Place | None:
        """Return the place of the record's newest row if this pass wrote it."""
        return self._found.find_place(record_id)

    def note_written(self, record: Record, place: Place, /) -> None:
        """Do nothing: a whole list would be too much to keep."""


def _look_up(run: Run, opened: OpenedEntity, record_ids: Collection[str]) -> VersionIndex:
    """Return the newest versions of these records, or of all if there are too many to name; without any, ask nothing."""
    if not record_ids:
        return VersionIndex([])
    named = record_ids if len(record_ids) <= MAX_LOOKED_UP else None
    return VersionIndex(run.ports.warehouse.current_versions(opened.table, named))


def open_known_versions(
    run: Run,
    opened: OpenedEntity,
    recent_versions: RecentVersions,
    *,
    is_delta: bool,
    watermark: datetime | None,
    is_clock_doubtful: bool,
) -> RunVersions:
    """Return the known versions, read from the whole warehouse table only where the recent versions do not suffice."""
    if opened.status.must_be_filled:
        return FirstVersions(run, opened, recent_versions)
    if is_delta and opened.entity_state.recent_versions_complete:
        return DeltaVersions(
            run,
            opened,
            recent_versions,
            watermark=watermark,
            is_clock_doubtful=is_clock_doubtful,
        )
    return IndexedVersions(VersionIndex(run.ports.warehouse.current_versions(opened.table)), recent_versions)
