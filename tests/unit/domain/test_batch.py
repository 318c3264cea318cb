"""The records of one write."""

from itertools import product

import pytest

from connector.domain.batch import are_too_many_rejected, build_insert_id, choose_write_method
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
