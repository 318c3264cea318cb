"""Records and rows: what becomes of a member, what makes a version, what an anchor is."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from connector.domain.batch import Row
from connector.domain.records.codec import Codec, Record
from connector.domain.records.contract import Kind, Shape
from connector.errors import RecordRejectedError
from tests.builders import MORNING, a_contract, a_record, a_row, an_entity, an_id

CUSTOM: dict[str, Any] = {
    "custom": {"Document": {"UsrColour": {"type": "CustomStringField", "value": "red"}}}
}
LINES = {
    "Details": Shape(fields={"Qty": Kind.DECIMAL}, custom={}),
    "Taxes": Shape(fields={"Qty": Kind.DECIMAL}),
}


def body(record: Record) -> dict[str, object]:
    decoded: dict[str, object] = msgspec.json.decode(record.body)
    return decoded


def a_log_row(record: Record, *, modified_at: datetime | None, run_id: str) -> bytes:
    head = record.encode_head(modified_at=modified_at, synced_at="2026-11-22T07:00:00Z", run_id=run_id)
    return Row(insert_id="", head=head, body=record.body).data


def decode(raw: bytes, **contract: object) -> tuple[Record, Codec]:
    codec = Codec(an_entity(), a_contract(**contract))  # type: ignore[arg-type]
    return codec.decode(raw), codec


class TestRow:
    def test_it_carries_content_and_what_the_connector_knows(self) -> None:
        record = a_record(number=3, key="V003")
        row = msgspec.json.decode(a_log_row(record, modified_at=record.modified_at, run_id="run-1"))
        assert row == {
            "_id": an_id(3),
            "_modified_at": "2026-11-22T06:00:00.837000Z",
            "_version": record.version,
            "_deleted": False,
            "_synced_at": "2026-11-22T07:00:00Z",
            "_run_id": "run-1",
            "vendor_id": "V003",
            "last_modified_date_time": "2026-11-22T06:00:00.837000Z",
        }
        assert b"\n" not in record.body

    def test_a_record_without_any_value_is_a_row_too(self) -> None:
        record, _ = decode(b'{"id":"x"}', modified_field=None)
        row = msgspec.json.decode(a_log_row(record, modified_at=None, run_id="r"))
        assert (row["_id"], row["_modified_at"], record.key, record.modified_at) == ("x", None, "", None)

    def test_stamps_are_in_utc_whatever_the_server_s_zone(self) -> None:
        record = a_record(modified_at=datetime.fromisoformat("2026-11-22T01:00:00-05:00"))
        assert record.modified_at == datetime(2026, 11, 22, 6, tzinfo=UTC)
        assert record.version == a_record(modified_at=datetime(2026, 11, 22, 6, tzinfo=UTC)).version


class TestMark:
    def test_a_stamp_s_zone_is_utc_itself_not_one_that_equals_it_here(self) -> None:
        stamp = a_record().modified_at
        assert stamp is not None
        assert stamp.tzinfo is UTC

    def test_a_row_whose_stamp_changed_is_no_anchor(self) -> None:
        assert a_record().row_fingerprint == a_record(key="renamed in the same instant").row_fingerprint
        assert (
            a_record().row_fingerprint
            != a_record(modified_at=MORNING + timedelta(milliseconds=3)).row_fingerprint
        )
        assert a_record(number=1).row_fingerprint != a_record(number=2).row_fingerprint

    def test_without_a_stamp_a_renamed_row_is_no_anchor(self) -> None:
        plain = a_contract(modified_field=None, fields={"Name": Kind.STRING})

        def row_fingerprint(key: str, name: str) -> str:
            return a_record(contract=plain, key=key, modified_at=None, Name=name).row_fingerprint

        assert row_fingerprint("V001", "one") == row_fingerprint("V001", "another")
        assert row_fingerprint("V001", "one") != row_fingerprint("V002", "one")


class TestWhatDoesNotFit:
    def test_an_unannounced_member_goes_to_extra_and_is_told(self) -> None:
        record, codec = decode(a_row(Colour="red"))
        assert json.loads(record.extra) == {"Colour": "red"}
        assert (codec.unannounced, codec.mistyped_members) == ({"Colour"}, set())
        assert record.version != a_record().version

    def test_an_unannounced_member_without_value_is_told_and_changes_nothing(self) -> None:
        record, codec = decode(a_row(Colour={}))
        assert (record.extra, codec.unannounced) == (b"", {"Colour"})
        assert record.version == a_record().version

    def test_a_value_of_another_type_goes_to_extra_and_is_told(self) -> None:
        record, codec = decode(a_row(Terms="soon"), fields={"Terms": Kind.INT})
        assert json.loads(record.extra) == {"Terms": "soon"}
        assert (codec.unannounced, codec.mistyped_members) == (set(), {"Terms"})
        assert "terms" not in body(record)

    def test_a_member_that_is_not_asked_for_is_left_alone(self) -> None:
        record, codec = decode(
            a_row(Files=[{"id": "f"}], Contacts=[{"Name": {"value": "x"}}]), unread=frozenset({"Contacts"})
        )
        assert record.extra == b'{"Files":[{}]}' or json.loads(record.extra) == {"Files": [{}]}
        assert codec.unannounced == {"Files"}

    def test_what_is_odd_in_a_line_is_told_with_its_place(self) -> None:
        lines = [{"Qty": {"value": 1.5}}, {"Qty": {"value": "many"}, "Note": {"value": 2.50}}]
        record, codec = decode(a_row(Details=lines), details=LINES)
        assert json.loads(record.extra) == {"Details[2]/Qty": "many", "Details[2]/Note": "2.5"}
        assert (codec.unannounced, codec.mistyped_members) == ({"Details/Note"}, {"Details/Qty"})
        assert body(record)["details"] == [
            {"_id": None, "_position": 1, "qty": "1.5"},
            {"_id": None, "_position": 2},
        ]

    def test_a_linked_entity_that_is_null_has_no_columns(self) -> None:
        linked = {"Contact": Shape(fields={"Email": Kind.STRING, "Phone": Kind.STRING})}
        record, _ = decode(a_row(Contact={"Email": {"value": "a@b"}}), linked=linked)
        assert body(record)["contact_email"] == "a@b"
        empty, codec = decode(b'{"id":"x","Contact":null}', linked=linked)
        assert body(empty) == {}
        assert codec.unannounced == codec.mistyped_members == set()

    def test_what_moved_to_extra_comes_in_one_order(self) -> None:
        one, _ = decode(a_row(Zebra="z", Apple="a"))
        other, _ = decode(a_row(Apple="a", Zebra="z"))
        assert one.extra == other.extra == b'{"Apple":"a","Zebra":"z"}'
        assert one.version == other.version

    def test_a_linked_entity_survives_the_thorough_path_with_what_is_odd_in_it_told(self) -> None:
        linked = {"Contact": Shape(fields={"Email": Kind.STRING, "Age": Kind.INT})}
        contact = {
            "Email": {"value": "a@b"},
            "Age": {"value": "old"},
            "Nick": {"value": {"id": "n", "Deep": {"value": 1}}},
        }
        record, codec = decode(a_row(Contact=contact), linked=linked)
        assert body(record)["contact_email"] == "a@b"
        assert json.loads(record.extra) == {"Contact/Age": "old", "Contact/Nick": {"id": "n", "Deep": "1"}}
        assert (codec.unannounced, codec.mistyped_members) == ({"Contact/Nick"}, {"Contact/Age"})

    def test_announced_members_that_are_null_are_passed_over_on_the_thorough_path(self) -> None:
        raw = b'{"id":"x","Name":null,"Contact":null,"Details":null,"New":{"type":"T","value":7},"VendorID":{"value":"V"}}'
        linked = {"Contact": Shape(fields={"Email": Kind.STRING})}
        record, codec = decode(raw, fields={"Name": Kind.STRING}, linked=linked, details=LINES)
        assert body(record) == {"vendor_id": "V"}
        assert (record.extra, codec.unannounced, codec.mistyped_members) == (b'{"New":"7"}', {"New"}, set())

    def test_what_was_told_of_earlier_records_stays_told(self) -> None:
        codec = Codec(an_entity(), a_contract(fields={"Terms": Kind.INT, "Zone": Kind.INT}))
        for row in (a_row(Colour="red", Terms="soon"), a_row(Size="big", Zone="north")):
            codec.decode(row)
        assert (codec.unannounced, codec.mistyped_members) == ({"Colour", "Size"}, {"Terms", "Zone"})

    def test_a_wide_column_is_wide_in_lines_and_linked_entities_too(self) -> None:
        digits = "1" * 38
        level = Shape(fields={"Total": Kind.DECIMAL})
        contract = a_contract(details={"Details": level}, linked={"Contact": level})
        wide = an_entity(bignumeric_fields=frozenset({"Details/Total", "Contact/Total"}))
        row = a_row(Details=[{"Total": {"value": 7}}], Contact={"Total": {"value": 7}})
        body = Codec(wide, contract).decode(row.replace(b'"value": 7', b'"value": ' + digits.encode())).body
        assert body.count(digits.encode()) == 2

    def test_a_wide_column_is_wide_on_the_thorough_path_too(self) -> None:
        entity = an_entity(bignumeric_fields=frozenset({"Amount"}))
        codec = Codec(entity, a_contract(fields={"Amount": Kind.DECIMAL}))
        record = codec.decode(b'{"id":"x","Amount":{"value":0.1234567891},"New":{}}')
        assert body(record)["amount"] == "0.1234567891"


class TestCustomFields:
    def test_they_become_columns_without_a_detour(self) -> None:
        record, codec = decode(a_row(**CUSTOM), custom={"Document.UsrColour": Kind.STRING})
        assert body(record)["usr_colour"] == "red"
        assert (record.extra, codec.unannounced) == (b"", set())

    @pytest.mark.parametrize("block", [{}, {"custom": None}, {"custom": {}}, {"custom": {"Document": {}}}])
    def test_they_may_be_missing(self, block: dict[str, object]) -> None:
        raw = json.dumps({"id": "x", **block}).encode()
        record, _ = decode(raw, custom={"Document.UsrColour": Kind.STRING})
        assert "usr_colour" not in body(record)

    def test_a_record_on_the_thorough_path_keeps_them(self) -> None:
        odd = {"Other": {"UsrSize": {"type": "CustomIntField", "value": 3}}}
        both: dict[str, Any] = {"custom": {**CUSTOM["custom"], **odd}, "New": {"value": 1}}
        record, codec = decode(a_row(**both), custom={"Document.UsrColour": Kind.STRING})
        assert body(record)["usr_colour"] == "red"
        assert json.loads(record.extra) == {"New": "1", "custom/Other.UsrSize": "3"}
        assert codec.unannounced == {"New", "Other.UsrSize"}


class TestVersions:
    def test_a_line_that_moves_to_another_collection_is_a_change(self) -> None:
        line = {"Qty": {"value": 1}}
        made = [
            decode(a_row(Details=a, Taxes=b), details=LINES)[0].version
            for a, b in (([line], []), ([], [line]))
        ]
        assert made[0] != made[1]

    def test_a_line_that_moves_between_levels_is_a_change(self) -> None:
        inner = Shape(fields={"Qty": Kind.DECIMAL})
        details = {"Details": Shape(fields={"Qty": Kind.DECIMAL}, details={"Lots": inner})}
        line, lot = {"Qty": {"value": 1}}, {"Qty": {"value": 2}}
        flat = [{**line, "Lots": [lot]}, lot]
        deep = [{**line, "Lots": [lot, lot]}]
        versions = {decode(a_row(Details=lines), details=details)[0].version for lines in (flat, deep)}
        assert len(versions) == 2

    def test_the_order_of_lines_is_content(self) -> None:
        lines = [{"Qty": {"value": 1}}, {"Qty": {"value": 2}}]
        there, back = (decode(a_row(Details=order), details=LINES)[0] for order in (lines, lines[::-1]))
        assert there.version != back.version


class TestRejection:
    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (b"[]", "not a JSON object"),
            (b"{", "not readable as JSON"),
            (b'{"id":"x","VendorID":{"value":"\xff"}}', "not readable as JSON"),
            (b'{"VendorID":{"value":"V1"}}', "it has no id"),
            (b'{"id":""}', "it has no id"),
            (b'{"id":7}', "cannot be normalised"),
        ],
    )
    def test_it_names_the_reason(self, raw: bytes, reason: str) -> None:
        with pytest.raises(RecordRejectedError, match=reason) as caught:
            decode(raw)
        assert caught.value.action

    def test_an_amount_too_long_is_rejected_with_the_setting_that_helps(self) -> None:
        raw = b'{"id":"x","Amount":{"value":0.1234567891}}'
        with pytest.raises(RecordRejectedError, match="Amount has more digits") as caught:
            decode(raw, fields={"Amount": Kind.DECIMAL})
        assert "bignumeric_fields" in caught.value.action
        wide = Codec(
            an_entity(bignumeric_fields=frozenset({"Amount"})), a_contract(fields={"Amount": Kind.DECIMAL})
        )
        assert body(wide.decode(raw))["amount"] == "0.1234567891"

    def test_an_amount_of_a_line_names_the_log_too(self) -> None:
        lines = Shape(fields={}, linked={"Item": Shape(fields={"Qty": Kind.DECIMAL})})
        raw = b'{"id":"x","Details":[{"Item":{"Qty":{"value":0.1234567891}}}]}'
        with pytest.raises(RecordRejectedError) as caught:
            decode(raw, details={"Details": lines})
        assert caught.value.action == (
            "Add Details/Item/Qty to bignumeric_fields in the catalogue, then replay."
            " In BigQuery a column of lines becomes wide only in a new log: rename the log table first."
        )

    def test_an_amount_of_a_linked_entity_does_not(self) -> None:
        raw = b'{"id":"x","Item":{"Qty":{"value":0.1234567891}}}'
        with pytest.raises(RecordRejectedError) as caught:
            decode(raw, linked={"Item": Shape(fields={"Qty": Kind.DECIMAL})})
        assert caught.value.action == "Add Item/Qty to bignumeric_fields in the catalogue, then replay."

    def test_a_column_that_keeps_another_type_sends_its_values_to_extra(self) -> None:
        contract = a_contract(fields={"Terms": Kind.INT})
        codec = Codec(an_entity(), contract, frozenset({"terms"}))
        record = codec.decode(a_row(Terms=30))
        assert json.loads(record.extra) == {"Terms": "30"}
        assert (codec.mistyped_members, codec.unannounced) == ({"Terms"}, set())
