"""What the connector itself asks of a log table, as SQL in BigQuery's dialect."""

from collections.abc import Iterable

from connector.domain.schema import ColumnType, Table
from connector.domain.sql import DATASET, NEWEST_FIRST, OLDEST_FIRST, join_lines, quote


def build_versions_query(table: Table) -> str:
    """Return the query for the newest version of every record that is not deleted, by ascending id."""
    return f"""\
SELECT `_id`, `_modified_at`, `_version`
FROM {DATASET}.{quote(table.name)}
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY {NEWEST_FIRST}) = 1 AND NOT `_deleted`
ORDER BY `_id`"""  # noqa: S608 - a quoted name of the catalogue


def build_trail_query(table: Table, keys: Iterable[str]) -> str:
    """Return the query for the rows whose columns `keys` have, as text, the values of `@key_0`, `@key_1` …; no details."""
    scalars = (quote(column.name) for column in table.columns if column.type is not ColumnType.RECORD)
    conditions = (
        f"{quote(key)} = @key_{i}"  # a cast would hide from the warehouse that rows are clustered by this
        if key in table.cluster_by
        else f"CAST({quote(key)} AS STRING) = @key_{i}"
        for i, key in enumerate(keys)
    )
    return f"""\
SELECT
  {join_lines(scalars)}
FROM {DATASET}.{quote(table.name)}
WHERE {" AND ".join(conditions)}
ORDER BY {OLDEST_FIRST}"""  # noqa: S608 - quoted names of the catalogue and the contract
