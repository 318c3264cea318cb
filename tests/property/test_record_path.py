"""Any record: however it is spelled, one content is one version, and every value arrives as it was sent."""

import json
import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.records.codec import Codec, Record
from connector.domain.records.contract import Contract, Kind, Shape
from connector.errors import RecordRejectedError
from tests.builders import a_contract, an_entity, an_id

CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXT = st.text(CHARACTERS, max_size=12)
OFFSETS = st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(9998, 12, 30), timezones=OFFSETS)  # noqa: DTZ001 - bounds
NUMERICS = st.decimals(allow_nan=False, allow_infinity=False, places=9).filter(
    lambda number: abs(number) < Decimal(10) ** 29
)
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.STRING: TEXT,
    Kind.GUID: st.uuids().map(str),
    Kind.DECIMAL: NUMERICS,
    Kind.DOUBLE: st.floats(allow_nan=False, allow_infinity=False),
    Kind.INT: st.integers(-(2**63), 2**63 - 1),
    Kind.BOOL: st.booleans(),
    Kind.DATETIME: INSTANTS.map(datetime.isoformat),
    Kind.DATE: INSTANTS.map(datetime.isoformat),
}
LINE = Shape(
    fields={"Qty": Kind.DECIMAL, "Item": Kind.STRING}, details={"Lots": Shape(fields={"Item": Kind.STRING})}
)
SHAPE: dict[str, Any] = {
    "details": {"Details": LINE},
    "linked": {"Contact": Shape(fields={"Email": Kind.STRING})},
}
CONTRACT = a_contract(fields={f"A{kind.value.title()}": kind for kind in VALUES}, **SHAPE)
CODEC = Codec(an_entity(), CONTRACT)
SETTINGS = settings(max_examples=150, deadline=None, print_blob=True)

Node = dict[str, Any]


def _wrap(value: Any) -> Node:
    return {} if value is None else {"value": value}


@st.composite
def nodes(draw: st.DrawFn) -> Node:
    """Any record of the contract, as a list gives it, in plain values."""
    node: Node = {"id": an_id(draw(st.integers(1, 9))), "VendorID": _wrap("V001")}
    for kind, values in VALUES.items():
        node[f"A{kind.value.title()}"] = _wrap(draw(st.none() | values))
    node["LastModifiedDateTime"] = _wrap("2026-11-22T06:00:00+00:00")
    lot = st.builds(lambda item: {"Item": _wrap(item)}, st.none() | TEXT)
    line = st.builds(
        lambda item, qty, lots: {"Item": _wrap(item), "Qty": _wrap(qty), "Lots": lots},
        st.none() | TEXT,
        st.none() | NUMERICS,
        st.lists(lot, max_size=2),
    )
    node["Details"] = draw(st.lists(line, max_size=3))
    node["Contact"] = draw(st.none() | st.builds(lambda email: {"Email": _wrap(email)}, TEXT))
    return node


def encode(node: Node, **style: Any) -> bytes:
    """Return JSON text in which decimals are bare digits."""
    text = json.dumps(_with_digits(node), **style)
    return re.sub(r'"DIGITS\((-?[0-9.]+)\)"', r"\1", text).encode()


def _with_digits(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"DIGITS({value:f})"
    if isinstance(value, dict):
        return {name: _with_digits(inner) for name, inner in value.items()}
    return [_with_digits(inner) for inner in value] if isinstance(value, list) else value


def decode(raw: bytes, contract: Contract | None = None) -> Record:
    return (Codec(an_entity(), contract) if contract else CODEC).decode(raw)


def with_packaging(node: Node, session: int) -> Node:
    """Return the same content as another session packs it: other row numbers, links and ids of lines."""
    packed: Node = {"rowNumber": session, "note": None, "_links": {"self": f"/{session}"}, **node}
    packed["Details"] = [
        {"id": an_id(session * 100 + n), "rowNumber": n, **line} for n, line in enumerate(node["Details"], 1)
    ]
    return packed


@SETTINGS
@given(nodes())
def test_the_quick_path_and_the_thorough_path_make_the_same_of_a_record(node: Node) -> None:
    """A member the contract does not know sends the record the thorough way; without a value nothing else differs."""
    quick = decode(encode(node))
    thorough = decode(encode({**node, "Unannounced": {}}))
    assert (thorough.body, thorough.version, thorough.extra) == (quick.body, quick.version, b"")


@SETTINGS
@given(nodes(), st.permutations(["id", "Details", "ADecimal", "AString", "Contact", "VendorID"]))
def test_spelling_and_order_do_not_make_another_version(node: Node, first: list[str]) -> None:
    shuffled = {name: node[name] for name in [*first, *(set(node) - set(first))]}
    styles: list[dict[str, Any]] = [{"indent": 3}, {"ensure_ascii": False}, {"separators": (",", ":")}]
    assert {decode(encode(shuffled, **style)).version for style in styles} == {decode(encode(node)).version}


@SETTINGS
@given(nodes())
def test_the_packaging_of_a_session_does_not_make_another_version(node: Node) -> None:
    assert decode(encode(with_packaging(node, 1))).version == decode(encode(with_packaging(node, 2))).version


@SETTINGS
@given(nodes(), nodes())
def test_different_content_is_a_different_version(one: Node, other: Node) -> None:
    same = _content(one) == _content(other)
    assert (decode(encode(one)).version == decode(encode(other)).version) is same


@SETTINGS
@given(nodes(), st.sampled_from(["A0", "Middle", "Zz"]), st.sampled_from(sorted(VALUES)))
def test_a_field_the_contract_gains_changes_no_version_while_it_is_empty(
    node: Node, name: str, kind: Kind
) -> None:
    wider = a_contract(fields={**{f"A{k.value.title()}": k for k in VALUES}, name: kind}, **SHAPE)
    assert decode(encode({**node, name: {}}), wider).version == decode(encode(node)).version


@SETTINGS
@given(nodes())
def test_every_value_arrives_as_it_was_sent(node: Node) -> None:
    row = msgspec.json.decode(decode(encode(node)).body)
    for kind in VALUES:
        sent, got = node[f"A{kind.value.title()}"].get("value"), row.get(f"a_{kind.value}")
        assert _means_the_same(kind, sent, got), f"{kind}: {sent!r} became {got!r}"
    assert [line.get("_position") for line in row.get("details", ())] == list(
        range(1, len(node["Details"]) + 1)
    )
    for sent, got in zip(node["Details"], row.get("details", ()), strict=True):
        assert got.get("item") == sent["Item"].get("value")
        assert _means_the_same(Kind.DECIMAL, sent["Qty"].get("value"), got.get("qty"))
        assert len(got.get("lots", ())) == len(sent["Lots"])


@SETTINGS
@given(st.from_regex(r"-?(0|[1-9][0-9]{0,28})(\.[0-9]{1,9}0{0,5})?", fullmatch=True))
def test_digits_are_never_touched(digits: str) -> None:
    row = msgspec.json.decode(decode(b'{"id":"x","ADecimal":{"value":%b}}' % digits.encode()).body)
    assert isinstance(row["a_decimal"], str)
    assert Decimal(row["a_decimal"]) == Decimal(digits)


@SETTINGS
@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_is_exact_or_its_record_is_rejected(number: Decimal) -> None:
    """Never a rounded one: also in scientific form, and with more digits than the column holds."""
    try:
        row = msgspec.json.decode(decode(b'{"id":"x","ADecimal":{"value":%b}}' % str(number).encode()).body)
    except RecordRejectedError:
        whole, _, fraction = f"{number.copy_abs():f}".partition(".")
        assert len(fraction.rstrip("0")) > 9 or len(whole) > 29
    else:
        assert Decimal(row["a_decimal"]) == number


@SETTINGS
@given(st.datetimes(timezones=OFFSETS))
def test_a_day_is_never_shifted_to_another_zone(midnight: datetime) -> None:
    raw = encode({"id": "x", "ADate": {"value": midnight.isoformat()}})
    assert msgspec.json.decode(decode(raw).body)["a_date"] == midnight.date().isoformat()


@SETTINGS
@given(st.datetimes(timezones=OFFSETS))
def test_no_instant_stops_the_run(instant: datetime) -> None:
    """Acumatica's smallest and largest dates, seen from a zone, lie outside the years that UTC has."""
    record = decode(encode({"id": "x", "ADatetime": {"value": instant.isoformat()}}))
    shown = msgspec.json.decode(record.body).get("a_datetime")
    if shown is None:
        assert json.loads(record.extra) == {"ADatetime": instant.isoformat()}
    else:
        assert datetime.fromisoformat(shown) == instant


@SETTINGS
@given(st.binary(max_size=60) | TEXT.map(lambda text: text.encode()))
def test_any_bytes_are_a_record_or_a_rejected_one(noise: bytes) -> None:
    for raw in (noise, b'{"id":"x","AString":{"value":"' + noise + b'"}}', b'{"id":' + noise + b"}"):
        with suppress(RecordRejectedError):
            assert decode(raw).id


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@SETTINGS
@given(
    nodes(),
    st.sampled_from([*(f"A{kind.value.title()}" for kind in VALUES), "Details", "Contact", "New"]),
    JSON,
)
def test_a_member_of_another_type_is_set_aside_whole_and_harms_no_other(
    node: Node, member: str, odd: Any
) -> None:
    try:
        record = decode(encode({**node, member: odd}))
    except RecordRejectedError:
        if member == "ADecimal":  # a number no column holds is a matter for a person
            return
        raise
    without = decode(encode({name: value for name, value in node.items() if name != member}))
    row, plain = msgspec.json.decode(record.body), msgspec.json.decode(without.body)
    assert {name: row.get(name) for name in plain} == plain


def _content(node: Node) -> Any:
    """Return what business sees: no ids of lines, empty as absent, numbers and instants by value."""

    def simplify(value: Any, path: str) -> Any:
        if isinstance(value, dict):
            if set(value) <= {"value"} and path:
                return _by_value(path, value.get("value"))
            parts = {name: simplify(inner, name) for name, inner in value.items() if name != "id"}
            return {name: part for name, part in parts.items() if part not in (None, [], {})}
        return [simplify(inner, "") for inner in value] if isinstance(value, list) else value

    return simplify(node, "")


def _by_value(name: str, value: Any) -> Any:
    if value is not None and name == "ADatetime":
        return datetime.fromisoformat(value).astimezone(UTC)
    if value is not None and name == "ADate":
        return date.fromisoformat(value[:10])
    return ("value", repr(value) if isinstance(value, float) else value) if value is not None else None


def _means_the_same(kind: Kind, sent: Any, got: Any) -> bool:
    if sent is None or got is None:
        return sent is got
    if kind is Kind.DECIMAL:
        return isinstance(got, str) and Decimal(got) == sent
    if kind is Kind.DATETIME:
        return datetime.fromisoformat(got) == datetime.fromisoformat(sent)
    return bool(got == (sent[:10] if kind is Kind.DATE else sent))
