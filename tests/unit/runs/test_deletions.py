"""Records reported or listed as deleted between two reconciles: looked at, marked if they are gone, left if that cannot be told."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import msgspec
import pytest

from connector.domain.list_query import DeletedIds
from connector.domain.run import Mode, RunResult, Status
from connector.errors import SourceUnavailableError
from connector.runs.deletion_marks import DELETIONS_TOLERATED
from connector.runs.deletions import MAX_PROBES_PER_RUN
from tests.builders import an_id
from tests.fault.mortal import Life
from tests.stand_ins.clock import NOON
from tests.unit.runs.small_rig import SmallRig, copied, lose, report, vendors

HOUR, LOOKBACK = timedelta(hours=1), timedelta(minutes=15)
DAC = "PX_Objects_AP_Vendor"
DOWN = SourceUnavailableError("Down.", action="Wait.")


def fingerprints(rig: SmallRig) -> list[dict[str, Any]]:
    """Return the rows that say deleted."""
    rows = [msgspec.json.decode(row.data) for append in rig.appends for row in append.rows]
    return [row for row in rows if row["_deleted"]]


def ends_after(questions: int) -> Callable[[], bool]:
    asked = count()
    return lambda: next(asked) >= questions


def figures(result: RunResult) -> tuple[Any, Any]:
    assert result.status is Status.SUCCEEDED
    return result.details.get("reported_deleted"), result.details.get("deleted")


class TestReports:
    def test_without_any_the_warehouse_is_not_asked(self) -> None:
        rig, life = copied(1), Life(lambda *_: None)
        result = rig.run(life=life)
        assert (result.details, life.moments["before warehouse.current_versions"]) == ({}, 0)
        assert rig.appends == []

    def test_their_figures_stand_beside_what_else_there_is_to_tell(self) -> None:
        rig = copied(1)
        rig.source.put(*vendors(2, modified_at=rig.clock.now(), Odd="x"))
        report(rig, 1)
        assert rig.run().details == {"unannounced": ["Odd"], "reported_deleted": 1, "deleted": 0}

    def test_a_record_that_is_still_there_stays(self) -> None:
        rig = copied(1, 2)
        report(rig, 1)
        assert figures(rig.run()) == (1, 0)
        assert (fingerprints(rig), rig.source.asked) == ([], [an_id(1)])
        assert rig.entity_state.reported_deletions == ()

    def test_what_the_warehouse_does_not_show_is_not_asked_for(self) -> None:
        rig = copied(1)
        report(rig, 7)
        assert figures(rig.run()) == (1, 0)
        assert (rig.source.asked, rig.entity_state.reported_deletions) == ([], ())
        assert rig.warehouse.looked_up[-1] == {an_id(7)}

    def test_a_report_that_cannot_be_looked_at_is_left_to_the_next_run(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        rig = copied(1, 2)
        lose(rig, 2)
        report(rig, 1, 2)
        rig.source.unreadable[an_id(1)] = DOWN
        assert figures(rig.run()) == (2, 1)
        assert list(rig.entity_state.reported_deletions) == [an_id(1)]
        assert caplog.messages == [
            f"record {an_id(1)} of vendors, reported deleted, is left to the next run: Down."
        ]
        rig.source.unreadable.clear()
        assert figures(rig.run()) == (1, 0)
        assert rig.entity_state.reported_deletions == ()

    def test_out_of_time_the_rest_is_left_to_the_next_run(self) -> None:
        rig = copied(1, 2, 3)
        report(rig, 1, 2)
        answers = iter([False, True])
        assert figures(rig.run(is_stopping=lambda: next(answers))) == (2, 0)
        assert len(rig.source.asked) == 1
        assert set(rig.entity_state.reported_deletions) == {an_id(1), an_id(2)} - {*rig.source.asked}

    def test_very_many_that_live_cost_one_request_each_and_keep_none_from_being_looked_at(self) -> None:
        numbers = range(1, MAX_PROBES_PER_RUN + 3)
        rig = copied(*numbers, dac=DAC)
        began = rig.entity_state.deletions_since
        assert began is not None
        told = {an_id(n): began + timedelta(seconds=n) for n in reversed(numbers)}
        last = max(told, key=told.__getitem__)
        del rig.source.rows[last]
        rig.source.deleted = DeletedIds(ids=list(told), deleted_at=told)
        rig.run(page_size=1000)
        assert (len(rig.source.asked), rig.appends) == (MAX_PROBES_PER_RUN, [])
        assert rig.entity_state.deletions_since == sorted(told.values())[MAX_PROBES_PER_RUN]
        rig.source.asked.clear()
        rig.source.deleted = DeletedIds(ids=sorted(told)[-2:], deleted_at=told)
        assert figures(rig.run(page_size=1000)) == (2, 1)
        assert rig.entity_state.deletions_since == rig.clock.now() - LOOKBACK
        assert last not in rig.shown()

    @pytest.mark.parametrize("is_dated", [True, False])
    def test_those_of_one_instant_are_looked_at_together_however_many(self, is_dated: bool) -> None:
        numbers = range(1, MAX_PROBES_PER_RUN + 3)
        rig = copied(*numbers, dac=DAC)
        ids = [an_id(n) for n in numbers]
        rig.source.deleted = DeletedIds(ids=ids, deleted_at=dict.fromkeys(ids, NOON) if is_dated else {})
        rig.run(page_size=1000)
        assert len(rig.source.asked) == len(ids)
        assert rig.entity_state.deletions_since == rig.clock.now() - LOOKBACK

    def test_many_reported_and_many_listed_ones_share_what_a_run_may_look_at(self) -> None:
        listed, reported = range(1, 400), range(400, 800)
        rig = copied(*listed, *reported, dac=DAC)
        report(rig, *reported)
        rig.source.deleted = DeletedIds(
            ids=[an_id(n) for n in listed], deleted_at={an_id(n): NOON + timedelta(seconds=n) for n in listed}
        )
        rig.run(page_size=1000)
        assert len(rig.source.asked) == MAX_PROBES_PER_RUN
        assert len({*rig.source.asked} & {an_id(n) for n in listed}) == MAX_PROBES_PER_RUN // 2

    def test_one_that_cannot_be_looked_at_waits_behind_all_others(self) -> None:
        rig = copied(1, 2, 3, dac=DAC)
        report(rig, 1, 2)
        rig.source.deleted = DeletedIds(ids=[an_id(3)])
        rig.source.unreadable = {an_id(1): DOWN, an_id(3): DOWN}
        rig.run()
        assert rig.entity_state.reported_deletions == (an_id(1), an_id(3))
        assert rig.entity_state.deletions_since == rig.clock.now() - LOOKBACK, "the others are not told again"

    def test_a_second_report_while_the_record_is_looked_at_is_not_lost(self) -> None:
        rig = copied(1, 2)
        report(rig, 1)

        def delete(moment: str, _: int) -> None:
            if moment == "after source.read_record":
                lose(rig, 1)
                assert rig.state.notifications.note("vendors", "again", [an_id(1)], HOUR)

        assert figures(rig.run(life=Life(delete))) == (1, 0)
        assert figures(rig.run()) == (1, 1)
        assert set(rig.shown()) == {an_id(2)}

    @pytest.mark.parametrize("is_listed", [True, False])
    def test_too_many_are_none_and_the_rest_of_the_run_counts(self, is_listed: bool) -> None:
        rig = copied(*range(1, 51), dac=DAC)
        before = rig.entity_state
        rig.source.put(*vendors(60, modified_at=rig.clock.now()))
        gone = range(1, DELETIONS_TOLERATED + 2)
        lose(rig, *gone)
        if is_listed:
            rig.source.deleted = DeletedIds(ids=[an_id(n) for n in (*gone, 50)])
        else:
            report(rig, *gone, 50)
        result = rig.run()
        assert (result.status, result.details) == (Status.FAILED, {"reported_deleted": 22, "deleted": 0})
        assert result.error is not None
        assert result.error.message.startswith(
            "Acumatica no longer has 21 of 51 records of vendors; at most 20 "
        )
        assert (len(rig.shown()), rig.entity_state.last_success_at) == (51, rig.clock.now())
        if is_listed:
            assert rig.entity_state.deletions_since == before.deletions_since
        else:
            assert rig.entity_state.reported_deletions == tuple(an_id(n) for n in gone)
        assert rig.run(Mode.RECONCILE, force=True).status is Status.SUCCEEDED
        assert rig.run().status is Status.SUCCEEDED
        assert len(rig.shown()) == 30
        assert rig.entity_state.reported_deletions == ()

    def test_too_many_are_not_marked_bit_by_bit_by_runs_that_end_early(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Those that live are dealt with meanwhile, so the others are marked once few enough are left."""
        rig = copied(*range(1, 101))
        report(rig, *range(1, 61))
        lose(rig, *range(1, 31))
        for _ in range(5):
            assert figures(rig.run(is_stopping=ends_after(15)))[1] == 0
        assert "wait until those reported with them" in caplog.text
        assert set(rig.entity_state.reported_deletions) == {an_id(n) for n in range(1, 31)}
        rig.source.put(*vendors(*range(1, 16)))
        while rig.entity_state.reported_deletions:
            rig.run(is_stopping=ends_after(10))
        assert set(rig.shown()) == {an_id(n) for n in (*range(1, 16), *range(31, 101))}

    def test_looking_at_many_keeps_the_lease(self) -> None:
        rig = copied(*range(1, 6))
        report(rig, 1, 2, 3, 4)

        def slow(moment: str, _: int) -> None:
            if moment == "before source.read_record":
                rig.clock.advance(timedelta(minutes=5))

        assert figures(rig.run(life=Life(slow))) == (4, 0)


class TestListOfDeleted:
    def test_the_first_time_there_is_nothing_to_ask_for(self) -> None:
        rig = copied(1, dac=DAC)
        assert rig.source.deleted_since == []
        assert rig.entity_state.deletions_since == NOON - LOOKBACK

    def test_what_is_listed_is_looked_at_like_what_was_reported(self) -> None:
        rig = copied(1, 2, 3, 4, dac=DAC)
        lose(rig, 1, 2)
        rig.source.deleted = DeletedIds(ids=[an_id(1), an_id(3)])
        report(rig, 2, 3)
        result = rig.run()
        assert figures(result) == (3, 2)
        assert rig.source.deleted_since == [NOON - LOOKBACK]
        assert rig.entity_state.deletions_since == rig.clock.now() - LOOKBACK
        assert set(rig.shown()) == {an_id(3), an_id(4)}

    @pytest.mark.parametrize("answer", [None, DOWN, DeletedIds(ids=[], is_whole=False)])
    def test_what_was_not_all_told_is_asked_for_again(self, answer: Any) -> None:
        rig = copied(1, dac=DAC)
        rig.source.deleted = answer
        assert rig.run().status is Status.SUCCEEDED
        assert rig.entity_state.deletions_since == NOON - LOOKBACK

    def test_a_list_that_fails_is_told_and_costs_nothing_else(self, caplog: pytest.LogCaptureFixture) -> None:
        rig = copied(1, 2, dac=DAC)
        lose(rig, 1)
        report(rig, 1)
        rig.source.deleted = DOWN
        assert figures(rig.run()) == (1, 1)
        assert caplog.messages == ["deletions of vendors are left to the next run: Down."]

    def test_an_entity_whose_deletions_are_not_tracked_is_not_asked_about(self) -> None:
        rig = copied(1)
        rig.run()
        assert (rig.source.deleted_since, rig.entity_state.deletions_since) == ([], None)
