"""Renames the log of an entity, and drops what was made from it under the old name."""

from collections.abc import Sequence

from connector.adapters.bigquery.connection import Connection
from connector.adapters.bigquery.jobs import run_query
from connector.adapters.bigquery.metadata import Metadata, is_ours
from connector.adapters.bigquery.views import OWNER_LABEL
from connector.domain.entity import name_current, name_log
from connector.domain.tables.sql import quote
from connector.domain.tables.view_marks import build_two_logs


def rename_log(connection: Connection, before: str, after: str) -> bool:
    """Rename the log table of an entity; return False if there is none, raise ConfigurationError if there are both.

    BigQuery refuses while rows that were streamed lately are still in its buffer.
    """
    objects = Metadata(connection).list_objects()
    old, new = name_log(before), name_log(after)
    if old not in objects:
        return False
    if new in objects:
        raise build_two_logs(before, after)
    list(run_query(connection, build_renaming(connection, old, new), {}))
    return True


def build_renaming(connection: Connection, old: str, new: str) -> str:
    """Return the statement that renames a table."""
    return f"ALTER TABLE {connection.render_dataset()}.{quote(old)} RENAME TO {quote(new)}"


def drop_derived(connection: Connection, entity: str) -> Sequence[str]:
    """Drop the views and current rows that were made for an entity; return their names."""
    metadata = Metadata(connection)
    made = [
        name
        for name, found in metadata.list_objects().items()
        if is_ours(found)
        and found.labels.get(OWNER_LABEL) == entity
        and (found.table_type == "VIEW" or name == name_current(entity))
    ]
    for name in made:
        metadata.delete(name)
    return sorted(made)
