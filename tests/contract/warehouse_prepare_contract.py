"""What every warehouse promises of tables and columns."""

import logging
from dataclasses import replace
from decimal import Decimal

import pytest

from connector.domain.tables.schema import ColumnType, Table
from connector.ports import Warehouse
from tests.contract.warehouse_rows import BUSINESS, LINE, a_column, a_log, a_row, a_table, an_append
from tests.contract.warehouse_shelf import Shelf


def keep_current(table: Table) -> Table:
    """With the current view alone: making views takes a warehouse longest."""
    return replace(table, views=table.views[:1])


class PrepareContract:
    def test_the_first_prepare_creates_the_table_and_its_views(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        assert warehouse.prepare(a_table()).created
        for view in a_table().views:
            assert shelf.query(f"SELECT * FROM {{dataset}}.{view.name}") == []

    def test_the_second_prepare_finds_everything(self, shelf: Shelf, warehouse: Warehouse) -> None:
        warehouse.prepare(a_table())
        warehouse.close()
        assert not shelf.open().prepare(a_table()).created

    def test_a_new_field_becomes_a_column_and_old_rows_stay(self, shelf: Shelf, warehouse: Warehouse) -> None:
        warehouse.prepare(keep_current(a_table()))
        warehouse.append(an_append(a_row("old", type="Bill")))
        wider = keep_current(a_table((*BUSINESS, a_column("terms"))))
        assert not warehouse.prepare(wider).created
        warehouse.append(an_append(a_row("new", terms="30D"), table=wider, batch_id="2"))
        rows = shelf.query("SELECT _id, type, terms FROM {dataset}.bills ORDER BY _id")
        assert rows == [("new", None, "30D"), ("old", "Bill", None)]

    def test_a_field_that_is_gone_keeps_its_column_and_its_values(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        warehouse.prepare(keep_current(a_table()))
        warehouse.append(an_append(a_row("r1", type="Bill")))
        narrower = a_table(BUSINESS[1:])
        warehouse.prepare(narrower)
        warehouse.append(an_append(a_row("r2"), table=narrower, batch_id="2"))
        assert shelf.query("SELECT type FROM {dataset}.bills_log ORDER BY _id") == [("Bill",), (None,)]

    def test_a_changed_type_is_reported_and_the_column_keeps_its_own(
        self, shelf: Shelf, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
    ) -> None:
        warehouse.prepare(a_log())
        changed = a_table((*BUSINESS[:5], a_column("hold"), *BUSINESS[6:]), views=())
        with caplog.at_level(logging.WARNING, logger="connector"):
            assert warehouse.prepare(changed).incompatible_columns == {"hold"}
        assert warehouse.prepare(changed).incompatible_columns == {"hold"}
        assert "bills_log.hold" in caplog.text
        warehouse.append(an_append(a_row("r1", hold=True)))
        assert shelf.values("SELECT hold FROM {dataset}.bills_log") == [True]

    def test_a_column_of_text_takes_values_of_any_type_as_text(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        warehouse.prepare(a_log())
        warehouse.append(an_append(a_row("r0", type="Bill")))
        texts = {ColumnType.INT64: "12", ColumnType.BOOL: "true", ColumnType.FLOAT64: "1.50"}
        for number, (changed_type, text) in enumerate(texts.items()):
            changed = a_table((a_column("type", changed_type), *BUSINESS[1:]), views=())
            status = warehouse.prepare(changed)
            assert status.as_text == {"type"}
            assert not status.incompatible_columns
            row = a_row(f"r{number + 1}", type=text)
            assert warehouse.append(an_append(row, table=changed, batch_id=str(number))) == {}
        assert shelf.values("SELECT type FROM {dataset}.bills_log ORDER BY _id") == [
            "Bill",
            *texts.values(),
        ]

    def test_the_columns_that_are_there_can_be_read_with_what_they_are_for(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        assert warehouse.read_columns("bills_log") == ()
        warehouse.prepare(a_table())
        warehouse.close()
        found = {column.name: column for column in shelf.open().read_columns("bills_log")}
        assert found["type"].description == "Bill.Type (string)"
        assert found["details"].description == "Bill.Details"
        inside = {column.name: column.description for column in found["details"].fields}
        assert inside["account"] == "Bill.Details.Account (string)"
        assert [column.name for column in found["details"].fields[-1].fields] == ["lot", "quantity"]
        shown = {column.name: column.description for column in shelf.open().read_columns("bill_lines")}
        assert shown["reference_nbr"] == "Bill.ReferenceNbr (string)"
        assert shown["account"] == "Bill.Details.Account (string)"

    def test_a_changed_type_whose_values_fit_is_no_trouble(self, shelf: Shelf, warehouse: Warehouse) -> None:
        warehouse.prepare(a_log())
        changed = a_table((*BUSINESS[:2], a_column("amount", ColumnType.INT64), *BUSINESS[3:]), views=())
        assert warehouse.prepare(changed).incompatible_columns == frozenset()
        assert warehouse.append(an_append(a_row(amount=7), table=changed)) == {}
        assert shelf.values("SELECT amount FROM {dataset}.bills_log") == [Decimal(7)]

    def test_views_follow_their_text(self, shelf: Shelf, warehouse: Warehouse) -> None:
        table = keep_current(a_table())
        warehouse.prepare(table)
        warehouse.append(an_append(a_row(type="Bill")))
        louder = table.views[0].sql.replace("`type`", "UPPER(`type`) AS `type`")
        warehouse.prepare(replace(table, views=(replace(table.views[0], sql=louder),)))
        assert shelf.values("SELECT type FROM {dataset}.bills") == ["BILL"]

    def test_a_table_without_views_works_too(self, shelf: Shelf, warehouse: Warehouse) -> None:
        runs = replace(a_table(views=(), cluster_by=()), name="sync_runs", entity="")
        assert warehouse.prepare(runs).created
        warehouse.append(an_append(a_row("r1"), table=runs))
        assert shelf.values("SELECT _id FROM {dataset}.sync_runs") == ["r1"]


class NestedColumnsContract:
    def test_new_fields_of_lines_become_nested_columns(self, shelf: Shelf, warehouse: Warehouse) -> None:
        warehouse.prepare(a_table())
        warehouse.append(an_append(a_row("old", details=[{"account": "1", "allocations": [{"lot": "L"}]}])))
        allocations = a_column(
            "allocations", ColumnType.RECORD, repeated=True, fields=(*LINE[-1].fields, a_column("bin"))
        )
        details = a_column(
            "details", ColumnType.RECORD, repeated=True, fields=(*LINE[:-1], allocations, a_column("project"))
        )
        wider = a_table((*BUSINESS[:8], details, *BUSINESS[9:]))
        assert warehouse.prepare(wider).incompatible_columns == frozenset()
        line = {"account": "2", "project": "P", "allocations": [{"lot": "M", "bin": "B"}]}
        assert warehouse.append(an_append(a_row("new", details=[line]), table=wider, batch_id="2")) == {}
        lines = shelf.query(
            "SELECT l.account, l.project, a.lot, a.bin FROM {dataset}.bills AS b "
            "CROSS JOIN UNNEST(b.details) AS l CROSS JOIN UNNEST(l.allocations) AS a ORDER BY l.account"
        )
        assert lines == [("1", None, "L", None), ("2", "P", "M", "B")]
        assert sorted(shelf.query("SELECT account, project FROM {dataset}.bill_lines")) == [
            ("1", None),
            ("2", "P"),
        ]

    def test_a_changed_type_of_a_lines_field_is_reported_by_its_path(self, warehouse: Warehouse) -> None:
        warehouse.prepare(a_table())
        line = (*LINE[:3], a_column("amount", ColumnType.STRING), *LINE[4:])
        details = a_column("details", ColumnType.RECORD, repeated=True, fields=line)
        changed = a_table((*BUSINESS[:8], details, *BUSINESS[9:]))
        assert warehouse.prepare(changed).incompatible_columns == {"details.amount"}


WIDE_LINES = a_table(
    (
        *BUSINESS[:8],
        a_column(
            "details",
            ColumnType.RECORD,
            repeated=True,
            fields=(*LINE[:3], a_column("amount", ColumnType.BIGNUMERIC), *LINE[4:]),
        ),
        *BUSINESS[9:],
    )
)
"""The lines' amounts may have more digits."""


class WideningContract:
    def test_a_number_that_is_to_hold_more_digits_is_widened_where_it_is(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        warehouse.prepare(keep_current(a_table()))
        warehouse.append(an_append(a_row("old", amount="1234567890.123456789")))
        amount = a_column("amount", ColumnType.BIGNUMERIC)
        wide = keep_current(a_table((*BUSINESS[:2], amount, *BUSINESS[3:])))
        status = warehouse.prepare(wide)
        assert (status.incompatible_columns, status.numeric_not_widened, status.created) == (
            frozenset(),
            frozenset(),
            False,
        )
        new = a_row("new", amount="12345678901234567890.12345678901")
        assert warehouse.append(an_append(new, table=wide, batch_id="2")) == {}
        assert shelf.query("SELECT _id, amount FROM {dataset}.bills ORDER BY _id") == [
            ("new", Decimal("12345678901234567890.12345678901")),
            ("old", Decimal("1234567890.123456789")),
        ]

    def test_a_number_in_lines_is_widened_with_the_column_of_all_lines(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        warehouse.prepare(a_table())
        line = {"account": "1", "amount": "0.123456789", "allocations": [{"lot": "L"}]}
        warehouse.append(an_append(a_row("old", details=[line])))
        assert warehouse.prepare(WIDE_LINES).numeric_not_widened == frozenset()
        long = {"account": "2", "amount": "12345678901234567890.12345678901"}
        assert warehouse.append(an_append(a_row("new", details=[long]), table=WIDE_LINES, batch_id="2")) == {}
        lines = shelf.query(
            "SELECT account, amount, ARRAY_LENGTH(allocations) FROM {dataset}.bill_lines ORDER BY account"
        )
        assert [line[:2] for line in lines] == [
            ("1", Decimal("0.123456789")),
            ("2", Decimal("12345678901234567890.12345678901")),
        ]
        assert lines[0][2] == 1

    def test_a_column_made_for_another_field_is_told_and_nothing_is_changed(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        mine, other = "Bill.Terms (string)", "Bill.TermsID (string)"
        qty = a_column("qty", description="Bill.Parts.Qty (decimal)")
        inner = a_column("parts", ColumnType.RECORD, repeated=True, fields=(qty,))
        warehouse.prepare(a_table((*BUSINESS, a_column("terms", description=mine), inner), views=()))
        warehouse.close()
        columns = (
            *BUSINESS,
            a_column("added"),
            a_column("terms", description=other),
            replace(inner, fields=(a_column("qty", description="Bill.Parts.OrderQty (decimal)"),)),
        )
        opened = shelf.open()
        assert opened.prepare(a_table(columns, views=())).other_fields == {"terms", "parts.qty"}
        found = {column.name: column for column in opened.read_columns("bills_log")}
        assert found["terms"].description == mine
        assert found["parts"].fields[0].description == qty.description
        assert "added" not in found
