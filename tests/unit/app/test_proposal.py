"""The text of a proposed block: names, quotes, comments."""

from typing import Any

import pytest

from connector.app.catalogue import Catalogue, load_catalogue, parse_catalogue
from connector.app.proposal import propose
from connector.domain.block_members import SourceKind
from connector.domain.offer import KeyFinding, Look, Offer
from connector.domain.records.contract import Kind
from tests.builders import an_entity

NONE = Catalogue({})
KEYS = KeyFinding(keys=("Nbr",), told="proven", is_proven=True)


def an_offer(name: str = "Bill", kind: SourceKind = SourceKind.ENTITY, **parts: Any) -> Offer:
    return Offer(
        **{
            "kind": kind,
            "name": name,
            "fields": {"Nbr": Kind.STRING},
            "keys": KEYS,
            "look": Look(rows=3),
            **parts,
        }
    )


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("Bill", "bills"),
        ("Subsidiary", "subsidiaries"),
        ("TaxBox", "tax_boxes"),
        ("Address", "addresses"),
        ("Survey", "surveys"),
    ],
)
def test_a_block_is_called_as_its_records_are(name: str, block: str) -> None:
    assert propose(an_offer(name), NONE).name == block


@pytest.mark.parametrize(
    "title",
    [
        "AP-Bills and Adjustments",
        "1099: vendors, [all] - of them",
        "Übersicht",
        "*",
        "yes",
        "null",
        "3",
        "x" * 150,
        'Jan\'s "own"',
    ],
)
def test_any_title_is_read_back_as_it_is(title: str) -> None:
    proposal = propose(an_offer(title, SourceKind.INQUIRY), NONE)
    assert parse_catalogue("own.yaml", proposal.render()).find(proposal.name).inquiry == title


def test_a_name_that_another_block_uses_gets_a_number() -> None:
    proposal = propose(an_offer("Invoice"), load_catalogue())
    assert proposal.name == "invoices_2"


def test_the_choices_of_the_catalogue_stay() -> None:
    block = an_entity(exclude=frozenset({"Tax", "Bank"}), late_after_hours=5, enabled=False)
    offer = an_offer("Vendor", details={"Bank": {}, "Lines": {}})
    found = propose(offer, Catalogue({"vendors": block})).block
    assert (found["exclude"], found["late_after_hours"], found["enabled"]) == (["Bank", "Tax"], 5, False)
    assert found["schedule"] == block.schedule
    assert [view["details"] for view in found["line_views"]] == [["Lines"]]


def test_which_rows_of_an_inquiry_are_read_stays() -> None:
    text = """
stock:
  inquiry: DB-Stock
  keys: [Nbr]
  parameters: [{name: Warehouse, value: MAIN}, {name: Day, value: 3}]
  filter: Status eq 'Open'
  order_by: [Site]
  current_view: stock
  schedule: "1 * * * *"
"""
    catalogue = parse_catalogue("own.yaml", text)
    offer = an_offer("DB-Stock", SourceKind.INQUIRY, parameters=("Warehouse", "Day"))
    proposal = propose(offer, catalogue)
    assert "is needed" not in proposal.render()
    assert parse_catalogue("again.yaml", proposal.render()).entities == catalogue.entities


def test_a_column_that_yaml_takes_for_something_else_is_quoted() -> None:
    fields = dict.fromkeys(("Nbr", "No", "On", "null", "Off"), Kind.STRING)
    look = Look(rows=1, empty=("Off",))
    text = propose(an_offer("PX_A", SourceKind.DAC, fields=fields, look=look), NONE).render()
    [entity] = parse_catalogue("again.yaml", text).entities.values()
    assert list(entity.columns) == ["Nbr", "No", "On", "null"]
    assert '    # "Off": string' in text


def test_a_comment_stays_on_its_line() -> None:
    keys = KeyFinding(keys=("Nbr",), told="proven\nother: 1", is_proven=True)
    look = Look(refusal="No\nrows: here")
    text = propose(an_offer(keys=keys, look=look), NONE).render()
    assert "# proven other: 1\n" in text
    assert "# Its list: No rows: here\n" in text


def test_what_the_catalogue_cannot_name_is_told_and_left_out() -> None:
    look = Look(rows=1, days=("Größe", "Date"))
    text = propose(
        an_offer("A", SourceKind.INQUIRY, fields={"Größe": Kind.DATETIME}, look=look), NONE
    ).render()
    assert "# Columns that the catalogue cannot name: Größe" in text
    assert "date_fields: [Date]" in text


def test_without_any_key_there_is_a_comment_in_its_place() -> None:
    keys = KeyFinding(keys=(), told="NOT PROVEN: no row", is_proven=False)
    assert "  # keys: NOT PROVEN: no row; name the fields" in propose(an_offer(keys=keys), NONE).render()


def test_a_title_with_a_slash_is_told() -> None:
    assert "rename the inquiry first" in propose(an_offer("A/B", SourceKind.INQUIRY), NONE).render()
