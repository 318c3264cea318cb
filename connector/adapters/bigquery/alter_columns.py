"""Widens columns in place.

BigQuery's page "Modifying table schemas" says how: a column's type is changed by the statement `ALTER COLUMN SET DATA TYPE`
alone, not by `tables.patch`; NUMERIC may become BIGNUMERIC; a field within an array of STRUCTs, as all details are, cannot
be altered.
"""

from collections.abc import Iterable, Sequence

from connector.adapters.bigquery.connection import Connection
from connector.domain.tables.schema import ColumnType
from connector.domain.tables.sql import quote


def find_widenable(numeric_not_widened: Iterable[str]) -> Sequence[str]:
    """Return those of the dotted paths that BigQuery can widen: columns of the record itself."""
    return sorted(path for path in numeric_not_widened if "." not in path)


def build_widening(connection: Connection, table: str, columns: Iterable[str]) -> str:
    """Return the statement that makes NUMERIC columns BIGNUMERIC. It may run twice."""
    changes = ", ".join(
        f"ALTER COLUMN {quote(column)} SET DATA TYPE {ColumnType.BIGNUMERIC}" for column in columns
    )
    return f"ALTER TABLE {connection.render_dataset()}.{quote(table)} {changes}"
