"""Pieces of SQL in BigQuery's dialect, from which the views are built."""

from collections.abc import Iterable

from connector.domain.tables.schema import Column, ColumnType

DATASET = "{dataset}"
"""Placeholder for the dataset in a view's text; each warehouse replaces it by its own name."""

SINCE = "{since}"
"""Placeholder in the text of a current view over a table and the log: from when on it reads the log."""

OLDEST_FIRST = "`_modified_at` NULLS FIRST, `_synced_at`, `_version`, `_deleted` DESC"
"""The order of a record's versions, newest first: by Acumatica's stamp (a version without one is oldest), then by the time of reading.

The remaining columns only make the order total, so that two queries of the same rows never differ.
"""

NEWEST_FIRST = "`_modified_at` DESC NULLS LAST, `_synced_at` DESC, `_version` DESC, `_deleted`"
"""The same order reversed."""

IS_NEWEST = f"ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY {NEWEST_FIRST}) = 1"
"""The condition, in QUALIFY, that keeps the newest version of each record."""


def quote(name: str) -> str:
    """Return the name as a quoted identifier."""
    return f"`{name}`"


def join_lines(expressions: Iterable[str]) -> str:
    """Return a select list, one expression per line."""
    return ",\n  ".join(expressions)


def render_type(column: Column) -> str:
    """Return the column's type as written in a cast."""
    if column.type is not ColumnType.RECORD:
        spelled = column.type.value
    else:
        fields = ", ".join(f"{quote(field.name)} {render_type(field)}" for field in column.fields)
        spelled = f"STRUCT<{fields}>"
    return f"ARRAY<{spelled}>" if column.repeated else spelled
