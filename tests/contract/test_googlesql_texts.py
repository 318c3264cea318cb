"""Every text the connector sends to BigQuery is analysed by BigQuery's own engine, against the tables' real columns."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
import pytest
from msgspec import structs

from acumatica_sandbox.contract import known_versions, system_endpoint
from acumatica_sandbox.openapi import build_swagger
from connector.adapters.acumatica.contract import build_contract
from connector.adapters.acumatica.swagger import Swagger
from connector.app.catalogue import load_catalogue
from connector.domain.entity import CurrentForm, Entity, Identity
from connector.domain.tables.log_queries import build_trail_query, build_trial_query, build_versions_query
from connector.domain.tables.log_table import build_table
from connector.domain.tables.schema import Column, ColumnType, Table
from connector.domain.tables.sql import render_type
from tests.stand_ins.googlesql import Rows, analyse_statement, ask
from tests.stand_ins.googlesql_engine import GoogleSqlError

ENTITIES = load_catalogue().entities
PAYMENTS = ENTITIES["payments"]
OPTIONS: Mapping[str, dict[str, Any]] = {
    "current: table": {"current": CurrentForm.TABLE},
    "parent: all": {"line_views": (structs.replace(PAYMENTS.line_views[0], parent="all"),)},
    "parent: fields": {"line_views": (structs.replace(PAYMENTS.line_views[0], parent=("Status", "CashAccount")),)},
    "one collection": {"line_views": (structs.replace(PAYMENTS.line_views[0], details=("DocumentsToApply",)),)},
    "bignumeric_fields": {"bignumeric_fields": frozenset({"PaymentAmount", "DocumentsToApply/AmountPaid"})},
    "date_fields": {"date_fields": frozenset({"ApplicationHistory/DueDate"})},
    "select": {"select": ("Status", "PaymentAmount")},
    "exclude": {"exclude": frozenset({"ApplicationHistory", "Description"})},
    "identity: keys": {"identity": Identity.KEYS},
}  # fmt: skip
"""What a block of the catalogue may say that reaches a text."""


@cache
def read_swagger(version: str) -> Swagger:
    return Swagger.parse(msgspec.json.encode(build_swagger(system_endpoint(version), "http://127.0.0.1")))


def build(entity: Entity, version: str) -> Table:
    return build_table(entity, build_contract(entity, "Default", version, read_swagger(version), None))


def build_all(entity: Entity) -> Iterator[Table]:
    """Yield the tables of every endpoint version that has the entity, those of equal columns once."""
    seen = set()
    for version in known_versions():
        if read_swagger(version).entity(entity.acumatica_entity):
            table = build(entity, version)
            if table.columns not in seen:
                yield table
            seen.add(table.columns)


def render_types(columns: tuple[Column, ...]) -> Mapping[str, str]:
    return {column.name: render_type(column) for column in columns}


def assert_views_keep_their_promise(table: Table) -> None:
    """The engine takes every view over the table's columns, and gives the columns and types of its description."""
    shown = ", ".join(
        f"ARRAY(SELECT AS STRUCT * FROM {{dataset}}.{view.name}) AS {view.name}" for view in table.views
    )
    tables: dict[Table, Rows] = {table: []}
    if table.merge:
        tables = {table.merge.into: [], table: []}
    answer = ask(f"SELECT {shown}", tables)
    promised = {
        view.name: render_type(
            Column(name=view.name, type=ColumnType.RECORD, repeated=True, fields=view.columns)
        )
        for view in table.views
    }
    assert dict(answer.columns) == promised


@pytest.mark.parametrize("name", ENTITIES)
def test_every_view_has_the_columns_and_types_that_it_promises_in_every_endpoint_version(name: str) -> None:
    tables = list(build_all(ENTITIES[name]))
    assert tables
    for table in tables:
        assert_views_keep_their_promise(table)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_view_has_the_columns_and_types_that_it_promises_with_every_option(option: str) -> None:
    changed = structs.replace(PAYMENTS, **OPTIONS[option])
    table = build(changed, "24.200.001")
    assert_views_keep_their_promise(table)
    if option != "identity: keys":
        assert table != build(PAYMENTS, "24.200.001")


@pytest.mark.parametrize("name", ENTITIES)
def test_current_rows_in_a_table_are_merged_and_shown_by_texts_that_the_engine_takes(name: str) -> None:
    table = build(structs.replace(ENTITIES[name], current=CurrentForm.TABLE), "24.200.001")
    assert table.merge
    analyse_statement(table.merge.sql.replace("@since", "'0001-01-01T00:00:00Z'"), (table, table.merge.into))
    ask(build_trial_query(table))


@pytest.mark.parametrize("name", ENTITIES)
def test_what_the_connector_asks_of_a_log_has_the_columns_it_reads(name: str) -> None:
    entity = ENTITIES[name]
    table = build(entity, "24.200.001")
    versions = ask(build_versions_query(table), {replace(table, views=()): []})
    assert dict(versions.columns) == {
        "_id": "STRING",
        "_modified_at": "TIMESTAMP",
        "_version": "STRING",
        "_own_stamp": "TIMESTAMP",
        "_synced_at": "TIMESTAMP",
        "_deleted": "BOOL",
        "_first_synced_at": "TIMESTAMP",
    }
    keys = [column.name for column in table.columns[: len(entity.keys)]]
    parameters = {f"key_{i}": "x" for i in range(len(keys))}
    trail = ask(build_trail_query(table, keys), {replace(table, views=()): []}, parameters)
    scalars = tuple(column for column in table.columns if not column.repeated)
    assert dict(trail.columns) == render_types(scalars)


def test_a_text_with_a_wrong_column_is_refused() -> None:
    table = build(ENTITIES["invoices"], "24.200.001")
    with pytest.raises(GoogleSqlError, match="balanse"):
        ask("SELECT balanse FROM {dataset}.invoices", {table: []})
    with pytest.raises(GoogleSqlError, match="balanse"):
        analyse_statement("DELETE FROM {dataset}.invoices_log WHERE balanse > 0", (table,))
