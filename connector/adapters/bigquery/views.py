"""The views of a table: each carries its owner and a mark in its labels, so one request tells which are not as they should be."""

import json
from collections.abc import Mapping, Sequence

from connector.adapters.bigquery.connection import Connection
from connector.adapters.bigquery.inherited import keep_for_good
from connector.adapters.bigquery.jobs import run_query
from connector.adapters.bigquery.metadata import Listed, Metadata, is_ours, label
from connector.domain.tables.schema import Column, Table, View
from connector.domain.tables.sql import quote
from connector.domain.tables.view_marks import describe_repairs, list_others, mark_views
from connector.errors import ConfigurationError

TEXT_LABEL = "text"
"""Label with the mark of the view, because BigQuery may return its text changed."""
OWNER_LABEL = "entity"
DESCRIPTION_LIMIT = 1024

Objects = Mapping[str, Listed]
"""Every table and view of the dataset by name."""


class Views:
    """Makes the views of a table what they should be, and removes what stands in their way."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._metadata = Metadata(connection)

    def list_objects(self, table: Table) -> Objects:
        """Return what the dataset holds; nothing if the table has neither views nor predecessors."""
        return self._metadata.list_objects() if table.views or table.superseded else {}

    def make(self, table: Table, columns: Sequence[Column], objects: Objects) -> None:
        """Make every view that is not as it should be, in their order; then drop superseded tables.

        Replacing is atomic and may happen twice. None keeps a lifetime it inherits from the dataset.
        """
        marks = mark_views(table, columns)
        for view in find_unfit(table, columns, objects):
            self._make_room(table, view, objects)
            labels = label(table) | {TEXT_LABEL: marks[view.name]}
            list(run_query(self._connection, build_statement(self._connection, view, labels), {}))
            if (made := self._metadata.find(view.name)) is not None:
                keep_for_good(self._connection, made)
        shown = {view.name for view in table.views}
        for name in find_superseded(table, objects):
            if name not in shown:
                self._metadata.delete(name)

    def keep(self, table: Table, objects: Objects) -> None:
        """Let no view that is there expire."""
        for view in table.views:
            if view.name in objects:
                keep_for_good(self._connection, objects[view.name])

    def _make_room(self, table: Table, view: View, objects: Objects) -> None:
        found = objects.get(view.name)
        if found is None or found.table_type == "VIEW":
            return
        if view.name not in find_superseded(table, objects):
            raise ConfigurationError(
                f"{view.name} in the dataset {self._connection.dataset} is a {found.table_type}, where a view should be",
                action="Rename or drop it, or give the view another name in the catalogue.",
            )
        self._metadata.delete(view.name)


def find_repairs(table: Table, columns: Sequence[Column], objects: Objects) -> str:
    """Return what the next run will mend, to be added to a sentence; empty if that is nothing."""
    return describe_repairs(
        find_unfit(table, columns, objects),
        find_owners(table, objects),
        find_superseded(table, objects),
        objects,
    )


def find_unfit(table: Table, columns: Sequence[Column], objects: Objects) -> list[View]:
    """Return the views that are missing or were not made by this definition, over a log with these columns."""
    marks = mark_views(table, columns)
    return [view for view in table.views if _find_mark(objects.get(view.name)) != marks[view.name]]


def find_owners(table: Table, objects: Objects) -> tuple[str, ...]:
    """Return the other entities whose logs the table's views show."""
    found = (objects.get(view.name) for view in table.views)
    owners = (item.labels.get(OWNER_LABEL) for item in found if item is not None and is_ours(item))
    return list_others(owners, table, objects)


def find_superseded(table: Table, objects: Objects) -> list[str]:
    """Return the tables of the connector's own that this definition supersedes."""
    return [
        name
        for name in table.superseded
        if (found := objects.get(name)) is not None and found.table_type == "TABLE" and is_ours(found)
    ]


def _find_mark(found: Listed | None) -> str | None:
    if found is None or found.table_type != "VIEW":
        return None
    mark: str | None = found.labels.get(TEXT_LABEL)
    return mark


def build_statement(connection: Connection, view: View, labels: dict[str, str]) -> str:
    """Return the statement that makes the view, with its own and its columns' descriptions."""
    columns = ",\n  ".join(_render_column(column) for column in view.columns)
    pairs = ", ".join(f"({_render_text(name)}, {_render_text(value)})" for name, value in labels.items())
    options = f"description={_render_text(view.description)}, labels=[{pairs}]"
    name = f"{connection.render_dataset()}.{quote(view.name)}"
    return f"CREATE OR REPLACE VIEW {name} (\n  {columns}\n)\nOPTIONS({options})\nAS\n{connection.render(view.sql)}"


def _render_column(column: Column) -> str:
    described = f" OPTIONS(description={_render_text(column.description)})" if column.description else ""
    return quote(column.name) + described


def _render_text(text: str) -> str:
    return json.dumps(text[:DESCRIPTION_LIMIT], ensure_ascii=False)
