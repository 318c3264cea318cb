"""What every warehouse promises of current rows that are kept in a table of their own."""

from connector.domain.entity import CurrentForm
from connector.domain.tables.current_table import build_merge
from connector.domain.tables.schema import Column, Table
from connector.ports import Warehouse
from tests.contract.warehouse_rows import BUSINESS, a_column, a_row, a_table, an_append, an_entity
from tests.contract.warehouse_shelf import Shelf

CURRENT = "SELECT _id, _version FROM {dataset}.bills ORDER BY _id"


def a_kept_table(business: tuple[Column, ...] = BUSINESS) -> Table:
    """As the catalogue's `current: table` makes it, with the current view alone."""
    entity = an_entity(current=CurrentForm.TABLE, line_views=())
    made = a_table(business, entity=entity)
    return a_table(business, entity=entity, merge=build_merge(entity, made.columns), views=made.views[:1])


def a_daily_table(business: tuple[Column, ...] = BUSINESS) -> Table:
    """As the catalogue makes it that says nothing, with the current view alone."""
    entity = an_entity(line_views=())
    made = a_table(business, entity=entity)
    return a_table(business, entity=entity, merge=build_merge(entity, made.columns), views=made.views[:1])


class CurrentTableContract:
    def test_after_a_refresh_the_current_view_shows_the_newest_versions(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        warehouse.prepare(a_kept_table())
        rows = (
            a_row("r1", "new", modified_at=5, details=[{"_position": 1, "amount": "0.000000001"}]),
            a_row("r1", "old", modified_at=2, synced_at=9),
            a_row("r2", "gone", synced_at=7, deleted=True),
            a_row("r2", "v1", synced_at=3),
            a_row("r3", "v1", modified_at=None),
        )
        warehouse.append(an_append(*rows, table=a_kept_table()))
        warehouse.refresh(a_kept_table())
        assert shelf.query(CURRENT) == [("r1", "new"), ("r3", "v1")]

    def test_no_row_gives_way_to_an_older_one_not_even_a_deletion(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        warehouse.prepare(a_kept_table())
        story = [
            a_row("r1", "new", modified_at=5, synced_at=6),
            a_row("r2", "gone", modified_at=5, synced_at=6, deleted=True),
            a_row("r1", "old", modified_at=2, synced_at=9),
            a_row("r2", "old", modified_at=2, synced_at=9),
            a_row("r3", "v1", modified_at=None, synced_at=3),
            a_row("r3", "v0", modified_at=None, synced_at=1),
        ]
        for i, row in enumerate(story):
            warehouse.append(an_append(row, table=a_kept_table(), batch_id=str(i)))
            warehouse.refresh(a_kept_table())
            warehouse.refresh(a_kept_table())
        assert shelf.query(CURRENT) == [("r1", "new"), ("r3", "v1")]
        assert shelf.values("SELECT COUNT(*) FROM {dataset}.bills_current") == [3]

    def test_a_record_that_comes_back_lives_again(self, shelf: Shelf, warehouse: Warehouse) -> None:
        warehouse.prepare(a_kept_table())
        for i, deleted in enumerate([False, True, False]):
            row = a_row("r1", f"v{i}", synced_at=3 + i, deleted=deleted)
            warehouse.append(an_append(row, table=a_kept_table(), batch_id=str(i)))
            warehouse.refresh(a_kept_table())
        assert shelf.query(CURRENT) == [("r1", "v2")]

    def test_what_a_run_stored_and_did_not_refresh_the_next_one_does(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        warehouse.prepare(a_kept_table())
        warehouse.append(an_append(a_row("r1"), table=a_kept_table()))
        warehouse.close()
        other = shelf.open()
        other.prepare(a_kept_table())
        other.refresh(a_kept_table())
        other.close()
        assert shelf.query(CURRENT) == [("r1", "v1")]

    def test_an_entity_can_change_from_view_to_table_and_back_with_all_its_rows(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        as_view = a_table(views=a_table().views[:1])
        warehouse.prepare(as_view)
        warehouse.append(an_append(a_row("r1"), table=as_view))
        warehouse.prepare(a_kept_table())
        assert shelf.query(CURRENT) == [("r1", "v1")]
        warehouse.append(an_append(a_row("r2"), table=a_kept_table(), batch_id="2"))
        warehouse.prepare(as_view)
        assert shelf.query(CURRENT) == [("r1", "v1"), ("r2", "v1")]

    def test_current_rows_do_not_outlive_the_log_they_came_from(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        """What was deleted meanwhile stands in no log any more, so nothing would ever mark it."""
        warehouse.prepare(a_kept_table())
        warehouse.append(an_append(a_row("ghost"), a_row("r1"), table=a_kept_table()))
        warehouse.refresh(a_kept_table())
        warehouse.close()
        shelf.query("DROP TABLE {dataset}.bills_log")
        other = shelf.open()
        assert other.prepare(a_kept_table()).created
        other.append(an_append(a_row("r1"), table=a_kept_table(), batch_id="2"))
        other.refresh(a_kept_table())
        other.close()
        assert shelf.query(CURRENT) == [("r1", "v1")]

    def test_a_new_field_becomes_a_column_of_the_current_rows_too(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        warehouse.prepare(a_kept_table())
        warehouse.append(an_append(a_row("r1"), table=a_kept_table()))
        wider = a_kept_table((*BUSINESS, a_column("terms")))
        warehouse.prepare(wider)
        warehouse.append(an_append(a_row("r2", terms="30D"), table=wider, batch_id="2"))
        warehouse.refresh(wider)
        assert shelf.query("SELECT _id, terms FROM {dataset}.bills ORDER BY _id") == [
            ("r1", None),
            ("r2", "30D"),
        ]

    def test_a_column_that_is_not_read_for_a_while_shows_what_the_log_has(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        wide = a_kept_table((*BUSINESS, a_column("terms")))
        warehouse.prepare(wide)
        rows = [a_row(record, terms="10D") for record in ("r1", "r2")]
        warehouse.append(an_append(*rows, table=wide))
        warehouse.refresh(wide)
        for number, table in enumerate((a_kept_table(), wide), 2):
            warehouse.prepare(table)
            row = a_row("r2", f"v{number}", modified_at=number)
            warehouse.append(an_append(row, table=table, batch_id=str(number)))
            warehouse.refresh(table)
        shown = shelf.query("SELECT _id, terms FROM {dataset}.bills ORDER BY _id")
        assert shown == [("r1", "10D"), ("r2", None)]

    def test_where_the_current_rows_are_a_view_there_is_nothing_to_refresh(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        as_view = a_table(views=a_table().views[:1])
        warehouse.prepare(as_view)
        warehouse.append(an_append(a_row("r1")))
        warehouse.refresh(as_view)
        assert shelf.values("SELECT _id FROM {dataset}.bills") == ["r1"]
