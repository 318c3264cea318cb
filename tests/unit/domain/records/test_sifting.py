"""Records that are not as their contract says: what is kept of them, what is set aside, what is refused."""

import msgspec
import pytest

from connector.domain.records.codec import Codec
from connector.domain.records.contract import Kind
from connector.errors import RecordRejectedError
from tests.builders import a_contract, a_row, an_entity, an_id

CONTRACT = a_contract(custom={"Document.UsrSize": Kind.DECIMAL, "Document.UsrWide": Kind.DECIMAL})
LONG = "1" * 31


def a_codec() -> Codec:
    return Codec(an_entity(bignumeric_fields=frozenset({"Document.UsrWide"})), CONTRACT)


@pytest.mark.parametrize(
    ("custom", "extra"),
    [
        ({"Document": 5}, {"custom/Document": "5"}),
        ({"Document": {"UsrSize": 5}}, {"custom/Document.UsrSize": "5"}),
        ({"Document": {"UsrSize": {"value": "x"}}}, {"custom/Document.UsrSize": "x"}),
        ({"Document": {"UsrNew": {"type": "T", "value": "x"}}}, {"custom/Document.UsrNew": "x"}),
        ({"Document": {"UsrNew": {"type": "T"}}}, {}),
    ],
    ids=["no fields", "bare value", "other type", "unannounced", "unannounced and empty"],
)
def test_a_custom_block_that_is_not_as_it_should_be_costs_no_record(
    custom: dict[str, object], extra: dict[str, object]
) -> None:
    record = a_codec().decode(a_row(Odd="one", custom=custom))
    assert msgspec.json.decode(record.extra) == {"Odd": "one", **extra}


def test_a_good_custom_field_beside_an_odd_one_keeps_its_column() -> None:
    custom = {"Document": {"UsrNew": {"value": "x"}, "UsrSize": {"type": "D", "value": 4.5}}}
    record = a_codec().decode(a_row(Odd="one", custom=custom))
    assert b'"usr_size":"4.5"' in record.body
    assert msgspec.json.decode(record.extra) == {"Odd": "one", "custom/Document.UsrNew": "x"}


def test_a_custom_number_too_long_for_its_column_rejects_the_record_and_names_the_field() -> None:
    row = a_row(Odd=1, custom={"Document": {"UsrSize": {"value": 0}}}).replace(
        b'"value": 0', b'"value": ' + LONG.encode()
    )
    with pytest.raises(
        RecordRejectedError, match=r"^Document\.UsrSize has more digits than its column holds\.$"
    ) as caught:
        a_codec().decode(row)
    assert caught.value.action == "Add Document.UsrSize to bignumeric_fields in the catalogue, then replay."


@pytest.mark.parametrize(
    ("raw", "message"),
    [(b"[1]", "not a JSON object."), (b'"x"', "not a JSON object."), (b"{", "not readable as JSON: ")],
)
def test_what_is_no_record_at_all_is_refused_with_what_to_do(raw: bytes, message: str) -> None:
    with pytest.raises(RecordRejectedError) as caught:
        a_codec().decode(raw)
    assert caught.value.message.startswith(message)
    assert caught.value.action == "Read the record again."


def test_an_id_that_cannot_be_used_is_told_with_what_to_do() -> None:
    with pytest.raises(RecordRejectedError, match=r"^cannot be normalised: it has no id\.$") as caught:
        a_codec().decode(a_row().replace(an_id(1).encode(), b""))
    assert caught.value.action == "Look at the record in Acumatica."


@pytest.mark.parametrize(
    ("slot", "extra"),
    [
        ({"value": 5, "type": "T"}, {"New": "5"}),
        ({"type": "T"}, {}),
        ({"value": 1.50, "more": 2}, {"New": {"value": "1.50", "more": "2"}}),
        ({"value": {"id": 7, "description": "d"}}, {"New": {"id": "7", "description": "d"}}),
        ({"value": 5, "error": "bad"}, {"New": "5", "New/error": "bad"}),
        ({"error": "bad"}, {"New/error": "bad"}),
        ({}, {}),
        ({"id": "i", "Inner": {"value": 3}, "Empty": {}}, {"New": {"Inner": "3", "Empty": None}}),
        ([{"value": 1}, 2], {"New": ["1", "2"]}),
    ],
)
def test_a_member_that_is_not_announced_is_kept_without_its_packaging(
    slot: object, extra: dict[str, object]
) -> None:
    raw = a_row(New={"value": 0}).replace(b'{"value": 0}', msgspec.json.encode(slot).replace(b"1.5", b"1.50"))
    assert msgspec.json.decode(a_codec().decode(raw).extra or b"{}") == extra


def test_members_behind_one_that_is_not_read_or_no_view_are_read_all_the_same() -> None:
    contract = a_contract(
        fields={"Late": Kind.STRING},
        custom={"Document.UsrSize": Kind.DECIMAL},
        unread=frozenset({"Skipped"}),
    )
    custom = {"Broken": 5, "Document": {"UsrSize": {"value": 4.5}}}
    record = Codec(an_entity(), contract).decode(a_row(Odd=1, Skipped=2, custom=custom, Late="x"))
    assert b'"late":"x"' in record.body
    assert b'"usr_size":"4.5"' in record.body
    assert msgspec.json.decode(record.extra) == {"Odd": "1", "custom/Broken": "5"}


def test_a_collection_that_is_no_list_is_of_another_type_and_not_unannounced() -> None:
    codec = Codec(an_entity(), a_contract(details={"Details": CONTRACT.root}))
    codec.decode(a_row(Details={"value": "x"}, New=1))
    assert (codec.mistyped_members, codec.unannounced) == ({"Details"}, {"New"})
