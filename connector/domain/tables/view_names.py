"""Names the columns of the views: a column keeps its name forever, and a new one takes a name that is free."""

from collections.abc import Iterable, Mapping

from connector.domain.records.names import NOBODY, Claims
from connector.domain.tables.schema import Column, ColumnType

HISTORY_COLUMNS = (
    Column(
        name="valid_from",
        type=ColumnType.TIMESTAMP,
        description="Since when the record had this content: Acumatica's stamp, or when it was first read if the stamp did not move",
    ),
    Column(
        name="valid_to",
        type=ColumnType.TIMESTAMP,
        description="When the next version or the deletion took its place; NULL for the current version",
    ),
    Column(
        name="is_current",
        type=ColumnType.BOOL,
        description="TRUE in the rows that the current view shows",
    ),
    Column(
        name="is_deleted",
        type=ColumnType.BOOL,
        description="TRUE in the last version of a record that is deleted now",
    ),
    Column(
        name="deleted_at",
        type=ColumnType.TIMESTAMP,
        description="When a reconcile found that the record was deleted, if that ended this version; else NULL",
    ),
)
OF_LINE = "[]."
"""Begins what stands for a column of the lines, beside those of their record."""


def claim_history_names(columns: Iterable[Column], before: Mapping[str, str]) -> Claims:
    """Name the columns of the history view; a field named like one of the view's own columns gets another name."""
    own = {column.name for column in HISTORY_COLUMNS}
    claims = Claims({**before, **dict.fromkeys(own, NOBODY)})
    for column in columns:
        if not column.name.startswith("_"):  # no field is called so
            claims.claim(column.name, f"field_{column.name}" if column.name in own else column.name)
    return claims


def claim_line_names(
    prefix: str, parents: Iterable[Column], lines: Iterable[str], before: Mapping[str, str]
) -> Claims:
    """Name the columns of a line view: those of the line first, then those of its record, prefixed where taken."""
    claims = Claims(before)
    for name in lines:
        claims.claim(OF_LINE + name, name)
    clashing = []
    for column in parents:
        if claims.find(column.name) is None and not claims.is_free(column.name):
            clashing.append(column.name)
        else:
            claims.claim(column.name, column.name)
    for own in clashing:
        name = own
        while not claims.is_free(name):
            name = (prefix or "parent_") + name
        claims.take(own, name)
    return claims
