"""Records that contradict their contract: one layout and one rule, whichever path through the codec they take."""

import json
from typing import Any

import pytest

from connector.domain.records.codec import Codec
from connector.domain.records.contract import Kind, Shape
from connector.errors import RecordRejectedError
from tests.builders import a_contract, a_row, an_entity
from tests.unit.domain.records.test_codec import body, decode

ODD_NAMES = ('quo"ted', "back\\slash", "line\nbreak", "tab\t", "Größe", "a/b", "~", "a.b", "\x7f")
COLOUR = {"Document.UsrColour": Kind.STRING}


def extra(raw: bytes, **contract: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(decode(raw, **contract)[0].extra or b"{}")
    return found


class TestOneLayout:
    @pytest.mark.parametrize("first", ["details", "Details"])
    def test_a_scalar_called_like_a_collection_stands_beside_it(self, first: str) -> None:
        scalar, collection = first, {"details": "Details", "Details": "details"}[first]
        members: dict[str, Any] = {scalar: "many", collection: [{"Qty": {"value": 1.5}}]}
        row = a_row(**members)
        contract: dict[str, Any] = {
            "fields": {scalar: Kind.STRING},
            "details": {collection: Shape(fields={"Qty": Kind.DECIMAL})},
        }
        record, _ = decode(row, **contract)
        assert body(record)["details"] == "many"
        assert body(record)["details_2"] == [{"_id": None, "_position": 1, "qty": "1.5"}]
        assert record.extra == b""

    def test_a_column_that_takes_no_value_moves_no_other(self) -> None:
        contract = a_contract(fields={"USRCode": Kind.INT, "UsrCode": Kind.STRING})
        codec = Codec(an_entity(), contract, frozenset({"usr_code"}))
        record = codec.decode(a_row(USRCode=7, UsrCode="x"))
        assert "usr_code" not in body(record)
        assert body(record)["usr_code_2"] == "x"
        assert json.loads(record.extra) == {"USRCode": "7"}

    def test_a_collection_whose_column_takes_no_lines_goes_to_extra(self) -> None:
        contract = a_contract(details={"Details": Shape(fields={"Qty": Kind.DECIMAL})})
        codec = Codec(an_entity(), contract, frozenset({"details"}))
        record = codec.decode(a_row(Details=[{"Qty": {"value": 2.50}}]))
        assert json.loads(record.extra) == {"Details": [{"Qty": "2.5"}]}
        assert codec.mistyped_members == {"Details"}
        assert not codec.is_contradicted

    @pytest.mark.parametrize("name", ODD_NAMES)
    def test_a_name_of_any_characters_is_a_column(self, name: str) -> None:
        lines = {"Details": Shape(fields={name: Kind.DECIMAL})}
        custom = {f'Docu"ment.{name}': Kind.STRING} if "." not in name else {}
        members: dict[str, Any] = {name: "x", "Details": [{name: {"value": 1}}]}
        if custom:
            members["custom"] = {'Docu"ment': {name: {"type": "T", "value": "c"}}}
        row = a_row(**members)
        record, codec = decode(row, fields={name: Kind.STRING}, details=lines, custom=custom)
        values = [
            value
            for column, value in body(record).items()
            if column not in ("vendor_id", "last_modified_date_time")
        ]
        assert [value for value in values if isinstance(value, str)] == ["x", *(["c"] if custom else [])]
        (line,) = next(value for value in values if isinstance(value, list))
        assert sorted(map(str, line.values())) == ["1", "1", "None"]
        assert (record.extra, codec.unannounced, codec.mistyped_members) == (b"", set(), set())

    def test_a_wide_custom_field_is_wide(self) -> None:
        contract = a_contract(custom={"Document.UsrWide": Kind.DECIMAL})
        entity = an_entity(bignumeric_fields=frozenset({"Document.UsrWide"}))
        raw = b'{"id":"x","custom":{"Document":{"UsrWide":{"type":"D","value":0.12345678912}}}}'
        assert body(Codec(entity, contract).decode(raw)) == {"usr_wide": "0.12345678912"}


class TestBesideTheValue:
    @pytest.mark.parametrize(("kind", "value", "column"), [
        (Kind.STRING, "x", "x"), (Kind.DECIMAL, 5, "5"), (Kind.INT, 7, 7), (Kind.BOOL, False, False),
        (Kind.SELECT, {"id": "N", "description": "New"}, "New"),
    ])  # fmt: skip
    def test_what_stands_beside_a_value_leaves_it_in_its_column(
        self, kind: Kind, value: Any, column: Any
    ) -> None:
        row = a_row(Terms={"value": value, "error": "is not valid", "type": "T", "more": {"n": 1}})
        record, codec = decode(row, fields={"Terms": kind})
        assert body(record)["terms"] == column
        assert json.loads(record.extra) == {
            "Terms/error": "is not valid",
            "Terms/type": "T",
            "Terms/more": {"n": "1"},
        }
        assert not codec.is_contradicted

    @pytest.mark.parametrize(("kind", "value", "columns", "expected"), [
        (Kind.SELECT, {"id": "N", "description": "New", "colour": 5}, {"status": "New", "status_id": "N"}, {"Status/value/colour": "5"}),
        (Kind.SELECT, {"colour": 5}, {}, {"Status": {"colour": "5"}}),
        (Kind.MULTISELECT, [{"id": "N"}, {"id": "O", "colour": 5}], {"status": "N, O"}, {"Status/value[2]/colour": "5"}),
    ])  # fmt: skip
    def test_what_stands_inside_a_drop_down_is_kept_too(
        self, kind: Kind, value: Any, columns: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        record, _ = decode(a_row(Status={"value": value}), fields={"Status": kind})
        assert {name: cell for name, cell in body(record).items() if name.startswith("status")} == columns
        assert json.loads(record.extra) == expected

    def test_an_error_without_a_value_is_kept(self) -> None:
        assert extra(a_row(Terms={"error": "is required"}), fields={"Terms": Kind.INT}) == {
            "Terms/error": "is required"
        }

    def test_so_it_is_in_lines_and_custom_blocks(self) -> None:
        custom: dict[str, Any] = {
            "custom": {"Document": {"UsrColour": {"type": "T", "value": "red", "error": "odd"}}}
        }
        row = a_row(Details=[{}, {"Qty": {"value": 1, "error": "late"}}], **custom)
        record, _ = decode(row, details={"Details": Shape(fields={"Qty": Kind.DECIMAL})}, custom=COLOUR)
        assert body(record)["usr_colour"] == "red"
        assert json.loads(record.extra) == {
            "Details[2]/Qty/error": "late",
            "custom/Document.UsrColour/error": "odd",
        }

    def test_an_error_beside_a_value_without_a_column_is_kept(self) -> None:
        custom: dict[str, Any] = {
            "custom": {"Document": {"UsrOther": {"type": "T", "value": "x", "error": "odd"}}}
        }
        row = a_row(New={"value": 7, "error": "late"}, Newer={"error": "is required"}, **custom)
        assert extra(row) == {
            "New": "7",
            "New/error": "late",
            "Newer/error": "is required",
            "custom/Document.UsrOther": "x",
            "custom/Document.UsrOther/error": "odd",
        }

    def test_an_empty_error_is_nothing(self) -> None:
        row = a_row(Terms={"value": "x", "error": None})
        assert decode(row, fields={"Terms": Kind.STRING})[0].extra == b""


class TestNumbers:
    @pytest.mark.parametrize(("digits", "whole"), [
        ("12.0", 12), ("1.2e1", 12), ("-0.0", 0), ("9223372036854775807.00", 2**63 - 1), ("-9223372036854775808.0", -(2**63)),
    ])  # fmt: skip
    def test_a_whole_number_is_one_however_it_is_written(self, digits: str, whole: int) -> None:
        raw = b'{"id":"x","Terms":{"value":%b}}' % digits.encode()
        record, codec = decode(raw, fields={"Terms": Kind.INT})
        assert (body(record), record.extra) == ({"terms": whole}, b"")
        assert not codec.is_contradicted

    @pytest.mark.parametrize(
        "digits", ["12.5", "9223372036854775808.0", "1e300", "1e999999999", "9223372036854775808"]
    )
    def test_what_is_no_integer_of_64_bits_is_kept_digit_for_digit(self, digits: str) -> None:
        raw = b'{"id":"x","Terms":{"value":%b}}' % digits.encode()
        assert extra(raw, fields={"Terms": Kind.INT}) == {"Terms": digits}

    def test_every_number_in_extra_is_text_whole_ones_too(self) -> None:
        raw = b'{"id":"x","A":{"value":7},"B":{"n":{"value":12345678901234567890123}},"C":[1,{"value":2.50}],"D":{"value":true}}'
        assert extra(raw) == {"A": "7", "B": {"n": "12345678901234567890123"}, "C": ["1", "2.50"], "D": True}

    def test_the_id_of_a_drop_down_that_is_not_announced_is_kept(self) -> None:
        assert extra(a_row(New={"value": {"id": 7, "description": "Net"}})) == {
            "New": {"id": "7", "description": "Net"}
        }


class TestText:
    @pytest.mark.parametrize(("kind", "wire"), [
        (Kind.INT, "12"), (Kind.DECIMAL, "12.50"), (Kind.DOUBLE, "1.50e3"), (Kind.BOOL, "true"),
        (Kind.DATETIME, '"2026-11-22T06:00:00+02:00"'), (Kind.DATE, '"2026-11-22T00:00:00+02:00"'),
    ])  # fmt: skip
    def test_a_column_of_text_holds_a_value_of_another_kind_as_it_was_sent(
        self, kind: Kind, wire: str
    ) -> None:
        contract = a_contract(fields={"Terms": kind}, details={"Details": Shape(fields={"Terms": kind})})
        codec = Codec(an_entity(), contract, as_text=frozenset({"terms", "details.terms"}))
        raw = b'{"id":"x","Terms":{"value":%b},"Details":[{"Terms":{"value":%b}},{"Terms":{}}]}' % (
            (wire.encode(),) * 2
        )
        for member in (b"", b',"New":{"value":1}'):
            record = codec.decode(raw[:-1] + member + b"}")
            assert body(record)["terms"] == wire.strip('"')
            assert [line.get("terms") for line in body(record)["details"]] == [wire.strip('"'), None]  # type: ignore[attr-defined]
        assert codec.mistyped_members == set()

    def test_a_stamp_stays_one_though_its_column_is_text(self) -> None:
        codec = Codec(an_entity(), a_contract(), as_text=frozenset({"last_modified_date_time"}))
        record = codec.decode(a_row())
        assert record.modified_at is not None
        assert body(record)["last_modified_date_time"] == "2026-11-22T06:00:00.837000Z"

    @pytest.mark.parametrize(("wire", "text"), [("5", "5"), ("2.50", "2.50"), ("true", "true")])
    def test_a_value_of_another_kind_fits_text_and_contradicts_the_contract(
        self, wire: str, text: str
    ) -> None:
        raw = b'{"id":"x","Terms":{"value":%b}}' % wire.encode()
        record, codec = decode(raw, fields={"Terms": Kind.STRING})
        assert (body(record), record.extra) == ({"terms": text}, b"")
        assert codec.is_contradicted

    def test_text_where_a_drop_down_was_announced_is_its_description(self) -> None:
        record, codec = decode(a_row(Status="Open"), fields={"Status": Kind.SELECT})
        assert body(record)["status"] == "Open"
        assert codec.is_contradicted

    def test_a_key_reads_the_same_in_a_column_of_text(self) -> None:
        contract = a_contract(fields={"VendorID": Kind.INT})
        codec = Codec(an_entity(), contract, as_text=frozenset({"vendor_id"}))
        assert codec.decode(b'{"id":"x","VendorID":{"value":7}}').key == "7"
        assert codec.decode(b'{"id":"x"}').key == ""


class TestCustomBlock:
    @pytest.mark.parametrize("chosen", [{}, COLOUR], ids=["none chosen", "one chosen"])
    @pytest.mark.parametrize(("block", "expected"), [
        (5, {"custom": "5"}), ("x", {"custom": "x"}), ([1], {"custom": ["1"]}), (None, {}), ({}, {}), ({"Document": None}, {}),
        ({"Document": "x"}, {"custom/Document": "x"}),
        ({"Other": {"UsrSize": {"type": "T", "value": 3}}}, {"custom/Other.UsrSize": "3"}),
        ({"Other": {"UsrSize": {"type": "T"}}}, {}),
    ])  # fmt: skip
    def test_what_is_not_chosen_goes_to_extra_on_either_path(
        self, chosen: dict[str, Kind], block: Any, expected: dict[str, Any]
    ) -> None:
        raw = json.dumps({"id": "x", "custom": block}).encode()
        odd = json.dumps({"id": "x", "custom": block, "New": {"value": "n"}}).encode()
        assert extra(raw, custom=chosen) == expected
        assert extra(odd, custom=chosen) == {"New": "n", **expected}

    def test_an_unchosen_field_does_not_make_the_contract_be_read_again(self) -> None:
        row = a_row(custom={"Other": {"UsrSize": {"type": "T", "value": 3}}})
        codec = decode(row, custom=COLOUR)[1]
        assert (codec.unannounced, codec.is_contradicted) == ({"Other.UsrSize"}, False)


NESTED = pytest.mark.parametrize(
    "place",
    [b'"New":%b', b'"custom":{"Document":%b}', b'"note":%b', b'"VendorID":{"value":%b}'],
    ids=bytes.decode,
)


def nest(place: bytes, depth: int) -> bytes:
    return b'{"id":"x",' + place % (b"[" * depth + b"]" * depth) + b"}"


@NESTED
def test_deep_levels_are_kept(place: bytes) -> None:
    assert decode(nest(place, 100))[0].id == "x"


@NESTED
@pytest.mark.parametrize("depth", [3000, 100_000])
def test_levels_without_end_cost_one_record(place: bytes, depth: int) -> None:
    with pytest.raises(RecordRejectedError, match=r"^nested deeper than can be read\.$") as caught:
        decode(nest(place, depth))
    assert caught.value.action
