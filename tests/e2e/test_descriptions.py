"""Whoever opens the dataset finds out from it what everything is and where it comes from."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from acumatica_sandbox import Sandbox, SandboxOptions
from connector.domain.tables.log_table import META_COLUMNS
from tests.e2e.profiles import Profile
from tests.stand_ins.bigquery import PROJECT

OBJECTS = {
    "invoices_log": "invoices",
    "invoices": "invoices",
    "invoice_lines": "invoices",
    "invoices_history": "invoices",
    "gl_entries_log": "gl_entries",
    "gl_batches": "gl_entries",
    "gl_entries": "gl_entries",
    "gl_entries_history": "gl_entries",
    "sync_runs": "",
}
"""What two entities make, and whose it is."""
ORIGINS = {
    ("invoices", "due_date"): "Bill.DueDate (date)",
    ("invoice_lines", "amount"): "Bill.Details.Amount (decimal)",
    ("gl_entries", "batch_description"): "JournalTransaction.Description (string)",
    ("gl_entries", "debit_amount"): "JournalTransaction.Details.DebitAmount (decimal)",
    ("invoices_history", "_modified_at"): META_COLUMNS[1].description,
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(size="tiny")) as running:
        yield running


def _sync(profile: Profile) -> None:
    for entity in ("invoices", "gl_entries"):
        assert profile.function.call(entity=entity).json["status"] == "succeeded"


@pytest.mark.emulator
def test_in_bigquery_every_object_and_column_is_described_and_labelled(
    cloud: Profile, bigquery_url: str, bigquery_dataset: str
) -> None:
    _sync(cloud)
    with bigquery.Client(
        project=PROJECT,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": bigquery_url},
    ) as client:
        dataset = client.get_dataset(bigquery_dataset)
        found = {name: client.get_table(f"{bigquery_dataset}.{name}") for name in OBJECTS}
        names = {item.table_id for item in client.list_tables(bigquery_dataset)}
    assert names == set(OBJECTS)
    assert dataset.description
    assert dataset.labels == {"app": "acumatica-connector"}
    for name, entity in OBJECTS.items():
        assert found[name].description, name
        assert found[name].labels["app"] == "acumatica-connector"
        assert found[name].labels.get("entity", "") == entity
        assert [field.name for field in found[name].schema if not field.description] == [], name
    for (name, column), origin in ORIGINS.items():
        (field,) = [field for field in found[name].schema if field.name == column]
        assert field.description == origin

    for name in ("invoices_log", "gl_entries_log"):
        assert found[name].time_partitioning.field == "_synced_at"
        assert found[name].clustering_fields == ["_id"]
        assert list(_walk_undescribed(found[name].schema)) == []
    assert found["sync_runs"].time_partitioning.field == "finished_at"


def _walk_undescribed(fields: Any) -> Iterator[str]:
    for field in fields:
        if not field.description:
            yield field.name
        yield from _walk_undescribed(field.fields)


def test_in_a_file_every_object_and_column_is_described(embedded: Profile) -> None:
    _sync(embedded)
    tables = embedded.rows("SELECT table_name AS name, comment FROM duckdb_tables()")
    views = embedded.rows(
        "SELECT view_name AS name, comment FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'"
    )
    described = {row["name"]: row["comment"] for row in (*tables, *views)}
    assert set(described) == set(OBJECTS)
    assert all(described.values())
    columns = embedded.rows(
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal AND schema_name = 'main'"
    )
    assert [row for row in columns if not row["comment"]] == []
    comments = {(row["table_name"], row["column_name"]): row["comment"] for row in columns}
    assert {place: comments[place] for place in ORIGINS} == ORIGINS
