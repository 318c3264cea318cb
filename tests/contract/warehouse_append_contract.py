"""What every warehouse promises of rows."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connector.domain.run import WriteMethod
from connector.errors import WarehouseUnavailableError
from connector.ports import Warehouse
from tests.contract.warehouse_rows import a_log, a_row, a_table, an_append
from tests.contract.warehouse_shelf import Shelf

LONGEST = "12345678901234567890123456789.123456789"
METHODS = pytest.mark.parametrize("method", list(WriteMethod))


class AppendContract:
    @METHODS
    def test_every_value_arrives_exactly(
        self, shelf: Shelf, warehouse: Warehouse, method: WriteMethod
    ) -> None:
        warehouse.prepare(a_log())
        row = a_row(
            type='Zürich 😀 \n\t"quoted" \\ \'',
            amount=LONGEST,
            rate=1.5,
            lines=-7,
            hold=False,
            due_date="2026-03-08",
            created_at="2026-03-08T02:30:00.123456Z",
        )
        assert warehouse.append(an_append(row, method=method)) == {}
        columns = "type, amount, rate, lines, hold, due_date, created_at"
        assert shelf.query(f"SELECT {columns} FROM {{dataset}}.bills_log") == [
            (
                'Zürich 😀 \n\t"quoted" \\ \'',
                Decimal(LONGEST),
                1.5,
                -7,
                False,
                date(2026, 3, 8),
                datetime(2026, 3, 8, 2, 30, 0, 123456, tzinfo=UTC),
            )
        ]

    @METHODS
    def test_lines_and_their_details_arrive_with_their_document(
        self, shelf: Shelf, warehouse: Warehouse, method: WriteMethod
    ) -> None:
        warehouse.prepare(a_log())
        details = [
            {
                "_id": "l1",
                "_position": 1,
                "account": "4000",
                "amount": "-0.000000001",
                "allocations": [{"lot": "A", "quantity": "1.5"}, {"lot": "B"}],
            },
            {"_position": 2, "amount": "0.1"},
        ]
        assert warehouse.append(an_append(a_row(details=details, tax_details=[]), method=method)) == {}
        lines = shelf.query(
            "SELECT l._id, l._position, l.account, l.amount, ARRAY_LENGTH(l.allocations) "
            "FROM {dataset}.bills_log AS b CROSS JOIN UNNEST(b.details) AS l"
        )
        first, second = sorted(lines, key=lambda line: int(line[1]))
        assert first == ("l1", 1, "4000", Decimal("-0.000000001"), 2)
        assert second[:4] == (None, 2, None, Decimal("0.1"))

    @METHODS
    def test_what_the_contract_did_not_announce_arrives_as_json(
        self, shelf: Shelf, warehouse: Warehouse, method: WriteMethod
    ) -> None:
        warehouse.prepare(a_log())
        extra = {"Custom": {"a": [1, "0.10", None, True], "ü": 'say "x"\n'}}
        rows = a_row("r1", extra=json.dumps(extra).encode()), a_row("r2")
        assert warehouse.append(an_append(*rows, method=method)) == {}
        found = [row["_extra"] for row in warehouse.record_versions(a_log(), "r1")]
        assert found == [extra]
        assert shelf.values(
            "SELECT JSON_VALUE(_extra, '$.Custom.a[1]') FROM {dataset}.bills_log ORDER BY _id"
        ) == [
            "0.10",
            None,
        ]

    @METHODS
    def test_a_refused_row_holds_back_no_other(
        self, shelf: Shelf, warehouse: Warehouse, method: WriteMethod
    ) -> None:
        warehouse.prepare(a_log())
        rows = [a_row(f"r{i:02}") for i in range(20)]
        rows[3] = a_row("r03", amount="a lot")
        rows[4] = a_row("r04", due_date="2026-02-30")
        rows[17] = a_row("r17", unheard_of="x")
        refused = warehouse.append(an_append(*rows, method=method))
        assert set(refused) == {3, 4, 17}
        assert all(refused.values())
        stored = shelf.values("SELECT _id FROM {dataset}.bills_log ORDER BY _id")
        assert stored == [f"r{i:02}" for i in range(20) if i not in refused]

    @METHODS
    def test_a_refused_row_may_be_alone(
        self, shelf: Shelf, warehouse: Warehouse, method: WriteMethod
    ) -> None:
        warehouse.prepare(a_log())
        assert set(warehouse.append(an_append(a_row(hold="perhaps"), method=method))) == {0}
        assert shelf.values("SELECT _id FROM {dataset}.bills_log") == []

    @METHODS
    def test_a_repeated_append_shows_nothing_twice(
        self, shelf: Shelf, warehouse: Warehouse, method: WriteMethod
    ) -> None:
        warehouse.prepare(a_table())
        rows = a_row("r1", details=[{"_position": 1}]), a_row("r2", amount="oops"), a_row("r3")
        first = warehouse.append(an_append(*rows, method=method))
        again = shelf.open()
        again.prepare(a_table())
        assert set(again.append(an_append(*rows, method=method))) == set(first) == {1}
        assert shelf.values("SELECT _id FROM {dataset}.bills ORDER BY _id") == ["r1", "r3"]
        assert shelf.values("SELECT _parent_id FROM {dataset}.bill_lines") == ["r1"]
        assert shelf.values("SELECT _id FROM {dataset}.bills_history ORDER BY _id") == ["r1", "r3"]
        again.close()

    @METHODS
    def test_a_document_of_five_thousand_lines_arrives_whole(
        self, shelf: Shelf, warehouse: Warehouse, method: WriteMethod
    ) -> None:
        warehouse.prepare(a_log())
        lines = [{"_position": i, "account": "4" * 200, "amount": "0.01"} for i in range(1, 5001)]
        assert warehouse.append(an_append(a_row(details=lines), a_row("r2"), method=method)) == {}
        found = shelf.query(
            "SELECT COUNT(*), SUM(l.amount), MAX(l._position) "
            "FROM {dataset}.bills_log AS b CROSS JOIN UNNEST(b.details) AS l"
        )
        assert found == [(5000, Decimal("50.00"), 5000)]

    def test_more_rows_than_fit_one_request_all_arrive(self, shelf: Shelf, warehouse: Warehouse) -> None:
        warehouse.prepare(a_log())
        rows = [a_row(f"r{i}") for i in range(1201)]
        rows[700] = a_row("r700", lines="many")
        refused = warehouse.append(an_append(*rows, method=WriteMethod.STREAMING))
        assert set(refused) == {700}
        assert shelf.values("SELECT COUNT(*) FROM {dataset}.bills_log") == [1200]

    def test_nothing_to_append_is_no_trouble(self, warehouse: Warehouse) -> None:
        warehouse.prepare(a_log())
        assert warehouse.append(an_append()) == {}

    @METHODS
    def test_a_log_that_is_not_there_is_not_made_by_an_append(
        self, warehouse: Warehouse, method: WriteMethod
    ) -> None:
        """Only a run that prepares it learns that everything else is missing too."""
        with pytest.raises(WarehouseUnavailableError, match="bills_log was dropped") as caught:
            warehouse.append(an_append(a_row("r1"), method=method))
        assert "Run again" in caught.value.action
        assert warehouse.prepare(a_log()).created
