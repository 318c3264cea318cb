"""The mark of a view: what changes it, and what a check says of views that have another."""

from dataclasses import replace

from connector.domain.tables.log_table import build_table
from connector.domain.tables.schema import Column, ColumnType
from connector.domain.tables.view_marks import build_two_logs, describe_repairs, list_others, mark_views
from tests.builders import a_contract, an_entity, named

TABLE = build_table(an_entity(), named(a_contract()))


def test_each_view_has_its_own_mark_and_the_same_one_again() -> None:
    marks = mark_views(TABLE, TABLE.columns)
    assert list(marks) == [view.name for view in TABLE.views] == ["vendors", "vendors_history"]
    assert all(len(mark) == 32 for mark in marks.values())
    assert len(set(marks.values())) == len(marks)
    assert mark_views(TABLE, TABLE.columns) == mark_views(TABLE, TABLE.columns, 0) == marks


def test_owner_text_description_types_and_wording_change_it() -> None:
    first, *others = TABLE.views
    retyped = [
        replace(column, type=ColumnType.STRING) if column.name == "last_modified_date_time" else column
        for column in TABLE.columns
    ]
    repeated = [
        replace(column, repeated=True) if column in TABLE.columns[:1] else column for column in retyped
    ]
    marks = [
        mark_views(TABLE, TABLE.columns),
        mark_views(replace(TABLE, entity="other"), TABLE.columns),
        mark_views(replace(TABLE, views=(replace(first, sql="SELECT 1"), *others)), TABLE.columns),
        mark_views(replace(TABLE, views=(replace(first, description="x"), *others)), TABLE.columns),
        mark_views(TABLE, retyped),
        mark_views(TABLE, repeated),
        mark_views(TABLE, TABLE.columns, 1),
        mark_views(TABLE, TABLE.columns, 2),
    ]
    assert len({mark[first.name] for mark in marks}) == len(marks)


def test_columns_that_the_table_does_not_want_do_not_change_it() -> None:
    more = [*TABLE.columns, Column(name="old", type=ColumnType.STRING)]
    assert mark_views(TABLE, more) == mark_views(TABLE, TABLE.columns)


def test_other_owners_count_only_while_they_have_a_log() -> None:
    owners = ["vendors", None, "", "items", "bills", "items", "gone"]
    assert list_others(owners, TABLE, {"vendors_log", "items_log", "bills_log"}) == ("bills", "items")


def test_what_will_be_mended_is_told_in_one_sentence() -> None:
    current, history = TABLE.views
    assert describe_repairs([], [], [], {"vendors"}) == ""
    told = describe_repairs([current, history], ["bills", "items"], ["vendors_current"], {"vendors"})
    assert told == (
        "; its views show the log of bills, items until a first pass is complete"
        "; the next run makes vendors_history, which is missing"
        "; the next run makes vendors again, which is not as the connector made it"
        "; the next run drops vendors_current, which nothing keeps up to date"
    )


def test_two_logs_are_told_by_name_with_the_remedy() -> None:
    error = build_two_logs("bills", "invoices")
    assert error.message == "bills_log cannot become invoices_log: both exist."
    assert error.action.startswith("If invoices_log was only begun since the block was renamed, drop it")
