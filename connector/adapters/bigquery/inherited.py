"""What tables and views get from their dataset or organisation unasked: a lifetime, rules of text and of rounding.

A lifetime is removed: the log is the only table with data, so with an old partition records would go that nobody changed
lately. The rules change no value that the connector stores; what they change for those who query is told.
"""

import logging
from collections.abc import Iterator

from google.cloud import bigquery

from connector.adapters.bigquery.connection import Connection
from connector.adapters.bigquery.jobs import run_query
from connector.adapters.bigquery.metadata import Listed, is_ours
from connector.domain.tables.sql import quote
from connector.errors import ConfigurationError, TerminalError

log = logging.getLogger(__name__)

HALF_EVEN = "ROUND_HALF_EVEN"


def build_removal(connection: Connection, found: bigquery.Table | Listed) -> str | None:
    """Return the statement that lets a table or view and its partitions stay; None when nothing of it ever expires."""
    options = []
    if found.expires is not None:
        options.append("expiration_timestamp = NULL")
    if found.time_partitioning is not None and found.time_partitioning.expiration_ms:
        options.append("partition_expiration_days = NULL")
    if not options:
        return None
    kind = "VIEW" if found.table_type == "VIEW" else "TABLE"
    name = f"{connection.render_dataset()}.{quote(found.table_id)}"
    return f"ALTER {kind} {name} SET OPTIONS ({', '.join(options)})"


def keep_for_good(connection: Connection, found: bigquery.Table | Listed) -> None:
    """Remove an expiration from what the connector made; say how it is removed where somebody else has to do it."""
    statement = build_removal(connection, found)
    if statement is None:
        return
    if is_ours(found):
        try:
            list(run_query(connection, statement, {}))
        except (ConfigurationError, TerminalError) as exc:
            log.warning(
                "%s expires, and that cannot be changed: %s %s", found.table_id, exc.message, exc.action
            )
        else:
            log.warning("%s had inherited an expiration: it was removed", found.table_id)
            return
    log.warning("%s expires, and rows with it. Run: %s", found.table_id, statement)


def describe_expiration(connection: Connection, found: bigquery.Table | Listed) -> ConfigurationError | None:
    """Return what to say of a table or view that expires; None for one that stays."""
    statement = build_removal(connection, found)
    if statement is None:
        return None
    first = "The next run tries to remove it; if it stays, run: " if is_ours(found) else "Run: "
    return ConfigurationError(
        f"{found.table_id} has an expiration: BigQuery deletes it, or its old partitions, and with them records that are current",
        action=f"{first}{statement}",
    )


def find_collated(found: bigquery.Table) -> list[str]:
    """Return the columns of text that are compared without regard to case."""
    return [str(field["name"]) for field in found.to_api_repr()["schema"]["fields"] if field.get("collation")]


def describe_defaults(connection: Connection, dataset: bigquery.Dataset) -> Iterator[str]:
    """Yield a sentence on each default of the dataset that tables made in it get."""
    if collation := dataset.to_api_repr().get("defaultCollation"):
        yield (
            f"new columns of text get the collation {collation}, so queries compare and group them without regard to case: "
            f"run ALTER SCHEMA {connection.render_dataset()} SET DEFAULT COLLATE ''"
        )
    if dataset.default_table_expiration_ms or dataset.default_partition_expiration_ms:
        yield "its default expiration is removed from what the connector makes"
    if dataset.default_rounding_mode == HALF_EVEN:
        yield "tables made in it round half to even; the copy is not rounded, a table made from it is"
    if dataset.is_case_insensitive:
        yield "it takes names of tables in any case"
