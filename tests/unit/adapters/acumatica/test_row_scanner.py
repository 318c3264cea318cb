"""Records are told apart by quotes and brackets alone, whatever is between them."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.adapters.acumatica.row_scanner import scan_object, scan_rows, scan_whole_rows

TEXTS = st.text(st.sampled_from('ab"\\{}[],: \né😀'), max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
RECORDS = st.dictionaries(TEXTS, VALUES, max_size=3)
QUICK = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DAMAGES = [
    rb'"\ud83d"', rb'"x \ude00"', rb'"\q"', b"NaN", b"-Infinity", b"0123", b'"a\x01\n\x00b"', b'"caf\xe9\xff"',
    b'"' + rb"\\" * 3 + rb"\"" + b'}],["', b"[" * 3000 + b"]" * 3000,
]  # fmt: skip


@QUICK
@given(records=st.lists(RECORDS, max_size=4), is_ascii=st.booleans(), indent=st.sampled_from([None, 1]))
def test_a_valid_array_is_cut_as_a_decoder_would(
    records: list[Any], is_ascii: bool, indent: int | None
) -> None:
    body = json.dumps(records, ensure_ascii=is_ascii, indent=indent).encode()
    rows = scan_rows(body)
    assert [json.loads(row) for row in rows] == records
    assert rows == [bytes(raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
    assert [scan_object(b" %b\n" % row) for row in rows] == rows


@QUICK
@given(
    records=st.lists(RECORDS, min_size=1, max_size=4), at=st.integers(0, 5), damage=st.sampled_from(DAMAGES)
)
def test_a_damaged_record_costs_no_other(records: list[Any], at: int, damage: bytes) -> None:
    rows = [json.dumps(record).encode() for record in records]
    rows[at % len(rows)] = b'{"id":"x","Description":{"value":%b},"Details":[{"a":1}]}' % damage
    assert scan_rows(b"[" + b", ".join(rows) + b"]") == rows


@QUICK
@given(records=st.lists(RECORDS, max_size=4), data=st.data())
def test_an_array_that_was_cut_is_never_taken_for_a_whole_one(
    records: list[Any], data: st.DataObject
) -> None:
    body = json.dumps(records).encode()
    with pytest.raises(msgspec.DecodeError):
        scan_rows(body[: data.draw(st.integers(0, len(body) - 1))])


@QUICK
@given(records=st.lists(RECORDS, max_size=4), data=st.data())
def test_of_an_array_that_was_cut_the_whole_records_are_found(
    records: list[Any], data: st.DataObject
) -> None:
    rows = [json.dumps(record).encode() for record in records]
    body = b"[" + b", ".join(rows) + b"]"
    at = data.draw(st.integers(1, len(body)))
    ends = [1 + sum(map(len, rows[:i])) + 2 * (i - 1) for i in range(1, len(rows) + 1)]
    assert scan_whole_rows(body[:at]) == [row for row, end in zip(rows, ends, strict=True) if end <= at]


@pytest.mark.parametrize(
    "body",
    [
        b"{}", b"[1]", b"[{},1]", b"[{}{}]", b"[{},]", b"[,{}]", b"[[{}]]", b"x[{}]", b"[{}]x", b"[{}]]",
        b"<html>[{}]</html>", b"[{]", b'{"message":"An error has occurred."}',
    ],
)  # fmt: skip
def test_what_is_no_array_of_objects_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        scan_rows(body)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"{}{}", b'x{"a":1}', b'{"a":"}', b"[{}]"])
def test_what_is_no_single_object_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        scan_object(body)
