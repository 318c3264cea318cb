"""What rows tell of days and of keys, in both forms: members with values, and bare columns."""

from typing import Any

import pytest

from connector.adapters.acumatica.discovery.sampling import find_key_texts, is_unique, look_at, rank
from connector.domain.offer import Look

DAY, TIME = "2026-11-22T00:00:00+00:00", "2026-11-22T06:00:00.837+00:00"


def wrapped(**members: Any) -> dict[str, Any]:
    return {name: {"value": value} for name, value in members.items()}


def test_one_time_of_the_day_makes_it_a_point_in_time() -> None:
    rows = [wrapped(Date=DAY, Changed=DAY, Empty=None), wrapped(Date=DAY, Changed=TIME)]
    look = look_at(rows, ["Date", "Changed", "Empty", "Nowhere"])
    assert look == Look(rows=2, days=("Date",), times=("Changed",), unseen=("Empty", "Nowhere"))


@pytest.mark.parametrize(
    "midnight", ["2026-11-22T00:00:00Z", "2026-11-22T00:00:00", "2026-11-22T00:00:00.0000000-05:00"]
)
def test_midnight_is_known_in_every_spelling_and_in_bare_columns(midnight: str) -> None:
    assert look_at([{"Date": midnight}], ["Date"]).days == ("Date",)


def test_every_line_of_every_record_is_looked_at() -> None:
    rows: list[dict[str, Any]] = [
        {"Details": [wrapped(Promised=DAY), wrapped(Promised=TIME)]},
        {"Details": []},
        {},
    ]
    assert look_at(rows, ["Details/Promised"]).times == ("Details/Promised",)


def test_keys_are_texts_without_padding_and_choices_as_people_see_them() -> None:
    row = {**wrapped(Type={"id": "INV", "description": "Bill"}, LineNbr=1, Amount=1.5), "Code": "MAIN   "}
    assert find_key_texts(row, ["Type", "LineNbr", "Code"]) == ("Bill", "1", "MAIN")
    assert find_key_texts(row, ["Amount"]) is None
    assert find_key_texts(row, ["Nowhere"]) is None


def test_rows_are_told_apart_only_if_each_has_a_value() -> None:
    rows = [wrapped(Type="Bill", Nbr="1"), wrapped(Type="Check", Nbr="1")]
    assert is_unique(rows, ["Type", "Nbr"])
    assert not is_unique(rows, ["Nbr"])
    assert not is_unique([*rows, wrapped(Type="Check")], ["Type", "Nbr"])


def test_what_keys_are_called_comes_first_and_first_of_these_the_own() -> None:
    names = ["Description", "CashAccount", "TaxZoneID", "VendorClass", "VendorID", "VendorName"]
    assert rank(names, "Vendor")[:2] == ["VendorID", "TaxZoneID"]
