"""A log that is not in the warehouse any more, or is empty: everything is read again."""

from datetime import timedelta

import pytest

from connector.errors import SourceUnavailableError
from tests.builders import MORNING, a_checkpoint
from tests.fault.mortal import stumbles_at
from tests.unit.runs.small_rig import SmallRig, copied, remember, vendors

HOUR = timedelta(hours=1)
DOWN = SourceUnavailableError("Down.", action="Wait.")


def lose(rig: SmallRig) -> None:
    del rig.warehouse.logs["vendors_log"]


def test_what_was_remembered_of_a_lost_table_is_worth_nothing() -> None:
    rig = copied(1)
    rig.source.put(*vendors(2, modified_at=rig.clock.now()))
    rig.run()
    lose(rig)
    result = rig.run()
    assert (result.records_read, result.records_written) == (2, 2)
    assert len(rig.shown()) == 2


def test_a_pass_over_a_lost_table_is_a_whole_one() -> None:
    rig = copied(1, 2)
    remember(rig, records_seen=0, checkpoints={"reconcile": a_checkpoint()})
    rig.state.notifications.note("vendors", "n-1", [], HOUR)
    lose(rig)
    assert rig.run().follow_up_at is None
    assert (rig.entity_state.records_seen, rig.entity_state.checkpoints) == (2, {})


def test_an_emptied_table_is_a_lost_one_and_is_told_apart_from_a_missing_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rig = copied(1)
    rig.warehouse.logs["vendors_log"].clear()
    with caplog.at_level("WARNING"):
        result = rig.run()
    assert (result.records_written, result.details["log_lost"]) == (1, "empty")
    (message,) = caplog.messages
    assert message.startswith(
        "vendors_log is in the warehouse, but all its rows are gone: deleted, or expired"
    )
    lose(rig)
    assert rig.run().details["log_lost"] == "missing"
    assert "log_lost" not in rig.run().details


def test_a_run_that_ends_early_in_it_does_not_hide_the_rest() -> None:
    rig = copied(*range(1, 9))
    lose(rig)
    remember(rig, checkpoints={"reconcile": a_checkpoint()})
    rig.run(life=stumbles_at("after source.read_list", DOWN))
    (mode,) = rig.entity_state.checkpoints
    point = rig.entity_state.checkpoints[mode]
    assert (mode, point.changed_since, point.offset, point.known) == ("incremental", None, 0, ())
    assert (point.source_time_at_start, point.highest_stamp) == (MORNING, None)
    assert rig.run().records_written == 8


def test_an_unfinished_pass_is_begun_again_too() -> None:
    rig = SmallRig(*vendors(*range(1, 9)))
    rig.run(is_stopping=lambda: True)
    lose(rig)
    assert rig.run().records_written == 8


def test_a_table_that_never_was_is_no_loss(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING"):
        SmallRig(*vendors(1)).run()
    assert caplog.messages == []
    rig = copied(1)
    lose(rig)
    with caplog.at_level("WARNING"):
        rig.run()
    assert caplog.messages == ["vendors_log is no longer in the warehouse: everything is read again"]


def test_the_progress_of_a_replay_is_none_through_the_list_and_stays() -> None:
    rig = copied(1)
    replay = a_checkpoint(offset=0, known=())
    remember(rig, checkpoints={"replay": replay})
    lose(rig)
    rig.run(life=stumbles_at("before source.read_list", DOWN))
    assert set(rig.entity_state.checkpoints) == {"replay", "incremental"}
    rig.run()
    assert rig.entity_state.checkpoints == {"replay": replay}
