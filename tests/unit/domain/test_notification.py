"""What a push notification is believed, and what in it is refused."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from connector.app.catalogue import load_catalogue
from connector.domain.notification import (
    ACTION,
    MAX_PARSED_BYTES,
    find_entities,
    parse_notification,
    parse_queries,
)
from connector.errors import BadRequestError

ENTITIES = load_catalogue().entities
ONE, TWO = "0f2b3f5e-7c0a-4a5b-9d0c-3b1a5e9f2c11", "0f2b3f5e-7c0a-4a5b-9d0c-3b1a5e9f2c12"


def a_body(**members: Any) -> bytes:
    defaults = {
        "Inserted": [],
        "Deleted": [],
        "Query": "BQ-Bill",
        "CompanyId": "ACME",
        "Id": "n-1",
        "TimeStamp": 636295833829493672,
        "AdditionalInfo": {},
    }
    return json.dumps(defaults | members).encode()


@pytest.mark.parametrize("name", ["NoteID", "noteid", "Note ID", "APInvoice_NoteID", "RefNoteID"])
def test_a_row_that_left_without_coming_back_is_a_suspect(name: str) -> None:
    hint = parse_notification(
        a_body(Deleted=[{"RefNbr": "1", name: ONE.upper()}, {name: TWO}], Inserted=[{name: TWO}])
    )
    assert hint.reported_deletions == (ONE,)
    assert hint.unidentified == 0


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"Query":"BQ-Bill","Id":"1","Query":"BQ-Vendor"}', "Query"),
        (b'{"Query":"BQ-Bill","Id":"1","Deleted":[{"NoteID":"a","NoteID":"b"}]}', "NoteID"),
        (b'{"Query":"BQ-Bill","Id":"1","AdditionalInfo":{"a":1,"a":1}}', "a"),
        (b'{"Id":"1","Id":"2","Query":"BQ-Bill","Inserted":[%b]}' % b" ".ljust(MAX_PARSED_BYTES), "Id"),
    ],
    ids=["envelope", "row", "unread", "large"],
)
def test_a_member_given_twice_is_refused(body: bytes, name: str) -> None:
    with pytest.raises(BadRequestError, match=f"^'{name}' is given twice in one object") as caught:
        parse_notification(body)
    assert "each column once" in caught.value.action


def test_the_record_s_own_id_is_told_from_references_to_others() -> None:
    row = {"RefNoteID": TWO, "NoteID": ONE, "OwnerNoteID": TWO}
    assert parse_notification(a_body(Deleted=[row])).reported_deletions == (ONE,)


def test_an_id_is_not_guessed_among_several_references() -> None:
    hint = parse_notification(a_body(Deleted=[{"RefNoteID": TWO, "OwnerNoteID": ONE}]))
    assert (hint.reported_deletions, hint.unidentified) == ((), 1)


def test_an_update_names_no_suspect() -> None:
    hint = parse_notification(a_body(Deleted=[{"NoteID": ONE, "A": 1}], Inserted=[{"NoteID": ONE, "A": 2}]))
    assert hint.reported_deletions == ()


def test_a_deletion_without_an_id_is_counted_an_update_without_one_is_not() -> None:
    assert parse_notification(a_body(Deleted=[{"RefNbr": "1"}])).unidentified == 1
    assert parse_notification(a_body(Deleted=[{"RefNbr": "1"}], Inserted=[{"RefNbr": "1"}])).unidentified == 0


def test_a_suspect_is_named_once_and_an_id_that_is_none_is_not_taken() -> None:
    rows = [{"NoteID": ONE}, {"NoteID": ONE}, {"NoteID": "x"}, {"NoteID": None}, {"NoteID": 5}]
    hint = parse_notification(a_body(Deleted=rows))
    assert (hint.reported_deletions, hint.unidentified) == ((ONE,), 3)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        b"[]",
        b"{}",
        a_body(Query=""),
        a_body(Query=7),
        a_body(Id=""),
        a_body(Id="x" * 101),
        a_body(Deleted="all"),
        a_body(Deleted=[7]),
        b"[" * 50_000,
        a_body()[:-1] + b', "Other": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        a_body()[:-1] + b', "Other": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
        a_body(Deleted=[])[:-3] + b'[{"NoteID": ' + b"[" * 50_000 + b"]" * 50_000 + b"}]}",
        a_body(Deleted=[{}], Id="")[:-1] + b" " * MAX_PARSED_BYTES + b"}",
    ],
)
def test_what_is_no_notification_is_refused(body: bytes) -> None:
    with pytest.raises(
        BadRequestError,
        match=r"^(This is no push notification: .+\.|The body of the push notification is not JSON\.)$",
    ) as caught:
        parse_notification(body)
    assert caught.value.action == ACTION


def test_a_body_as_long_as_may_be_looked_at_is_looked_at() -> None:
    body = a_body(Deleted=[{"NoteID": ONE}])
    hint = parse_notification(body + b" " * (MAX_PARSED_BYTES - len(body)))
    assert (hint.reported_deletions, hint.query, hint.is_whole) == ((ONE,), "BQ-Bill", True)


def test_a_notification_of_a_mass_release_is_taken_with_its_suspects_as_long_as_it_can_be_looked_at() -> None:
    rows = [{"NoteID": f"0f2b3f5e-7c0a-4a5b-9d0c-{number:012x}"} for number in range(20_000)]
    hint = parse_notification(a_body(Inserted=rows[1:], Deleted=rows))
    assert (hint.reported_deletions, hint.is_whole) == ((rows[0]["NoteID"],), True)


def test_of_a_notification_too_large_to_look_at_the_hint_alone_is_taken() -> None:
    rows = [{"NoteID": ONE, "Descr": "x" * 1000}] * (MAX_PARSED_BYTES // 1000)
    hint = parse_notification(a_body(Deleted=rows))
    assert (hint.id, hint.query) == ("n-1", "BQ-Bill")
    assert (hint.reported_deletions, hint.unidentified, hint.is_whole) == ((), 0, False)


def test_members_nobody_announced_are_passed_over() -> None:
    assert parse_notification(a_body(Truncated=True)).id == "n-1"


@pytest.mark.parametrize(
    ("query", "entity"),
    [
        ("BQ-Bill", "invoices"),
        ("bq vendors", "vendors"),
        ("Vendor", "vendors"),
        ("BQ-JournalTransaction", "gl_entries"),
        ("purchase_orders", "purchase_orders"),
        ("Open Bills", "invoices"),
    ],
)
def test_an_inquiry_belongs_to_the_entity_it_is_named_after_or_assigned_to(query: str, entity: str) -> None:
    named = parse_queries("Open Bills = invoices; A=B=vendors;")
    assert [found.name for found in find_entities(query, ENTITIES, named)] == [entity]
    assert named["A=B"] == ["vendors"]


def test_an_inquiry_nobody_knows_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(BadRequestError, match="'Shipments'") as caught:
        find_entities("Shipments", ENTITIES, {"Shipments": ["shipments"]})
    names = ", ".join(sorted(ENTITIES))
    assert caught.value.action == f"Name it like one of {names}, or add it to NOTIFY_QUERIES."


def test_of_two_entities_of_one_name_in_acumatica_the_one_that_runs_is_meant() -> None:
    for names in (("idle", "busy"), ("busy", "idle")):
        entities = {name: replace(ENTITIES["vendors"], name=name, enabled=name == "busy") for name in names}
        assert [found.name for found in find_entities("Vendor", entities, {})] == ["busy"]
    entities = {"idle": replace(ENTITIES["vendors"], name="idle", enabled=False)}
    assert [found.name for found in find_entities("Vendor", entities, {})] == ["idle"]


@pytest.mark.parametrize("query", ["Vendor", "BQ-vendors", "vendors_eu"])
def test_all_entities_of_one_entity_of_acumatica_are_meant_whichever_names_the_inquiry(query: str) -> None:
    both = {name: replace(ENTITIES["vendors"], name=name) for name in ("vendors", "vendors_eu")}
    entities = both | {"invoices": ENTITIES["invoices"]}
    assert [found.name for found in find_entities(query, entities, {})] == ["vendors", "vendors_eu"]


def test_an_inquiry_may_be_assigned_to_several_entities() -> None:
    named = parse_queries("Open=vendors; Open=invoices")
    assert [found.name for found in find_entities("Open", ENTITIES, named)] == ["vendors", "invoices"]
