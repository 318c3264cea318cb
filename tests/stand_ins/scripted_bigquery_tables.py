"""Tables of the scripted BigQuery: rows checked against the schema, nested fields too, as the service does it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Schema = Sequence[Mapping[str, Any]]


@dataclass(slots=True, kw_only=True)
class StoredTable:
    """A table or view: its resource as the API shows it, and the rows it holds."""

    resource: dict[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)
    insert_ids: set[str] = field(default_factory=set)
    streaming_schema: Schema | None = None
    """The schema as far as the streaming side has heard of it; None: it has not heard of the table."""

    @property
    def schema(self) -> Schema:
        fields: Schema = self.resource.get("schema", {}).get("fields", [])
        return fields


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a value, and where."""

    path: str
    message: str


def find_faults(
    row: Mapping[str, Any], schema: Schema, *, json_as_text: bool, path: str = ""
) -> Iterator[Fault]:
    """Yield what keeps the row out of the table. Streamed rows bring JSON as text, loaded ones as the value."""
    known = {column["name"]: column for column in schema}
    for name, value in row.items():
        here = f"{path}{name}"
        if name not in known:
            yield Fault(here, f"no such field: {here}.")
        elif value is not None:
            yield from _find_value_faults(value, known[name], here, json_as_text)
    for name, column in known.items():
        if column.get("mode") == "REQUIRED" and row.get(name) is None:
            yield Fault(f"{path}{name}", f"Missing required field: {path}{name}.")


def _find_value_faults(
    value: Any, column: Mapping[str, Any], path: str, json_as_text: bool
) -> Iterator[Fault]:
    if column.get("mode") == "REPEATED":
        if not isinstance(value, list):
            yield Fault(path, "This field is not an array.")
            return
        for i, item in enumerate(value):
            yield from _find_item_faults(item, column, f"{path}[{i}]", json_as_text)
    else:
        yield from _find_item_faults(value, column, path, json_as_text)


def _find_item_faults(
    value: Any, column: Mapping[str, Any], path: str, json_as_text: bool
) -> Iterator[Fault]:
    if column["type"] == "RECORD":
        if isinstance(value, dict):
            yield from find_faults(value, column["fields"], json_as_text=json_as_text, path=f"{path}.")
        else:
            yield Fault(path, "This field is not a record.")
    elif not _fits(value, column["type"], json_as_text):
        yield Fault(path, f"Cannot convert value to {column['type'].lower()} (bad value): {value}")


def _fits(value: Any, kind: str, json_as_text: bool) -> bool:
    try:
        CONVERTERS.get(kind, str)(value)
        if kind == "JSON" and json_as_text:
            json.loads(value)
    except (ValueError, TypeError, InvalidOperation):
        return False
    return not (kind in ("INTEGER", "INT64") and isinstance(value, float))


def _to_bool(value: Any) -> None:
    if value not in (True, False, "true", "false"):
        raise ValueError(value)


def _to_decimal(whole: int, fraction: int) -> Callable[[Any], None]:
    def convert(value: Any) -> None:
        digits = f"{Decimal(str(value)):f}".lstrip("-").partition(".")
        if len(digits[0]) > whole or len(digits[2]) > fraction:
            raise ValueError(value)

    return convert


CONVERTERS: dict[str, Callable[[Any], object]] = {
    "NUMERIC": _to_decimal(29, 9),
    "BIGNUMERIC": _to_decimal(38, 38),
    "INTEGER": int,
    "INT64": int,
    "FLOAT": float,
    "FLOAT64": float,
    "BOOLEAN": _to_bool,
    "BOOL": _to_bool,
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
}


def find_retyped_field(held: Schema, wanted: Schema) -> str | None:
    """Return what an update of the schema would change of a column's type, which BigQuery refuses; nested ones too."""
    known = {column["name"]: column for column in held}
    for column in wanted:
        before = known.get(column["name"], column)
        if column["type"] != before["type"]:
            return f"{column['name']} has changed type from {before['type']} to {column['type']}"
        if inner := find_retyped_field(before.get("fields", ()), column.get("fields", ())):
            return inner
    return None


WIDENING = re.compile(r"ALTER TABLE `[^`]+`\.`(?P<name>\w+)` ALTER COLUMN")
WIDENED = re.compile(r"ALTER COLUMN `(\w+)` SET DATA TYPE BIGNUMERIC")


def read_widening_statement(sql: str) -> tuple[str, list[str]] | None:
    """Return the table and the columns that a statement makes BIGNUMERIC, or None for another statement."""
    found = WIDENING.match(sql)
    return (found["name"], WIDENED.findall(sql)) if found else None


KEPT = re.compile(r"ALTER (?:TABLE|VIEW) `[^`]+`\.`(?P<name>\w+)` SET OPTIONS \((?P<options>[^)]*)\)")


def read_keeping_statement(sql: str) -> tuple[str, set[str]] | None:
    """Return the table or view whose options a statement sets to NULL, and which; None for another statement."""
    found = KEPT.match(sql)
    return (found["name"], set(re.findall(r"(\w+) = NULL", found["options"]))) if found else None


def inherit(resource: dict[str, Any], dataset: Mapping[str, Any], now_ms: int) -> None:
    """Give a new table or view what the dataset's defaults say, as the reference of `datasets` describes it.

    A default for partitions takes the place of that for tables where a table is partitioned; what the table says itself wins.
    """
    lifetime = dataset.get("defaultTableExpirationMs")
    partitions, of_partitions = resource.get("timePartitioning"), dataset.get("defaultPartitionExpirationMs")
    if partitions is not None and of_partitions:
        partitions.setdefault("expirationMs", of_partitions)
    elif lifetime:
        resource.setdefault("expirationTime", str(now_ms + int(lifetime)))
    if mode := dataset.get("defaultRoundingMode"):
        resource.setdefault("defaultRoundingMode", mode)
    if collation := dataset.get("defaultCollation"):
        resource.setdefault("defaultCollation", collation)
        for column in resource.get("schema", {}).get("fields", ()):
            if column["type"] == "STRING":
                column.setdefault("collation", collation)


VIEW = re.compile(r"CREATE OR REPLACE VIEW `[^`]+`\.`(?P<name>\w+)`")
LABEL = re.compile(r'\("(\w+)", "([^"]*)"\)')


def read_view_statement(sql: str) -> tuple[str, dict[str, str]] | None:
    """Return the name and labels of the view a statement makes, or None for another statement."""
    found = VIEW.match(sql)
    return (found["name"], dict(LABEL.findall(sql.partition("\nAS\n")[0]))) if found else None
