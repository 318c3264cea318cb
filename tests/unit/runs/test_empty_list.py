"""Whether an empty list is to be believed."""

from datetime import UTC, datetime

import pytest

from connector.domain.tables.log_table import build_table
from connector.errors import ListEmptyError
from connector.runs.empty_list import is_filter_ignored
from tests.builders import a_contract, an_entity
from tests.fault.mortal import Life
from tests.unit.runs.small_rig import SmallRig, vendors

TABLE = build_table(an_entity(), a_contract())


def ask(rig: SmallRig, *, was_filtered: bool = True) -> bool:
    return is_filter_ignored(rig.build_run(), a_contract(), TABLE, was_filtered=was_filtered)


def test_a_filter_that_finds_anything_at_all_is_believed_for_one_small_request() -> None:
    rig = SmallRig(*vendors(1, 2))
    assert ask(rig) is False
    (query,) = rig.source.queries
    assert query.changed_since == datetime(1900, 1, 1, tzinfo=UTC)
    assert (query.modified_field, query.skip, query.top) == ("LastModifiedDateTime", 0, 1)
    assert query.entity == rig.entity
    assert query.keys_only, "whole records would be read for nothing"


def test_a_filter_that_hides_what_is_there_without_it_is_blind() -> None:
    rig = SmallRig(*vendors(1))
    rig.source.is_blind = True
    assert ask(rig) is True
    assert [(query.modified_field, query.changed_since) for query in rig.source.queries][1] == (None, None)


def test_nothing_listed_where_the_warehouse_has_records_is_an_error() -> None:
    rig = SmallRig(*vendors(1))
    rig.run()
    rig.source.rows.clear()
    with pytest.raises(
        ListEmptyError, match="lists no Vendor at all, though there were some before"
    ) as caught:
        ask(rig)
    assert caught.value.action == (
        "Check the API user's roles, branches and restriction groups. If they were really all deleted, "
        "run a reconcile with force."
    )


def test_nothing_on_either_side_is_no_error() -> None:
    rig = SmallRig()
    assert ask(rig) is False
    assert ask(rig, was_filtered=False) is False


def test_after_a_list_without_a_filter_nothing_is_asked_again() -> None:
    rig = SmallRig(*vendors(1))
    rig.run()
    asked = len(rig.source.queries)
    with pytest.raises(ListEmptyError):
        ask(rig, was_filtered=False)
    assert len(rig.source.queries) == asked


def test_the_warehouse_is_not_asked_while_the_filter_finds_something() -> None:
    rig, life = SmallRig(*vendors(1)), Life(lambda *_: None)
    is_filter_ignored(rig.build_run(life=life), a_contract(), TABLE, was_filtered=True)
    assert life.moments["before warehouse.current_versions"] == 0
