"""What the catalogue excludes is taken out of a record, and nothing else."""

import msgspec
import pytest

from connector.domain.records.exclusion import NOT_KEPT, Exclusion

RECORD = b'{"id":"1","Amount":{"value":1.10},"Name":{"value":"x"},"Details":[{"id":"a","Amount":{"value":2},"Note":{}}]}'


def cut(raw: bytes, *paths: str) -> object:
    return msgspec.json.decode(Exclusion(paths).cut(raw))


@pytest.mark.parametrize("paths", [(), ("Other",), ("Details/Other",), ("id", "Details/id")])
def test_a_record_without_any_of_it_stays_the_same_text(paths: tuple[str, ...]) -> None:
    assert Exclusion(paths).cut(RECORD) is RECORD


def test_a_field_is_taken_out_where_it_is_named_alone() -> None:
    left = Exclusion(["Amount"]).cut(RECORD)
    assert left == b'{"id":"1","Name":{"value":"x"},"Details":[{"id":"a","Amount":{"value":2},"Note":{}}]}'
    left = Exclusion(["Details/Amount"]).cut(RECORD)
    assert left == b'{"id":"1","Amount":{"value":1.10},"Name":{"value":"x"},"Details":[{"id":"a","Note":{}}]}'


def test_a_collection_is_taken_out_whole() -> None:
    assert cut(RECORD, "Details") == {"id": "1", "Amount": {"value": 1.1}, "Name": {"value": "x"}}


def test_numbers_keep_their_digits() -> None:
    raw = b'{"A":{"value":1.000000000000000000100},"B":{}}'
    assert Exclusion(["B"]).cut(raw) == b'{"A":{"value":1.000000000000000000100}}'


def test_a_name_means_the_member_spelled_so_and_another_only_if_there_is_none() -> None:
    raw = b'{"TaxZone":1,"Taxzone":2,"Terms":3}'
    assert cut(raw, "Taxzone") == {"TaxZone": 1, "Terms": 3}
    assert cut(raw, "TAXZONE", "terms") == {}
    assert cut(raw, "TaxZon", "Term", "ms") == {"TaxZone": 1, "Taxzone": 2, "Terms": 3}


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        (b'{"id":"1","A":"\\x","B":"\xff"}', {"id": "1", "B": "\ufffd"}),
        (b'{"id":"1","A":NaN,"B":"\x01"}', {"id": "1", "B": "\x01"}),
    ],
)
def test_it_is_taken_out_of_a_text_that_is_not_quite_json(raw: bytes, left: object) -> None:
    assert cut(raw, "A") == left


@pytest.mark.parametrize("raw", [b'{"id":"1","A":{"value":"x', b"", b"[" * 5000])
def test_of_a_text_that_cannot_be_read_nothing_is_kept(raw: bytes) -> None:
    assert Exclusion(["A"]).cut(raw) == NOT_KEPT
    assert Exclusion([]).cut(raw) is raw
