"""What every warehouse promises of views and current rows that somebody else changed, and of names that changed hands."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from connector.domain.entity import CurrentForm
from connector.domain.tables.current_table import build_merge
from connector.domain.tables.schema import Column, ColumnType, Table
from connector.errors import ConfigurationError
from connector.ports import Warehouse
from tests.contract.warehouse_rows import BUSINESS, LINES, a_column, a_row, a_table, an_append, an_entity
from tests.contract.warehouse_shelf import Shelf

SHOWN = "SELECT _id FROM {{dataset}}.{} ORDER BY _id"


def of_entity(name: str, view: str, *, kept: bool = False, business: tuple[Column, ...] = BUSINESS) -> Table:
    """The log of another entity whose current view and line view have these names."""
    form = CurrentForm.TABLE if kept else CurrentForm.VIEW
    lines = structs.replace(LINES, name=f"{view}_lines")
    entity = an_entity(name=name, current_view=view, line_views=(lines,), current=form)
    table = a_table(business, entity=entity)
    if kept:
        return replace(table, merge=build_merge(entity, table.columns))
    return replace(table, superseded=(entity.current_table,))


class MendingContract:
    @pytest.mark.parametrize("kept", [False, True], ids=["view", "table"])
    def test_views_that_somebody_dropped_or_replaced_are_made_again(
        self, shelf: Shelf, warehouse: Warehouse, kept: bool
    ) -> None:
        table = of_entity("bills", "bills", kept=kept)
        warehouse.prepare(table)
        warehouse.append(an_append(a_row("r1", details=[{"_position": 1, "account": "1"}]), table=table))
        warehouse.refresh(table)
        warehouse.close()
        shelf.query("DROP VIEW {dataset}.bills_lines")
        shelf.query("CREATE OR REPLACE VIEW {dataset}.bills AS SELECT 'x' AS _id")
        shelf.query("CREATE OR REPLACE VIEW {dataset}.bills_history AS SELECT 'x' AS _id")
        other = shelf.open()
        assert not other.prepare(table).created
        other.close()
        for view, column in (("bills", "_id"), ("bills_lines", "_parent_id"), ("bills_history", "_id")):
            assert shelf.values(f"SELECT {column} FROM {{dataset}}.{view}") == ["r1"]

    def test_two_entities_that_exchange_the_names_of_their_views_show_their_own_records(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        for name, view in (("bills", "one"), ("checks", "other")):
            table = of_entity(name, view)
            warehouse.prepare(table)
            row = a_row(name, details=[{"_position": 1, "account": name}])
            warehouse.append(an_append(row, table=table, batch_id=name))
        taken = [warehouse.prepare(of_entity(n, v)) for n, v in (("bills", "other"), ("checks", "one"))]
        assert [status.taken_from for status in taken] == [("checks",), ("bills",)]
        warehouse.close()
        for name, view in (("bills", "other"), ("checks", "one")):
            assert shelf.values(SHOWN.format(view)) == [name]
            assert shelf.values(f"SELECT account FROM {{dataset}}.{view}_lines") == [name]

    def test_an_entity_that_is_renamed_and_renamed_back_shows_its_own_log(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        for number, name in enumerate(("bills", "renamed")):
            table = of_entity(name, "shown")
            warehouse.prepare(table)
            warehouse.append(an_append(a_row(name), table=table, batch_id=str(number)))
        assert warehouse.prepare(of_entity("bills", "shown")).taken_from == ("renamed",)
        warehouse.close()
        assert shelf.values(SHOWN.format("shown")) == ["bills"]

    def test_views_are_left_to_another_log_until_theirs_is_filled(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        old, new = of_entity("bills", "shown"), of_entity("renamed", "shown")
        warehouse.prepare(old)
        warehouse.append(an_append(a_row("whole"), table=old))
        for _ in range(2):
            assert warehouse.prepare(new, is_filled=False).held_by == ("bills",)
        warehouse.append(an_append(a_row("first"), table=new, batch_id="2"))
        warehouse.close()
        assert shelf.values(SHOWN.format("shown")) == ["whole"]
        filled = shelf.open()
        assert filled.prepare(new).taken_from == ("bills",)
        assert filled.prepare(new).taken_from == ()
        filled.close()
        assert shelf.values(SHOWN.format("shown")) == ["first"]

    def test_views_of_a_log_that_is_gone_are_left_to_nobody(self, shelf: Shelf, warehouse: Warehouse) -> None:
        warehouse.prepare(of_entity("bills", "shown"))
        warehouse.close()
        shelf.query("DROP TABLE {dataset}.bills_log")
        other = shelf.open()
        assert other.prepare(of_entity("renamed", "shown"), is_filled=False).held_by == ()
        other.close()
        assert shelf.values(SHOWN.format("shown")) == []


class LeftoverContract:
    def test_current_rows_in_a_table_go_when_a_view_takes_their_place(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        warehouse.prepare(of_entity("bills", "bills", kept=True))
        warehouse.append(an_append(a_row("r1"), table=of_entity("bills", "bills", kept=True)))
        warehouse.prepare(of_entity("bills", "bills"))
        assert warehouse.read_columns("bills_current") == ()
        warehouse.close()
        assert shelf.values(SHOWN.format("bills")) == ["r1"]

    def test_the_view_may_take_the_very_name_of_the_table(self, shelf: Shelf, warehouse: Warehouse) -> None:
        warehouse.prepare(of_entity("bills", "bills", kept=True))
        warehouse.append(an_append(a_row("r1"), table=of_entity("bills", "bills", kept=True)))
        warehouse.refresh(of_entity("bills", "bills", kept=True))
        for view, kept in (("bills_current", False), ("bills", True), ("bills_current", False)):
            warehouse.prepare(of_entity("bills", view, kept=kept))
            warehouse.close()
            assert shelf.values(SHOWN.format(view)) == ["r1"]

    def test_no_deleted_record_comes_back_with_a_log_made_anew(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        """From table to view, the log dropped and filled again without a record, and back to a table."""
        kept, plain = of_entity("bills", "bills", kept=True), of_entity("bills", "bills")
        warehouse.prepare(kept)
        warehouse.append(an_append(a_row("ghost"), a_row("r1"), table=kept))
        warehouse.refresh(kept)
        warehouse.prepare(plain)
        warehouse.close()
        shelf.query("DROP TABLE {dataset}.bills_log")
        other = shelf.open()
        assert other.prepare(plain).created
        other.append(an_append(a_row("r1"), table=plain, batch_id="2"))
        other.prepare(kept)
        other.refresh(kept)
        other.close()
        assert shelf.values(SHOWN.format("bills")) == ["r1"]


PAGE = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text()
[STATEMENT] = re.findall(r"`(ALTER TABLE acumatica\.\w+_log DROP COLUMN hold)`", PAGE)
"""What the page tells analysts to run."""
VALUES: dict[str, tuple[Any, Any]] = {
    "BOOL": (True, True),
    "DATE": ("2026-11-22", date(2026, 11, 22)),
    "FLOAT64": (1.5, 1.5),
    "INT64": (7, 7),
    "STRING": ("text", "text"),
    "TIMESTAMP": ("2026-11-22T06:00:00Z", datetime(2026, 11, 22, 6, tzinfo=UTC)),
}
"""A value of each type as it is written and as it is read."""

PAIRS = (*pairwise(VALUES), *((after, before) for before, after in pairwise(VALUES)), ("DATE", "TIMESTAMP"))
RETYPED = {f"{before}_{after}".lower(): (before, after) for before, after in PAIRS}
"""Each type becomes another, and another becomes it. A column of instants takes days, so it is never renewed for them."""


class RetypedColumnContract:
    @pytest.mark.parametrize("kept", [False, True], ids=["view", "table"])
    def test_columns_that_were_dropped_are_added_with_the_new_type(
        self, shelf: Shelf, warehouse: Warehouse, kept: bool
    ) -> None:
        """Their old values go with them, here and in the current rows. All types at once: making views takes long."""
        before, after = (
            of_entity("bills", "bills", kept=kept, business=(*BUSINESS, *_build_retyped(side)))
            for side in (0, 1)
        )
        warehouse.prepare(before)
        old = {name: VALUES[pair[0]][0] for name, pair in RETYPED.items()}
        warehouse.append(an_append(a_row("old", **old), table=before))
        warehouse.refresh(before)
        retyped = warehouse.prepare(after)
        assert retyped.incompatible_columns | retyped.as_text == RETYPED.keys()
        warehouse.close()
        for name in RETYPED:
            statement = STATEMENT.replace("acumatica.invoices_log", "{dataset}.bills_log")
            shelf.query(statement.replace("hold", name))
        other = shelf.open()
        status = other.prepare(after)
        assert (status.incompatible_columns, status.as_text) == (frozenset(), frozenset())
        new = {name: VALUES[pair[1]][0] for name, pair in RETYPED.items()}
        assert other.append(an_append(a_row("new", **new), table=after, batch_id="2")) == {}
        other.refresh(after)
        other.close()
        wanted = [
            ("new", *(VALUES[name][1] for _, name in RETYPED.values())),
            ("old", *[None] * len(RETYPED)),
        ]
        for view in ("bills", "bills_history"):
            shown = f"SELECT _id, {', '.join(RETYPED)} FROM {{dataset}}.{view} ORDER BY _id"
            assert shelf.query(shown) == wanted


def _build_retyped(side: int) -> Iterator[Column]:
    """Yield the columns with the types they have before (0) or after (1)."""
    for name, pair in RETYPED.items():
        yield a_column(name, ColumnType(pair[side]))


class RenamingContract:
    @pytest.mark.parametrize("kept", [False, True], ids=["view", "table"])
    def test_a_log_is_renamed_and_its_views_follow(
        self, shelf: Shelf, warehouse: Warehouse, kept: bool
    ) -> None:
        old, new = of_entity("bills", "shown", kept=kept), of_entity("renamed", "shown", kept=kept)
        warehouse.prepare(old)
        warehouse.append(an_append(a_row("r1", details=[{"_position": 1, "account": "1"}]), table=old))
        warehouse.refresh(old)
        assert [warehouse.rename_log("bills", "renamed") for _ in range(2)] == [True, False]
        assert not warehouse.prepare(new).created
        made = ("bills_current", "bills_history") if kept else ("bills_history",)
        assert [warehouse.drop_derived("bills") for _ in range(2)] == [[*made], []]
        warehouse.close()
        for view in ("shown", "renamed_history"):
            assert shelf.values(SHOWN.format(view)) == ["r1"]
        assert shelf.values("SELECT account FROM {dataset}.shown_lines") == ["1"]

    def test_a_log_takes_no_other_log_s_name(self, warehouse: Warehouse) -> None:
        for name in ("bills", "renamed"):
            warehouse.prepare(of_entity(name, name))
        with pytest.raises(ConfigurationError, match="bills_log cannot become renamed_log"):
            warehouse.rename_log("bills", "renamed")
