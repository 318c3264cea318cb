"""What every warehouse promises of reading: versions, trails, views, check."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connector.domain.batch import Row
from connector.domain.entity import CurrentForm
from connector.domain.tables.current_table import build_merge
from connector.domain.tables.schema import View
from connector.ports import Warehouse
from tests.contract.warehouse_rows import (
    BUSINESS,
    PARTS,
    a_column,
    a_log,
    a_row,
    a_table,
    an_append,
    an_entity,
    an_hour,
)
from tests.contract.warehouse_shelf import Shelf


def _read_versions(
    warehouse: Warehouse, record_ids: list[str] | None = None
) -> list[tuple[str, str, datetime | None, datetime | None, bool]]:
    return [
        (v.record_id, v.version, v.modified_at, v.synced_at, v.is_deleted)
        for v in warehouse.current_versions(a_log(), record_ids)
    ]


class ReadingContract:
    def test_current_versions_are_the_newest_by_ascending_id_and_tell_the_deleted(
        self, warehouse: Warehouse
    ) -> None:
        warehouse.prepare(a_log())
        warehouse.append(
            an_append(
                a_row("c", "v1", modified_at=None),
                a_row("b", "v2", modified_at=3),
                a_row("b", "v1", modified_at=1, synced_at=9),
                a_row("a", "v1", modified_at=1),
                a_row("a", "gone", modified_at=1, synced_at=5, deleted=True),
                a_row("d", "gone", modified_at=1, synced_at=5, deleted=True),
                a_row("d", "v1", modified_at=1, synced_at=6),
            )
        )

        def instant(hour: int) -> datetime:
            return datetime(2026, 1, 1, hour, tzinfo=UTC)

        expected = [
            ("a", "gone", instant(1), instant(5), True),
            ("b", "v2", instant(3), instant(2), False),
            ("c", "v1", None, instant(2), False),
            ("d", "v1", instant(1), instant(6), False),
        ]
        assert _read_versions(warehouse) == expected
        assert _read_versions(warehouse, ["d", "a", "no such id"]) == [expected[0], expected[3]]
        assert _read_versions(warehouse, ["'\"`\\ --"]) == []

    def test_a_version_shown_under_another_stamp_than_its_own_tells_both(self, warehouse: Warehouse) -> None:
        log = replace(a_log(), stamp="created_at")
        warehouse.prepare(log)
        warehouse.append(
            an_append(
                a_row("lifted", modified_at=3, created_at=an_hour(1)),
                a_row("plain", modified_at=3, created_at=an_hour(3)),
                a_row("unstamped", modified_at=3, reference_nbr="no instant"),
            )
        )
        found = {v.record_id: v.own_stamp for v in warehouse.current_versions(log)}
        assert found == {
            "lifted": datetime(2026, 1, 1, 1, tzinfo=UTC),
            "plain": datetime(2026, 1, 1, 3, tzinfo=UTC),
            "unstamped": None,
        }
        log = replace(log, stamp="reference_nbr")  # a column of another type, as an endpoint before had it
        assert {v.own_stamp for v in warehouse.current_versions(log)} == {None}

    def test_rows_can_be_appended_while_current_versions_are_read(self, warehouse: Warehouse) -> None:
        warehouse.prepare(a_log())
        warehouse.append(an_append(*(a_row(f"r{i}") for i in range(3))))
        seen = []
        for i, version in enumerate(warehouse.current_versions(a_log())):
            warehouse.append(an_append(a_row(f"new{i}"), batch_id=f"more {i}"))
            seen.append(version.record_id)
        assert seen == ["r0", "r1", "r2"]

    def test_a_record_is_found_by_its_columns_with_every_version_oldest_first(
        self, warehouse: Warehouse
    ) -> None:
        warehouse.prepare(a_log())
        warehouse.append(
            an_append(
                a_row("r1", "v2", modified_at=2, type="Bill", reference_nbr="1", amount="2.50"),
                a_row("r1", "v1", modified_at=1, type="Bill", reference_nbr="1", amount="1"),
                a_row("r2", "v1", type="Bill", reference_nbr="2"),
                a_row("r3", "v1", type="Debit Adj.", reference_nbr="1"),
            )
        )
        found = list(warehouse.record_versions(a_log(), "r1"))
        assert [(row["_version"], row["amount"]) for row in found] == [
            ("v1", Decimal(1)),
            ("v2", Decimal("2.50")),
        ]
        assert found[0]["_modified_at"] == datetime(2026, 1, 1, 1, tzinfo=UTC)
        assert "details" not in found[0]
        assert warehouse.find_ids(a_log(), {"reference_nbr": "1"}) == ["r1", "r3"]
        assert warehouse.find_ids(a_log(), {"type": "Bill", "reference_nbr": "1"}) == ["r1"]

    def test_the_rows_of_a_record_are_found_whatever_days_they_are_of(self, warehouse: Warehouse) -> None:
        warehouse.prepare(a_log())
        days = ("2025-12-31T23:59:59.999999Z", "2026-01-01T00:00:00Z", "2026-02-28T12:00:00Z")
        rows = [a_row("r1", f"v{i}", _synced_at=day, modified_at=i) for i, day in enumerate(days)]
        warehouse.append(an_append(*rows, a_row("r2", _synced_at=days[1])))
        found = warehouse.record_versions(a_log(), "r1")
        assert [row["_version"] for row in found] == ["v0", "v1", "v2"]

    def test_a_record_is_found_by_a_column_that_is_no_text(self, warehouse: Warehouse) -> None:
        warehouse.prepare(a_log())
        warehouse.append(an_append(a_row("r1", lines=7), a_row("r2", lines=8)))
        assert warehouse.find_ids(a_log(), {"lines": "8"}) == ["r2"]

    def test_ids_are_found_that_were_synced_with_different_keys_since_an_instant(
        self, warehouse: Warehouse
    ) -> None:
        log, keys = a_log(), ["type", "reference_nbr"]
        assert warehouse.find_shared_ids(log, keys, datetime(2026, 1, 1, 1, tzinfo=UTC)) == []
        warehouse.prepare(log)
        one: dict[str, Any] = {"type": "Bill", "reference_nbr": "1"}
        other = one | {"reference_nbr": "2"}
        warehouse.append(
            an_append(
                a_row("twin", "v1", synced_at=2, **one),
                a_row("twin", "v2", synced_at=2, **other),
                a_row("older", "v1", synced_at=1, **one),
                a_row("older", "v2", synced_at=3, **other),
                a_row("read again", "v1", synced_at=2, **one),
                a_row("read again", "v2", synced_at=3, **one),
                a_row("gone", "v1", synced_at=2, **one),
                a_row("gone", "gone", synced_at=3, deleted=True),
                a_row("also", "v1", synced_at=3, **one),
                a_row("also", "v2", synced_at=4, **(one | {"type": "Debit Adj."})),
            )
        )
        assert warehouse.find_shared_ids(log, keys, datetime(2026, 1, 1, 2, tzinfo=UTC)) == ["also", "twin"]
        assert warehouse.find_shared_ids(log, keys[:1], datetime(2026, 1, 1, 2, tzinfo=UTC)) == ["also"]

    def test_before_the_first_run_there_is_nothing_to_read(self, warehouse: Warehouse) -> None:
        assert list(warehouse.current_versions(a_log())) == []
        assert list(warehouse.record_versions(a_log(), "r1")) == []
        assert warehouse.find_ids(a_log(), {"type": "Bill"}) == []


class ViewsContract:
    def append_story(self, warehouse: Warehouse, *views: str) -> None:
        """r1 became B and A again, r2 was deleted, r3's older version came late, r4 changed without moving its stamp."""
        warehouse.prepare(a_table(views=tuple(view for view in a_table().views if view.name in views)))
        rows: list[Row] = [
            a_row("r1", "A", modified_at=1, synced_at=2, amount="1"),
            a_row("r1", "A", modified_at=1, synced_at=3, amount="1"),
            a_row("r1", "B", modified_at=4, synced_at=5, amount="2"),
            a_row("r1", "A", modified_at=6, synced_at=7, amount="1"),
            a_row("r2", "A", modified_at=1, synced_at=2, details=[{"_position": 1}]),
            a_row("r2", "gone", modified_at=1, synced_at=9, deleted=True),
            a_row("r3", "new", modified_at=5, synced_at=6),
            a_row("r3", "old", modified_at=2, synced_at=8),
            a_row("r4", "A", modified_at=1, synced_at=2, details=[{"_position": 1, "account": "old"}]),
            a_row("r4", "B", modified_at=1, synced_at=8, details=[{"_position": 1, "account": "new"}]),
        ]
        assert warehouse.append(an_append(*rows)) == {}

    def test_the_current_view_shows_each_live_record_once(self, shelf: Shelf, warehouse: Warehouse) -> None:
        self.append_story(warehouse, "bills")
        assert shelf.query("SELECT _id, _version FROM {dataset}.bills ORDER BY _id") == [
            ("r1", "A"),
            ("r3", "new"),
            ("r4", "B"),
        ]

    def test_the_line_view_shows_the_lines_of_current_records(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        self.append_story(warehouse, "bills", "bill_lines")
        assert shelf.query("SELECT _parent_id, account FROM {dataset}.bill_lines") == [("r4", "new")]

    def test_the_history_shows_every_version_with_its_time(self, shelf: Shelf, warehouse: Warehouse) -> None:
        self.append_story(warehouse, "bills_history")
        found = shelf.query(
            "SELECT _id, _version, EXTRACT(HOUR FROM valid_from), EXTRACT(HOUR FROM valid_to), is_current "
            "FROM {dataset}.bills_history ORDER BY _id, valid_from"
        )
        assert found == [
            ("r1", "A", 1, 4, False),
            ("r1", "B", 4, 6, False),
            ("r1", "A", 6, None, True),
            ("r2", "A", 1, 9, False),
            ("r3", "old", 2, 5, False),
            ("r3", "new", 5, None, True),
            ("r4", "A", 1, 8, False),
            ("r4", "B", 8, None, True),
        ]

    def test_a_view_of_several_collections_tells_them_apart(self, shelf: Shelf, warehouse: Warehouse) -> None:
        table = a_table(entity=an_entity(line_views=(PARTS,)))
        warehouse.prepare(replace(table, views=table.views[:2]))
        row = a_row(
            type="Bill",
            amount="3",
            details=[{"_position": 1, "account": "4000", "amount": "1", "allocations": [{"lot": "L"}]}],
            tax_details=[{"_position": 1, "tax_id": "VAT", "amount": "2"}],
        )
        warehouse.append(an_append(row))
        columns = "_detail, type, bill_amount, amount, account, tax_id"
        assert shelf.query(f"SELECT {columns} FROM {{dataset}}.bill_parts ORDER BY _detail") == [
            ("Details", "Bill", Decimal(3), Decimal(1), "4000", None),
            ("TaxDetails", "Bill", Decimal(3), Decimal(2), None, "VAT"),
        ]


class CheckContract:
    def test_check_is_content_before_the_first_run_and_writes_nothing(
        self, shelf: Shelf, warehouse: Warehouse
    ) -> None:
        lines = list(warehouse.check([a_table()]))
        assert lines
        assert all(line.ok for line in lines)
        assert "3 views are valid" in lines[-1].finding
        warehouse.close()
        assert shelf.open().prepare(a_table()).created

    def test_check_finds_a_view_that_cannot_be_before_the_first_run(self, warehouse: Warehouse) -> None:
        table = a_table()
        broken = View(name="broken", sql="SELECT `no_such_column` FROM {dataset}.`bills`")
        *others, line = warehouse.check([replace(table, views=(*table.views, broken))])
        assert all(other.ok for other in others)
        assert not line.ok
        assert "no_such_column" in line.finding

    def test_check_is_content_after_a_run(self, warehouse: Warehouse) -> None:
        warehouse.prepare(a_table())
        warehouse.append(an_append(a_row()))
        assert all(line.ok for line in warehouse.check([a_table()]))

    def test_check_is_content_with_columns_and_tables_that_the_next_run_adds(
        self, warehouse: Warehouse
    ) -> None:
        warehouse.prepare(a_log())
        entity = an_entity(current=CurrentForm.TABLE)
        wider = a_table((*BUSINESS, a_column("terms")), entity)
        wider = replace(wider, merge=build_merge(entity, wider.columns))
        *others, line = warehouse.check([wider])
        assert all(other.ok for other in others)
        assert (line.ok, "3 views are valid" in line.finding) == (True, True), line.finding


class ClosingContract:
    def test_closing_twice_is_harmless_and_the_next_call_opens_again(self, warehouse: Warehouse) -> None:
        warehouse.close()
        warehouse.prepare(a_log())
        warehouse.append(an_append(a_row("r1")))
        warehouse.close()
        warehouse.close()
        assert [version.record_id for version in warehouse.current_versions(a_log())] == ["r1"]
