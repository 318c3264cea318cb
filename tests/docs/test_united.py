"""The views over several tenants, on tables that differ."""

from typing import Any

import duckdb
import sqlglot

from tests.docs.configuration import Configuration

GIVEN: dict[str, Any] = {
    "dataset": "erp_all",
    "location": "EU",
    "project": {"id": "acme-data"},
    "tenants": {name: {"dataset": f"erp_{name}", "members": []} for name in ("north", "south")},
    "views": ["vendors"],
}


def test_every_row_tells_its_tenant_and_a_column_that_one_lacks_is_empty(
    configuration: Configuration,
) -> None:
    [query] = configuration.evaluate("local.queries", "united", **GIVEN).values()
    [sql] = sqlglot.transpile(query, read="bigquery", write="duckdb")
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS \"acme-data\"")
        for schema, columns in (
            ("erp_north", "'V1' AS id, '1' AS fax"),
            ("erp_south", "'V1' AS id, TRUE AS is_1099"),
        ):
            connection.execute(f'CREATE SCHEMA "acme-data".{schema}')
            connection.execute(f'CREATE VIEW "acme-data".{schema}.vendors AS SELECT {columns}')
        # DuckDB's union by name is always the full one.
        found = connection.sql(sql.replace("FULL UNION", "UNION"))
        assert found.columns == ["tenant", "id", "fax", "is_1099"]
        assert sorted(found.fetchall()) == [("north", "V1", "1", None), ("south", "V1", None, True)]


def test_a_name_that_would_end_the_text_is_refused(configuration: Configuration) -> None:
    tenants = {"north'": GIVEN["tenants"]["north"]}
    refused = configuration.refuse(module="united", **{**GIVEN, "tenants": tenants})
    assert "letters, digits" in refused
