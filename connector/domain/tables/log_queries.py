"""The connector's own queries of a log table, in BigQuery's SQL dialect."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

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


def build_ids_query(table: Table, keys: Iterable[str]) -> str:
    """Return the query for the ids of records with a row whose columns `keys`, as text, equal `@key_0`, `@key_1` …"""
    conditions = (f"CAST({quote(key)} AS STRING) = @key_{i}" for i, key in enumerate(keys))
    return f"""\
SELECT DISTINCT `_id`
FROM {DATASET}.{quote(table.name)}
WHERE {" AND ".join(conditions)}
ORDER BY `_id`"""  # noqa: S608 - quoted names of the catalogue and the contract


def build_trail_query(table: Table, days: Collection[date] = ()) -> str:
    """Return the query for the rows of the record `@record_id`, without details; with days, for those synced on these days."""
    scalars = (quote(column.name) for column in table.columns if column.type is not ColumnType.RECORD)
    within = f" AND (\n  {' OR '.join(map(_render_day, sorted(days)))}\n)" if days else ""
    return f"""\
SELECT
  {join_lines(scalars)}
FROM {DATASET}.{quote(table.name)}
WHERE `_id` = @record_id{within}
ORDER BY {OLDEST_FIRST}"""  # noqa: S608 - quoted names of the catalogue and the contract


def build_days_query(table: Table) -> str:
    """Return the query for the days, in UTC, on which rows of the record `@record_id` were synced.

    Where what is read costs by the column and the day, the rows are found by them for a fraction of their price.
    """
    return f"""\
SELECT DISTINCT EXTRACT(DATE FROM `_synced_at` AT TIME ZONE 'UTC') AS `_day`
FROM {DATASET}.{quote(table.name)}
WHERE `_id` = @record_id"""  # noqa: S608 - a quoted name of the catalogue


def _render_day(day: date) -> str:
    """Return the condition for a day, between literals, by which partitions are pruned."""
    first, next_one = (f"TIMESTAMP '{each} 00:00:00+00'" for each in (day, day + timedelta(days=1)))
    return f"(`_synced_at` >= {first} AND `_synced_at` < {next_one})"


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
