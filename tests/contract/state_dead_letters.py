"""Dead letters: a rejected record is kept whole until it is replayed."""

import random
from datetime import timedelta

import pytest
from msgspec.structs import replace

from connector.domain.records.rejected import build_digest
from connector.ports import StateStore
from tests.contract.state_builders import MORNING, a_dead_letter


class DeadLetterContract:
    """The promises about dead letters."""

    @pytest.mark.parametrize(
        "payload",
        [b"", b"{}", b"\x00\xff" * 1000, random.Random(7).randbytes(5 * 1024 * 1024)],  # noqa: S311 - not a secret
        ids=["empty", "small", "not text", "5 MiB that cannot be compressed"],
    )
    def test_a_letter_is_kept_whole_and_can_be_forgotten(
        self, store: StateStore, second_store: StateStore, payload: bytes
    ) -> None:
        letter = a_dead_letter(payload=payload)
        store.dead_letters.add(letter)
        assert list(second_store.dead_letters.read("vendors")) == [letter]
        assert list(second_store.dead_letters.read("vendors", "id-1")) == [letter]
        second_store.dead_letters.remove("vendors", "id-1", MORNING)
        assert list(store.dead_letters.read("vendors")) == []
        assert list(store.dead_letters.read("vendors", "id-1")) == []

    def test_a_letter_replaces_that_of_the_same_record_and_counts_on(self, store: StateStore) -> None:
        store.dead_letters.add(a_dead_letter())
        store.dead_letters.add(a_dead_letter(run_id="run-2", payload=b"new", reason="still bad", key="V002"))
        store.dead_letters.add(a_dead_letter(run_id="run-3", payload=b"newer"))
        expected = replace(a_dead_letter(run_id="run-3", payload=b"newer"), attempts=3)
        assert list(store.dead_letters.read("vendors")) == [expected]

    def test_a_run_that_repeats_a_step_counts_once(self, store: StateStore) -> None:
        store.dead_letters.add(a_dead_letter())
        store.dead_letters.add(a_dead_letter(run_id="run-2"))
        store.dead_letters.add(a_dead_letter(run_id="run-2"))
        assert [letter.attempts for letter in store.dead_letters.read("vendors")] == [2]

    def test_a_removed_letter_begins_to_count_anew(self, store: StateStore) -> None:
        store.dead_letters.add(a_dead_letter())
        store.dead_letters.remove("vendors", "id-1", MORNING)
        store.dead_letters.remove("vendors", "id-1", MORNING)
        store.dead_letters.add(a_dead_letter(run_id="run-2"))
        assert [letter.attempts for letter in store.dead_letters.read("vendors")] == [1]

    def test_a_large_payload_and_a_small_one_replace_each_other(self, store: StateStore) -> None:
        large = random.Random(8).randbytes(2 * 1024 * 1024)  # noqa: S311 - not a secret
        for payload in (large, b"small", large[::-1]):
            store.dead_letters.add(a_dead_letter(payload=payload))
            assert [letter.payload for letter in store.dead_letters.read("vendors", "id-1")] == [payload]

    def test_letters_may_be_removed_while_they_are_read(self, store: StateStore) -> None:
        for number in range(45):
            store.dead_letters.add(a_dead_letter(record_id=f"id-{number:02}"))
        seen = []
        for letter in store.dead_letters.read("vendors"):
            store.dead_letters.remove("vendors", letter.record_id, MORNING)
            seen.append(letter.record_id)
        assert sorted(seen) == [f"id-{number:02}" for number in range(45)]
        assert list(store.dead_letters.read("vendors")) == []

    def test_letters_may_be_kept_again_while_they_are_read_and_come_once(self, store: StateStore) -> None:
        ids = [f"id-{number:02}" for number in range(45)]
        for record_id in ids:
            store.dead_letters.add(a_dead_letter(record_id=record_id))
        seen = []
        for letter in store.dead_letters.read("vendors"):
            later = letter.rejected_at + timedelta(hours=1)
            store.dead_letters.add(replace(letter, run_id="run-2", rejected_at=later))
            seen.append(letter.record_id)
        assert sorted(seen) == ids

    def test_a_letter_that_came_later_stays(self, store: StateStore, second_store: StateStore) -> None:
        letter = a_dead_letter()
        store.dead_letters.add(letter)
        second_store.dead_letters.remove("vendors", "id-1", letter.rejected_at - timedelta(microseconds=1))
        assert list(store.dead_letters.read("vendors")) == [letter]
        second_store.dead_letters.remove("vendors", "id-1", letter.rejected_at)
        assert list(store.dead_letters.read("vendors")) == []

    def test_the_digests_tell_who_has_a_letter_of_which_content(
        self, store: StateStore, second_store: StateStore
    ) -> None:
        assert store.dead_letters.read_digests("vendors") == {}
        for number in range(25):
            store.dead_letters.add(a_dead_letter(record_id=f"id-{number:02}", payload=b"%d" % number))
        store.dead_letters.add(a_dead_letter(entity="items", record_id="of another entity"))
        second_store.dead_letters.remove("vendors", "id-00", MORNING)
        assert store.dead_letters.read_digests("vendors") == {
            f"id-{number:02}": build_digest(b"%d" % number) for number in range(1, 25)
        }

    def test_letters_of_entities_do_not_mix(self, store: StateStore) -> None:
        store.dead_letters.add(a_dead_letter())
        store.dead_letters.add(a_dead_letter(entity="items"))
        store.dead_letters.remove("items", "id-1", MORNING)
        assert [letter.entity for letter in store.dead_letters.read("vendors")] == ["vendors"]
        assert list(store.dead_letters.read("items")) == []

    @pytest.mark.parametrize("record_id", ["", ".", "..", "__x__", "a/b", "a%2Fb", "é" * 400, "/" * 700])
    def test_a_record_id_may_be_any_text(self, store: StateStore, record_id: str) -> None:
        letter = a_dead_letter(record_id=record_id)
        store.dead_letters.add(letter)
        store.dead_letters.add(a_dead_letter(record_id="another"))
        assert list(store.dead_letters.read("vendors", record_id)) == [letter]
        store.dead_letters.remove("vendors", record_id, MORNING)
        assert [letter.record_id for letter in store.dead_letters.read("vendors")] == ["another"]

    def test_a_text_with_half_a_surrogate_pair_does_not_lose_the_letter(self, store: StateStore) -> None:
        store.dead_letters.add(a_dead_letter(record_id="a\ud83d", key="b\udc00", reason="c\ud83d"))
        (letter,) = store.dead_letters.read("vendors", "a\ud83d")
        assert letter.payload == a_dead_letter().payload
        store.dead_letters.remove("vendors", "a\ud83d", MORNING)
        assert list(store.dead_letters.read("vendors")) == []
