"""Creates the views of a table, one statement each, and again only if they changed."""

import json
from hashlib import blake2b

from connector.adapters.bigquery.connection import Connection
from connector.adapters.bigquery.inherited import keep_for_good
from connector.adapters.bigquery.jobs import run_query
from connector.adapters.bigquery.metadata import Metadata, label
from connector.domain.tables.schema import Column, Table, View
from connector.domain.tables.sql import quote
from connector.errors import ConfigurationError

TEXT_LABEL = "text"
"""Label with a hash of the statement that made the view, because BigQuery may return its text changed."""
DESCRIPTION_LIMIT = 1024


def make_views(connection: Connection, table: Table) -> None:
    """Create or replace the table's views in their order where they differ. Replacing is atomic and may happen twice.

    All are compared before the first is replaced, because a view over one that lost a column is broken until it is replaced
    too. An expiration inherited from the dataset is removed.
    """
    fingerprints = {
        view.name: blake2b(repr(view).encode(), digest_size=16).hexdigest() for view in table.views
    }
    changed = [view for view in table.views if _find_fingerprint(connection, view) != fingerprints[view.name]]
    for view in changed:
        statement = build_statement(connection, view, label(table) | {TEXT_LABEL: fingerprints[view.name]})
        list(run_query(connection, statement, {}))
        if (made := Metadata(connection).find(view.name)) is not None:
            keep_for_good(connection, made)


def _find_fingerprint(connection: Connection, view: View) -> str | None:
    found = Metadata(connection).find(view.name)
    if found is None:
        return None
    if found.table_type != "VIEW":
        raise ConfigurationError(
            f"{view.name} in the dataset {connection.dataset} is a {found.table_type}, where a view should be",
            action="Rename or drop it, or give the view another name in the catalogue.",
        )
    keep_for_good(connection, found)
    fingerprint: str | None = found.labels.get(TEXT_LABEL)
    return fingerprint


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
