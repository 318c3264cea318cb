"""The records of one write."""

from itertools import product

import pytest

from connector.domain.batch import (
    Row,
    are_too_many_rejected,
    build_insert_id,
    choose_write_method,
    split_by_bytes,
)
from connector.domain.run import WriteMethod, WritePolicy


def test_only_a_whole_delta_into_a_settled_table_is_streamed() -> None:
    for is_whole, accepts_streaming in product([False, True], repeat=2):
        method = choose_write_method(
            WritePolicy.AUTO, is_whole_delta=is_whole, accepts_streaming=accepts_streaming
        )
        assert (method is WriteMethod.STREAMING) is (is_whole and accepts_streaming)
        assert method in (WriteMethod.STREAMING, WriteMethod.LOAD)


@pytest.mark.parametrize("policy", [WritePolicy.STREAMING, WritePolicy.LOAD])
def test_an_operator_has_the_last_word(policy: WritePolicy) -> None:
    for is_whole, accepts_streaming in product([False, True], repeat=2):
        method = choose_write_method(policy, is_whole_delta=is_whole, accepts_streaming=accepts_streaming)
        assert method.value == policy.value


def test_one_version_has_one_insert_id_and_each_another() -> None:
    assert build_insert_id("vendors", "a", "1") == build_insert_id("vendors", "a", "1")
    parts = [
        ("vendors", "a", "1"),
        ("items", "a", "1"),
        ("vendors", "b", "1"),
        ("vendors", "a", "2"),
        ("vendors", "a1", ""),
    ]
    assert len({build_insert_id(*each) for each in parts}) == len(parts)


def test_an_insert_id_stays_the_same_over_releases() -> None:
    """A retry by a newer release must carry the id of the first try."""
    assert build_insert_id("vendors", "a", "1") == "fb26683be88085130b5ea91508022da8"


@pytest.mark.parametrize(
    ("rejected", "read", "too_many"),
    [
        (10, 10, False),
        (11, 11, True),
        (11, 110, False),
        (12, 110, True),
        (100, 1000, False),
        (101, 1000, True),
        (0, 0, False),
    ],
)
def test_ten_rejects_or_a_tenth_are_tolerated(rejected: int, read: int, too_many: bool) -> None:
    assert are_too_many_rejected(rejected=rejected, read=read) is too_many


def test_items_are_split_by_their_number_and_by_their_bytes() -> None:
    items = ["aa", "b", "c", "dddddd", "e", "f"]
    assert list(split_by_bytes(items, len, most_items=2, most_bytes=5)) == [
        ["aa", "b"],
        ["c", "dddddd"],
        ["e", "f"],
    ]
    assert list(split_by_bytes(items, len, most_items=9, most_bytes=5)) == [items[:4], items[4:]]
    assert list(split_by_bytes([], len, most_items=2, most_bytes=5)) == []


def test_an_item_is_taken_only_when_its_list_is_wanted() -> None:
    items = iter(["aa", "b", "c"])
    assert next(split_by_bytes(items, len, most_items=2, most_bytes=5)) == ["aa", "b"]
    assert next(items) == "c"


@pytest.mark.parametrize(
    ("body", "extra", "row"),
    [
        (b"{}", b"", b'{"_id":"x"}'),
        (b'{"name":"A"}', b"", b'{"_id":"x","name":"A"}'),
        (b"{}", b"[1.50]", b'{"_id":"x","_extra":[1.50]}'),
        (b'{"name":"A"}', b"[1.50]", b'{"_id":"x","name":"A","_extra":[1.50]}'),
    ],
)
def test_a_row_is_one_object_of_its_parts(body: bytes, extra: bytes, row: bytes) -> None:
    built = Row(insert_id="1", head=b'{"_id":"x"}', body=body, extra=extra)
    assert b"".join(built.list_parts(extra)) == row
    assert built.data == row.replace(b',"_extra":[1.50]', b"")
