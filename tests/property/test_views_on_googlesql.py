"""The views' own text, run by GoogleSQL, shows the same rows as the DuckDB file to the last digit."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.adapters.duckdb.file import connect
from connector.adapters.duckdb.warehouse import DuckDbWarehouse
from connector.domain.tables.schema import ColumnType, Table, View
from tests.contract.warehouse_rows import LINES, PARTS, a_row, a_table, an_append, an_entity
from tests.property.test_views_of_any_log import Entry, logs
from tests.stand_ins.googlesql import ask

TABLE = a_table(entity=an_entity(line_views=(LINES, PARTS)))
FULL = a_row(
    "r3",
    "f",
    modified_at=2,
    extra=b'{"UsrScore":"0.1"}',
    type="Bill",
    amount="-12345678901234567890.000000001",
    rate=0.1,
    lines=-7,
    hold=True,
    due_date="2026-02-28",
    created_at="2026-03-08T06:59:59.997Z",
    details=[
        {
            "_id": "l1",
            "_position": 1,
            "account": 'a"\\\n',
            "amount": "0.000000001",
            "allocations": [{"lot": "x"}],
        },
        {"_position": 2, "allocations": []},
    ],
    tax_details=[{"_position": 1, "tax_id": "é", "amount": "1"}],
)
"""A row with a value in every column."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("views") / "log.duckdb"


@pytest.fixture(scope="module")
def warehouse(path: Path) -> Iterator[DuckDbWarehouse]:
    warehouse = DuckDbWarehouse(path)
    warehouse.prepare(TABLE)
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def reader(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(path) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(logs(), min_size=8, max_size=8))
def test_every_view_shows_the_same_rows_in_both_engines(
    warehouse: DuckDbWarehouse, reader: duckdb.DuckDBPyConnection, several: list[list[Entry]]
) -> None:
    """Several logs are one log of more records: the engine's work is in the text, not in the rows."""
    entries = [
        replace(entry, record=f"{number}-{entry.record}")
        for number, log in enumerate(several)
        for entry in log
    ]
    rows = [*(entry.to_row() for entry in entries), FULL]
    reader.execute("DELETE FROM bills_log")
    assert warehouse.append(an_append(*rows, table=TABLE)) == {}
    shown = ", ".join(
        f"ARRAY(SELECT AS STRUCT * FROM {{dataset}}.{view.name} ORDER BY {order(view)})"
        for view in TABLE.views
    )
    [answers] = ask(f"SELECT {shown}", {TABLE: [decode(row) for row in rows]}).rows
    for view, answer in zip(TABLE.views, answers, strict=True):
        held = reader.execute(f'SELECT * FROM "{view.name}" ORDER BY {order(view).replace("`", chr(34))}')
        names = [name for name, *_ in held.description or ()]
        assert all(list(row) == names for row in answer)
        ours = [plain(tuple(row.values()), view) for row in answer]
        assert ours == [plain(row, view) for row in held.fetchall()]


def order(view: View) -> str:
    """Return an order of all rows of a view, some columns upwards and some downwards, and NULL at either end."""
    ways = ("ASC NULLS FIRST", "DESC NULLS LAST", "ASC NULLS LAST", "DESC NULLS FIRST")
    sortable = (c.name for c in view.columns if not c.repeated and c.type is not ColumnType.JSON)
    return ", ".join(f"`{name}` {way}" for name, way in zip(sortable, cycle(ways), strict=False))


def decode(row: Any) -> Mapping[str, Any]:
    columns: dict[str, Any] = msgspec.json.decode(row.data)
    return columns | ({"_extra": row.extra.decode()} if row.extra else {})


def plain(row: tuple[Any, ...], view: View) -> tuple[Any, ...]:
    """BigQuery holds no NULL in place of an array: it is an empty one there."""
    kinds = [column.repeated for column in view.columns]
    return tuple(
        _plain(value) if value is not None or not repeated else []
        for value, repeated in zip(row, kinds, strict=True)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [{name: _nested(name, inner) for name, inner in line.items()} for line in value]
    return value


def _nested(name: str, value: Any) -> Any:
    return _plain(value or []) if name == "allocations" else value


def test_one_wrong_word_in_a_view_is_noticed() -> None:
    """The engine looks at what the text says, so a fault in it does not pass."""
    rows = [decode(a_row("r1", "old", synced_at=2)), decode(a_row("r1", "new", synced_at=3))]

    def newest(table: Table) -> Any:
        return ask("SELECT _version FROM {dataset}.bills", {table: rows}).rows

    current = TABLE.views[0]
    assert newest(TABLE) == [("new",)]
    wrong = replace(current, sql=current.sql.replace("`_synced_at` DESC", "`_synced_at`"))
    assert wrong != current
    assert newest(replace(TABLE, views=(wrong,))) == [("old",)]


def test_the_engine_has_a_value_of_every_type() -> None:
    answer = ask(f"SELECT * FROM {{dataset}}.{TABLE.name}", {TABLE: [decode(FULL)]})
    filled = dict(zip(answer.columns, answer.rows[0], strict=True))
    assert {column.type for column in TABLE.columns if filled[column.name]} >= {*ColumnType} - {
        ColumnType.BIGNUMERIC
    }
