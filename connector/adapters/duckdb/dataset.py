"""The schema `acumatica` in the file, so that `acumatica.vendors` means the same there as in BigQuery's dataset.

Its views show the tables and views of `main`. DuckDB looks for `acumatica.vendors` in a schema and in a catalog of this
name, and a file's catalog is called like the file: in `acumatica.duckdb` the name resolves by itself, and with the schema
beside it DuckDB would refuse the name as ambiguous.
"""

from contextlib import suppress
from pathlib import Path

import duckdb

from connector.adapters.duckdb.dialect import quote, quote_text

NAME = "acumatica"


HELD = """\
SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()
UNION ALL
SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database() AND NOT internal"""


def publish(connection: duckdb.DuckDBPyConnection) -> None:
    """Show every table and view of the file as `acumatica.<name>`, and none that is gone."""
    found = connection.execute(HELD).fetchall()
    held, shown = ({name for place, name in found if place == schema} for schema in ("main", NAME))
    if held == shown or _is_catalog_name(connection):
        return
    if held - shown:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {NAME}")
    for name in sorted(held - shown):
        # A view that fails, an analyst's own or one whose columns are gone, is shown once it works again.
        with suppress(duckdb.BinderException, duckdb.CatalogException):
            connection.execute(f"CREATE VIEW {NAME}.{quote(name)} AS SELECT * FROM main.{quote(name)}")  # noqa: S608 - quoted
    for name in sorted(shown - held):
        connection.execute(f"DROP VIEW {NAME}.{quote(name)}")


def is_ambiguous(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file was renamed to `acumatica` after the schema was made."""
    found = connection.execute(
        "SELECT 1 FROM duckdb_schemas() WHERE database_name = current_database() AND schema_name = $schema",
        {"schema": NAME},
    ).fetchone()
    return found is not None and _is_catalog_name(connection)


def withdraw(path: Path) -> None:
    """Remove the schema from the file, opened under another name: under its own DuckDB cannot name the schema."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {quote_text(str(path))} AS renamed")
        connection.execute(f"DROP SCHEMA renamed.{NAME} CASCADE")


def _is_catalog_name(connection: duckdb.DuckDBPyConnection) -> bool:
    [(catalog,)] = connection.execute("SELECT current_database()").fetchall()
    return bool(catalog.lower() == NAME)
