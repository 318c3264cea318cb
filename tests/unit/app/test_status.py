"""The status as plain values, in every state an entity can be in."""

from datetime import timedelta

from connector.app.status import judge, render_status
from connector.domain.instants import to_text
from tests.unit.app.board import TTL, Board


def test_an_entity_is_late_after_a_day_and_two_hours(board: Board) -> None:
    board.succeed()
    board.clock.advance(timedelta(hours=26))
    assert judge(board.entry()) == ("ok", "ok")
    board.clock.advance(timedelta(seconds=1))
    assert judge(board.entry()) == ("late", "late")


def test_a_running_entity_names_its_run_until_the_lease_ends(board: Board) -> None:
    board.fail()
    lease = board.run()
    assert judge(board.entry()) == ("running", "running")
    assert board.entry()["running"] == {"run_id": "run-1", "lease_ends_at": to_text(lease.expires_at)}
    board.clock.advance(TTL + timedelta(seconds=1))
    assert board.entry()["running"] is None


def test_a_first_reading_cut_short_is_in_progress_and_still_needs_a_look(board: Board) -> None:
    board.stop_halfway()
    assert judge(board.entry()) == ("late", "in progress")
    assert board.entry()["in_progress"] == ["incremental"]


def test_a_status_reports_each_entity_to_whoever_asks(board: Board) -> None:
    board.succeed()
    told = []
    render_status(board.connector, report=lambda status, now: told.append((status.entity_state.entity, now)))
    assert [name for name, _ in told] == list(board.connector.catalogue.entities)
    assert {now for _, now in told} == {board.clock.now()}
