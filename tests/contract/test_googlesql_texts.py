"""Every text the connector sends to BigQuery is analysed by BigQuery's own engine, against the tables' real columns."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import msgspec
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from msgspec import structs

from acumatica_sandbox.contract import known_versions, system_endpoint
from acumatica_sandbox.openapi import build_swagger
from connector.adapters.acumatica.contract import build_contract
from connector.adapters.acumatica.custom_fields import CustomFields
from connector.adapters.acumatica.swagger import Swagger
from connector.adapters.bigquery.alter_columns import build_widening
from connector.adapters.bigquery.connection import Connection
from connector.adapters.bigquery.inherited import build_removal, describe_defaults
from connector.adapters.retrying import Retry
from connector.app.catalogue import load_catalogue
from connector.domain.entity import CurrentForm, Entity, Identity
from connector.domain.tables.current_table import show_merged
from connector.domain.tables.log_queries import (
    build_days_query,
    build_ids_query,
    build_shared_ids_query,
    build_trail_query,
    build_trial_query,
    build_versions_query,
)
from connector.domain.tables.log_table import build_table
from connector.domain.tables.schema import Column, ColumnType, Table
from connector.domain.tables.sql import render_type
from tests.contract.warehouse_rows import a_log
from tests.stand_ins.clock import FakeClock
from tests.stand_ins.googlesql import analyse_statement, describe
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
    "custom": {"custom": ("Document.UsrRegion", "DocumentsToApply/Adjustments.UsrShare")},
    "identity: keys": {"identity": Identity.KEYS},
}  # fmt: skip
"""What a block of the catalogue may say that reaches a text."""


@cache
def read_swagger(version: str) -> Swagger:
    return Swagger.parse(msgspec.json.encode(build_swagger(system_endpoint(version), "http://127.0.0.1")))


FORM = msgspec.json.encode(
    {
        "custom": {"Document": {"UsrRegion": {"type": "CustomDateTimeField", "value": None}}},
        "DocumentsToApply": [
            {"custom": {"Adjustments": {"UsrShare": {"type": "CustomDecimalField", "value": None}}}}
        ],
    }
)
"""The custom fields of the form, as `$adHocSchema` has them."""


def build(entity: Entity, version: str) -> Table:
    custom = CustomFields.parse(FORM, entity)
    return build_table(entity, build_contract(entity, "Default", version, read_swagger(version), custom))


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
    tables = (table.merge.into, table) if table.merge else (table,)
    promised = {
        view.name: render_type(
            Column(name=view.name, type=ColumnType.RECORD, repeated=True, fields=view.columns)
        )
        for view in table.views
    }
    assert describe(f"SELECT {shown}", tables) == promised


@pytest.mark.parametrize("name", ENTITIES)
def test_every_view_has_the_columns_and_types_that_it_promises_in_every_endpoint_version(name: str) -> None:
    tables = list(build_all(ENTITIES[name]))
    assert tables
    for table in tables:
        assert_views_keep_their_promise(table)


def test_every_option_of_a_block_is_among_them_unless_no_text_says_it() -> None:
    of_no_text = {
        "name",
        "acumatica_entity",
        "inquiry",
        "columns",
        "parameters",
        "filter",
        "order_by",
        "keys",
        "current_view",
        "schedule",
        "enabled",
        "expand",
        "modified_field",
        "dac",
        "lookback_seconds",
        "late_after_hours",
        "reconcile",
    }
    named = {member for changes in OPTIONS.values() for member in changes}
    assert named == set(Entity.__struct_fields__) - of_no_text


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
    describe(build_trial_query(table), ())


@pytest.mark.parametrize("name", ENTITIES)
def test_the_views_over_a_table_that_is_merged_once_a_day_keep_their_promise(name: str) -> None:
    plain = build(ENTITIES[name], "24.200.001")
    table = show_merged(plain, datetime(2026, 1, 1, tzinfo=UTC))
    assert table.views != plain.views
    assert_views_keep_their_promise(table)


@pytest.mark.parametrize("name", ENTITIES)
def test_what_the_connector_asks_of_a_log_has_the_columns_it_reads(name: str) -> None:
    entity = ENTITIES[name]
    table = build(entity, "24.200.001")
    log = (replace(table, views=()),)
    assert describe(build_versions_query(table), log) == {
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
    assert describe(build_ids_query(table, keys), log, parameters) == {"_id": "STRING"}
    assert describe(build_days_query(table), log, {"record_id": "x"}) == {"_day": "DATE"}
    shared = build_shared_ids_query(table, keys, 20)
    assert describe(shared, log, {"since": "2026-01-01T00:00:00Z"}) == {"_id": "STRING"}
    sought = build_trail_query(table, [date(2026, 1, 1), date(2026, 2, 28)])
    scalars = tuple(column for column in table.columns if not column.repeated)
    assert describe(sought, log, {"record_id": "x"}) == render_types(scalars)


CONNECTION = Connection(
    project="demo",
    dataset="erp",
    location=None,
    credentials=AnonymousCredentials,
    retry=Retry(clock=FakeClock()),
    endpoint=None,
)


def an_expiring(kind: str, **parts: Any) -> bigquery.Table:
    name = {"tableReference": {"projectId": "demo", "datasetId": "erp", "tableId": "bills_log"}}
    return bigquery.Table.from_api_repr({**name, "type": kind, **parts})


def build_alterations() -> Iterator[str]:
    """Yield every statement that changes what is there, as it is sent or told."""
    expires: dict[str, Any] = {"expirationTime": "1800000000000"}
    partitions = {"timePartitioning": {"type": "DAY", "expirationMs": "5184000000"}}
    for kind, parts in (
        ("TABLE", expires),
        ("TABLE", partitions),
        ("TABLE", expires | partitions),
        ("VIEW", expires),
    ):
        statement = build_removal(CONNECTION, an_expiring(kind, **parts))
        assert statement
        yield statement
    collated = bigquery.Dataset.from_api_repr(
        {"datasetReference": {"projectId": "demo", "datasetId": "erp"}, "defaultCollation": "und:ci"}
    )
    (told,) = describe_defaults(CONNECTION, collated)
    yield told.partition(": run ")[2]
    yield build_widening(CONNECTION, "bills_log", ["amount"])


@pytest.mark.parametrize("statement", list(build_alterations()))
def test_every_statement_that_alters_is_right_for_the_engine(statement: str) -> None:
    log = a_log()
    assert {"amount"} <= {column.name for column in log.columns}
    analyse_statement(statement.replace("`demo.erp`.", ""), (log,))


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("ALTER TABLE bills_log ALTER COLUMN amoun SET DATA TYPE BIGNUMERIC", "amoun"),
        ("ALTER TABLE bills_log ALTER COLUMN type SET DATA TYPE BIGNUMERIC", "is assignable"),
        ("ALTER TABLE bills_log SET OPTION (expiration_timestamp = NULL)", "Syntax error"),
        ("ALTER VIEW SET OPTIONS (expiration_timestamp = NULL)", "Syntax error"),
    ],
)
def test_a_wrong_one_is_refused(statement: str, why: str) -> None:
    with pytest.raises(GoogleSqlError, match=why):
        analyse_statement(statement, (a_log(),))


def test_a_text_with_a_wrong_column_is_refused() -> None:
    table = build(ENTITIES["invoices"], "24.200.001")
    with pytest.raises(GoogleSqlError, match="balanse"):
        describe("SELECT balanse FROM {dataset}.invoices", (table,))
    with pytest.raises(GoogleSqlError, match="balanse"):
        analyse_statement("DELETE FROM {dataset}.invoices_log WHERE balanse > 0", (table,))
