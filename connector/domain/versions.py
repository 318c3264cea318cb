"""Which version of each record the warehouse has, and how it ranks: small for a delta, compact for a million records."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct

from connector.domain.records.codec import Record
from connector.domain.seen_records import SeenRecords, digest_ids, pack_seen

MAX_RECENT_VERSIONS = 3_000
"""How many recent versions the state keeps: 3,000 take about 230 kB of a Firestore document's 1 MiB."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_STAMP = -(2**63)
IS_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


class Place(Struct, frozen=True, kw_only=True, gc=False):
    """The rank of a row among the versions of its record: the later stamp wins; with equal stamps, the row read later.

    A row without a stamp ranks below any with one.
    """

    modified_at: datetime | None
    synced_at: datetime

    def cover(self, other: "Place | None") -> "Place":
        """Return the lowest place that is not below either of the two."""
        if other is None:
            return self
        stamps = [stamp for stamp in (self.modified_at, other.modified_at) if stamp is not None]
        return Place(modified_at=max(stamps, default=None), synced_at=max(self.synced_at, other.synced_at))


class CurrentVersion(Struct, frozen=True, kw_only=True, gc=False):
    """The newest version of a record in the warehouse; `is_deleted` if it is a tombstone.

    `modified_at` is the stamp by which the version ranks, `own_stamp` the one Acumatica sent. They differ where the version
    had to be ranked above one with a later stamp; `own_stamp` may be None.
    """

    record_id: str
    modified_at: datetime | None
    version: str
    own_stamp: datetime | None
    synced_at: datetime
    is_deleted: bool = False
    first_synced_at: datetime = EPOCH
    """When the warehouse got the record's first row."""

    @property
    def place(self) -> Place:
        """Its rank among the versions of the record."""
        return Place(modified_at=self.modified_at, synced_at=self.synced_at)


class RecentVersions:
    """Versions written recently, remembered so that reading them again writes nothing.

    `before` holds those of the previous pass. This pass collects the ones that the next pass will read again: the
    records stamped at or after `since`, as many as the state keeps.
    """

    def __init__(
        self, before: Mapping[str, str], *, since: datetime, collected: Mapping[str, str], complete: bool
    ) -> None:
        self._before = before
        self._since = since
        self._collected = dict(collected)
        self.complete = complete

    def is_known(self, record: Record) -> bool:
        """Whether this version is already written."""
        newest = self._collected.get(record.id) or self._before.get(record.id)
        return newest == record.version

    def has_collected(self, record_id: str) -> bool:
        """Whether this pass has collected a version of the record."""
        return record_id in self._collected

    def remember(self, record: Record) -> None:
        """Collect a written version if the next pass will read it again."""
        if record.modified_at is None or record.modified_at < self._since:
            return
        if record.id not in self._collected and len(self._collected) >= MAX_RECENT_VERSIONS:
            self.complete = False
            return
        self._collected[record.id] = record.version

    def build_next(self) -> dict[str, str]:
        """Return the ids and versions for the next pass."""
        return dict(self._collected)


class VersionIndex:
    """The newest version of each record in the warehouse: 66 bytes per record, looked up by bisection.

    Built from versions in ascending order of id. Ids that are not lower-case GUIDs are kept in a dictionary. Deleted
    records have only a place: `find` and `len` consider live records only.
    """

    def __init__(self, versions: Iterable[CurrentVersion], *, known_until: datetime | None = None) -> None:
        """`known_until` is when the pass began whose progress is to be kept, by our clock."""
        self._known_until = known_until
        self._was_known = bytearray()
        self._has_seen = False
        self._ids = array("Q"), array("Q")
        self._versions = bytearray()
        self._stamps, self._synced = array("q"), array("q")
        self._lifted, self._own_stamps = array("Q"), array("q")
        self._others: dict[str, int] = {}
        self._other_ids: list[str] = []
        self._seen, self._live = bytearray(), bytearray()
        others: list[CurrentVersion] = []
        for current in versions:
            guid = _parse_guid(current.record_id)
            if guid is None:
                others.append(current)
                continue
            self._ids[0].append(guid[0])
            self._ids[1].append(guid[1])
            self._add(current)
        self._guids = len(self._stamps)
        for current in others:
            self._others[current.record_id] = len(self._stamps)
            self._other_ids.append(current.record_id)
            self._add(current)

    def _add(self, current: CurrentVersion) -> None:
        if current.own_stamp != current.modified_at:
            self._lifted.append(len(self._stamps))
            self._own_stamps.append(_to_micros(current.own_stamp))
        self._versions += bytes.fromhex(current.version)
        self._stamps.append(_to_micros(current.modified_at))
        self._synced.append(_to_micros(current.synced_at))
        self._seen.append(0)
        self._live.append(not current.is_deleted)
        self._was_known.append(self._known_until is not None and current.first_synced_at < self._known_until)

    def __len__(self) -> int:
        return self._live.count(1)

    def find(self, record_id: str) -> int | None:
        """Return the record's position in the index, or None if the warehouse does not show it."""
        at = self._find(record_id)
        return at if at is not None and self._live[at] else None

    def _find(self, record_id: str) -> int | None:
        if not self._stamps:
            return None
        guid = _parse_guid(record_id)
        if guid is None:
            return self._others.get(record_id)
        (high, low), (upper, lower) = self._ids, guid
        first = bisect_left(high, upper)
        last = bisect_right(high, upper, first)
        at = bisect_left(low, lower, first, last)
        return at if at < last and low[at] == lower else None

    def is_known(self, record: Record) -> bool:
        """Whether the newest version in the warehouse equals this one."""
        at = self.find(record.id)
        return at is not None and self.has_version(at, record)

    def has_version(self, at: int, record: Record) -> bool:
        """Whether the newest version of the record at this position equals this one."""
        return self._versions[at * 16 : at * 16 + 16].hex() == record.version

    def find_place(self, record_id: str) -> Place | None:
        """Return the place of the record's newest row, tombstones included; None if it has no row."""
        at = self._find(record_id)
        if at is None:
            return None
        synced_at = EPOCH + timedelta(microseconds=self._synced[at])
        return Place(modified_at=_from_micros(self._stamps[at]), synced_at=synced_at)

    def find_highest_stamp(self) -> datetime | None:
        """Return the latest stamp by which any record ranks, deleted ones included."""
        return _from_micros(max(self._stamps, default=NO_STAMP))

    def note_written(self, record: Record, place: Place) -> None:
        """Note that this version is now the newest. Records that are new in the warehouse are not added."""
        at = self._find(record.id)
        if at is not None:
            self._versions[at * 16 : at * 16 + 16] = bytes.fromhex(record.version)
            self._stamps[at], self._synced[at] = _to_micros(place.modified_at), _to_micros(place.synced_at)
            self._live[at] = self._seen[at] = 1

    def has_stamp(self, at: int, modified_at: datetime | None) -> bool:
        """Whether the record at this position has this stamp, as sent by Acumatica or as ranked."""
        micros = _to_micros(modified_at)
        return self._stamps[at] == micros or self._is_own_stamp(at, micros)

    def _is_own_stamp(self, at: int, micros: int) -> bool:
        place = bisect_left(self._lifted, at)
        is_lifted = place < len(self._lifted) and self._lifted[place] == at
        return is_lifted and self._own_stamps[place] == micros

    def stamp(self, at: int) -> datetime | None:
        """Return the stamp by which the record at this position ranks."""
        return _from_micros(self._stamps[at])

    def is_seen(self, at: int) -> bool:
        """Whether the record at this position was marked as seen."""
        return bool(self._seen[at])

    def mark_seen(self, at: int) -> None:
        """Note that Acumatica still has the record."""
        self._seen[at] = 1
        self._has_seen = True

    def keep_seen(self) -> SeenRecords | None:
        """Return which records were seen, to be kept until the pass is resumed; None if no such pass was named."""
        if self._known_until is None:
            return None
        flags = bytes(seen for seen, was_known in zip(self._seen, self._was_known, strict=True) if was_known)
        return pack_seen(self._known_until, self._digest_known(), flags)

    def resume_seen(self, kept: SeenRecords) -> bool:
        """Mark what was seen before, and all records that came since the pass began; False if the log is another one."""
        if (self._was_known.count(1), self._digest_known()) != (kept.count, kept.digest):
            return False
        flags = iter(kept.unpack())
        for at, was_known in enumerate(self._was_known):
            self._seen[at] = next(flags) if was_known else 1
        return True

    def _digest_known(self) -> str:
        known = self._was_known
        guids = (
            array("Q", (part for part, is_in in zip(half, known, strict=False) if is_in)).tobytes()
            for half in self._ids
        )
        others = (
            name.encode() + b"\0"
            for name, is_in in zip(self._other_ids, known[self._guids :], strict=True)
            if is_in
        )
        return digest_ids([*guids, *others])

    @property
    def has_seen(self) -> bool:
        """Whether any record was marked as seen."""
        return self._has_seen

    def walk_unseen(self) -> Iterator[str]:
        """Yield the ids of live records that were never marked as seen."""
        for at, (seen, live) in enumerate(zip(self._seen, self._live, strict=True)):
            if live and not seen:
                yield self._id(at)

    def count_unseen(self) -> int:
        """Count the live records that were never marked as seen."""
        return sum(live and not seen for seen, live in zip(self._seen, self._live, strict=True))

    def _id(self, at: int) -> str:
        if at >= self._guids:
            return self._other_ids[at - self._guids]
        return str(UUID(int=self._ids[0][at] << 64 | self._ids[1][at]))


def _parse_guid(text: str) -> tuple[int, int] | None:
    """Return the two halves of a lower-case GUID; None of any other text."""
    if IS_GUID(text) is None:
        return None
    digits = text.replace("-", "")
    return int(digits[:16], 16), int(digits[16:], 16)


def _from_micros(micros: int) -> datetime | None:
    return None if micros == NO_STAMP else EPOCH + timedelta(microseconds=micros)


def _to_micros(instant: datetime | None) -> int:
    return NO_STAMP if instant is None else (instant - EPOCH) // timedelta(microseconds=1)
