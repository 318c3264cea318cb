"""What a pass remembers, and what it makes of an odd memory: contracts, stamps, empty lists."""

from datetime import timedelta

import pytest

from connector.domain.records.contract import Kind
from connector.domain.run import Mode, Status
from connector.errors import SourceUnavailableError
from connector.runs.notices import NAMES_SHOWN
from connector.runs.run import Limits
from tests.builders import MORNING, a_checkpoint, a_contract, an_id, named
from tests.fault.mortal import Life, stumbles_at
from tests.stand_ins.clock import NOON
from tests.unit.runs.small_rig import SmallRig, copied, remember, vendors

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
LOOKBACK = timedelta(minutes=15)
WIDER = a_contract(fields={"Colour": Kind.STRING})
DOWN = SourceUnavailableError("Down.", action="Wait.")


class TestContract:
    def test_the_remembered_contract_is_used_as_long_as_it_fits(self) -> None:
        rig = copied(1)
        rig.source.described.clear()
        rig.run()
        assert (rig.source.described, rig.source.compared) == ([], [(rig.entity, named(a_contract()))])
        rig.source.contract, rig.source.knows_contract = WIDER, False
        rig.run()
        assert rig.source.described == [rig.entity]
        assert rig.entity_state.contract == named(WIDER)

    def test_a_contract_read_afresh_is_remembered_even_if_the_run_fails(self) -> None:
        rig = SmallRig(*vendors(1))
        rig.run(life=stumbles_at("before source.read_list", DOWN))
        assert rig.entity_state.contract == named(a_contract())

    def test_a_column_is_added_before_the_row_that_needs_it_and_after_those_that_do_not(self) -> None:
        rig = SmallRig(*vendors(1, 2, 3), *vendors(4, Colour="red"))
        rig.source.contract = WIDER
        remember(rig, contract=a_contract())
        assert rig.run().status is Status.SUCCEEDED
        columns = [{column.name for column in append.table.columns} for append in rig.appends]
        assert ["colour" in names for names in columns] == [False, True]
        assert [len(append.rows) for append in rig.appends] == [3, 1]
        assert rig.shown("colour")[an_id(4)] == "red"
        assert rig.entity_state.contract == named(WIDER)
        tables = [table for table in rig.warehouse.prepared if table.name == "vendors_log"]
        assert ["colour" in {column.name for column in table.columns} for table in tables] == [False, True]

    def test_a_contract_that_changed_is_remembered_at_once(self, caplog: pytest.LogCaptureFixture) -> None:
        rig = SmallRig(*vendors(1, 2, 3, Colour="red"))
        remember(rig, contract=a_contract())
        rig.source.contract = WIDER
        with caplog.at_level("INFO", logger="connector"):
            assert rig.run(is_stopping=lambda: True).status is Status.PARTIAL
        assert rig.entity_state.contract == named(WIDER)
        assert caplog.messages == ["the contract of vendors has changed: its table follows"]

    def test_what_the_contract_does_not_tell_is_told_by_name_up_to_a_bound(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        members = {f"Usr{number:02}": "x" for number in range(NAMES_SHOWN + 1)}
        rig = SmallRig(*vendors(1, **members))
        assert rig.run().details == {"unannounced": sorted(members)[:NAMES_SHOWN]}
        assert caplog.messages == [
            f"unannounced members of vendors went to _extra: {sorted(members)[:NAMES_SHOWN]}"
        ]

    def test_a_value_of_another_type_is_told_by_its_path(self) -> None:
        rig = SmallRig(*vendors(1, Terms="30 days"), contract=a_contract(fields={"Terms": Kind.INT}))
        details = rig.run().details
        assert details == {"retyped": ["Terms"]}

    def test_a_column_that_keeps_another_type_gets_no_value(self) -> None:
        rig = SmallRig(*vendors(1, Terms=30), contract=a_contract(fields={"Terms": Kind.INT}))
        rig.warehouse.incompatible_columns = frozenset({"terms"})
        assert rig.run().details == {"columns_set_aside": ["terms"], "retyped": ["Terms"]}
        assert rig.shown("terms") == {an_id(1): None}
        assert rig.appends[0].rows[0].extra == b'{"Terms":"30"}'

    def test_a_list_that_cannot_be_optimised_is_remembered_as_soon_as_that_is_known(self) -> None:
        rig = SmallRig(*vendors(*range(1, 9)))
        rig.source.is_optimizable = False
        assert rig.run(is_stopping=lambda: True).status is Status.PARTIAL
        assert rig.entity_state.read_one_by_one
        rig.source.queries.clear()
        life = Life(lambda *_: None)
        assert rig.run(life=life).status is Status.SUCCEEDED
        assert all(query.one_by_one or query.keys_only for query in rig.source.queries)
        assert rig.entity_state.read_one_by_one
        assert life.moments["before state.entities.save_read_one_by_one"] == 0

    def test_it_is_still_remembered_when_the_same_run_ends_its_pass(self) -> None:
        rig = SmallRig(*vendors(1))
        rig.source.is_optimizable = False
        assert rig.run().status is Status.SUCCEEDED
        assert rig.entity_state.read_one_by_one


def unusable(stamp: str) -> bytes:
    """Return a row without an id."""
    return b'{"id":"","LastModifiedDateTime":{"value":"%b"}}' % stamp.encode()


class TestStamps:
    def test_a_record_that_cannot_be_used_is_dealt_with_too_so_its_stamp_counts(self) -> None:
        rig = SmallRig(*vendors(1))
        rig.source.rows["odd"] = unusable("2026-11-22T11:00:00Z")
        assert rig.run().records_rejected == 1
        assert rig.entity_state.watermark == NOON - HOUR
        rig.source.rows["odd"] = unusable("2026-11-22T12:00:00Z")
        rig.run()
        assert rig.entity_state.watermark == NOON

    def test_a_stamp_beyond_acumatica_s_own_clock_is_no_guide_if_its_record_cannot_be_used(self) -> None:
        rig = SmallRig(*vendors(1))
        rig.source.rows["odd"] = unusable("2026-11-22T12:00:01Z")
        rig.run()
        assert rig.entity_state.watermark == MORNING

    def test_a_good_record_s_stamp_is_believed_as_far_as_the_lookback_beyond_the_clocks(self) -> None:
        rig = SmallRig(*vendors(1, modified_at=NOON + HOUR))
        rig.run()
        assert rig.entity_state.watermark == NOON + Limits(deadline=NOON).lookback
        assert set(rig.entity_state.recent_versions) == {an_id(1)}


class TestEmptyLists:
    def test_a_filter_that_finds_nothing_is_not_believed_blindly(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        rig = copied(1, 2)
        rig.source.is_blind = True
        rig.source.put(*vendors(3, modified_at=rig.clock.now()))
        result = rig.run()
        assert result.details == {"filter_ignored": "LastModifiedDateTime"}
        assert (result.records_read, result.records_written, result.records_unchanged) == (3, 1, 2)
        assert rig.entity_state.records_seen == 3
        assert caplog.messages == [
            "Vendor has records, but a filter on LastModifiedDateTime finds none of them, so every run reads all of"
            " them. Name another modified_field of this entity in the catalogue."
        ]

    def test_an_idle_hour_costs_one_request_more(self) -> None:
        rig = copied(1, 2)
        result = rig.run()
        assert (result.status, result.records_read, len(rig.source.queries)) == (Status.SUCCEEDED, 0, 2)
        assert result.watermark_after == rig.entity_state.watermark == MORNING
        assert rig.entity_state.last_success_at == rig.clock.now()

    def test_a_list_that_was_always_empty_is_asked_for_its_keys_too_and_the_warehouse_not_at_all(
        self,
    ) -> None:
        rig, life = SmallRig(), Life(lambda *_: None)
        rig.run(life=life)
        rig.run(life=life)
        assert [query.keys_only for query in rig.source.queries] == [False, True] * 2
        assert life.moments["before warehouse.current_versions"] == 0

    def test_a_watermark_alone_tells_that_there_were_records(self) -> None:
        rig = copied(1)
        remember(rig, records_seen=0)
        rig.source.is_blind = True
        assert "filter_ignored" in rig.run().details

    def test_a_list_without_a_cursor_field_that_is_empty_now_is_an_error(self) -> None:
        contract = a_contract(modified_field=None)
        rig = SmallRig(*vendors(1, modified_at=None), contract=contract)
        rig.run()
        rig.source.rows.clear()
        result = rig.run()
        assert result.error is not None
        assert result.error.type == "ListEmptyError"

    def test_a_resumed_pass_that_finds_nothing_more_needs_no_proof(self) -> None:
        rig = copied(1)
        rig.source.put(*vendors(2, 3, 4, modified_at=NOON))
        rig.run(is_stopping=lambda: True)
        rig.source.queries.clear()
        assert rig.run().status is Status.SUCCEEDED
        assert len(rig.source.queries) == 1

    def test_out_of_time_in_the_reading_without_a_filter_is_partial(self) -> None:
        rig = copied(*range(1, 9))
        rig.source.is_blind = True
        result = rig.run(is_stopping=lambda: True)
        assert result.status is Status.PARTIAL
        assert rig.entity_state.checkpoints["incremental"].changed_since is None


class TestBackfill:
    def test_it_has_a_cursor_of_its_own(self) -> None:
        rig = copied(*range(1, 9))
        before = rig.entity_state
        assert rig.run(Mode.BACKFILL, is_stopping=lambda: True).status is Status.PARTIAL
        assert set(rig.entity_state.checkpoints) == {"backfill"}
        result = rig.run(Mode.BACKFILL)
        assert (result.status, result.records_read, result.records_written) == (Status.SUCCEEDED, 5, 0)
        assert rig.entity_state == before
        assert result.watermark_after == before.watermark

    def test_each_mode_s_end_leaves_the_other_s_progress(self) -> None:
        rig = copied(1)
        remember(rig, checkpoints={"backfill": a_checkpoint(), "reconcile": a_checkpoint()})
        rig.run()
        assert set(rig.entity_state.checkpoints) == {"backfill", "reconcile"}

    def test_over_everything_it_brings_back_what_the_memory_says_was_written(self) -> None:
        rig = copied(1)
        rig.source.put(*vendors(2, modified_at=rig.clock.now()))
        rig.run()
        rig.warehouse.logs["vendors_log"].pop()
        assert rig.run(Mode.BACKFILL).records_written == 1
        assert len(rig.shown()) == 2

    def test_it_begins_where_it_is_told_to(self) -> None:
        rig = copied(1)
        rig.source.put(*vendors(2, modified_at=NOON))
        result = rig.run(Mode.BACKFILL, since=NOON)
        assert (result.records_read, rig.source.queries[0].changed_since) == (1, NOON)

    def test_it_neither_asks_for_deletions_nor_covers_reported_changes(self) -> None:
        rig = copied(1, dac="PX_Objects_AP_Vendor")
        rig.run()
        asked = len(rig.source.deleted_since)
        rig.state.notifications.note("vendors", "n-1", [], HOUR)
        result = rig.run(Mode.BACKFILL)
        assert len(rig.source.deleted_since) == asked
        assert result.follow_up_at == rig.clock.now()


class TestReportedChanges:
    def test_a_whole_pass_covers_what_was_reported_before_it_began(self) -> None:
        rig = copied(1)
        rig.state.notifications.note("vendors", "n-1", [], HOUR)
        assert rig.run().follow_up_at is None
        assert rig.entity_state.reported_at_fence is None

    def test_a_resumed_pass_does_not(self) -> None:
        rig = copied(1)
        rig.source.put(*vendors(*range(2, 9), modified_at=rig.clock.now()))
        rig.run(is_stopping=lambda: True)
        rig.state.notifications.note("vendors", "n-1", [], HOUR)
        assert rig.run().follow_up_at == rig.clock.now()
        assert rig.run().follow_up_at is None

    def test_deletions_are_asked_for_from_where_the_last_pass_could_still_miss_some(self) -> None:
        rig = SmallRig(*vendors(1), dac="PX_Objects_AP_Vendor")
        rig.run()
        assert rig.entity_state.deletions_since == NOON - LOOKBACK
        rig.clock.advance(HOUR)
        rig.run()
        assert rig.source.deleted_since == [NOON - LOOKBACK]
