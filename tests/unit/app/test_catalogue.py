"""The catalogue: what a block says becomes an entity, and a name finds it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from connector.app.catalogue import Catalogue, load_catalogue
from connector.app.catalogue_schema import build_schema
from connector.domain.block_members import SourceKind
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
WHOLE_CLASS = """
documents:
  dac: PX_Objects_AP_APRegister
  columns:
    DocType: string
    RefNbr: string
    VendorByVendorID/AcctCD: string
    DocDate: date
    LastModifiedDateTime: datetime
    NoteID: guid
  keys: [DocType, RefNbr]
  current_view: documents
  schedule: "5 * * * *"
  modified_field: LastModifiedDateTime
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.yaml"


def load(path: Path, text: str) -> Catalogue:
    path.write_text(text, encoding="utf-8")
    return load_catalogue(path)


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


def test_every_member_of_a_block_about_a_class_arrives(path: Path) -> None:
    block = load(path, WHOLE_CLASS).find("documents")
    assert block == Entity(
        name="documents",
        dac="PX_Objects_AP_APRegister",
        acumatica_entity="DAC_PX_Objects_AP_APRegister",
        columns={
            "DocType": "string",
            "RefNbr": "string",
            "VendorByVendorID/AcctCD": "string",
            "DocDate": "date",
            "LastModifiedDateTime": "datetime",
            "NoteID": "guid",
        },
        keys=("DocType", "RefNbr"),
        current_view="documents",
        schedule="5 * * * *",
        modified_field="LastModifiedDateTime",
    )
    assert (block.source, block.identity, block.tracked_class) == (SourceKind.DAC, Identity.ID, block.dac)
    assert hash(block) == hash(structs.replace(block, columns={**block.columns, "Status": "string"}))


def test_a_class_without_a_note_or_by_choice_is_told_apart_by_its_keys(path: Path) -> None:
    for text in (WHOLE_CLASS.replace("    NoteID: guid\n", ""), WHOLE_CLASS + "  identity: keys\n"):
        block = load(path, text).find("documents")
        assert (block.identity, block.tracked_class) == (Identity.KEYS, None)


def test_the_tests_above_have_every_member_there_is() -> None:
    parts = build_schema()["$defs"]
    for part in ("Entity", "LineView", "ReconcileSchedule", "Parameter"):
        members = parts[part]["properties"]
        assert all(re.search(rf"\b{member}:\s", WHOLE + WHOLE_INQUIRY + WHOLE_CLASS) for member in members), (
            part
        )


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


def changed(member: str, value: str) -> str:
    """Return the whole block with one member's value changed, or added at its end."""
    lines = WHOLE.splitlines()
    for number, line in enumerate(lines):
        if line.startswith(f"  {member}:"):
            lines[number] = f"  {member}: {value}"
            return "\n".join(lines)
    return f"{WHOLE}  {member}: {value}\n"
