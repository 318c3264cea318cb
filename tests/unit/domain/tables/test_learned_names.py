"""What columns were made for, as their descriptions tell."""

import pytest

from connector.domain.records.columns import build_layout
from connector.domain.records.contract import Kind, Shape
from connector.domain.records.names import ColumnNames
from connector.domain.tables.learned_names import learn_names
from connector.domain.tables.log_table import build_table, remember_names
from connector.domain.tables.schema import ColumnType
from tests.builders import a_contract, an_entity
from tests.contract.warehouse_rows import a_column

RECORD = ColumnType.RECORD


@pytest.mark.parametrize(
    ("column", "description", "field"),
    [
        ("amount", "Bill.Amount (decimal)", "Amount"),
        ("amount_2", "Bill.AMOUNT (decimal)", "AMOUNT"),
        ("main_contact_city", "Bill.MainContact.City (string)", "MainContact/City"),
        ("usr_region", "Bill.Document.UsrRegion (string)", "custom/Document.UsrRegion"),
        ("usr_region_3", "Bill.Document.UsrRegion (string)", "custom/Document.UsrRegion"),
        ("document_usr_region", "Bill.Document.UsrRegion (string)", "Document/UsrRegion"),
        ("contact_usr_x", "Bill.Contact.View.UsrX (string)", "Contact/custom/View.UsrX"),
        ("status", "Bill.Status (select)", "Status"),
        ("status_id", "Bill.Status (internal id)", "Status/id"),
        ("status_2_id", "Bill.STATUS (internal id)", "STATUS/id"),
        ("line_break", "Bill.line\nbreak (string)", "line\nbreak"),
        ("odd_d", 'Bill.od"d (string)', 'od"d'),
    ],
)
def test_a_description_tells_the_field(column: str, description: str, field: str) -> None:
    assert learn_names([a_column(column, description=description)], {}, {}).log == {column: field}


def test_a_column_that_is_described_otherwise_is_whose_it_was_assumed_to_be() -> None:
    columns = [a_column("amount", description="What is owed"), a_column("other"), a_column("third")]
    assumed = {"amount": "Amount", "other": "Other"}
    assert learn_names(columns, {}, assumed).log == assumed


def test_of_two_columns_of_one_field_the_one_in_use_is_kept_and_the_other_given_to_nobody() -> None:
    columns = [a_column(name, description="Bill.B (string)") for name in ("x", "x_2")]
    assert learn_names(columns, {}, {"x_2": "B"}).log == {"x": "", "x_2": "B"}
    assert learn_names(columns, {}, {}).log == {"x": "B", "x_2": ""}


def test_what_a_description_says_counts_more_than_what_is_assumed() -> None:
    columns = [a_column("x", description="Bill.B (string)")]
    assert learn_names(columns, {}, {"x": "A", "x_2": "B"}).log == {"x": "B"}


def test_a_column_of_another_kind_than_described_is_given_to_nobody() -> None:
    columns = [
        a_column("details", description="Bill.Details"),
        a_column("x", RECORD, description="Bill.X (string)"),
    ]
    assert learn_names(columns, {}, {}).log == {"details": "", "x": ""}


def test_all_names_are_learned_from_what_they_were_made_into() -> None:
    lines = Shape(
        fields={"Qty": Kind.DECIMAL, "QTY": Kind.DECIMAL},
        details={"Lots": Shape(fields={"Status": Kind.SELECT})},
    )
    contract = a_contract(
        fields={
            "ValidFrom": Kind.STRING,
            "details": Kind.STRING,
            "Status": Kind.SELECT,
            "StatusID": Kind.INT,
        },
        details={"Details": lines},
        linked={"Contact": Shape(fields={"City": Kind.STRING}, details={"Phones": lines})},
        custom={"Document.UsrRegion": Kind.STRING, "Current.UsrRegion": Kind.STRING},
    )
    entity = an_entity()
    named = remember_names(entity, contract, ColumnNames())
    table = build_table(entity, named)
    history = table.views[-1]
    learned = learn_names(table.columns, {history.name: history.columns}, {})
    assert learned.log == named.names.log == build_layout(contract.root, {}).owners
    shown = {column: source for column, source in named.names.views[history.name].items() if source}
    assert learned.views[history.name] == shown
    assert shown["field_valid_from"] == "valid_from"
