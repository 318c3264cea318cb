"""Whether an empty list is to be believed."""

from datetime import UTC, datetime

import pytest

from connector.domain.run import Status
from connector.domain.tables.log_table import build_table
from connector.errors import ListEmptyError
from connector.runs.empty_list import Emptiness, judge_emptiness
from tests.builders import a_contract, an_entity, an_id
from tests.fault.mortal import Life
from tests.unit.runs.small_rig import SmallRig, copied, vendors

TABLE = build_table(an_entity(), a_contract())


def ask(rig: SmallRig, *, was_filtered: bool = True, one_by_one: bool = False) -> Emptiness:
    return judge_emptiness(
        rig.build_run(),
        a_contract(),
        TABLE,
        was_filtered=was_filtered,
        was_filled=True,
        one_by_one=one_by_one,
    )


def test_a_filter_that_finds_anything_at_all_is_believed_for_one_small_request() -> None:
    rig = SmallRig(*vendors(1, 2))
    assert ask(rig) is Emptiness.BELIEVED
    (query,) = rig.source.queries
    assert query.changed_since == datetime(1900, 1, 1, tzinfo=UTC)
    assert (query.modified_field, query.skip, query.top) == ("LastModifiedDateTime", 0, 1)
    assert query.entity == rig.entity
    assert not query.keys_only, "a list may give keys, and nothing when more is asked for"


def test_a_filter_that_hides_what_is_there_without_it_is_blind() -> None:
    rig = SmallRig(*vendors(1))
    rig.source.is_blind = True
    assert ask(rig) is Emptiness.FILTER_IGNORED
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
    assert ask(rig) is Emptiness.BELIEVED
    assert ask(rig, was_filtered=False) is Emptiness.BELIEVED


def test_after_a_list_without_a_filter_the_keys_alone_are_asked_for() -> None:
    rig = SmallRig(*vendors(1))
    rig.run()
    rig.source.rows.clear()
    rig.source.queries.clear()
    with pytest.raises(ListEmptyError):
        ask(rig, was_filtered=False)
    assert [(query.keys_only, query.modified_field) for query in rig.source.queries] == [(True, None)]


@pytest.mark.parametrize("was_filtered", [True, False])
def test_a_list_that_gives_keys_and_nothing_else_leaves_everything_out(was_filtered: bool) -> None:
    rig = SmallRig(*vendors(1))
    rig.source.gives_keys_alone = True
    assert ask(rig, was_filtered=was_filtered) is Emptiness.LEFT_OUT
    assert ask(rig, one_by_one=True) is Emptiness.BELIEVED


@pytest.mark.parametrize("one_by_one", [True, False])
def test_it_is_asked_about_in_the_way_the_list_was_read(one_by_one: bool) -> None:
    rig = SmallRig(*vendors(1))
    rig.source.is_blind = True
    assert ask(rig, one_by_one=one_by_one) is Emptiness.FILTER_IGNORED
    assert [query.one_by_one for query in rig.source.queries] == [one_by_one, one_by_one]


@pytest.mark.parametrize("was_copied", [True, False])
def test_such_a_list_is_read_one_by_one_from_then_on_and_that_is_told(was_copied: bool) -> None:
    rig = copied(1, 2) if was_copied else SmallRig(*vendors(1, 2))
    rig.source.gives_keys_alone = True
    rig.source.put(*vendors(2, VendorName="new", modified_at=rig.clock.now()))
    result = rig.run()
    assert (result.status, result.records_written) == (Status.SUCCEEDED, 1 if was_copied else 2)
    assert result.details["read_one_by_one"] is True
    assert rig.entity_state.read_one_by_one
    assert set(rig.shown()) == {an_id(1), an_id(2)}


def test_the_warehouse_is_not_asked_while_the_filter_finds_something() -> None:
    rig, life = SmallRig(*vendors(1)), Life(lambda *_: None)
    judge_emptiness(
        rig.build_run(life=life), a_contract(), TABLE, was_filtered=True, was_filled=True, one_by_one=False
    )
    assert life.moments["before warehouse.current_versions"] == 0
