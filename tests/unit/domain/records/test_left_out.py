"""What a list leaves out is told from what is really empty, and from what has changed in between."""

from typing import Any

import msgspec
import pytest

from connector.domain.records.left_out import Comparison, compare_listed
from tests.builders import MORNING, a_row

STAMP = "LastModifiedDateTime"
LINES = [{"id": "l1", "rowNumber": 1, "Amount": {"value": 1.50}, "custom": {}}]
REGION = {"Document": {"UsrRegion": {"type": "CustomStringField", "value": "north"}}}
WHOLE: dict[str, Any] = {
    "Amount": 5,
    "Details": LINES,
    "MainContact": {"id": "c", "Email": {"value": "a@b"}},
    "custom": REGION,
}


LEVELS = ("Details", "MainContact", "Document.UsrRegion")


def compared(**listed: Any) -> Comparison:
    return compare_listed(a_row(**(WHOLE | listed)), a_row(**WHOLE), STAMP)


def test_the_same_record_differs_in_nothing_and_gives_what_it_has_in_levels_and_custom_fields() -> None:
    same = Comparison(given=LEVELS)
    assert compared() == same
    assert compared(rowNumber={"a": 17}, Details=[{**LINES[0], "id": "l9", "rowNumber": 4}]) == same


def test_what_several_records_show_is_put_together() -> None:
    assert compared(Details=[]).join(compared(Amount=6)) == Comparison(
        left_out=("Details",), given=tuple(sorted(LEVELS)), differ=("Amount",)
    )


@pytest.mark.parametrize(
    ("listed", "left_out"),
    [
        ({"Details": []}, "Details"),
        ({"MainContact": {}}, "MainContact"),
        ({"custom": {}}, "Document.UsrRegion"),
        ({"custom": {"Document": {"UsrRegion": {"type": "CustomStringField"}}}}, "Document.UsrRegion"),
    ],
)
def test_a_level_or_custom_field_that_is_empty_in_the_list_is_left_out(
    listed: dict[str, Any], left_out: str
) -> None:
    given = tuple(level for level in LEVELS if level != left_out)
    assert compared(**listed) == Comparison(left_out=(left_out,), given=given)


@pytest.mark.parametrize(
    ("listed", "path"),
    [
        ({"Amount": 6}, "Amount"),
        ({"Amount": {}}, "Amount"),
        ({"Details": LINES * 2}, "Details"),
        ({"Details": [{**LINES[0], "Amount": {"value": 2}}]}, "Details/Amount"),
        ({"MainContact": {"id": "c", "Email": {}}}, "MainContact/Email"),
    ],
)
def test_another_value_differs(listed: dict[str, Any], path: str) -> None:
    assert compared(**listed) == Comparison(given=LEVELS, differ=(path,))


def test_what_is_really_empty_is_not_left_out() -> None:
    empty = {"Amount": 5, "Details": [], "MainContact": None, "custom": {}}
    row = msgspec.json.encode(msgspec.json.decode(a_row()) | empty)
    assert compare_listed(row, row, STAMP) == Comparison()


def test_a_record_that_was_changed_in_between_tells_nothing() -> None:
    later = a_row(modified_at=MORNING.replace(year=2027), **WHOLE)
    assert compare_listed(a_row(**(WHOLE | {"Details": []})), later, STAMP) == Comparison()
    assert compare_listed(a_row(**(WHOLE | {"Details": []})), later, None).left_out == ("Details",)


@pytest.mark.parametrize("text", [b'{"x":NaN}', b"[]", b"", b'"\xff"'])
def test_what_is_no_record_is_not_compared(text: bytes) -> None:
    assert compare_listed(text, a_row(), STAMP) == compare_listed(a_row(), text, STAMP) == Comparison()
