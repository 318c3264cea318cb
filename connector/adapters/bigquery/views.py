"""The views of a table: created, and replaced only when their text changed."""

from google.cloud import bigquery

from connector.adapters.bigquery.connection import Connection
from connector.adapters.bigquery.metadata import Metadata, label
from connector.adapters.bigquery.schema import describe_fields
from connector.domain.schema import Table, View
from connector.errors import ConfigurationError


def make_views(connection: Connection, table: Table) -> bool:
    """Make every view of the table what it should be, in their order; False when another run was in the way."""
    metadata = Metadata(connection)
    return all(_make_view(connection, metadata, view, table) for view in table.views)


def _make_view(connection: Connection, metadata: Metadata, view: View, table: Table) -> bool:
    """Create the view, or give it its text; then describe its columns, which BigQuery takes only afterwards."""
    done = True
    sql = connection.spell(view.sql)
    found = metadata.find(view.name)
    if found is None:
        made = bigquery.Table(connection.refer(view.name))
        made.view_query = sql
        made.description = view.description
        made.labels = label(table)
        done = metadata.create(made)
    elif found.table_type != "VIEW":
        raise ConfigurationError(
            f"{view.name} in the dataset {connection.dataset} is a {found.table_type}, where a view should be",
            action="Rename or drop it, or give the view another name in the catalogue.",
        )
    elif (found.view_query, found.description) != (sql, view.description):
        found.view_query = sql
        found.description = view.description
        done = metadata.update(found, "view_query", "description")
    return done and _describe_columns(metadata, view)


def _describe_columns(metadata: Metadata, view: View) -> bool:
    found = metadata.find(view.name)
    if found is None:
        return False
    described = describe_fields(found.schema, view.columns)
    if described == found.schema:
        return True
    found.schema = described
    return metadata.update(found, "schema")
