"""What becomes of an existing table when the contract changes."""

import pytest

from connector.domain.tables.evolution import evolve, fingerprint, is_nested_otherwise, widen
from connector.domain.tables.schema import Column, ColumnType
from tests.contract.warehouse_rows import BUSINESS, a_column, a_log, a_table


def lines(*fields: Column) -> Column:
    return a_column("lines", ColumnType.RECORD, repeated=True, fields=fields)


def test_a_new_column_is_added_at_the_end_and_never_required() -> None:
    evolution = evolve([a_column("a")], [a_column("b", required=True), a_column("a")])
    assert [(column.name, column.required) for column in evolution.columns] == [("a", False), ("b", False)]
    assert evolution.added == {"b"}


def test_a_new_nested_column_is_named_by_its_path() -> None:
    evolution = evolve([lines(a_column("a"))], [lines(a_column("a"), lines(a_column("x")))])
    assert evolution.added == {"lines.lines"}
    assert [field.name for field in evolution.columns[0].fields] == ["a", "lines"]


def test_a_column_nobody_wants_any_more_stays() -> None:
    evolution = evolve([a_column("old"), a_column("a")], [a_column("a")])
    assert [column.name for column in evolution.columns] == ["old", "a"]
    assert not evolution.added | evolution.incompatible_columns


def test_descriptions_follow_what_is_wanted_but_are_not_wiped() -> None:
    existing = [a_column("a", description="old"), a_column("b", description="kept")]
    evolution = evolve(existing, [a_column("a", description="new"), a_column("b")])
    assert [column.description for column in evolution.columns] == ["new", "kept"]


@pytest.mark.parametrize(
    ("existing", "wanted"),
    [
        (ColumnType.DATE, ColumnType.TIMESTAMP),
        (ColumnType.NUMERIC, ColumnType.STRING),
        (ColumnType.INT64, ColumnType.NUMERIC),
        (ColumnType.STRING, ColumnType.JSON),
        (ColumnType.BOOL, ColumnType.STRING),
        (ColumnType.FLOAT64, ColumnType.INT64),
    ],
)
def test_a_type_that_cannot_take_the_new_values_is_reported_and_kept(
    existing: ColumnType, wanted: ColumnType
) -> None:
    evolution = evolve([a_column("a", existing)], [a_column("a", wanted)])
    assert evolution.incompatible_columns == {"a"}
    assert evolution.columns[0].type is existing


@pytest.mark.parametrize(
    ("existing", "wanted"),
    [
        (ColumnType.NUMERIC, ColumnType.INT64),
        (ColumnType.BIGNUMERIC, ColumnType.NUMERIC),
        (ColumnType.STRING, ColumnType.DATE),
        (ColumnType.TIMESTAMP, ColumnType.DATE),
    ],
)
def test_a_type_that_takes_the_new_values_is_no_trouble(existing: ColumnType, wanted: ColumnType) -> None:
    assert evolve([a_column("a", existing)], [a_column("a", wanted)]).incompatible_columns == frozenset()


def test_a_number_that_is_to_become_longer_is_narrow_wherever_it_is() -> None:
    existing = [a_column("a", ColumnType.NUMERIC), lines(a_column("a", ColumnType.NUMERIC), a_column("b"))]
    wanted = [a_column("a", ColumnType.BIGNUMERIC), lines(a_column("a", ColumnType.BIGNUMERIC))]
    evolution = evolve(existing, wanted)
    assert evolution.numeric_not_widened == {"a", "lines.a"}
    assert evolution.incompatible_columns == frozenset()
    assert evolution.columns == tuple(existing)
    wide = tuple(widen(evolution.columns, frozenset({"lines.a"})))
    assert wide == (existing[0], lines(a_column("a", ColumnType.BIGNUMERIC), a_column("b")))


def test_a_collection_that_became_a_scalar_is_reported_whole() -> None:
    assert evolve([lines(a_column("a"))], [a_column("lines")]).incompatible_columns == {"lines"}


def test_the_fingerprint_changes_with_columns_views_texts_and_revision() -> None:
    prints = {
        fingerprint(table, revision)
        for table, revision in [
            (a_table(), 1),
            (a_table(), 2),
            (a_log(), 1),
            (a_table(BUSINESS[1:]), 1),
            (a_table(description="other"), 1),
        ]
    }
    assert len(prints) == 5


def test_the_fingerprint_is_a_valid_label_and_stable() -> None:
    assert fingerprint(a_table(), 1) == fingerprint(a_table(), 1)
    assert fingerprint(a_table(), 1).isalnum()
    assert len(fingerprint(a_table(), 1)) == 32


@pytest.mark.parametrize("wanted", sorted({*ColumnType} - {"STRING", "RECORD", "JSON"}))
def test_text_takes_every_scalar_as_text(wanted: ColumnType) -> None:
    evolution = evolve([a_column("a")], [a_column("a", wanted)])
    assert evolution.as_text == {"a"}
    assert not evolution.incompatible_columns
    lists = [a_column("a", ColumnType.RECORD, repeated=True)]
    assert evolve([a_column("a")], lists).incompatible_columns == {"a"}


def test_fields_of_a_record_are_compared_by_their_place_at_every_level() -> None:
    def nested(*fields: Column) -> Column:
        return a_column("inner", ColumnType.RECORD, repeated=True, fields=fields)

    a, b, c = (a_column(name) for name in "abc")
    assert not is_nested_otherwise([a, b, lines(a, b)], [lines(a, b), b, a])
    assert not is_nested_otherwise([lines(a, b)], [lines(a, b, c)]), "what is added stands last"
    assert is_nested_otherwise([lines(a, b)], [lines(b, a)])
    assert is_nested_otherwise([lines(nested(a, b))], [lines(nested(b, a))])
    assert not is_nested_otherwise([lines(a)], [a])
