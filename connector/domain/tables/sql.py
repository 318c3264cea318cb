"""Pieces of SQL in BigQuery's dialect, from which the views are built."""

from collections.abc import Iterable

from connector.domain.tables.schema import Column, ColumnType

DATASET = "{dataset}"
"""Stands for the dataset in a view's text; each warehouse puts its own name there."""

OLDEST_FIRST = "`_modified_at` NULLS FIRST, `_synced_at`, `_version`, `_deleted` DESC"
"""The order of a record's versions. Acumatica's stamp decides; a version without one is older than any with one.

Where the stamp did not move, what was read later is newer. The rest only makes the order total, so that no two readings
of the same rows can differ.
"""

NEWEST_FIRST = "`_modified_at` DESC NULLS LAST, `_synced_at` DESC, `_version` DESC, `_deleted`"
"""The same order, the other way round."""


def quote(name: str) -> str:
    """Return the name as an identifier that cannot be taken for a keyword."""
    return f"`{name}`"


def join_lines(expressions: Iterable[str]) -> str:
    """Return a select list, one expression to a line."""
    return ",\n  ".join(expressions)


def render_type(column: Column) -> str:
    """Return the column's type as a cast names it."""
    if column.type is not ColumnType.RECORD:
        spelled = column.type.value
    else:
        fields = ", ".join(f"{quote(field.name)} {render_type(field)}" for field in column.fields)
        spelled = f"STRUCT<{fields}>"
    return f"ARRAY<{spelled}>" if column.repeated else spelled
