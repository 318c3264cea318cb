"""The status as plain values, in every state an entity can be in."""

from datetime import timedelta
from typing import Any

import pytest

from connector.app.status import judge, render_status
from connector.domain.instants import to_text
from tests.builders import MORNING, a_checkpoint, an_entity_state
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
    assert board.entry()["state"] == "running"
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


@pytest.mark.parametrize(
    ("kind", "place", "parts", "told"),
    [
        ("incremental", "incremental", {}, (40, 100)),
        ("incremental", "incremental", {"changed_since": MORNING}, (40, None)),
        ("backfill", "incremental", {}, (None, None)),
        ("reconcile keys", "reconcile keys", {}, (40, 100)),
        ("reconcile content", "reconcile", {}, (40, 100)),
        ("reconcile content", "reconcile keys", {}, (None, None)),
        ("replay", "replay", {}, (None, None)),
    ],
)
def test_a_run_that_goes_on_tells_how_far_its_own_pass_is_and_of_how_many_if_it_reads_all(
    board: Board, kind: str, place: str, parts: dict[str, Any], told: tuple[int | None, int | None]
) -> None:
    lease = board.run()
    board.state.entities.commit(lease, an_entity_state(records_seen=100))
    lease = board.run()
    board.state.entities.save_checkpoint(lease, place, a_checkpoint(offset=40, **parts))
    board.state.audit.open_run("run-1", {"entity": "vendors", "mode": kind.split()[0], "kind": kind})
    running = board.entry()["running"]
    assert (running["records_done"], running["records_known"]) == told


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
