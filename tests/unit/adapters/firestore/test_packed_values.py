"""What is packed comes back; of too much, the last part."""

import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.firestore.packed_values import entry_value, pack, pack_latest, plain_value, unpack

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
)
PLAIN = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(PLAIN)
def test_a_packed_value_comes_back(value: object) -> None:
    assert unpack(pack(value)) == value


@given(PLAIN)
def test_a_member_of_an_entry_comes_back(value: object) -> None:
    assert plain_value(entry_value(value)) == value


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_of_an_entry_comes_back(instant: datetime) -> None:
    assert plain_value(entry_value(instant)) == instant


def test_half_a_surrogate_pair_comes_back() -> None:
    assert unpack(pack(["half \ud83d", "é"])) == ["half \ud83d", "é"]


def test_of_too_many_items_the_last_are_kept() -> None:
    items = [str(uuid.uuid4()) for _ in range(10_000)]
    packed, is_whole = pack_latest(items, 50_000)
    kept = unpack(packed)
    assert not is_whole
    assert 40_000 < len(packed) <= 50_000
    assert kept == items[-len(kept) :]


def test_even_one_item_too_large_is_cut() -> None:
    packed, is_whole = pack_latest([uuid.uuid4().hex * 3, uuid.uuid4().hex * 3], 20)
    assert (unpack(packed), is_whole) == ([], False)


def test_a_value_that_is_not_plain_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="type"):
        pack({"value": datetime})
