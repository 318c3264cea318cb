"""One pass step by step: what is read, how it is written, what is remembered of it."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from connector.domain.entity_state import DeadLetter
from connector.domain.run import Mode, Status, WriteMethod, WritePolicy
from connector.errors import AccessDeniedError, SourceUnavailableError
from tests.builders import MORNING, a_contract, an_id, named
from tests.fault.mortal import Life, stumbles_at
from tests.stand_ins.clock import NOON
from tests.unit.runs.small_rig import SmallRig, copied, remember, vendors

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
LOOKBACK = timedelta(minutes=15)
DOWN = SourceUnavailableError("Down.", action="Wait.")
DENIED = AccessDeniedError("No.", action="Ask for the right.")


class TestWholePass:
    def test_the_first_run_reads_everything_and_remembers_where_the_next_begins(self) -> None:
        rig = SmallRig(*vendors(1, 2, 3, 4))
        result = rig.run()
        assert (result.status, result.records_read, result.records_written) == (Status.SUCCEEDED, 4, 4)
        assert (result.watermark_before, result.watermark_after) == (None, MORNING)
        assert rig.source.queries[0].changed_since is None
        entity_state = rig.entity_state
        assert (entity_state.watermark, entity_state.changed_since) == (MORNING, MORNING + SECOND)
        assert (
            entity_state.recent_versions,
            entity_state.recent_versions_complete,
            entity_state.checkpoints,
        ) == ({}, True, {})
        assert (entity_state.records_seen, entity_state.last_success_at) == (4, NOON)
        assert (entity_state.contract, entity_state.read_one_by_one) == (named(a_contract()), False)
        assert rig.shown() == {an_id(n): f"V{n:03}" for n in (1, 2, 3, 4)}

    def test_the_next_run_reads_from_there_and_keeps_the_count_of_the_whole(self) -> None:
        rig = copied(1, 2)
        rig.source.put(*vendors(3, modified_at=rig.clock.now() - SECOND))
        result = rig.run()
        assert (result.records_read, result.records_written) == (1, 1)
        assert rig.source.queries[0].changed_since == MORNING + SECOND
        assert (result.watermark_before, result.watermark_after) == (MORNING, rig.clock.now() - SECOND)
        assert rig.entity_state.changed_since == rig.clock.now() - LOOKBACK
        assert rig.entity_state.records_seen == 2

    def test_what_the_lookback_reads_again_is_known_by_the_edge_alone(self) -> None:
        rig = copied(1)
        rig.source.put(*vendors(2, modified_at=rig.clock.now() - SECOND))
        rig.run()
        assert set(rig.entity_state.recent_versions) == {an_id(2)}
        life = Life(lambda *_: None)
        again = rig.run(life=life)
        assert (again.records_read, again.records_written, again.records_unchanged) == (1, 0, 1)
        assert life.moments["before warehouse.current_versions"] == 0, "it costs a query over the whole table"
        assert set(rig.entity_state.recent_versions) == {an_id(2)}, "the next run reads it again"

    def test_an_edge_that_could_not_hold_all_is_helped_by_the_warehouse(self) -> None:
        rig = copied(1, 2)
        remember(rig, changed_since=MORNING, recent_versions={}, recent_versions_complete=False)
        result = rig.run()
        assert (result.records_read, result.records_written) == (2, 0)

    def test_of_records_stamped_before_the_watermark_the_warehouse_is_asked_by_their_ids_alone(self) -> None:
        rig = copied(1, 2)
        remember(rig, changed_since=MORNING, recent_versions={}, recent_versions_complete=True)
        rig.source.put(*vendors(3, modified_at=rig.clock.now()))
        assert rig.run().records_written == 1
        assert rig.warehouse.looked_up == [{an_id(1), an_id(2)}]

    def test_an_entity_s_own_lookback_counts(self) -> None:
        rig = copied(1, lookback_seconds=7200)
        rig.source.put(*vendors(2, modified_at=rig.clock.now()))
        rig.run()
        assert rig.entity_state.changed_since == rig.clock.now() - 2 * HOUR
        other = copied(1)
        other.source.put(*vendors(2, modified_at=other.clock.now()))
        other.run(lookback=HOUR)
        assert other.entity_state.changed_since == other.clock.now() - HOUR

    def test_the_lower_bound_comes_from_stamps_and_clocks_alone(self) -> None:
        rig = copied(1)
        remember(rig, changed_since=NOON)
        assert rig.run().status is Status.SUCCEEDED
        assert rig.entity_state.changed_since == MORNING + SECOND

    def test_the_table_is_brought_up_to_date_before_the_pass_is_committed(self) -> None:
        watched = ("after warehouse.append", "before warehouse.refresh", "before state.entities.commit")
        order: list[str] = []
        life = Life(lambda moment, _: order.append(moment) if moment in watched else None)
        SmallRig(*vendors(1)).run(life=life)
        assert order[:3] == [*watched]

    def test_a_pass_that_saw_no_stamp_remembers_none(self) -> None:
        rig = SmallRig()
        assert rig.run().status is Status.SUCCEEDED
        assert (
            rig.entity_state.watermark,
            rig.entity_state.changed_since,
            rig.entity_state.last_success_at,
        ) == (None, None, NOON)


class TestWriteMethod:
    def method(self, rig: SmallRig, **limits: Any) -> WriteMethod:
        result = rig.run(**limits)
        assert result.status is Status.SUCCEEDED
        assert result.write_method is not None
        return result.write_method

    def test_a_delta_of_one_short_page_is_streamed(self) -> None:
        rig = copied(1)
        rig.source.put(*vendors(2, 3, modified_at=rig.clock.now()))
        assert self.method(rig) is WriteMethod.STREAMING

    def test_a_delta_that_may_go_on_is_loaded(self) -> None:
        rig = copied(1)
        rig.source.put(*vendors(2, 3, 4, modified_at=rig.clock.now()))
        assert self.method(rig) is WriteMethod.LOAD
        rig.source.put(*vendors(5, 6, 7, 8, modified_at=rig.clock.now()))
        assert self.method(rig) is WriteMethod.LOAD

    def test_a_pass_over_everything_is_loaded(self) -> None:
        assert self.method(SmallRig(*vendors(1))) is WriteMethod.LOAD

    def test_a_backfill_is_loaded(self) -> None:
        rig = copied(1)
        rig.source.put(*vendors(2, modified_at=rig.clock.now()))
        result = rig.run(Mode.BACKFILL, since=rig.clock.now() - SECOND)
        assert (result.records_written, result.write_method) == (1, WriteMethod.LOAD)

    def test_a_short_page_that_a_run_out_of_time_leaves_unproven_is_loaded(self) -> None:
        rig = copied(1)
        rig.source.put(*vendors(2, modified_at=rig.clock.now()))
        result = rig.run(is_stopping=lambda: True)
        assert (result.status, result.write_method) == (Status.PARTIAL, WriteMethod.LOAD)

    def test_into_a_table_changed_lately_everything_is_loaded(self) -> None:
        rig = copied(1)
        rig.warehouse.accepts_streaming = False
        rig.source.put(*vendors(2, modified_at=rig.clock.now()))
        assert self.method(rig) is WriteMethod.LOAD

    def test_the_operator_has_the_last_word(self) -> None:
        assert self.method(SmallRig(*vendors(1)), write_policy=WritePolicy.STREAMING) is WriteMethod.STREAMING


class TestBatches:
    def test_pages_are_written_together_until_they_are_large_enough(self) -> None:
        rig = SmallRig(*vendors(*range(1, 9)))
        rig.run()
        assert [len(append.rows) for append in rig.appends] == [8]

    def test_a_batch_is_full_at_its_size_and_each_batch_has_its_checkpoint(self) -> None:
        rows, life = vendors(*range(1, 9)), Life(lambda *_: None)
        rig = SmallRig(*rows)
        rig.run(batch_bytes=len(rows[0]) * 5, life=life)
        assert [len(append.rows) for append in rig.appends] == [5, 3]
        assert life.moments["before state.entities.save_checkpoint"] == 2

    def test_the_last_page_of_several_is_not_held_back_until_the_end_is_proven(self) -> None:
        rig, life = SmallRig(*vendors(*range(1, 9))), Life(lambda *_: None)
        rig.run(life=life)
        assert life.moments["before state.entities.save_checkpoint"] == 1

    def test_one_byte_less_is_not_enough(self) -> None:
        rows = vendors(*range(1, 9))
        rig = SmallRig(*rows)
        rig.run(batch_bytes=len(rows[0]) * 5 + 1)
        assert [len(append.rows) for append in rig.appends] == [7, 1]

    def test_the_progress_is_stored_only_after_the_rows(self) -> None:
        order: list[str] = []
        watched = ("after warehouse.append", "before state.entities.save_checkpoint")
        life = Life(lambda moment, _: order.append(moment) if moment in watched else None)
        SmallRig(*vendors(*range(1, 9))).run(batch_bytes=1, life=life)
        assert order[:6] == [*watched] * 3


class TestStopping:
    def test_out_of_time_the_progress_is_stored_and_the_watermark_stays(self) -> None:
        rig = SmallRig(*vendors(*range(1, 9)))
        result = rig.run(is_stopping=lambda: True)
        assert (result.status, result.records_written, result.watermark_after) == (Status.PARTIAL, 3, None)
        entity_state = rig.entity_state
        assert (entity_state.watermark, entity_state.last_success_at) == (None, None)
        point = entity_state.checkpoints["incremental"]
        assert (point.changed_since, point.offset, point.highest_stamp, point.source_time_at_start) == (
            None,
            3,
            MORNING,
            NOON,
        )
        assert len(point.known) == 3
        assert point.recent_versions_complete

    def test_the_next_run_goes_on_there_with_the_first_one_s_signpost(self) -> None:
        late = vendors(1, modified_at=NOON - SECOND)
        rig = SmallRig(*late, *vendors(*range(2, 7)))
        rig.run(is_stopping=lambda: True)
        rig.clock.advance(HOUR)
        result = rig.run()
        assert (result.status, result.records_read, result.records_written) == (Status.SUCCEEDED, 3, 3)
        entity_state = rig.entity_state
        assert (entity_state.watermark, entity_state.changed_since) == (NOON - SECOND, NOON - LOOKBACK)
        assert set(entity_state.recent_versions) == {an_id(1)}, "what the first run wrote lately"
        assert entity_state.checkpoints == {}
        assert entity_state.records_seen == 0, "it did not see all of them"

    def test_an_unfinished_delta_goes_on_as_a_delta(self) -> None:
        rig = copied(1, 2)
        rig.source.put(*vendors(*range(3, 9), modified_at=NOON))
        rig.run(is_stopping=lambda: True)
        assert rig.entity_state.checkpoints["incremental"].changed_since == MORNING + SECOND
        assert rig.run().records_read == 3

    def test_that_not_all_of_the_edge_could_be_kept_is_not_forgotten_on_the_way(self) -> None:
        rig = copied(1)
        rig.source.put(*vendors(*range(2, 9), modified_at=NOON))
        rig.run(is_stopping=lambda: True)
        point = rig.entity_state.checkpoints["incremental"]
        remember(rig, checkpoints={"incremental": replace(point, recent_versions_complete=False)})
        rig.run(is_stopping=lambda: True)
        assert not rig.entity_state.checkpoints["incremental"].recent_versions_complete
        rig.run()
        assert not rig.entity_state.recent_versions_complete

    def test_a_pass_that_ended_after_its_first_row_is_resumed_too(self) -> None:
        rig = SmallRig(*vendors(1, 2))
        rig.run(page_size=1, is_stopping=lambda: True)
        rig.run()
        assert rig.entity_state.records_seen == 0

    def test_a_failure_costs_only_its_own_page(self) -> None:
        rig = SmallRig(*vendors(*range(1, 9)))
        result = rig.run(life=stumbles_at("before source.read_list", DOWN, 3))
        assert (result.status, result.records_written) == (Status.FAILED, 5)
        assert result.error is not None
        assert result.error.type == "SourceUnavailableError"
        assert rig.entity_state.checkpoints["incremental"].offset == 5
        assert rig.run().records_written == 3

    def test_what_time_would_mend_when_time_is_up_is_partial(self) -> None:
        rig = SmallRig(*vendors(*range(1, 9)))
        answers = iter([False, True])
        life = stumbles_at("before source.read_list", DOWN, 2)
        result = rig.run(life=life, is_stopping=lambda: next(answers))
        assert (result.status, result.error, result.records_written) == (Status.PARTIAL, None, 3)
        assert rig.run().records_written == 5

    def test_what_an_operator_must_mend_has_failed_whatever_the_time(self) -> None:
        rig = SmallRig(*vendors(*range(1, 9)))
        answers = iter([False, True])
        life = stumbles_at("before source.read_list", DENIED, 2)
        result = rig.run(life=life, is_stopping=lambda: next(answers))
        assert (result.status, result.records_written) == (Status.FAILED, 3)

    def test_a_run_that_got_no_further_than_the_one_before_has_failed_whatever_the_time(self) -> None:
        rig = SmallRig(*vendors(1))
        statuses = [
            rig.run(life=stumbles_at("before source.read_list", DOWN), is_stopping=lambda: True).status
            for _ in range(2)
        ]
        assert statuses == [Status.PARTIAL, Status.FAILED], "the first has made the table"


def test_too_many_records_that_cannot_be_used_fail_the_run_and_move_nothing() -> None:
    rig = SmallRig()
    rig.source.rows = {str(n): b'{"id":"","VendorID":{"value":"V%d"}}' % n for n in range(11)}
    result = rig.run(page_size=20)
    assert result.error is not None
    assert result.error.type == "TooManyRejectsError"
    assert (rig.entity_state.watermark, rig.entity_state.checkpoints) == (None, {})


def test_a_dead_letter_of_a_record_that_is_good_now_is_forgotten() -> None:
    rig = SmallRig(*vendors(1))
    letter = DeadLetter(
        entity="vendors",
        record_id=an_id(1),
        key="V001",
        reason="too long",
        payload=b"{}",
        run_id="run-0",
        rejected_at=MORNING,
    )
    rig.state.dead_letters.add(letter)
    rig.run()
    assert list(rig.state.dead_letters.read("vendors")) == []
