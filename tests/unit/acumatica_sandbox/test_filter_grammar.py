"""The contract-4 grammar of `$filter`."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from acumatica_sandbox.rows import Row, Scalar, new_id
from tests.unit.acumatica_sandbox.calls import Caller, a_caller, a_sandbox, references, the_error


@pytest.fixture(scope="module")
def caller() -> Caller:
    caller = a_caller(
        size="empty", custom_fields={"Bill": {"Document.UsrRegion": "CustomStringField"}}, server_zone="UTC"
    )
    tenant = caller.sandbox.tenant
    bills = [
        ("A1", "Bill", "10.00", True, "Café 'Zoë'", date(2026, 3, 1), "North"),
        ("A2", "Bill", "10.50", False, "spare parts", date(2026, 3, 2), "South"),
        ("B1", "Credit Adj.", "-7.25", False, None, date(2026, 3, 3), None),
        ("B2", "Bill", "12345678901234.5678", None, "Spare wheel", None, "North"),
    ]
    for reference, kind, amount, hold, text, day, region in bills:
        fields: dict[str, Scalar | None] = {
            "Type": kind,
            "ReferenceNbr": reference,
            "Amount": Decimal(amount),
            "Hold": hold,
            "Description": text,
            "Date": day,
        }
        kept = {name: value for name, value in fields.items() if value is not None}
        custom = {"Document.UsrRegion": region} if region else {}
        tenant.insert("Bill", kept, custom=custom)
        tenant.clock.advance(60)
    contact = tenant.begin()
    contact.insert("Vendor", {"VendorID": "V1", "VendorName": "One"}, linked=_contact(caller, "a@b.example"))
    contact.insert("Vendor", {"VendorID": "V2", "VendorName": "Two"})
    contact.commit()
    return caller


def _contact(caller: Caller, email: str) -> dict[str, object]:
    return {"MainContact": Row(id=new_id(caller.sandbox.tenant.random), fields={"Email": email})}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Type eq 'Bill'", "A1 A2 B2"),
        ("Type eq 'bill'", "A1 A2 B2"),
        ("Type ne 'Bill'", "B1"),
        ("Amount gt 10", "A2 B2"),
        ("Amount ge 10.0", "A1 A2 B2"),
        ("Amount lt 0", "B1"),
        ("Amount le -7.25M", "B1"),
        ("Amount eq 12345678901234.5678", "B2"),
        ("Amount eq 12345678901234.5679", ""),
        ("Hold eq true", "A1"),
        ("Hold eq false", "A2 B1"),
        ("Hold", "A1"),
        ("Hold eq null", "B2"),
        ("Type", ""),
        ("Description ne null", "A1 A2 B2"),
        ("Description eq null", "B1"),
        ("Description eq 'Café ''Zoë'''", "A1"),
        ("substringof('SPARE',Description)", "A2 B2"),
        ("startswith(Description,'spare')", "A2 B2"),
        ("endswith(Description,'wheel')", "B2"),
        ("substringof('spare',Description) eq true", ""),
        ("Type eq 'Bill' and Amount gt 10 or ReferenceNbr eq 'B1'", "A2 B1 B2"),
        ("Type eq 'Bill' and (Amount gt 11 or Hold eq true)", "A1 B2"),
        ("not (Type eq 'Bill')", "B1"),
        ("not (Type eq 'Bill') or not (Amount lt 11)", "B1 B2"),
        ("Date eq datetimeoffset'2026-03-02'", "A2"),
        ("Date ge date'2026-03-02'", "A2 B1"),
        ("Date lt datetimeoffset'2026-03-02T00:00:00Z'", "A1"),
        ("LastModifiedDateTime ge datetimeoffset'2026-03-16T14:31:00Z'", "A2 B1 B2"),
        ("LastModifiedDateTime gt datetimeoffset'2026-03-16T10:31:00.000-04:00'", "B1 B2"),
        ("LastModifiedDateTime ge datetimeoffset'2026-03-16T14:32:00'", "B1 B2"),
        ("ReferenceNbr gt 'A1' and ReferenceNbr lt 'B2'", "A2 B1"),
        ("cf.String(f='Document.UsrRegion') eq 'North'", "A1 B2"),
        ("cf.String(f='Document.UsrRegion') ne null", "A1 A2 B2"),
    ],
)
def test_a_filter_answers_the_rows_it_describes(caller: Caller, text: str, expected: str) -> None:
    assert sorted(references(caller.list("Bill", filter=text))) == expected.split()


def test_a_linked_field_is_reached_by_its_path(caller: Caller) -> None:
    rows = caller.list("Vendor", filter="MainContact/Email eq 'A@B.example'")
    assert references(rows, "VendorID") == ["V1"]


def test_a_guid_literal_finds_the_record(caller: Caller) -> None:
    first = caller.sandbox.tenant.insert("Payment", {"Type": "Payment", "ReferenceNbr": "P1"})
    caller.sandbox.tenant.insert("Payment", {"Type": "Payment", "ReferenceNbr": "P2"})
    assert references(caller.list("Payment", filter=f"NoteID eq guid'{first.upper()}'")) == ["P1"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("amount gt 1", "Could not find a property named 'amount' on type 'Default.Bill'."),
        (
            "Details/Amount gt 1",
            "The parent value for a property access of a property 'Details' is not a single",
        ),
        ("Nowhere/Amount gt 1", "Could not find a property named 'Nowhere'"),
        ("contains(Description,'x')", "unknown function with name 'contains'"),
        ("tolower(Description) eq 'x'", "unknown function with name 'tolower'"),
        ("not substringof('x',Description)", "'not' cannot be applied"),
        ("substringof('x')", "No function signature"),
        ("Amount gt", "was not expected"),
        ("Amount gt 1)", "')' was not expected"),
        ("(Amount gt 1", "')' expected"),
        ("Amount gt 'x'", "incompatible types"),
        ("Amount & 1", "Syntax error at position 7"),
        ("LastModifiedDateTime ge datetimeoffset'yesterday'", "Unrecognized 'Edm.DateTimeOffset' literal"),
        ("'x'", "must evaluate to a single boolean value"),
    ],
)
def test_a_filter_that_makes_no_sense_is_a_500_that_says_why(
    caller: Caller, text: str, complaint: str
) -> None:
    assert complaint in the_error(caller.get("Bill", filter=text))


def test_an_unknown_custom_field_is_a_missing_key(caller: Caller) -> None:
    response = caller.get("Bill", filter="cf.String(f='Document.UsrNothing') eq 'x'")
    assert the_error(response) == "The given key was not present in the dictionary."


def test_a_raw_plus_sign_is_a_space_and_breaks_the_literal(caller: Caller) -> None:
    text = "$filter=LastModifiedDateTime%20ge%20datetimeoffset'2026-03-16T18:30:00+04:00'"
    assert "Unrecognized" in the_error(caller.send("GET", f"{caller.endpoint}/Bill", text))
    encoded = caller.send("GET", f"{caller.endpoint}/Bill", text.replace("+", "%2B"))
    assert len(encoded.json()) == 4


def test_a_literal_without_offset_is_in_the_zone_that_is_set() -> None:
    sandbox = a_sandbox(size="empty", literal_zone="America/New_York")
    sandbox.tenant.insert("Bill", {"Type": "Bill", "ReferenceNbr": "A1"})
    caller = Caller(sandbox)
    caller.sign_in()
    text = "LastModifiedDateTime eq datetimeoffset'2026-03-16T10:30:00'"
    assert references(caller.list("Bill", filter=text)) == ["A1"]


def test_calendar_days_are_compared_in_the_servers_zone() -> None:
    sandbox = a_sandbox(size="empty", server_zone="America/New_York")
    sandbox.tenant.insert("Bill", {"Type": "Bill", "ReferenceNbr": "A1", "Date": date(2026, 3, 2)})
    caller = Caller(sandbox)
    caller.sign_in()
    assert caller.list("Bill", filter="Date ge datetimeoffset'2026-03-02T05:00:00Z'")
    assert not caller.list("Bill", filter="Date lt datetimeoffset'2026-03-02T05:00:00Z'")


def test_fields_a_site_cannot_filter_on_answer_an_empty_list_in_silence() -> None:
    caller = a_caller(silently_empty={"PurchaseOrder": ("LastModifiedDateTime",)})
    assert caller.list("PurchaseOrder", top="1")
    assert caller.list("PurchaseOrder", filter="LastModifiedDateTime ge datetimeoffset'1990-01-01'") == []


def test_stamps_stored_are_found_by_the_text_they_are_shown_as() -> None:
    caller = a_caller()
    for row in caller.list("Bill", top="20"):
        shown = row["LastModifiedDateTime"]["value"]
        assert datetime.fromisoformat(shown).astimezone(UTC).microsecond % 1000 == 0
        found = caller.list("Bill", filter=f"LastModifiedDateTime eq datetimeoffset'{shown}'")
        assert row["id"] in [item["id"] for item in found]
