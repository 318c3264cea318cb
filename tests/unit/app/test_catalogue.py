"""The catalogue: what a block becomes, and that every mistake is told with its line."""

from datetime import timedelta
from pathlib import Path

import pytest

from connector.app.catalogue import Catalogue, load_catalogue
from connector.domain.entity import CurrentForm, Depth, LineView, ReconcileSchedule
from connector.errors import BadRequestError, CatalogueError

LEAST = """\
vendors:
  acumatica_entity: Vendor
  keys: [VendorID]
  current_view: vendors
  schedule: "2 * * * *"
"""
MOST = """\
bills:
  acumatica_entity: Bill
  keys: [Type, ReferenceNbr]
  current_view: bills
  schedule: "*/5 6-20 * 1,7 1-5"
  enabled: false
  expand: [Details, TaxDetails]
  line_views:
    - {name: bill_lines, details: [Details], prefix: bill_}
    - {name: bill_parts, details: [Details, TaxDetails], prefix: bill_, parent: all}
    - {name: bill_taxes, details: [TaxDetails], prefix: bill_, parent: [Status]}
  date_fields: [Date]
  bignumeric_fields: [Amount]
  select: [Type, ReferenceNbr, Amount, Date, Status]
  exclude: [Note]
  custom: [Document.UsrRate, Details/Transactions.UsrKind]
  modified_field: LastModified
  dac: PX_Objects_AP_APInvoice
  lookback_seconds: 60
  current: table
  reconcile: {keys: "15 3 * * *", content: "15 4 * * 6"}
"""


def load(folder: Path, text: str) -> Catalogue:
    path = folder / "mine.yaml"
    path.write_text(text)
    return load_catalogue(path)


def find_mistakes(folder: Path, text: str) -> str:
    with pytest.raises(CatalogueError) as caught:
        load(folder, text)
    return caught.value.message


def test_a_block_of_the_least_has_the_defaults(tmp_path: Path) -> None:
    entity = load(tmp_path, LEAST).find("vendors")
    assert entity.enabled
    assert entity.current is CurrentForm.VIEW
    assert (entity.lookback, entity.dac, entity.modified_field) == (None, None, None)
    assert (entity.expand, entity.line_views, entity.select, entity.custom, entity.reconcile) == ((),) * 5
    assert (entity.date_fields, entity.exclude, entity.bignumeric_fields) == (frozenset(),) * 3


def test_every_member_of_a_block_arrives(tmp_path: Path) -> None:
    entity = load(tmp_path, MOST).find("bills")
    assert not entity.enabled
    assert (entity.acumatica_entity, entity.keys) == ("Bill", ("Type", "ReferenceNbr"))
    assert entity.line_views == (
        LineView(name="bill_lines", details=("Details",), prefix="bill_", parent=None),
        LineView(name="bill_parts", details=("Details", "TaxDetails"), prefix="bill_", parent=()),
        LineView(name="bill_taxes", details=("TaxDetails",), prefix="bill_", parent=("Status",)),
    )
    assert entity.date_fields == {"Date"}
    assert entity.bignumeric_fields == {"Amount"}
    assert entity.select == ("Type", "ReferenceNbr", "Amount", "Date", "Status")
    assert entity.exclude == {"Note"}
    assert entity.custom == ("Document.UsrRate", "Details/Transactions.UsrKind")
    assert (entity.modified_field, entity.dac) == ("LastModified", "PX_Objects_AP_APInvoice")
    assert (entity.lookback, entity.current) == (timedelta(seconds=60), CurrentForm.TABLE)
    assert entity.reconcile == (
        ReconcileSchedule(depth=Depth.KEYS, schedule="15 3 * * *"),
        ReconcileSchedule(depth=Depth.CONTENT, schedule="15 4 * * 6"),
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("Vendor\n", "Vendor\n  colour: red\n", "line 3: vendors: Object contains unknown field `colour`"),
        ("[VendorID]", "[]", "line 3: vendors: keys: Expected `array` of length >= 1"),
        ("[VendorID]", "[Vendor ID]", "line 3: vendors: keys[0]: "),
        ("current_view: vendors", "current_view: Vendors", "line 4: vendors: current_view: "),
        ("current_view: vendors", "current_view: sync_runs", "sync_runs is already used by the connector"),
        ("  keys: [VendorID]\n", "", "line 1: vendors: Object missing required field `keys`"),
        ("  keys: [VendorID]\n", "  keys: [A]\n  keys: [B]\n", "line 4: keys is given twice"),
        ("vendors:", "Vendors:", "line 1: Vendors: an entity's name is a lower-case letter"),
        ("vendors:", "v" * 64 + ":", "at most 63 characters"),
        ('"2 * * * *"', "2 * *", "line 5: vendors: schedule: "),
        ('"2 * * * *"', '"99 99 * * *"', "line 5: vendors: schedule: '99 99 * * *' is no schedule: "),
        ('"2 * * * *"', '"0 0 30 2 *"', "line 5: vendors: schedule: '0 0 30 2 *' never comes"),
        ('"2 * * * *"', '"0 0 31 4,6,9,11 *"', "never comes"),
        ('"2 * * * *"', '"*/0 * * * *"', "is no schedule"),
        ('"2 * * * *"', '"2 * * * 8"', "is no schedule"),
        ('"2 * * * *"', '"1,,2 * * * *"', "is no schedule"),
        (
            '"2 * * * *"\n',
            '"2 * * * *"\n  reconcile:\n    keys: "1 1 * * *"\n    content: "0 0 31 2 *"\n',
            "line 8: vendors: reconcile.content: '0 0 31 2 *' never comes",
        ),
        ('"2 * * * *"\n', '"2 * * * *"\n  lookback_seconds: -1\n', "line 6: vendors: lookback_seconds: "),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, before: str, after: str, told: str) -> None:
    assert told in find_mistakes(tmp_path, LEAST.replace(before, after, 1))


@pytest.mark.parametrize(
    "schedule", ["0 0 29 2 *", "0 0 30 2 1", "0 0 31 1,2 *", "*/5 6-20 * 1,7 1-5", "0 0 * * 7"]
)
def test_a_schedule_that_comes_at_some_time_is_taken(tmp_path: Path, schedule: str) -> None:
    load(tmp_path, LEAST.replace("2 * * * *", schedule))


def test_all_mistakes_are_told_together(tmp_path: Path) -> None:
    told = find_mistakes(
        tmp_path, LEAST.replace("[VendorID]", "[]") + MOST.replace("15 3 * * *", "0 0 30 2 *")
    )
    assert "line 3: vendors: keys" in told
    assert "bills: reconcile.keys: '0 0 30 2 *' never comes" in told


def test_a_name_that_two_entities_show_is_refused(tmp_path: Path) -> None:
    told = find_mistakes(tmp_path, LEAST + LEAST.replace("vendors:", "suppliers:", 1))
    assert "line 6: suppliers: the name vendors is already used by vendors" in told


def test_an_entity_defined_twice_is_refused(tmp_path: Path) -> None:
    assert "line 6: vendors is already defined on line 1" in find_mistakes(tmp_path, LEAST + LEAST)


def test_a_line_view_of_details_that_are_not_read_is_refused(tmp_path: Path) -> None:
    told = find_mistakes(tmp_path, MOST.replace("expand: [Details, TaxDetails]", "expand: [Details]"))
    assert "bill_taxes shows TaxDetails, which expand does not name" in told


@pytest.mark.parametrize(
    ("text", "told"), [("", "line 1: expected"), ("- vendors", "line 1: expected"), ("a: [", "line 2: ")]
)
def test_what_is_no_catalogue_is_told(tmp_path: Path, text: str, told: str) -> None:
    assert told in find_mistakes(tmp_path, text)


def test_a_file_that_cannot_be_read_is_told_with_its_variable(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"nowhere\.yaml cannot be read: No such file") as caught:
        load_catalogue(tmp_path / "nowhere.yaml")
    assert "ENTITIES_FILE" in caught.value.action


def test_an_unknown_entity_is_answered_with_those_there_are() -> None:
    with pytest.raises(BadRequestError, match="Unknown entity 'vendros'") as caught:
        load_catalogue().find("vendros")
    assert "vendors" in caught.value.action


def test_every_bundled_entity_can_be_found_and_the_enabled_ones_are_scheduled() -> None:
    catalogue = load_catalogue()
    assert all(catalogue.find(name).name == name for name in catalogue.entities)
    assert {entity.name for entity in catalogue.enabled} < set(catalogue.entities)
