"""What the warehouse must show of a sandbox tenant, column by column, told by the tenant itself."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from acumatica_sandbox.rows import Record, Row
from connector.domain.records.contract import Kind, Shape
from tests.builders import Rig

BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z]{2})(?=[0-9])")


def assert_shows_tenant(rig: Rig, entity: str, *, deleted: frozenset[str] = frozenset()) -> None:
    """Fail unless current and line views hold the tenant's live records exactly: each one once, every value right.

    `deleted` are ids that may still be shown, because nothing but a reconcile removes them.
    """
    block = rig.catalogue[entity]
    contract = rig.state.entities.read(entity).contract
    assert contract is not None
    records = {
        record.id: record for record in rig.sandbox.tenant.records(block.acumatica_entity, hidden=False)
    }
    views = (block.current_view, *(view.name for view in block.line_views))
    rows, *lines = rig.query_all(*(f'SELECT * FROM "{view}"' for view in views))
    shown = {row["_id"]: row for row in rows if row["_id"] not in deleted - set(records)}
    assert len(rows) == len({row["_id"] for row in rows}), "a record is shown twice"
    assert set(shown) == set(records)
    for record_id, record in records.items():
        assert_same(shown[record_id], require_origin(contract.root, record))
        assert shown[record_id]["_modified_at"] == (record.stamp if contract.modified_field else None)
    for view, found in zip(block.line_views, lines, strict=True):
        _assert_shows_lines(found, view.details, contract.root, records)


def assert_same(row: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Fail on the first column that is missing or has another value."""
    for column, value in expected.items():
        assert column in row, f"no column {column}"
        assert _plain(row[column]) == _plain(value), f"{column}: {row[column]!r} instead of {value!r}"


def _assert_shows_lines(
    found: list[dict[str, Any]], collections: tuple[str, ...], shape: Shape, records: Mapping[str, Record]
) -> None:
    wanted = {
        (record.id, name, position): require_origin(shape.details[name], line)
        for record in records.values()
        for name in collections
        for position, line in enumerate(record.details.get(name, ()), 1)
    }
    rows = [row for row in found if row["_parent_id"] in records]
    only = collections[0] if len(collections) == 1 else None
    shown = {(row["_parent_id"], only or row["_detail"], row["_position"]): row for row in rows}
    assert len(shown) == len(rows), "a line is shown twice"
    assert set(shown) == set(wanted)
    for place, expected in wanted.items():
        assert_same(shown[place], expected)


def require_origin(shape: Shape, row: Row) -> dict[str, Any]:
    """Return the columns of a record or line; of two with one name the deeper one is numbered."""
    columns: dict[str, Any] = {}
    for column, value in _expect(shape, row, ""):
        columns[f"{column}_2" if column in columns else column] = value
    return columns


def _expect(shape: Shape, row: Row, prefix: str) -> Iterator[tuple[str, Any]]:
    for field, kind in shape.fields.items():
        value = row.fields.get(field)
        if kind is Kind.DATE and isinstance(value, datetime):
            value = value.date()
        yield prefix + to_column(field), value
    for member, inner in shape.linked.items():
        if member in row.linked:
            yield from _expect(inner, row.linked[member], f"{prefix}{to_column(member)}_")


@cache
def to_column(field: str) -> str:
    """Return the column's name, by a rule of the test's own."""
    return BOUNDARY.sub("_", field).lower()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, date):
        return value.isoformat()
    return value
