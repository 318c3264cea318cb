"""The names of columns, and the way from a column back to its field."""

import pytest

from connector.domain.entity import CurrentForm
from connector.domain.records.columns import Level, build_layout, find_paths, to_snake_case
from connector.domain.records.contract import Kind, Shape
from connector.domain.tables.current_table import build_merge
from connector.domain.tables.evolution import adopt_types
from connector.domain.tables.log_table import build_table, compare_columns
from connector.domain.tables.schema import ColumnType, DailyMerge, Merge
from tests.builders import a_contract, an_entity
from tests.contract.warehouse_rows import a_column, a_table

LINE = Shape(
    fields={"Qty": Kind.DECIMAL, "Kind": Kind.SELECT},
    details={"Lots": Shape(fields={"Qty": Kind.DECIMAL})},
    linked={"Item": Shape(fields={"Qty": Kind.DECIMAL})},
    custom={"Transactions.UsrQty": Kind.DECIMAL},
)
SHAPE = Shape(
    fields={"Qty": Kind.DECIMAL},
    details={"Details": LINE},
    linked={"Contact": Shape(fields={"Qty": Kind.INT}, details={"Phones": LINE})},
    custom={"Document.UsrQty": Kind.DECIMAL},
)


def build_level(shape: Shape) -> Level:
    return build_layout(shape, {}).level


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("VendorID", "vendor_id"), ("F1099Box", "f1099_box"), ("APAccount", "ap_account"), ("AP1099", "ap_1099"), ("Qty", "qty"),
        ("ReferenceNbr", "reference_nbr"), ("Address2", "address_2"), ("_", "field"), ("a_b", "a_b"),
    ],
)  # fmt: skip
def test_a_field_has_the_name_of_its_words(name: str, column: str) -> None:
    assert to_snake_case(name) == column


@pytest.mark.parametrize(
    ("columns", "paths"),
    [
        ({"qty"}, ["Qty"]),
        ({"usr_qty"}, ["Document.UsrQty"]),
        ({"contact_qty"}, ["Contact/Qty"]),
        ({"details.qty"}, ["Details/Qty"]),
        ({"details.item_qty"}, ["Details/Item/Qty"]),
        ({"details.usr_qty"}, ["Details/Transactions.UsrQty"]),
        ({"details.lots.qty"}, ["Details/Lots/Qty"]),
        ({"contact_phones.qty"}, ["Contact/Phones/Qty"]),
        ({"contact_phones.lots.qty"}, ["Contact/Phones/Lots/Qty"]),
        ({"details.kind_id"}, ["Details/Kind"]),
        ({"details"}, ["Details"]),
        ({"contact_phones.lots"}, ["Contact/Phones/Lots"]),
        ({"elsewhere"}, []),
    ],
)
def test_a_column_leads_back_to_its_field(columns: set[str], paths: list[str]) -> None:
    assert list(find_paths(build_level(SHAPE), frozenset(columns))) == paths


def test_fields_of_one_name_are_numbered_from_two_on() -> None:
    level = build_level(Shape(fields={"A_B": Kind.INT, "AB": Kind.INT, "Ab": Kind.INT, "aB": Kind.INT}))
    assert [leaf.column for leaf in level.leaves] == ["ab", "a_b", "ab_2", "a_b_2"]
    level = build_level(Shape(fields={"AB": Kind.INT, "Ab": Kind.INT, "ab": Kind.INT}))
    assert [leaf.column for leaf in level.leaves] == ["ab", "ab_2", "ab_3"]


def test_a_field_called_like_the_place_of_a_line_gives_way_to_it() -> None:
    level = build_level(
        Shape(fields={}, details={"Details": Shape(fields={"Position": Kind.INT, "Id": Kind.INT})})
    )
    ((_, _, lines),) = level.details
    assert [leaf.column for leaf in lines.leaves] == ["id", "position"]


def test_a_column_that_two_contracts_give_different_types_is_found_at_every_level() -> None:
    before = a_contract(
        fields={"A": Kind.INT, "B": Kind.STRING}, details={"Details": Shape(fields={"Q": Kind.INT})}
    )
    after = a_contract(
        fields={"A": Kind.STRING, "B": Kind.STRING}, details={"Details": Shape(fields={"Q": Kind.BOOL})}
    )
    assert compare_columns(an_entity(), before, after).incompatible_columns == {"a", "details.q"}
    assert compare_columns(an_entity(), before, before).incompatible_columns == frozenset()


@pytest.mark.parametrize(("form", "kind"), [(CurrentForm.TABLE, Merge), (CurrentForm.AUTO, DailyMerge)])
def test_current_rows_may_be_kept_in_a_table_unless_the_catalogue_asks_for_a_view(
    form: CurrentForm, kind: type[Merge]
) -> None:
    kept = an_entity(current=form)
    table = build_table(kept, a_contract())
    assert table.merge == build_merge(kept, table.columns)
    assert (type(table.merge), table.superseded) == (kind, ())
    plain = build_table(an_entity(current=CurrentForm.VIEW), a_contract())
    assert (plain.merge, plain.superseded) == (None, ("vendors_current",))


def test_a_view_that_is_called_like_the_table_keeps_its_name() -> None:
    table = build_table(an_entity(current_view="vendors_current"), a_contract())
    assert (table.merge, table.superseded) == (None, ("vendors_current",))


def test_rows_move_between_two_tables_by_the_types_of_the_one_that_exists() -> None:
    existing = [a_column("amount", ColumnType.STRING, required=True), a_column("other")]
    wanted = a_table((a_column("amount", ColumnType.NUMERIC), a_column("new", required=True)))
    adopted = adopt_types(wanted, existing)
    by_name = {column.name: column for column in adopted.columns}
    assert by_name["amount"].type is ColumnType.STRING
    assert by_name["new"].type is ColumnType.STRING
    assert not any(column.required for column in adopted.columns)
    assert [column.name for column in adopted.columns] == [column.name for column in wanted.columns]
    assert (adopted.name, adopted.views) == (wanted.name, wanted.views)
