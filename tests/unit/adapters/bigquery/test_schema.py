"""Columns and schema fields."""

from google.cloud.bigquery import SchemaField

from connector.adapters.bigquery.schema import extend_fields, to_column, to_field
from connector.domain.tables.evolution import FOREIGN
from connector.domain.tables.schema import ColumnType
from tests.contract.warehouse_rows import a_column, a_log


def test_every_column_comes_back_as_it_went() -> None:
    assert [to_column(to_field(column)) for column in a_log().columns] == list(a_log().columns)


def test_the_names_that_bigquery_answers_with_are_understood() -> None:
    names = {"INTEGER": ColumnType.INT64, "FLOAT": ColumnType.FLOAT64, "BOOLEAN": ColumnType.BOOL}
    assert {name: to_column(SchemaField("x", name)).type for name in names} == names


def test_a_type_the_connector_never_makes_is_foreign() -> None:
    assert to_column(SchemaField("x", "GEOGRAPHY")).type is FOREIGN


def test_a_long_description_is_cut_to_what_bigquery_takes() -> None:
    assert len(to_field(a_column("x", description="y" * 2000)).description) == 1024


def test_extending_adds_at_the_end_of_each_level() -> None:
    inner = SchemaField("lines", "RECORD", "REPEATED", fields=[SchemaField("a", "STRING")])
    wanted = a_column(
        "lines", ColumnType.RECORD, repeated=True, fields=(a_column("b"), a_column("a", description="new"))
    )
    (lines, other) = extend_fields([inner], [wanted, a_column("other")])
    assert [(field.name, field.description or "") for field in lines.fields] == [("a", "new"), ("b", "")]
    assert other.name == "other"
