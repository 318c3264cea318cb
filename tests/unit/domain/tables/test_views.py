"""The views' texts: which columns they show and what they are called."""

from msgspec.structs import replace

from connector.domain.entity import LineView
from connector.domain.tables.log_table import LINE_META_COLUMNS, META_COLUMNS
from connector.domain.tables.schema import Column, ColumnType, View
from connector.domain.tables.views import build_views
from tests.contract.warehouse_rows import BUSINESS, LINES, PARTS, a_column, an_entity

COLUMNS = BUSINESS + META_COLUMNS


def a_line_view(columns: tuple[Column, ...] = COLUMNS, **changes: object) -> View:
    asked = replace(LineView(name="bill_lines", details=("Details",), prefix="bill_"), **changes)
    return build_views(an_entity(line_views=(asked,)), columns)[1]


def names(view: View) -> list[str]:
    return [column.name for column in view.columns]


def a_detail(name: str, *fields: Column) -> Column:
    return Column(name=name, type=ColumnType.RECORD, repeated=True, fields=LINE_META_COLUMNS + fields)


class TestAllViews:
    def test_they_come_in_the_order_in_which_they_can_be_created(self) -> None:
        views = build_views(an_entity(line_views=(LINES, PARTS)), COLUMNS)
        assert [view.name for view in views] == ["bills", "bill_lines", "bill_parts", "bills_history"]

    def test_no_view_selects_everything(self) -> None:
        assert not any("*" in view.sql for view in build_views(an_entity(), COLUMNS))

    def test_every_object_is_named_through_the_placeholder_of_the_dataset(self) -> None:
        for view in build_views(an_entity(), COLUMNS):
            tables = [line for line in view.sql.splitlines() if line.startswith("FROM ")]
            assert all(
                line.startswith("FROM {dataset}.`") or line in ("FROM placed", "FROM compared", "FROM timed")
                for line in tables
            )

    def test_columns_of_views_are_never_required(self) -> None:
        assert not any(
            column.required for view in build_views(an_entity(), COLUMNS) for column in view.columns
        )


class TestCurrentView:
    def test_it_shows_every_column_but_the_mark_of_deletion(self) -> None:
        assert names(build_views(an_entity(), COLUMNS)[0]) == [
            column.name for column in COLUMNS if column.name != "_deleted"
        ]


class TestHistoryView:
    def test_a_field_called_like_a_column_of_the_history_gives_way(self) -> None:
        history = build_views(an_entity(), (a_column("valid_to", ColumnType.DATE), *META_COLUMNS))[-1]
        assert names(history)[0] == "field_valid_to"
        assert names(history)[-5:] == ["valid_from", "valid_to", "is_current", "is_deleted", "deleted_at"]
        assert "`valid_to` AS `field_valid_to`" in history.sql


class TestLineViews:
    def test_the_parents_keys_come_first_and_the_meta_columns_last(self) -> None:
        assert names(a_line_view()) == [
            "type", "reference_nbr", "account", "amount", "allocations",
            "_parent_id", "_id", "_position", "_synced_at", "_run_id",
        ]  # fmt: skip

    def test_a_parents_column_that_a_line_also_has_gets_the_prefix(self) -> None:
        assert {"bill_amount", "amount"} <= set(names(a_line_view(parent=("ReferenceNbr", "Amount"))))

    def test_the_prefix_is_repeated_until_the_name_is_free(self) -> None:
        detail = a_detail("details", a_column("type"), a_column("bill_type"))
        view = a_line_view((a_column("type"), detail, *META_COLUMNS))
        assert names(view)[:3] == ["bill_bill_type", "type", "bill_type"]

    def test_two_parents_columns_never_get_one_name(self) -> None:
        detail = a_detail("details", a_column("type"))
        parents = (a_column("type"), a_column("bill_type"))
        view = a_line_view((*parents, detail, *META_COLUMNS), parent="all")
        assert names(view)[:3] == ["bill_bill_type", "bill_type", "type"]
        detail = a_detail("details", a_column("type"), a_column("bill_type"))
        view = a_line_view((*parents, detail, *META_COLUMNS), parent="all")
        assert names(view)[:2] == ["bill_bill_type", "bill_bill_bill_type"]

    def test_no_column_is_required_whatever_the_log_requires(self) -> None:
        parent, line = a_column("type", required=True), a_column("account", required=True)
        view = a_line_view((parent, a_detail("details", line), *META_COLUMNS), parent="all")
        assert {"type", "account"} <= set(names(view))
        assert not any(column.required for column in view.columns)

    def test_without_a_prefix_a_clash_is_still_resolved(self) -> None:
        view = a_line_view(
            (a_column("type"), a_detail("details", a_column("type")), *META_COLUMNS), prefix=""
        )
        assert names(view)[:2] == ["parent_type", "type"]

    def test_all_parents_columns_are_its_scalars(self) -> None:
        view = a_line_view(parent="all")
        assert names(view)[:8] == [
            "type", "reference_nbr", "bill_amount", "rate", "lines", "hold", "due_date", "created_at",
        ]  # fmt: skip

    def test_a_parents_field_the_contract_lacks_is_left_out(self) -> None:
        assert names(a_line_view(parent=("ReferenceNbr", "Nowhere")))[0:2] == ["reference_nbr", "account"]

    def test_a_linked_entitys_field_is_found_by_its_path(self) -> None:
        view = a_line_view((a_column("main_contact_email"), *COLUMNS), parent=("MainContact/Email",))
        assert names(view)[0] == "main_contact_email"

    def test_a_view_of_a_collection_the_contract_lacks_is_not_built(self) -> None:
        only = an_entity(line_views=(LineView(name="x", details=("Nowhere",), prefix="x_"),))
        assert [view.name for view in build_views(only, COLUMNS)] == ["bills", "bills_history"]

    def test_a_collection_the_contract_lacks_is_left_out_of_a_union_that_keeps_its_columns(self) -> None:
        view = a_line_view(details=("Details", "Nowhere"))
        assert "UNION ALL" not in view.sql
        assert "_detail" in names(view)

    def test_only_a_union_tells_the_collections_apart(self) -> None:
        assert "_detail" not in names(a_line_view())
        assert "_detail" in names(a_line_view(details=("Details", "TaxDetails")))


class TestUnitedTypes:
    def united(self, one: ColumnType, other: ColumnType) -> ColumnType:
        columns = (a_detail("details", a_column("x", one)), a_detail("tax_details", a_column("x", other)))
        view = a_line_view(columns + META_COLUMNS, details=("Details", "TaxDetails"))
        return next(column.type for column in view.columns if column.name == "x")

    def test_numbers_meet_in_the_wider_type(self) -> None:
        assert self.united(ColumnType.INT64, ColumnType.NUMERIC) is ColumnType.NUMERIC
        assert self.united(ColumnType.BIGNUMERIC, ColumnType.NUMERIC) is ColumnType.BIGNUMERIC
        assert self.united(ColumnType.NUMERIC, ColumnType.FLOAT64) is ColumnType.FLOAT64

    def test_a_date_and_an_instant_meet_in_the_instant(self) -> None:
        assert self.united(ColumnType.DATE, ColumnType.TIMESTAMP) is ColumnType.TIMESTAMP

    def test_anything_else_meets_in_text(self) -> None:
        assert self.united(ColumnType.BOOL, ColumnType.NUMERIC) is ColumnType.STRING
        assert self.united(ColumnType.JSON, ColumnType.DATE) is ColumnType.STRING

    def test_collections_that_differ_below_meet_in_text_and_equal_ones_stay_what_they_are(self) -> None:
        one, other = (a_column("x", ColumnType.RECORD, repeated=True, fields=(a_column(n),)) for n in "ab")
        for left, right in ((one, other), (one, a_column("x", ColumnType.NUMERIC)), (a_column("x"), one)):
            columns = (a_detail("details", left), a_detail("tax_details", right))
            view = a_line_view(columns + META_COLUMNS, details=("Details", "TaxDetails"))
            assert a_column("x") in view.columns
        columns = (a_detail("details", one), a_detail("tax_details", one))
        assert one in a_line_view(columns + META_COLUMNS, details=("Details", "TaxDetails")).columns
