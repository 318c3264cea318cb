"""The catalogue: what a block says becomes an entity, and every mistake is told with its line and in words."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.app.catalogue import BUNDLED, RULES, Catalogue, load_catalogue
from connector.app.catalogue_schema import build_schema, render_schema
from connector.domain.entity import (
    CurrentForm,
    Depth,
    Entity,
    Identity,
    LineView,
    Parameter,
    ReconcileSchedule,
)
from connector.errors import BadRequestError, CatalogueError

BLOCK = """\
invoices:
  acumatica_entity: Bill
  keys: [Type, ReferenceNbr]
  current_view: invoices
  schedule: "5 * * * *"
"""

WHOLE = (
    BLOCK
    + """\
  enabled: false
  expand: [Details, TaxDetails]
  line_views:
    - {name: invoice_lines, details: [Details, TaxDetails], prefix: invoice_, parent: all}
    - {name: invoice_taxes, details: [TaxDetails], prefix: invoice_, parent: [Vendor]}
    - {name: invoice_parts, details: [Details], prefix: invoice_}
  date_fields: [Date, Details/Promised]
  bignumeric_fields: [Amount]
  select: [Amount, Date]
  exclude: [Hold]
  custom: [Document.UsrRegion, Details/Transactions.UsrLot]
  modified_field: LastModified
  dac: PX_Objects_AP_APInvoice
  lookback_seconds: 60
  late_after_hours: 5
  current: table
  reconcile: {keys: "15 3 * * *", content: "15 4 * * 6"}
  identity: id
"""
)

WHOLE_INQUIRY = """
payables:
  inquiry: AP-Bills and Adjustments
  keys: [Type, ReferenceNbr]
  current_view: payables
  schedule: "5 * * * *"
  modified_field: LastModifiedOn
  parameters: [{name: Warehouse, value: MAIN}, {name: Days, value: 30}, {name: All, value: true}]
  filter: Status eq 'Open'
  order_by: [Vendor, _130Days]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def load(path: Path, text: str) -> Catalogue:
    path.write_text(text, encoding="utf-8")
    return load_catalogue(path)


def refuse(path: Path, text: str) -> str:
    """Return the mistakes told of a text, without the sentence around them."""
    with pytest.raises(CatalogueError) as caught:
        load(path, text)
    assert "explains every member" in caught.value.action
    told = re.fullmatch(r"The catalogue mine\.yaml is not valid: (.*)\.", caught.value.message, re.DOTALL)
    assert told is not None
    return told[1]


def test_a_block_needs_five_members_and_has_defaults_for_the_others(path: Path) -> None:
    assert load(path, BLOCK).entities == {
        "invoices": Entity(
            name="invoices",
            acumatica_entity="Bill",
            keys=("Type", "ReferenceNbr"),
            current_view="invoices",
            schedule="5 * * * *",
        )
    }


def test_every_member_of_a_block_arrives(path: Path) -> None:
    entity = load(path, WHOLE).find("invoices")
    assert entity == Entity(
        name="invoices",
        acumatica_entity="Bill",
        keys=("Type", "ReferenceNbr"),
        current_view="invoices",
        schedule="5 * * * *",
        enabled=False,
        expand=("Details", "TaxDetails"),
        line_views=(
            LineView(
                name="invoice_lines", details=("Details", "TaxDetails"), prefix="invoice_", parent="all"
            ),
            LineView(name="invoice_taxes", details=("TaxDetails",), prefix="invoice_", parent=("Vendor",)),
            LineView(name="invoice_parts", details=("Details",), prefix="invoice_", parent="keys"),
        ),
        date_fields=frozenset({"Date", "Details/Promised"}),
        bignumeric_fields=frozenset({"Amount"}),
        select=("Amount", "Date"),
        exclude=frozenset({"Hold"}),
        custom=("Document.UsrRegion", "Details/Transactions.UsrLot"),
        modified_field="LastModified",
        dac="PX_Objects_AP_APInvoice",
        lookback_seconds=60,
        late_after_hours=5,
        current=CurrentForm.TABLE,
        reconcile=ReconcileSchedule(keys="15 3 * * *", content="15 4 * * 6"),
    )
    assert entity.lookback == timedelta(minutes=1)
    assert entity.reconcile.plans == {Depth.KEYS: "15 3 * * *", Depth.CONTENT: "15 4 * * 6"}


def test_a_line_view_reads_what_it_shows_and_one_that_is_off_reads_nothing(path: Path) -> None:
    on = load(path, changed("expand", "[Details]")).find("invoices")
    assert on.expand == ("Details", "TaxDetails")
    off = changed("expand", "[]").replace(
        "[TaxDetails], prefix: invoice_", "[TaxDetails], prefix: invoice_, enabled: false"
    )
    off = off.replace("details: [Details, TaxDetails]", "details: [Details]")
    entity = load(path, off).find("invoices")
    assert entity.expand == ("Details",)
    assert [view.name for view in entity.line_views] == ["invoice_lines", "invoice_parts"]


def test_every_member_of_a_block_about_an_inquiry_arrives(path: Path) -> None:
    assert load(path, WHOLE_INQUIRY).find("payables") == Entity(
        name="payables",
        inquiry="AP-Bills and Adjustments",
        acumatica_entity="GI_APBillsandAdjustments",
        identity=Identity.KEYS,
        keys=("Type", "ReferenceNbr"),
        current_view="payables",
        schedule="5 * * * *",
        modified_field="LastModifiedOn",
        parameters=(
            Parameter(name="Warehouse", value="MAIN"),
            Parameter(name="Days", value=30),
            Parameter(name="All", value=True),
        ),
        filter="Status eq 'Open'",
        order_by=("Vendor", "_130Days"),
    )


def test_the_tests_above_have_every_member_there_is() -> None:
    parts = build_schema()["$defs"]
    for part in ("Entity", "LineView", "ReconcileSchedule", "Parameter"):
        members = parts[part]["properties"]
        assert all(re.search(rf"\b{member}:\s", WHOLE + WHOLE_INQUIRY) for member in members), part


@pytest.mark.parametrize(
    ("block", "told"),
    [
        (BLOCK.replace("  acumatica_entity: Bill\n", ""), "one of acumatica_entity and inquiry is needed"),
        (BLOCK + "  filter: Status eq 'Open'\n", "filter goes with inquiry only"),
        (BLOCK + "  order_by: [Status]\n", "order_by goes with inquiry only"),
        (WHOLE_INQUIRY + "  acumatica_entity: Bill\n", "acumatica_entity does not go with inquiry"),
        (WHOLE_INQUIRY + "  expand: [Details]\n", "expand does not go with inquiry"),
        (WHOLE_INQUIRY + "  dac: APInvoice\n", "dac does not go with inquiry"),
    ],
)
def test_a_block_names_one_source_and_what_goes_with_it(path: Path, block: str, told: str) -> None:
    assert told in refuse(path, block)


def test_records_may_be_told_apart_by_their_keys_but_their_deletions_are_told_by_id(path: Path) -> None:
    by_keys = BLOCK + "  identity: keys\n"
    assert load(path, by_keys).find("invoices").identity is Identity.KEYS
    with pytest.raises(CatalogueError, match="dac is of no use with identity: keys"):
        load(path, by_keys + "  dac: APInvoice\n")


def test_the_names_made_of_an_entity_s_name(path: Path) -> None:
    entity = load(path, BLOCK).find("invoices")
    assert (entity.log_table, entity.current_table, entity.history_view) == (
        "invoices_log",
        "invoices_current",
        "invoices_history",
    )
    assert (entity.lookback, entity.reconcile.plans) == (None, {})


def test_entities_keep_the_order_of_the_file_and_those_that_are_off_are_not_scheduled(path: Path) -> None:
    second = BLOCK.replace("invoices", "bills") + "  enabled: false\n"
    third = BLOCK.replace("invoices", "accounts")
    catalogue = load(path, BLOCK + second + third)
    assert list(catalogue.entities) == ["invoices", "bills", "accounts"]
    assert [entity.name for entity in catalogue.enabled] == ["invoices", "accounts"]


def test_an_unknown_entity_is_told_with_those_there_are(path: Path) -> None:
    catalogue = load(path, BLOCK + BLOCK.replace("invoices", "bills"))
    with pytest.raises(BadRequestError) as caught:
        catalogue.find("x" * 300)
    assert caught.value.message == f"Unknown entity '{'x' * 100}'."
    assert caught.value.action == "Use one of: bills, invoices."


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("invoics", "Did you mean invoices? "),
        ("Invoices", "Did you mean invoices? "),
        ("Bill", "Did you mean invoices (Bill)? "),
        ("bil", "Did you mean invoices (Bill)? "),
        ("payroll", ""),
    ],
)
def test_a_name_that_is_nearly_one_leads_to_it(path: Path, name: str, meant: str) -> None:
    catalogue = load(path, BLOCK)
    with pytest.raises(BadRequestError) as caught:
        catalogue.find(name)
    assert caught.value.action == f"{meant}Use one of: invoices."


def test_a_stamp_field_of_its_own_is_the_only_one_that_may_not_be_excluded(path: Path) -> None:
    whole = WHOLE.replace("exclude: [Hold]", "exclude: [LastModifiedDateTime]")
    assert load(path, whole).find("invoices").exclude == {"LastModifiedDateTime"}


def test_a_view_may_be_named_like_a_table_of_current_rows_that_is_not_kept(path: Path) -> None:
    named = BLOCK.replace("current_view: invoices", "current_view: invoices_current")
    assert load(path, named).find("invoices").current_view == "invoices_current"


def test_a_file_that_was_edited_is_read_anew(path: Path) -> None:
    path.write_text(BLOCK)
    assert load_catalogue(path).find("invoices").enabled
    path.write_text(BLOCK + "  enabled: false\n")
    assert not load_catalogue(path).find("invoices").enabled


def test_the_bundled_catalogue_is_valid() -> None:
    assert "invoices" in load_catalogue().entities


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


def changed(member: str, value: str) -> str:
    """Return the whole block with one member's value changed, or added at its end."""
    lines = WHOLE.splitlines()
    for number, line in enumerate(lines):
        if line.startswith(f"  {member}:"):
            lines[number] = f"  {member}: {value}"
            return "\n".join(lines)
    return f"{WHOLE}  {member}: {value}\n"


FIELD = "expected a field of Acumatica: letters, digits and _, levels joined with /"
NAME = "expected a lower-case letter, then lower-case letters, digits and _, at most 100 characters"
CRON = "expected a cron of five parts, each of digits and * , - /"
CUSTOM = "expected a custom field: View.Field or Details/View.Field"
COLLECTION = "expected details of the record itself: letters, digits and _"
ENTITY_NAME = "expected an entity's name: a lower-case letter, then lower-case letters, digits and _, at most 63 characters"
DAC = "expected a table as OData names it: PX_Objects_IN_InventoryItem"

REFUSED: dict[str, tuple[str, str]] = {
    "a title that no address can hold": (
        WHOLE_INQUIRY.replace("AP-Bills and", "AP/AR Bills and"),
        "line 3: payables: inquiry: expected the title of an inquiry; one with / ? # % & or a backslash cannot be read over"
        " OData",
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


def test_the_schema_for_editors_is_the_one_of_these_types() -> None:
    path = BUNDLED.with_name("entities.schema.json")
    text = path.read_text(encoding="utf-8")
    assert text == render_schema(), f"run `python -m connector.app.catalogue_schema > {path.name}`"
    first, *_ = BUNDLED.read_text(encoding="utf-8").splitlines()
    assert first == f"# yaml-language-server: $schema={path.name}"


def test_the_schema_says_what_each_member_is_for_and_takes_no_other() -> None:
    schema = build_schema()
    for part in ("Entity", "LineView", "ReconcileSchedule"):
        members: dict[str, Any] = schema["$defs"][part]["properties"]
        assert schema["$defs"][part]["additionalProperties"] is False
        assert all(member.get("description") for member in members.values())
    assert "name" not in schema["$defs"]["Entity"]["properties"]


def test_the_head_of_the_bundled_catalogue_explains_every_member() -> None:
    text = BUNDLED.read_text(encoding="utf-8")
    head = text[: text.index("\nvendors:")]
    assert all(
        re.search(rf"\b{member}\b", head) for member in build_schema()["$defs"]["Entity"]["properties"]
    )
