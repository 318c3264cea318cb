"""The BigQuery of the benchmarks answers the query for the current versions with every column it asks for."""

import msgspec
import sqlglot
from sqlglot.expressions import Select

from benchmarks.remembered import COLUMNS, Remembered
from connector.domain.tables.log_queries import build_versions_query
from connector.domain.tables.log_table import build_table
from connector.domain.tables.sql import DATASET
from tests.builders import a_contract, an_entity, named

ROW = {
    "_id": "a",
    "_modified_at": None,
    "_version": "v",
    "_synced_at": "2026-11-22T12:00:00Z",
    "_deleted": False,
}


def test_it_has_the_columns_that_are_asked_for_in_their_order() -> None:
    sql = build_versions_query(build_table(an_entity(), named(a_contract())), None)
    remembered = Remembered()
    assert remembered.is_asked_for(sql)
    asked = sqlglot.parse_one(sql.replace(DATASET, "d"), dialect="bigquery")
    assert isinstance(asked, Select)
    assert list(COLUMNS) == asked.named_selects
    remembered.note_lines(msgspec.json.encode(ROW))
    (row,) = remembered.build_page(None, 0)["rows"]
    assert len(row["f"]) == len(COLUMNS)
