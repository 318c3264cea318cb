"""Both sides compared over a list in memory: what is asked for, written, counted and left alone."""

from datetime import timedelta
from typing import Any

import pytest

from connector.domain.entity import Depth
from connector.domain.entity_state import ListTrial
from connector.domain.instants import from_text
from connector.domain.records.contract import Kind
from connector.domain.run import Mode, RunResult, Status, WriteMethod
from connector.domain.tables.sync_runs import SYNC_RUNS
from tests.builders import MORNING, a_checkpoint, a_contract, an_id
from tests.stand_ins.list_source import failure
from tests.unit.runs.small_rig import SmallRig, copied, lose, remember, vendors

HOUR = timedelta(hours=1)
FIGURES = ("matched", "repaired", "deleted", "stale")


def reconcile(rig: SmallRig, depth: Depth = Depth.KEYS, **parts: Any) -> RunResult:
    return rig.run(Mode.RECONCILE, depth=depth, **parts)


def figures(result: RunResult) -> tuple[int, ...]:
    assert result.status is Status.SUCCEEDED, result
    return tuple(result.details[name] for name in FIGURES)


def test_analysts_get_the_figures_of_a_reconcile_as_columns() -> None:
    rig = copied(1, 2, 3)
    rig.source.put(*vendors(2, modified_at=MORNING + HOUR))
    lose(rig, 3)
    reconcile(rig)
    told = rig.runs_told()[-1]
    shown = {name: told[name] for name in (*FIGURES, "depth", "mode")}
    assert shown == {
        "matched": 1,
        "repaired": 1,
        "deleted": 1,
        "stale": 1,
        "depth": "keys",
        "mode": "reconcile",
    }
    assert told.keys() <= {column.name for column in SYNC_RUNS.columns}


class TestByKeys:
    def test_two_equal_sides_match_without_any_record_being_read(self) -> None:
        rig = copied(1, 2, 3, 4)
        result = reconcile(rig)
        assert figures(result) == (4, 0, 0, 0)
        assert (result.details["depth"], result.records_read, result.records_unchanged) == ("keys", 4, 4)
        assert (result.records_written, rig.source.asked, rig.appends) == (0, [], [])
        assert all(query.keys_only and query.changed_since is None for query in rig.source.queries)

    def test_what_is_missing_or_has_another_stamp_is_read_and_loaded(self) -> None:
        rig = copied(1, 2, 3)
        rig.source.put(*vendors(2, modified_at=MORNING + HOUR), *vendors(4))
        assert figures(reconcile(rig)) == (2, 2, 0, 1)
        assert sorted(rig.source.asked) == [an_id(2), an_id(4)]
        assert all(append.method is WriteMethod.LOAD for append in rig.appends)
        assert len(rig.shown()) == 4
        assert rig.shown("last_modified_date_time")[an_id(2)] == "2026-11-22T07:00:00.837000Z"

    def test_a_record_that_cannot_be_read_is_kept_as_it_was_listed_and_the_others_are_repaired(self) -> None:
        rig = copied(1, 2)
        rig.source.put(*vendors(3, 4))
        rig.source.broken = {an_id(3)}
        result = reconcile(rig)
        assert (result.status, result.records_rejected, set(rig.shown())) == (
            Status.SUCCEEDED,
            1,
            {an_id(1), an_id(2), an_id(4)},
        )
        (kept,) = rig.state.dead_letters.read("vendors")
        assert (kept.record_id, kept.key) == (an_id(3), "V003")
        assert failure("a record").message in kept.reason

    def test_an_older_stamp_is_right_too_and_is_shown(self) -> None:
        """As after a tenant was restored from a backup."""
        rig = copied(1, 2)
        rig.source.put(vendors(2, modified_at=MORNING - HOUR)[0])
        assert figures(reconcile(rig)) == (1, 1, 0, 1)
        assert rig.shown("last_modified_date_time")[an_id(2)] == "2026-11-22T05:00:00.837000Z"
        assert rig.shown("_modified_at")[an_id(2)].startswith("2026-11-22T06:00:00.837")

    def test_a_contract_that_changed_with_the_list_is_followed_before_anything_is_written(self) -> None:
        rig = copied(1, 2)
        rig.source.put(*vendors(1, 2, modified_at=MORNING + HOUR, Colour="red"))
        rig.source.asked_by = a_contract(fields={"Colour": Kind.STRING})
        assert figures(reconcile(rig)) == (0, 2, 0, 2)
        assert "colour" in {column.name for column in rig.appends[0].table.columns}

    def test_a_column_that_keeps_another_type_gets_no_value(self) -> None:
        rig = SmallRig(*vendors(1, Terms=30), contract=a_contract(fields={"Terms": Kind.INT}))
        rig.warehouse.incompatible_columns = frozenset({"terms"})
        result = reconcile(rig)
        assert figures(result) == (0, 1, 0, 0)
        assert result.details["columns_set_aside"] == ["terms"]
        assert rig.appends[0].rows[0].extra == b'{"Terms":"30"}'

    def test_a_change_without_a_new_stamp_is_not_seen(self) -> None:
        rig = copied(1)
        rig.source.put(vendors(1, Odd="x")[0])
        assert figures(reconcile(rig)) == (1, 0, 0, 0)

    def test_a_list_that_cannot_be_optimised_has_its_keys_all_the_same(self) -> None:
        rig = copied(1)
        remember(rig, read_one_by_one=True)
        rig.source.is_optimizable = False
        assert figures(reconcile(rig)) == (1, 0, 0, 0)
        assert not any(query.one_by_one for query in rig.source.queries)

    def test_out_of_time_the_repairs_stay_and_nothing_is_marked(self) -> None:
        rig = copied(*range(1, 9))
        lose(rig, 8)
        result = reconcile(rig, is_stopping=lambda: True)
        assert (result.status, result.details["matched"], result.details["deleted"]) == (Status.PARTIAL, 3, 0)
        assert len(rig.shown()) == 8


class TestByContent:
    def test_a_change_without_a_new_stamp_is_found(self) -> None:
        rig = copied(1, 2)
        rig.source.put(vendors(2, Odd="x")[0])
        result = reconcile(rig, Depth.CONTENT)
        assert figures(result) == (1, 1, 0, 1)
        assert (result.details["depth"], rig.source.asked) == ("content", [])
        assert figures(reconcile(rig, Depth.CONTENT)) == (2, 0, 0, 0)

    def test_several_changes_are_counted_and_a_newer_stamp_is_shown_as_it_is(self) -> None:
        rig = copied(1, 2, 3)
        rig.source.put(*vendors(2, 3, modified_at=MORNING + HOUR))
        assert figures(reconcile(rig, Depth.CONTENT)) == (1, 2, 0, 2)
        assert rig.shown("_modified_at")[an_id(3)].startswith("2026-11-22T07:00:00.837")

    def test_contents_count_as_checked_from_when_the_pass_began_however_many_runs_it_took(self) -> None:
        rig = copied(*range(1, 9))
        in_one_go = reconcile(rig, Depth.CONTENT)
        assert from_text(str(in_one_go.details["contents_checked_at"])) <= in_one_go.started_at
        first = reconcile(rig, Depth.CONTENT, is_stopping=lambda: True)
        assert "contents_checked_at" not in first.details
        rig.clock.advance(HOUR)
        last = reconcile(rig, Depth.CONTENT)
        assert last.status is Status.SUCCEEDED
        checked_at = from_text(str(last.details["contents_checked_at"]))
        assert checked_at <= first.started_at
        assert "contents_checked_at" not in reconcile(rig).details

    def test_a_stamp_that_came_or_went_is_no_trouble(self) -> None:
        for before, after in ((None, MORNING), (MORNING, None)):
            rig = SmallRig(*vendors(1, modified_at=before))
            rig.run()
            rig.source.put(*vendors(1, modified_at=after))
            assert reconcile(rig, Depth.CONTENT).status is Status.SUCCEEDED

    @pytest.mark.parametrize("depth", list(Depth))
    def test_a_column_that_is_new_is_there_before_the_row_that_needs_it(self, depth: Depth) -> None:
        rig = copied(1, 2)
        rig.source.contract = a_contract(fields={"Colour": Kind.STRING})
        rig.source.put(*vendors(2, modified_at=MORNING + HOUR, Colour="red"))
        assert figures(reconcile(rig, depth)) == (1, 1, 0, 1)
        assert rig.shown("colour")[an_id(2)] == "red"
        assert "colour" in {column.name for column in rig.appends[-1].table.columns}
        assert rig.appends[-1].table == rig.warehouse.prepared[-2]

    @pytest.mark.parametrize("depth", list(Depth))
    def test_once_out_of_time_nothing_is_taken_as_gone(self, depth: Depth) -> None:
        rig = copied(*range(1, 9))
        lose(rig, 8)
        answers = iter([True])
        result = reconcile(rig, depth, is_stopping=lambda: next(answers, False))
        assert (result.status, rig.source.asked) == (Status.PARTIAL, [])

    def test_a_list_that_cannot_be_optimised_is_read_one_by_one_at_once(self) -> None:
        rig = copied(1)
        next_week = rig.clock.now() + timedelta(days=7)
        remember(rig, read_one_by_one=True, list_trial=ListTrial(again_at=next_week))
        assert figures(reconcile(rig, Depth.CONTENT)) == (1, 0, 0, 0)
        assert all(query.one_by_one for query in rig.source.queries)

    def test_a_list_that_gives_nothing_though_there_are_records_is_read_one_by_one(self) -> None:
        rig = copied(1, 2)
        rig.source.gives_keys_alone = True
        rig.source.put(*vendors(3))
        result = reconcile(rig, Depth.CONTENT)
        assert (figures(result), result.details["read_one_by_one"]) == ((2, 1, 0, 0), True)
        assert rig.entity_state.read_one_by_one

    def test_a_list_that_is_really_empty_is_asked_for_its_keys_once(self) -> None:
        rig = SmallRig()
        assert figures(reconcile(rig, Depth.CONTENT)) == (0, 0, 0, 0)
        assert len(rig.source.queries) == 2

    def test_out_of_time_the_progress_is_stored_and_gone_on_with(self) -> None:
        rig = copied(*range(1, 9))
        lose(rig, 8)
        assert reconcile(rig, Depth.CONTENT, is_stopping=lambda: True).status is Status.PARTIAL
        point = rig.entity_state.checkpoints["reconcile"]
        assert (point.changed_since, point.offset, len(point.known), point.highest_stamp) == (
            None,
            3,
            3,
            None,
        )
        assert point.source_time_at_start == rig.clock.now()
        result = reconcile(rig, Depth.CONTENT)
        assert figures(result) == (4, 0, 1, 0)
        assert rig.entity_state.checkpoints == {}
        assert figures(reconcile(rig, Depth.CONTENT)) == (7, 0, 0, 0)

    def test_by_keys_a_stored_progress_is_left_alone(self) -> None:
        rig = copied(1)
        rig.source.put(*vendors(2))
        rig.run(Mode.BACKFILL)
        lose(rig, 2)
        remember(rig, checkpoints={"reconcile": a_checkpoint()})
        assert figures(reconcile(rig)) == (1, 0, 1, 0)
        assert set(rig.entity_state.checkpoints) == {"reconcile"}

    def test_into_a_lost_table_everything_is_read_by_content(self) -> None:
        rig = copied(1, 2)
        del rig.warehouse.logs["vendors_log"]
        result = reconcile(rig)
        assert (figures(result), result.details["depth"]) == ((0, 2, 0, 0), "content")
        assert len(rig.shown()) == 2

    def test_neither_depth_moves_the_watermark(self) -> None:
        rig = copied(1)
        rig.source.put(vendors(2, modified_at=rig.clock.now())[0])
        for depth in Depth:
            reconcile(rig, depth)
            assert rig.entity_state.watermark == MORNING
