"""The status as plain values, in every state an entity can be in."""

from datetime import timedelta

import pytest

from connector.app.status import judge, render_status
from connector.domain.instants import to_text
from tests.unit.app.board import TTL, Board


@pytest.mark.parametrize(("entity", "hours"), [("vendors", 3), ("items", 3)])
def test_an_entity_is_late_after_twice_its_pause_and_an_hour(board: Board, entity: str, hours: int) -> None:
    board.succeed(entity)
    board.clock.advance(timedelta(hours=hours))
    assert (judge(board.entry(entity)), board.entry(entity)["is_late"]) == (("ok", "fresh"), False)
    board.clock.advance(timedelta(seconds=1))
    assert (judge(board.entry(entity)), board.entry(entity)["is_late"]) == (("late", "late"), True)


def test_a_failure_stands_until_a_run_of_its_kind_succeeds(board: Board) -> None:
    board.succeed()
    board.fail(kind="reconcile keys", message="Many are gone.")
    board.clock.advance(timedelta(minutes=5))
    board.succeed()
    assert judge(board.entry()) == ("failed", "reconcile keys failed")
    assert "Many are gone." in board.page()
    assert "1 entity needs a look" not in board.page()
    assert "entities need a look: vendors" in board.page()
    board.clock.advance(timedelta(minutes=5))
    board.close_run("vendors", kind="reconcile keys", status="succeeded")
    assert judge(board.entry()) == ("ok", "fresh")
    assert "Many are gone." not in board.page()


def test_a_running_entity_names_its_run_until_the_lease_ends(board: Board) -> None:
    board.fail()
    lease = board.run()
    assert judge(board.entry()) == ("running", "running")
    assert board.entry()["running"] == {
        "run_id": "run-1",
        "kind": None,
        "since": to_text(board.clock.now()),
        "seconds": 0,
        "lease_ends_at": to_text(lease.expires_at),
        "records_done": None,
        "records_known": None,
    }
    board.clock.advance(TTL + timedelta(seconds=1))
    assert board.entry()["running"] is None


def test_a_first_reading_cut_short_is_in_progress_and_still_needs_a_look(board: Board) -> None:
    board.stop_halfway()
    assert judge(board.entry()) == ("late", "in progress")
    assert board.entry()["in_progress"] == ["incremental"]


def test_a_status_reports_each_entity_to_whoever_asks(board: Board) -> None:
    board.succeed()
    told = []
    render_status(
        board.connector,
        report=lambda status, _kinds, now: told.append((status.entity_state.entity, now)),
    )
    assert [name for name, _ in told] == list(board.connector.catalogue.entities)
    assert {now for _, now in told} == {board.clock.now()}
