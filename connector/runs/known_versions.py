"""What the warehouse has of the records that a run reads, asked for as seldom as can be."""

from collections.abc import Sequence
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
        """The latest stamp that is known to be in the warehouse beyond those of the passes before."""


class IndexedVersions:
    """Known versions where those of all records were read; of records that were new since, those written lately."""

    def __init__(self, index: VersionIndex, recent_versions: RecentVersions | None = None) -> None:
        self._index = index
        self._recent_versions = recent_versions

    @property
    def highest_stamp(self) -> datetime | None:
        """The latest stamp that any record is shown under."""
        return self._index.find_highest_stamp()

    def look_up(self, _: Sequence[Record], /) -> None:
        """Nothing is left to be asked."""

    def is_known(self, record: Record, /) -> bool:
        """Whether the newest version in the warehouse is this very one."""
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
    """Known versions of a delta: those written lately, and those that have to be asked for.

    Whatever the warehouse shows is stamped at or before `settled`, the highest stamp of all passes before. So a record that is
    stamped later stands above it, and nothing is asked. It is asked for the others, which are few: records committed
    late, stamped in the future, without a stamp, stamped by a clock that went back (`is_clock_doubtful`), or written in this very pass.
    """

    def __init__(
        self,
        run: Run,
        opened: OpenedEntity,
        recent_versions: RecentVersions,
        *,
        settled: datetime | None,
        is_clock_doubtful: bool,
    ) -> None:
        self._run = run
        self._opened = opened
        self._recent_versions = recent_versions
        self._settled = settled
        self._is_clock_doubtful = is_clock_doubtful
        self._found = VersionIndex([])

    @property
    def highest_stamp(self) -> datetime | None:
        """None: there is none."""
        return None

    def look_up(self, records: Sequence[Record], /) -> None:
        """Ask for the records of doubt, or for all if they are too many to be named."""
        latest = move(self._run.ports.clock.now(), self._run.lookback)
        doubtful = {record.id for record in records if self._is_doubtful(record, latest)}
        self._found = VersionIndex([])
        if doubtful:
            named = doubtful if len(doubtful) <= MAX_LOOKED_UP else None
            self._found = VersionIndex(self._run.ports.warehouse.current_versions(self._opened.table, named))

    def _is_doubtful(self, record: Record, latest: datetime) -> bool:
        if self._recent_versions.is_known(record):
            return False
        stamp, settled = record.modified_at, self._settled
        is_late = stamp is None or settled is None or stamp <= settled or stamp > latest
        return is_late or self._is_clock_doubtful or self._recent_versions.has_collected(record.id)

    def is_known(self, record: Record, /) -> bool:
        """Whether this version was written lately, or is the newest in the warehouse."""
        return self._recent_versions.is_known(record) or self._found.is_known(record)

    def find_place(self, record_id: str, /) -> Place | None:
        """Return where the newest row of the record stands, if that was in doubt."""
        return self._found.find_place(record_id)

    def note_written(self, record: Record, place: Place, /) -> None:
        """What is asked next time shows it."""


class FirstVersions:
    """Known versions of a log that was empty when the pass began: nothing is asked."""

    def __init__(self, recent_versions: RecentVersions) -> None:
        self._recent_versions = recent_versions

    @property
    def highest_stamp(self) -> datetime | None:
        """None: there is none."""
        return None

    def look_up(self, _: Sequence[Record], /) -> None:
        """Nothing can be there."""

    def is_known(self, record: Record, /) -> bool:
        """Whether this version was written near the end of this pass."""
        return self._recent_versions.is_known(record)

    def find_place(self, _: str, /) -> Place | None:
        """Return None: there was nothing."""
        return None

    def note_written(self, record: Record, place: Place, /) -> None:
        """Of a whole list that would be too much to keep."""


def open_known_versions(
    run: Run,
    opened: OpenedEntity,
    recent_versions: RecentVersions,
    *,
    is_delta: bool,
    is_clock_doubtful: bool,
) -> RunVersions:
    """Return what the warehouse has: read as a whole where the versions written lately are not enough."""
    if opened.status.must_be_filled:
        return FirstVersions(recent_versions)
    if is_delta and opened.entity_state.recent_versions_complete:
        return DeltaVersions(
            run,
            opened,
            recent_versions,
            settled=opened.entity_state.watermark,
            is_clock_doubtful=is_clock_doubtful,
        )
    return IndexedVersions(VersionIndex(run.ports.warehouse.current_versions(opened.table)), recent_versions)
