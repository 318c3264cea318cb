"""Records that cannot be used: what is told of them, and how they are recognised."""

from datetime import UTC, datetime

import pytest

from connector.domain.records.codec import Codec
from connector.domain.records.contract import Kind
from connector.domain.records.rejected import (
    Rejected,
    build_digest,
    find_session_id,
    identify,
    unwrap_keys,
    wrap_keys,
)
from tests.builders import MORNING, a_contract, a_row, an_entity, an_id

STAMP = "LastModifiedDateTime"


def found(raw: bytes, **entity: object) -> Rejected:
    return identify(raw, an_entity(**entity), STAMP, "why")


def test_as_much_as_can_be_read_is_told() -> None:
    raw = a_row(number=4, key="V004")
    assert found(raw) == Rejected(id=an_id(4), key="V004", reason="why", payload=raw, modified_at=MORNING)


def test_the_key_is_spelled_as_that_of_a_good_record() -> None:
    contract = a_contract(fields={"Type": Kind.STRING, "Nbr": Kind.INT})
    raw = b'{"id":"x","Type":{"value":"Bill"},"Nbr":{"value":7}}'
    good = Codec(an_entity(keys=("Type", "Nbr")), contract).decode(raw)
    assert found(raw, keys=("Type", "Nbr")).key == good.key == "Bill/7"
    assert found(b'{"id":"x","Type":{},"Nbr":"odd"}', keys=("Type", "Nbr")).key == ""


def test_the_id_is_found_in_text_that_cannot_be_decoded() -> None:
    raw = b'{"id" : "%b","VendorID":{"value":"\xff"}}' % an_id(5).encode()
    assert (found(raw).id, found(raw).modified_at) == (an_id(5), None)


@pytest.mark.parametrize(
    "value",
    [rb'"\ud83d"', rb'"\ude00 x"', b"NaN", b'"a\x01b\n"', b'"caf\xe9"'],
    ids=["high", "low", "nan", "control", "utf-8"],
)
def test_key_and_stamp_are_found_beside_what_no_decoder_takes(value: bytes) -> None:
    raw = a_row(number=6, key="V006")[:-1] + b',"Name":{"value":%b}}' % value
    assert found(raw) == Rejected(id=an_id(6), key="V006", reason="why", payload=raw, modified_at=MORNING)


def test_a_key_that_no_file_could_hold_is_told_without_what_is_wrong_with_it() -> None:
    assert found(rb'{"id":"x","VendorID":{"value":"A\ud83d"}}').key == "A?"


def test_levels_without_end_hide_no_id() -> None:
    raw = b'{"id":"%b","x":%b%b}' % (an_id(7).encode(), b"[" * 100_000, b"]" * 100_000)
    assert found(raw).id == an_id(7)


def test_without_an_id_one_is_made_from_the_text() -> None:
    made = {found(raw).id for raw in (b"[]", b"{", b'{"id":""}', b'{"id":5}')}
    assert len(made) == 4
    assert all(each.startswith("unidentified-") for each in made)
    assert found(b"[]") == found(b"[]")


@pytest.mark.parametrize(
    "value", ['"never"', "5", "null", '"2026-01-01"', '"0001-01-01T00:00:00+05:00"'], ids=str
)
def test_a_stamp_that_cannot_be_read_is_none(value: str) -> None:
    raw = f'{{"id":"x","{STAMP}":{{"value":{value}}}}}'.encode()
    assert found(raw).modified_at is None


def test_a_stamp_is_the_instant_whatever_its_offset() -> None:
    raw = b'{"id":"x","LastModifiedDateTime":{"value":"2026-02-11T14:15:14.04-05:00"}}'
    assert found(raw).modified_at == datetime(2026, 2, 11, 19, 15, 14, 40_000, tzinfo=UTC)


def test_a_content_has_one_digest_wherever_it_stands_and_whichever_session_reads_it() -> None:
    def text(row: int, line: str, amount: str) -> bytes:
        return (
            f'{{"id":"x","rowNumber":{row},"Amount":{{"value":{amount}}},"Details":[{{"id":"{line}","rowNumber":1}}],'
            f'"_links":{{"self":"/entity/{line}","files:put":"/files/{line}"}}}}'
        ).encode()

    assert build_digest(text(1, an_id(1), "5")) == build_digest(text(77, an_id(2), "5"))
    assert build_digest(text(1, an_id(1), "5")) != build_digest(text(1, an_id(1), "6"))


@pytest.mark.parametrize("row", [b'{"id":"x"}', b'{"id":"x","VendorID":{"value":"}"}}'])
def test_a_record_that_cannot_be_delivered_is_stored_with_what_was_listed(row: bytes) -> None:
    assert unwrap_keys(wrap_keys(row)) == row


@pytest.mark.parametrize("payload", [b'{"id":"x"}', b'{"unread":"x"}', b'{"id":{"unread":{}}}', b""])
def test_a_stored_record_is_not_taken_for_one_that_could_not_be_delivered(payload: bytes) -> None:
    assert unwrap_keys(payload) is None


@pytest.mark.parametrize(
    ("raw", "record_id"),
    [(a_row(number=4), an_id(4)), (b'{"id":""}', None), (b'{"id":5}', None), (b"{}", None)],
    ids=["text", "empty", "number", "none"],
)
def test_the_id_of_a_session_is_a_text_or_none(raw: bytes, record_id: str | None) -> None:
    assert find_session_id(raw) == record_id
