"""The connector's own queries of a log table, in BigQuery's SQL dialect."""

from collections.abc import Iterable

from connector.domain.tables.schema import ColumnType, Table
from connector.domain.tables.sql import DATASET, IS_NEWEST, OLDEST_FIRST, join_lines, quote, render_type


def build_versions_query(table: Table, count: int | None = None) -> str:
    """Return the query for the newest version of every record, deleted ones included, in ascending order of id.

    With a count, only that many records are queried, with the ids `@id_0`, `@id_1` …
    """
    own_stamp = f"SAFE_CAST({quote(table.stamp)} AS TIMESTAMP)" if table.stamp else "`_modified_at`"
    wanted = "TRUE" if count is None else f"`_id` IN ({', '.join(f'@id_{i}' for i in range(count))})"
    return f"""\
SELECT `_id`, `_modified_at`, `_version`, {own_stamp} AS `_own_stamp`, `_synced_at`, `_deleted`,
  MIN(`_synced_at`) OVER (PARTITION BY `_id`) AS `_first_synced_at`
FROM {DATASET}.{quote(table.name)}
WHERE {wanted}
QUALIFY {IS_NEWEST}
ORDER BY `_id`"""  # noqa: S608 - a quoted name of the catalogue


def build_shared_ids_query(table: Table, keys: Iterable[str], limit: int) -> str:
    """Return the query for ids whose rows synced at or after `@since` (RFC 3339) differ in one of the columns `keys`."""
    differ = " OR ".join(f"COUNT(DISTINCT {quote(key)}) > 1" for key in keys)
    return f"""\
SELECT `_id`
FROM {DATASET}.{quote(table.name)}
WHERE `_synced_at` >= CAST(@since AS TIMESTAMP) AND NOT `_deleted`
GROUP BY `_id`
HAVING {differ}
ORDER BY `_id`
LIMIT {limit}"""  # noqa: S608 - quoted names of the catalogue and the contract


def build_trail_query(table: Table, keys: Iterable[str]) -> str:
    """Return the query for the rows whose columns `keys`, as text, equal `@key_0`, `@key_1` …; without details."""
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


def build_trial_query(table: Table) -> str:
    """Return a query of all views of the table over empty inputs, to test the views before the table exists."""
    read = (table, table.merge.into) if table.merge else (table,)
    named = [(each.name, _build_empty(each)) for each in read]
    named += [(view.name, view.sql.replace(f"{DATASET}.", "")) for view in table.views]
    parts = ",\n".join(f"{quote(name)} AS (\n{sql}\n)" for name, sql in named)
    counts = (f"SELECT COUNT(*) FROM {quote(view.name)}" for view in table.views)  # noqa: S608 - a quoted name of the catalogue
    return f"WITH {parts}\n" + "\nUNION ALL\n".join(counts)


def _build_empty(table: Table) -> str:
    nulls = (f"CAST(NULL AS {render_type(column)}) AS {quote(column.name)}" for column in table.columns)
    return f"SELECT\n  {join_lines(nulls)}\nLIMIT 0"
