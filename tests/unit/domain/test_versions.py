"""Which version of a record the warehouse has."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from connector.domain.seen_records import pack_seen
from connector.domain.versions import MAX_RECENT_VERSIONS, CurrentVersion, Place, RecentVersions, VersionIndex
from tests.builders import MORNING, a_record, an_id

LATER, EARLIER = MORNING + timedelta(minutes=1), MORNING - timedelta(microseconds=1)


def an_edge(before: dict[str, str] | None = None, collected: dict[str, str] | None = None) -> RecentVersions:
    return RecentVersions(before or {}, since=MORNING, collected=collected or {}, complete=True)


class TestEdge:
    def test_it_knows_what_the_pass_before_left(self) -> None:
        record = a_record(number=1)
        assert an_edge({record.id: record.version}).is_known(record)
        assert not an_edge({record.id: "another version"}).is_known(record)
        assert not an_edge({an_id(2): record.version}).is_known(record)

    def test_it_knows_what_this_pass_has_written(self) -> None:
        record, recent_versions = a_record(number=1), an_edge()
        assert not recent_versions.is_known(record)
        recent_versions.remember(record)
        assert recent_versions.is_known(record)

    def test_content_that_returns_to_what_it_was_is_not_known(self) -> None:
        old, new = a_record(key="A"), a_record(key="B")
        recent_versions = an_edge({old.id: old.version})
        recent_versions.remember(new)
        assert recent_versions.is_known(new)
        assert not recent_versions.is_known(old)

    def test_it_keeps_what_the_next_pass_will_read_again_and_nothing_else(self) -> None:
        recent_versions = an_edge()
        for number, stamp in enumerate([EARLIER, MORNING, LATER, None]):
            recent_versions.remember(a_record(number=number, modified_at=stamp))
        assert set(recent_versions.build_next()) == {an_id(1), an_id(2)}
        assert recent_versions.build_next()[an_id(1)] == a_record(number=1).version

    def test_what_was_left_before_is_not_handed_on(self) -> None:
        assert an_edge({"a": "1"}, {"b": "2"}).build_next() == {"b": "2"}

    def test_it_is_bounded_and_says_so(self) -> None:
        recent_versions = an_edge(collected={f"id-{n}": "v" for n in range(MAX_RECENT_VERSIONS - 1)})
        first, second = a_record(number=1), a_record(number=2)
        states = []
        for record in (first, second):
            recent_versions.remember(record)
            states.append(recent_versions.complete)
        assert states == [True, False]
        assert len(recent_versions.build_next()) == MAX_RECENT_VERSIONS
        assert second.id not in recent_versions.build_next()

    def test_a_full_edge_still_follows_the_records_it_holds(self) -> None:
        old, new = a_record(key="A"), a_record(key="B")
        recent_versions = an_edge(
            collected={old.id: old.version, **{f"id-{n}": "v" for n in range(MAX_RECENT_VERSIONS - 1)}}
        )
        recent_versions.remember(new)
        assert recent_versions.complete
        assert recent_versions.build_next()[old.id] == new.version


def a_version(record_id: str, number: int, *, minutes: int | None = 0, **parts: Any) -> CurrentVersion:
    stamp = None if minutes is None else MORNING + timedelta(minutes=minutes)
    version = CurrentVersion(
        record_id=record_id, modified_at=stamp, own_stamp=stamp, synced_at=LATER, version=f"{number:032x}"
    )
    return replace(version, **parts)


class TestVersionIndex:
    def test_every_record_is_found_and_no_other(self) -> None:
        ids = [
            *(an_id(n * 3 + 2**64 * (n % 2)) for n in range(50)),
            "ABC",
            "Not-A-Guid",
            an_id(7).upper(),
            "f" + an_id(9)[1:],
        ]
        index = VersionIndex(a_version(record_id, n) for n, record_id in enumerate(sorted(ids)))
        assert len(index) == len(ids)
        found = {record_id: index.find(record_id) for record_id in ids}
        assert None not in found.values()
        assert len(set(found.values())) == len(ids)
        for stranger in (
            an_id(1),
            an_id(4),
            an_id(10**12),
            "abc",
            "",
            an_id(3).upper(),
            an_id(3).replace("-", ""),
            f"{an_id(6)[:4]}----{an_id(6).replace('-', '')[4:]}",
        ):
            assert index.find(stranger) is None
        assert VersionIndex([]).find(an_id(1)) is None

    def test_a_record_is_known_only_in_its_newest_version(self) -> None:
        record = a_record(number=5)
        current = a_version(record.id, 0, version=record.version)
        others = [a_version(an_id(4), 1), current, a_version(an_id(6), 2), a_version("odd", 3)]
        assert VersionIndex(others).is_known(record)
        assert not VersionIndex([a_version(an_id(4), 1), a_version(an_id(5), 1)]).is_known(record)
        assert not VersionIndex([a_version(an_id(4), 1)]).is_known(record)

    def test_a_version_has_the_stamp_it_is_shown_under_and_its_own(self) -> None:
        own = MORNING - timedelta(hours=1)
        lifted = (a_version(name, 0, own_stamp=own) for name in (an_id(2), "odd"))
        first, last = lifted
        index = VersionIndex([a_version(an_id(1), 1), first, a_version(an_id(3), 3), last])
        assert [index.has_stamp(at, own) for at in range(4)] == [False, True, False, True]
        assert all(index.has_stamp(at, MORNING) for at in range(4))
        assert [index.stamp(at) for at in range(4)] == [MORNING] * 4

    def test_stamps_are_kept_to_the_microsecond(self) -> None:
        odd = MORNING + timedelta(microseconds=1)
        versions = [
            a_version(an_id(1), 0, modified_at=odd, own_stamp=odd),
            a_version(an_id(2), 1, minutes=None),
        ]
        index = VersionIndex(versions)
        assert index.stamp(0) == odd
        assert index.stamp(1) is None
        assert index.has_stamp(0, odd)
        assert not index.has_stamp(0, MORNING)
        assert not index.has_stamp(0, None)
        assert index.has_stamp(1, None)

    def test_a_version_that_lost_its_stamp_is_known_by_having_none(self) -> None:
        index = VersionIndex([a_version(an_id(1), 1), a_version(an_id(2), 2, own_stamp=None)])
        assert [index.has_stamp(at, None) for at in range(2)] == [False, True]

    def test_of_a_deleted_record_the_place_alone_is_known(self) -> None:
        index = VersionIndex([a_version(an_id(1), 1, is_deleted=True), a_version("odd", 2)])
        assert (len(index), index.find(an_id(1)), index.count_unseen()) == (1, None, 1)
        assert index.find_place(an_id(1)) == Place(modified_at=MORNING, synced_at=LATER)
        assert index.find_place(an_id(2)) is None

    def test_a_version_written_since_takes_the_place_and_brings_a_record_back(self) -> None:
        record, place = a_record(number=1), Place(modified_at=None, synced_at=MORNING)
        index = VersionIndex([a_version(an_id(1), 1, is_deleted=True)])
        index.note_written(record, place)
        index.note_written(a_record(number=2), place)
        assert index.is_known(record)
        assert index.find_place(record.id) == place
        assert (index.find(record.id), index.count_unseen(), len(index)) == (0, 0, 1)

    def test_what_was_not_seen_is_walked(self) -> None:
        index = VersionIndex(
            [a_version(an_id(1), 1), a_version(an_id(2), 2, minutes=3), a_version("x", 4, minutes=5)]
        )
        assert index.count_unseen() == 3
        seen = index.find(an_id(1))
        assert seen is not None
        index.mark_seen(seen)
        index.mark_seen(seen)
        assert index.count_unseen() == 2
        assert list(index.walk_unseen()) == [an_id(2), "x"]


class TestKeepingWhatWasSeen:
    IDS = (*(an_id(n * 3 + 2**64 * (n % 2)) for n in range(9)), "ABC", "Zürich|1")

    def index(self, *ids: str, later: tuple[str, ...] = ()) -> VersionIndex:
        first = dict.fromkeys(later, LATER)
        return VersionIndex(
            (a_version(name, 0, first_synced_at=first.get(name, MORNING)) for name in sorted((*ids, *later))),
            known_until=LATER,
        )

    def test_what_was_seen_is_found_again_and_what_came_since_counts_as_seen(self) -> None:
        for seen in (self.IDS, self.IDS[::2], self.IDS[:0]):
            before = self.index(*self.IDS)
            for name in seen:
                before.mark_seen(before.find(name) or 0)
            kept = before.keep_seen()
            assert kept is not None
            after = self.index(*self.IDS, later=(an_id(4), "ABCD", an_id(2**64 + 1)))
            assert after.resume_seen(kept)
            assert not after.has_seen, "nothing was found by this run"
            assert set(after.walk_unseen()) == set(self.IDS) - set(seen)

    def test_of_other_records_nothing_is_found_again(self) -> None:
        kept = self.index(*self.IDS).keep_seen()
        assert kept is not None
        assert not self.index(*self.IDS[1:]).resume_seen(kept)
        assert not self.index(*self.IDS[1:], an_id(4)).resume_seen(kept)
        assert not self.index(*self.IDS[:-1], "Zürich|2").resume_seen(kept)

    def test_a_million_records_take_an_eighth_of_a_megabyte(self) -> None:
        kept = pack_seen(LATER, "", bytes(1_000_000))
        assert (len(kept.bits), len(kept.unpack())) == (125_001, 1_000_000)

    def test_without_a_pass_nothing_is_kept(self) -> None:
        assert VersionIndex([a_version(an_id(1), 0)]).keep_seen() is None
