"""The catalogue's mistakes: every one is told with its line and in words."""

import json
import re
from pathlib import Path

import pytest

from connector.app.catalogue import RULES, load_catalogue
from connector.app.catalogue_schema import render_schema
from connector.errors import CatalogueError
from tests.unit.app.test_catalogue import BLOCK, WHOLE, WHOLE_CLASS, WHOLE_INQUIRY, changed, load


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def refuse(path: Path, text: str) -> str:
    """Return the mistakes told of a text, without the sentence around them."""
    with pytest.raises(CatalogueError) as caught:
        load(path, text)
    assert "explains every member" in caught.value.action
    told = re.fullmatch(r"The catalogue mine\.yaml is not valid: (.*)\.", caught.value.message, re.DOTALL)
    assert told is not None
    return told[1]


@pytest.mark.parametrize(
    ("block", "told"),
    [
        (
            BLOCK.replace("  acumatica_entity: Bill\n", ""),
            "one of acumatica_entity, inquiry and dac is needed",
        ),
        (BLOCK + "  filter: Status eq 'Open'\n", "filter does not go with acumatica_entity"),
        (BLOCK + "  order_by: [Status]\n", "order_by does not go with acumatica_entity"),
        (WHOLE_INQUIRY + "  acumatica_entity: Bill\n", "acumatica_entity does not go with inquiry"),
        (WHOLE_INQUIRY + "  expand: [Details]\n", "expand does not go with inquiry"),
        (WHOLE_INQUIRY + "  dac: APInvoice\n", "dac does not go with inquiry"),
        (BLOCK + "  columns: {A: int}\n", "columns does not go with acumatica_entity"),
        (WHOLE_CLASS + "  select: [RefNbr]\n", "select does not go with dac without acumatica_entity"),
        (
            WHOLE_CLASS + "  date_fields: [DocDate]\n",
            "date_fields does not go with dac without acumatica_entity",
        ),
        (
            WHOLE_CLASS.replace("    RefNbr: string\n", ""),
            "columns lacks RefNbr, which the block names elsewhere",
        ),
        (
            WHOLE_CLASS.replace("NoteID: guid", "NoteID: string"),
            "NoteID is a guid",
        ),
        (WHOLE_CLASS.replace("[DocType, RefNbr]", "[VendorByVendorID/AcctCD]"), "belongs to another class"),
        (
            BLOCK.replace("acumatica_entity: Bill", "dac: APInvoice"),
            "dac without acumatica_entity needs columns",
        ),
    ],
)
def test_a_block_names_one_source_and_what_goes_with_it(path: Path, block: str, told: str) -> None:
    assert told in refuse(path, block)


UNREADABLE: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "No such file"),
    "no UTF-8": (b"vendors: \xff", "can't decode byte 0xff"),
}


@pytest.mark.parametrize(("content", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_named(path: Path, content: bytes | None, reason: str) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(path)
    assert caught.value.message.startswith("The catalogue that ENTITIES_FILE names cannot be read: ")
    assert str(path) not in caught.value.message, "it may be a secret in the wrong variable"
    assert reason in caught.value.message
    assert caught.value.action == "Set ENTITIES_FILE to a catalogue, or to nothing for the bundled one."


FIELD = "expected a field of Acumatica: letters, digits and _, levels joined with /"
NAME = "expected a lower-case letter, then lower-case letters, digits and _, at most 100 characters"
CRON = "expected a cron of five parts, each of digits and * , - /"
CUSTOM = "expected a custom field: View.Field or Details/View.Field"
COLLECTION = "expected details of the record itself: letters, digits and _"
ENTITY_NAME = "expected an entity's name: a lower-case letter, then lower-case letters, digits and _, at most 63 characters"
COLUMN = "expected a column of the class, or Reference/Column of a class it refers to: letters, digits and _"
DAC = "expected a table as OData names it: PX_Objects_IN_InventoryItem"
REFUSED: dict[str, tuple[str, str]] = {
    "a title that no address can hold": (
        WHOLE_INQUIRY.replace("AP-Bills and", "AP/AR Bills and"),
        "line 3: payables: inquiry: expected the title of an inquiry; one with / ? # % & or a backslash cannot be read over"
        " OData",
    ),
    "a column of no type": (
        WHOLE_CLASS.replace("DocDate: date", "DocDate: day"),
        "line 8: documents: columns.DocDate: Invalid enum value 'day'",
    ),
    "a column two references away": (
        WHOLE_CLASS.replace("VendorByVendorID/AcctCD", "A/B/C"),
        f"line 7: documents: columns.A/B/C: {COLUMN}",
    ),
    "not YAML": ("a: [1", "line 2: did not find expected ',' or ']'"),
    "empty": ("", "line 1: expected one block per entity"),
    "empty mapping": ("{}", "line 1: expected one block per entity"),
    "a list": ("- vendors", "line 1: expected one block per entity"),
    "a block that is text": ("vendors: Vendor", "line 1: vendors: Expected `object`, got `str`"),
    "a block that is nothing": ("vendors:", "line 1: vendors: Expected `object`, got `null`"),
    "a name in the block": (changed("name", "x"), "line 24: invoices: Object contains unknown field `name`"),
    "an odd name": (BLOCK.replace("invoices:", "Invoices:"), f"line 1: Invoices: {ENTITY_NAME}"),
    "a long name": (
        BLOCK.replace("invoices:", f"{'v' * 64}:"), f"line 1: {'v' * 64}: {ENTITY_NAME}"
    ),
    "an unknown member": (
        changed("colour", "red"), "line 24: invoices: Object contains unknown field `colour`"
    ),
    "a missing member": (
        BLOCK.replace("  current_view: invoices\n", ""),
        "line 1: invoices: Object missing required field `current_view`",
    ),
    "no keys": (changed("keys", "[]"), "line 3: invoices: keys: Expected `array` of length >= 1"),
    "keys that are text": (changed("keys", "Type"), "line 3: invoices: keys: Expected `array`, got `str`"),
    "an odd key": (changed("keys", "[Type, Reference Nbr]"), f"line 3: invoices: keys[1]: {FIELD}"),
    "an odd view": (changed("current_view", "Invoices"), f"line 4: invoices: current_view: {NAME}"),
    "an odd schedule": (changed("schedule", "hourly"), f"line 5: invoices: schedule: {CRON}"),
    "a schedule of four parts": (changed("schedule", '"1 * * *"'), f"line 5: invoices: schedule: {CRON}"),
    "an odd switch": (changed("enabled", "maybe"), "line 6: invoices: enabled: Expected `bool`, got `str`"),
    "an odd prefix": (
        WHOLE.replace("prefix: invoice_, parent: all", "prefix: 1"),
        "line 9: invoices: line_views[0].prefix: Expected `str`, got `int`",
    ),
    "a line view of nothing": (
        WHOLE.replace("details: [TaxDetails]", "details: []"),
        "line 10: invoices: line_views[1].details: Expected `array` of length >= 1",
    ),
    "an unknown member of a line view": (
        WHOLE.replace("parent: [Vendor]", "parents: all"),
        "line 10: invoices: line_views[1]: Object contains unknown field `parents`",
    ),
    "an odd parent": (
        WHOLE.replace("parent: all", "parent: some"),
        "line 9: invoices: line_views[0].parent: Invalid enum value 'some'",
    ),
    "an odd custom field": (changed("custom", "[UsrRegion]"), f"line 16: invoices: custom[0]: {CUSTOM}"),
    "an odd table": (changed("dac", "PX.Objects"), f"line 18: invoices: dac: {DAC}"),
    "a negative lookback": (
        changed("lookback_seconds", "-1"), "line 19: invoices: lookback_seconds: Expected `int` >= 0"
    ),
    "a lookback of over a day": (
        changed("lookback_seconds", "86401"), "line 19: invoices: lookback_seconds: Expected `int` <= 86400"
    ),
    "an odd form": (changed("current", "cube"), "line 21: invoices: current: Invalid enum value 'cube'"),
    "an odd reconcile": (
        changed("reconcile", '{keys: "1 2 3"}'), f"line 22: invoices: reconcile.keys: {CRON}"
    ),
    "an entity given twice": (BLOCK + BLOCK, "line 6: invoices is already defined on line 1"),
    "a member given twice": (
        BLOCK + "  schedule: '1 * * * *'\n", "line 6: schedule is given twice"
    ),
    "a member of a line view given twice": (
        WHOLE.replace("parent: [Vendor]", "parent: [Vendor], prefix: bill_"), "line 10: prefix is given twice"
    ),
    "a member that is a list": (
        BLOCK + "  ? [Type]\n  : 1\n", "line 6: found unhashable key"
    ),
    "a block that contains itself": (
        BLOCK.replace("invoices:", "invoices: &it") + "  line_views: [*it]\n",
        "line 2: invoices: line_views[0]: Object contains unknown field `acumatica_entity`",
    ),
    "a day that no month has": (
        changed("schedule", "2026-02-30"),
        "line 2: a value of this block cannot be read: day is out of range for month",
    ),
    "a value marked as what it is not": (
        changed("enabled", "!!bool maybe"), "line 2: a value of this block cannot be read: 'maybe'"
    ),
    "a value of a type of its own": (
        changed("enabled", "!switch on"), "line 6: could not determine a constructor for the tag '!switch'"
    ),
    "a control character": ("a: \x07", "it is not YAML"),
    "a view given twice": (
        BLOCK + BLOCK.replace("invoices:", "bills:"),
        "line 6: bills: the name invoices is already used by invoices",
    ),
    "a view named as the connector's own table": (
        changed("current_view", "sync_runs"), "line 1: invoices: the name sync_runs is already used by the connector"
    ),
    "a view named as a log table": (
        changed("current_view", "invoices_log"),
        "line 1: invoices: the name invoices_log is already used by invoices",
    ),
    "a view named as the table of current rows": (
        changed("current_view", "invoices_current"),
        "line 1: invoices: the name invoices_current is already used by invoices",
    ),
    "a key that is excluded": (
        changed("exclude", "[Hold, Type]"),
        "line 1: invoices: exclude names Type, without which no record can be copied",
    ),
    "a cursor field that is excluded": (
        changed("exclude", "[LastModified]"),
        "line 1: invoices: exclude names LastModified, without which no record can be copied",
    ),
    "a line view of lines of lines": (
        WHOLE.replace("details: [TaxDetails]", "details: [Details/Allocations]"),
        f"line 10: invoices: line_views[1].details[0]: {COLLECTION}",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_told_with_its_line(path: Path, text: str, told: str) -> None:
    assert refuse(path, text) == told


NEVER = "never comes: no month it names has such a day"
IDLE = {
    "0 0 30 2 *": NEVER,
    "0 0 31 4,6,9,11 *": NEVER,
    "99 99 * * *": "is no schedule: ",
    "*/0 * * * *": "is no schedule: ",
    "2 * * * 8": "is no schedule: ",
    "1,,2 * * * *": "is no schedule: ",
}


@pytest.mark.parametrize(("schedule", "told"), IDLE.items(), ids=IDLE)
@pytest.mark.parametrize(
    ("member", "value", "place"),
    [
        ("schedule", '"{}"', "line 5: invoices: schedule"),
        ("reconcile", '{{content: "{}"}}', "line 22: invoices: reconcile.content"),
    ],
    ids=["schedule", "reconcile"],
)
def test_a_schedule_that_can_never_run_is_told(
    path: Path, schedule: str, told: str, member: str, value: str, place: str
) -> None:
    assert refuse(path, changed(member, value.format(schedule))).startswith(f"{place}: {schedule!r} {told}")


@pytest.mark.parametrize(
    "schedule", ["0 0 29 2 *", "0 0 30 2 1", "0 0 31 1,2 *", "*/5 6-20 * 1,7 1-5", "0 0 * * 7"]
)
def test_a_schedule_that_comes_at_some_time_is_taken(path: Path, schedule: str) -> None:
    load(path, changed("schedule", f'"{schedule}"'))


def test_every_pattern_is_told_in_words() -> None:
    patterns = set(re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', render_schema()))
    assert {json.loads(f'"{pattern}"') for pattern in patterns} == set(RULES)
    told = " ".join(message for _, message in REFUSED.values())
    assert all(rule in told for rule in RULES.values())


def test_all_mistakes_of_a_file_are_told_together(path: Path) -> None:
    told = refuse(path, changed("schedule", "never") + "\nbills: 7\nbills: 8\n")
    assert told.split("; ") == [
        f"line 5: invoices: schedule: {CRON}",
        "line 24: bills: Expected `object`, got `int`",
        "line 25: bills is already defined on line 24",
    ]
