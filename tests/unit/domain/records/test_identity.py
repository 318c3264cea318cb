"""Ids made from keys: they read back into the keys, and no two lists of keys share one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.entity import Identity
from connector.domain.records.codec import Codec
from connector.domain.records.contract import Kind
from connector.domain.records.identity import is_addressable, is_guid, make_id, split_id
from connector.domain.records.rejected import find_id, identify, is_asked_for
from connector.errors import RecordRejectedError
from tests.builders import a_contract, a_row, an_entity, an_id

BY_KEYS = an_entity(keys=("Type", "Number"), identity=Identity.KEYS)
CONTRACT = a_contract(fields={"Type": Kind.SELECT, "Number": Kind.INT})


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_an_id_reads_back_into_its_keys(keys: list[str]) -> None:
    assert list(split_id(make_id(keys))) == keys


def test_an_id_is_readable() -> None:
    assert make_id(["Bill", "000123"]) == "Bill|000123"
    assert make_id(["A|B", "C/D"]) == "A%7CB|C%2FD"


def test_a_record_told_by_its_keys_has_the_same_id_under_any_of_acumaticas() -> None:
    records = {
        Codec(BY_KEYS, CONTRACT).decode(
            a_row(number=n, Type={"value": {"id": "B", "description": "Bill"}}, Number=7)
        )
        for n in (1, 2)
    }
    assert {(record.id, record.key) for record in records} == {("Bill|7", "Bill/7")}
    assert len({record.version for record in records}) == 1


def test_without_one_of_its_keys_it_is_a_dead_letter() -> None:
    row = a_row(number=1, Number=7)
    with pytest.raises(RecordRejectedError, match="lacks a key"):
        Codec(BY_KEYS, CONTRACT).decode(row)
    rejected = identify(row, BY_KEYS, None, "no key")
    assert rejected.id.startswith("unidentified-")
    assert not is_asked_for(rejected.id, BY_KEYS)


def test_a_record_that_cannot_be_decoded_has_the_id_of_its_keys_too() -> None:
    row = a_row(number=1, Number=7, Type={"value": {"id": "B", "description": "Bill"}})
    assert find_id(row, BY_KEYS) == identify(row, BY_KEYS, None, "odd").id == "Bill|7"
    assert is_asked_for("Bill|7", BY_KEYS)
    assert find_id(row, an_entity()) == an_id(1)
    assert is_asked_for(an_id(1), an_entity())
    assert not is_asked_for("Bill|7", an_entity())


@pytest.mark.parametrize(
    ("key", "is_one"),
    [
        ("000123", True),
        ("A/1", False),
        ("A|1", False),
        ("", False),
        (".", False),
        ("..", False),
        ("...", True),
    ],
)
def test_a_key_that_an_address_would_split_or_drop_is_not_put_into_one(key: str, is_one: bool) -> None:
    assert is_addressable(key) is is_one


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("0BD22D7F-4D2B-EE11-9C2D-0A0C3EA1A1A1", True),
        ("0bd22d7f4d2bee119c2d0a0c3ea1a1a1", False),
        ("000123", False),
        ("", False),
    ],
)
def test_a_key_that_reads_like_an_id_is_known(text: str, is_one: bool) -> None:
    assert is_guid(text) is is_one
