"""Contracts as they are remembered and cut."""

import json

import msgspec
import pytest

from connector.domain.records.contract import Contract, Kind, Shape

LOT = Shape(fields={"LotNbr": Kind.STRING, "Qty": Kind.DECIMAL})
ITEM = Shape(fields={"Cost": Kind.DECIMAL, "Qty": Kind.DECIMAL})
LINE = Shape(
    fields={"Qty": Kind.DECIMAL, "Amount": Kind.DECIMAL},
    details={"Lots": LOT},
    linked={"Item": ITEM},
    custom={"Transactions.UsrA": Kind.INT},
    unread=frozenset({"Notes"}),
)
ROOT = Shape(
    fields={"Qty": Kind.DECIMAL, "Nbr": Kind.STRING},
    details={"Details": LINE},
    linked={"Contact": ITEM},
    custom={"Document.UsrA": Kind.STRING},
    unread=frozenset({"Files2", "Attributes"}),
)
CONTRACT = Contract(
    endpoint="Default",
    version="25.200.001",
    request="expand",
    root=ROOT,
    modified_field="LastModified",
    grammar=5,
)
PLAIN = {
    "endpoint": "Default",
    "version": "25.200.001",
    "request": "expand",
    "modified_field": "LastModified",
    "grammar": 5,
    "root": {
        "fields": {"Qty": "decimal", "Nbr": "string"},
        "details": {
            "Details": {
                "fields": {"Qty": "decimal", "Amount": "decimal"},
                "details": {"Lots": {"fields": {"LotNbr": "string", "Qty": "decimal"}}},
                "linked": {"Item": {"fields": {"Cost": "decimal", "Qty": "decimal"}}},
                "custom": {"Transactions.UsrA": "int"},
                "unread": ["Notes"],
            }
        },
        "linked": {"Contact": {"fields": {"Cost": "decimal", "Qty": "decimal"}}},
        "custom": {"Document.UsrA": "string"},
        "unread": ["Attributes", "Files2"],
    },
}
"""As every state store has it: a later release has to understand it."""


def test_a_contract_is_stored_as_it_always_was_and_found_again_whole() -> None:
    stored = msgspec.to_builtins(CONTRACT)
    stored["root"]["unread"].sort()
    assert stored == {**PLAIN, "names": {}, "acumatica_entity": "", "identified_by": "", "rows": ""}
    assert msgspec.json.decode(json.dumps(PLAIN), type=Contract) == CONTRACT


def test_a_contract_stored_before_there_were_two_grammars_has_the_first() -> None:
    old = {name: value for name, value in PLAIN.items() if name != "grammar"}
    assert msgspec.convert(old, Contract).grammar == 4


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("Qty", {"Nbr"}),
        ("Nothing", {"Qty", "Nbr"}),
    ],
)
def test_a_field_is_left_out_at_its_own_level_alone(path: str, left: set[str]) -> None:
    cut = ROOT.without(frozenset({path}))
    assert set(cut.fields) == left
    assert (cut.details, cut.linked, cut.custom, cut.unread) == (
        ROOT.details,
        ROOT.linked,
        ROOT.custom,
        ROOT.unread,
    )


def test_fields_of_details_of_linked_entities_and_custom_ones_are_left_out_by_their_paths() -> None:
    paths = {
        "Details/Qty", "Details/Lots/Qty", "Details/Item/Cost", "Details/Transactions.UsrA",
        "Contact/Qty", "Document.UsrA",
    }  # fmt: skip
    cut = ROOT.without(frozenset(paths))
    line = cut.details["Details"]
    assert (set(cut.fields), set(cut.custom)) == ({"Qty", "Nbr"}, set())
    assert (set(line.fields), dict(line.custom), line.unread) == ({"Amount"}, {}, frozenset({"Notes"}))
    assert set(line.details["Lots"].fields) == {"LotNbr"}
    assert set(line.linked["Item"].fields) == {"Qty"}
    assert set(cut.linked["Contact"].fields) == {"Cost"}
