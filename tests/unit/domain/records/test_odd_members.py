"""Members that are not as announced: sifted alone once they were seen, and what comes out is the same to the byte."""

import json
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.records import codec as codec_module
from connector.domain.records.codec import MAX_ODD, Codec, Record
from connector.domain.records.contract import Contract, Kind, Shape
from connector.domain.records.sifting import sift
from connector.errors import RecordRejectedError
from tests.builders import a_contract, a_row, an_entity, an_id

KINDS = {f"A{kind.value.title()}": kind for kind in Kind}
LINE = Shape(
    fields={"Qty": Kind.DECIMAL, "Item": Kind.STRING}, details={"Lots": Shape(fields={"Item": Kind.STRING})}
)
CONTRACT = a_contract(
    fields=KINDS,
    details={"Details": LINE},
    linked={"Contact": Shape(fields={"Email": Kind.STRING}, unread=frozenset({"Unread"}))},
)


def codec(contract: Contract = CONTRACT, **entity: Any) -> Codec:
    return Codec(an_entity(**entity), contract)


def decode(reader: Codec, raw: bytes) -> Record | str:
    """Return the record, or why it is refused."""
    try:
        return reader.decode(raw)
    except RecordRejectedError as exc:
        return f"{exc.message} {exc.action}"


class Sifted:
    """Counts the records that are sifted whole."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, *arguments: Any) -> Any:
        self.count += 1
        return sift(*arguments)


ODD_SLOTS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.booleans(),
    st.just([]),
    st.just([1, "x"]),
    st.just({}),
    st.dictionaries(
        st.sampled_from(["value", "type", "error", "id", "Foo"]),
        st.none()
        | st.integers()
        | st.text(max_size=3)
        | st.just({"id": 1.50, "description": "d"})
        | st.just("2026-01-02T03:04:05+01:00"),
        max_size=3,
    ),
)
NAMES = st.sampled_from([*KINDS, "New", "Other", "Unread", "note", "Contact", "Details"])


@st.composite
def nodes(draw: st.DrawFn) -> dict[str, Any]:
    node: dict[str, Any] = {"id": an_id(1), "VendorID": {"value": "V001"}}
    node["Details"] = [
        {
            "id": an_id(number),
            "Qty": {"value": draw(st.integers(0, 9))},
            "Lots": draw(st.sampled_from([[], [{"id": "x", "Item": {"value": "i"}}]])),
        }
        for number in range(draw(st.integers(0, 3)))
    ]
    node["Contact"] = draw(st.none() | st.just({"Email": {"value": "e"}}))
    places = [node, *node["Details"], *(lot for line in node["Details"] for lot in line["Lots"])]
    if node["Contact"]:
        places.append(node["Contact"])
    for place in places:
        names = NAMES if place is node else st.sampled_from(["Qty", "Item", "Email", "New", "Lots", "Unread"])
        for name in draw(st.lists(names, max_size=2)):
            place[name] = draw(ODD_SLOTS)
    return node


@settings(max_examples=150, deadline=None)
@given(records=st.lists(nodes(), min_size=2, max_size=5))
def test_a_reader_that_has_seen_odd_members_gives_what_one_gives_that_has_not(
    records: list[dict[str, Any]],
) -> None:
    seasoned = codec(exclude=frozenset({"Other", "new/Foo"}))
    for record in [*records, *records]:
        raw = json.dumps(record).encode()
        fresh = codec(exclude=frozenset({"Other", "new/Foo"}))
        assert decode(seasoned, raw) == decode(fresh, raw)
        assert seasoned.unannounced >= fresh.unannounced
        assert seasoned.mistyped_members >= fresh.mistyped_members
        assert seasoned.is_contradicted >= fresh.is_contradicted


ODD = [
    {"New": 1.50},
    {"New": {"value": "x"}},
    {"Contact": {"Email": {"value": "e"}, "New": {"value": True}}},
    {"Details": [{"id": "a", "New": {"value": "x"}}, {"id": "b", "New": {"value": "y"}}]},
    {"ADecimal": {"value": "many"}},
    {"ADecimal": {"value": 1, "error": "no"}},
    {"AString": {"value": 5}},
    {"AInt": {"value": 12.0}},
    {"ADate": None},
    {"Details": [{"id": "a", "Qty": {"value": "x"}}]},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_only_the_record_that_shows_an_odd_member_first_is_sifted_whole(odd: dict[str, Any]) -> None:
    reader, sifted = codec(), Sifted()
    with patch.object(codec_module, "sift", sifted):
        found = [reader.decode(json.dumps(json.loads(a_row()) | odd).encode()) for _ in range(3)]
        reader.decode(a_row())
    assert sifted.count == 1
    assert found[0] == found[1] == found[2]


def test_a_stamp_and_a_key_that_are_not_as_announced_are_read_all_the_same() -> None:
    reader = codec()
    for _ in range(2):
        found = reader.decode(a_row(VendorID=17, LastModifiedDateTime="soon"))
        assert (found.keys, found.modified_at) == (("17",), None)
        assert msgspec.json.decode(found.extra) == {"LastModifiedDateTime": "soon"}


def test_what_is_excluded_beside_some_siblings_is_never_taken_for_one_to_keep() -> None:
    reader = codec(exclude=frozenset({"Secret"}))
    assert reader.decode(a_row(Secret="a", secret="b")).extra == b'{"secret":"b"}'
    assert reader.decode(a_row(secret="b")).extra == b""


def test_members_without_end_are_not_compiled_without_end() -> None:
    reader, sifted = codec(), Sifted()
    for number in range(MAX_ODD):
        reader.decode(a_row().replace(b"{", b'{"New%d":{"value":1},' % number, 1))
    with patch.object(codec_module, "sift", sifted):
        for _ in range(2):
            assert reader.decode(a_row(OneMore=1)).extra == b'{"OneMore":"1"}'
        reader.decode(a_row(New7=1))
    assert sifted.count == 2


def test_what_is_excluded_below_a_member_of_a_line_is_left_out_every_time() -> None:
    reader = codec(exclude=frozenset({"Details/New/Secret"}))
    new = {"value": "kept", "Secret": {"value": "hidden"}}
    raw = a_row(Details=[{"id": an_id(2), "rowNumber": 1, "New": new}])
    first, second = reader.decode(raw), reader.decode(raw)
    assert first.extra == second.extra
    assert b"kept" in first.extra
    assert b"hidden" not in first.extra + first.body


def test_members_that_come_by_turns_are_each_sifted_whole_once() -> None:
    reader, sifted = codec(), Sifted()
    rows = [a_row(Details=[{"id": an_id(2), "rowNumber": 1, name: {"value": 1}}]) for name in ("One", "Two")]
    with patch.object(codec_module, "sift", sifted):
        for _ in range(3):
            for raw in rows:
                reader.decode(raw)
    assert sifted.count == len(rows)
