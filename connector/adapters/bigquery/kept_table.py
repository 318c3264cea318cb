"""What the metadata of a table of current rows tell: whose it is, whether it fits the log, and how much of that it holds."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from google.cloud import bigquery

from connector.adapters.bigquery.metadata import Listed, label
from connector.adapters.bigquery.schema import to_column
from connector.domain.tables.current_table import keep_as_view
from connector.domain.tables.evolution import evolve, find_retyped, is_nested_otherwise
from connector.domain.tables.schema import Table

BEHIND_LABEL = "behind_since"
"""Seconds since 1970; empty if the table is up to date with the log."""
MERGED_LABEL = "merged_until"
"""Seconds since 1970: all rows synced before are in the table; empty if nothing may be said of it."""
SECONDS = re.compile(r"[0-9]{1,10}\Z")


def leave_as_view(table: Table, log: bigquery.Table) -> Table:
    """Return the table for a log as it is: if columns of that bear policy tags, current rows get no table by themselves.

    It would have the values without the tags, open to everybody who may read the dataset.
    """
    return keep_as_view(table) if any(map(_is_protected, log.schema)) else table


def _is_protected(field: bigquery.SchemaField) -> bool:
    return field.policy_tags is not None or any(map(_is_protected, field.fields))


def is_kept(found: bigquery.Table | Listed, table: Table) -> bool:
    """Whether this is the connector's own table for the entity of this log, not something else of its name."""
    labels: Mapping[str, str] = found.labels
    return bool(found.table_type == "TABLE") and label(table).items() <= labels.items()


def is_merged(found: Listed | None, table: Table) -> bool:
    """Whether a view may read the table, because it is known up to when it holds what was logged."""
    return found is not None and is_kept(found, table) and bool(found.labels.get(MERGED_LABEL))


def is_useless(found: bigquery.Table, into: Table) -> bool:
    """Whether it cannot hold rows of these columns: it is a view, or has other types or another order of nested fields."""
    held = [*map(to_column, found.schema)]
    is_retyped = any(find_retyped(held, into.columns)) or is_nested_otherwise(held, into.columns)
    return is_retyped or bool(found.table_type == "VIEW")


def is_complete(found: bigquery.Table, into: Table) -> bool:
    """Whether it holds rows of these columns as it is."""
    return not (is_useless(found, into) or evolve(map(to_column, found.schema), into.columns).added)


def is_alike(found: bigquery.Table, into: Table) -> bool:
    """Whether it has these columns and no others."""
    return is_complete(found, into) and not evolve(into.columns, map(to_column, found.schema)).added


def to_label(instant: datetime) -> str:
    """Return an instant as a label's value."""
    return str(max(0, int(instant.timestamp())))


def read_instant(found: bigquery.Table, name: str) -> datetime | None:
    """Return the instant in a label; None if it is empty, not there, or no label of ours."""
    text: str = found.labels.get(name, "")
    return datetime.fromtimestamp(int(text), UTC) if SECONDS.match(text) else None


def read_merged(found: bigquery.Table, now: datetime) -> datetime | None:
    """Return up to when everything is merged; None if that is not known: what lies in the future was not written by this clock."""
    until = read_instant(found, MERGED_LABEL)
    return until if until is not None and until <= now else None
